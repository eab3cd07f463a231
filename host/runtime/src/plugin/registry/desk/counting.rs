//! What a fleet counts together: how extractions on a version end, and how a candidate compares. Whoever finds out that the
//! counts are reason enough decides for all.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use super::{Desk, follow::event};
use crate::{
    database::{self, Compared, PluginEvent},
    plugin::{
        admission::error::Error,
        registry::{
            fleet::{
                Decided, Fleet,
                counts::Served,
                standing::{Standing, Stint},
            },
            health::{Judgement, Tally},
            history::{Action, Actor},
            shadow::{Candidate, Comparison, Report, SHOWN_MAX, Verdict},
            slot::Slot,
            version::Plugin,
        },
    },
};

/// How often this replica tells how extractions ended.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// How often what nobody needs is deleted, by one replica for all, milliseconds.
const CLEAN_EVERY_MS: u64 = 60_000;
/// How long a component is kept that nothing needs, milliseconds: somebody may be about to propose it again.
const NEEDLESS_MS: u64 = 3_600_000;

impl Desk {
    /// Records how an extraction on a version ended.
    pub(in crate::plugin::registry) fn count(
        &self,
        fleet: &Fleet,
        plugin: &Plugin,
        end: Judgement,
    ) {
        let embedded = self.slot(plugin.name()).embedded.digest();
        let standing = &fleet.decided(plugin.name()).standing;
        // A version that has neither served lately nor serves is not judged.
        if let Some(term) = standing.term_of(plugin.digest(), embedded) {
            let served = (plugin.name(), plugin.digest().to_owned(), term);
            fleet.counts.add(served, end);
        }
    }

    /// Tells the fleet how extractions ended, for as long as the replica runs.
    pub(in crate::plugin::registry) async fn tell_on(&self, fleet: &Fleet) {
        let mut every = interval(TELL_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            for (served, ends) in fleet.counts.take() {
                let (name, digest, term) = &served;
                let window = self.config.rollback.window;
                let key = (name.as_str(), digest.as_str(), *term);
                match fleet.database.add_ends(key, ends, window).await {
                    // Nothing has failed by its own fault.
                    Ok(0) if ends.own == 0 => {}
                    Ok(_) => self.judge_fleet(fleet, &served).await,
                    Err(error) => {
                        tracing::debug!(%error, "the fleet does not know how extractions ended");
                        fleet.counts.take_back(served, ends);
                    }
                }
            }
            self.clean(fleet).await;
        }
    }

    /// Goes back from a version, if it has failed too often on all replicas together.
    async fn judge_fleet(&self, fleet: &Fleet, (name, digest, term): &Served) {
        let rule = &self.config.rollback;
        let embedded = self.slot(*name).embedded.digest();
        let decided = fleet.decided(*name);
        let standing = &decided.standing;
        let serves = (standing.serving.digest(embedded), standing.serving.term) == (digest, *term);
        let Some(before) = standing.predecessor().filter(|_| serves) else {
            return;
        };
        let tally = async |digest: &str, term: u64| {
            let latest = fleet.database.ends((name.as_str(), digest, term)).await?;
            Ok::<_, database::Error>(Tally::of(&latest, rule))
        };
        let verdict = async {
            let before = tally(before.digest(embedded), before.term).await?;
            let now = tally(digest, *term).await?;
            Ok::<_, database::Error>(now.verdict(before.failed_percent(rule), rule))
        };
        match verdict.await {
            Ok(None) => {}
            Ok(Some(why)) => {
                // Another replica may have rolled it back already.
                let _done = self
                    .roll_back_fleet(*name, Some(digest), Actor::Gramhost, &why)
                    .await;
            }
            Err(error) => tracing::debug!(%error, "the health of {name} is not known"),
        }
    }

    /// Adds a comparison of the candidate. Whoever adds the last one decides.
    pub(in crate::plugin::registry) async fn compare_in_fleet(
        &self,
        fleet: &Fleet,
        candidate: &Candidate,
        comparison: Comparison,
    ) {
        let name = candidate.plugin().name();
        let more = counted(&comparison);
        let added = fleet.database.add_compared(
            (name.as_str(), candidate.term()),
            &more,
            (candidate.wanted(), SHOWN_MAX as u32),
        );
        match added.await {
            // There are enough.
            Ok(None) => {}
            Ok(Some(all)) => {
                let report = report(all);
                let is_last = report.compared >= candidate.wanted();
                candidate.show(report);
                if is_last {
                    // Otherwise the next look does.
                    let _looked = self.look().await;
                }
            }
            Err(error) => tracing::debug!(%error, "a comparison is lost"),
        }
    }

    /// Shows the comparisons of all replicas, and decides after the last one. Whoever calls this holds the decision lock.
    pub(super) async fn look_at_candidates(&self, fleet: &Fleet) -> Result<(), Error> {
        for slot in &self.slots {
            let candidate = slot.now().candidate.clone();
            let Some(candidate) = candidate.filter(|it| it.term() > 0 && it.wanted() > 0) else {
                continue;
            };
            let name = slot.name.as_str();
            let all = fleet.database.compared(name, candidate.term()).await?;
            let report = report(all);
            let is_done = report.compared >= candidate.wanted();
            let against = report.against();
            candidate.show(report);
            let decided = fleet.decided(slot.name);
            if let (true, Some((next, event))) = (
                is_done,
                self.conclusion(slot, &decided, &candidate, against),
            ) {
                let parts = (&*decided, &next);
                self.decide(fleet, slot, parts, None, vec![event]).await?;
            }
        }
        Ok(())
    }

    /// What follows after the last comparison, if the candidate still waits for it.
    fn conclusion(
        &self,
        slot: &Slot,
        decided: &Decided,
        candidate: &Arc<Candidate>,
        against: Option<String>,
    ) -> Option<(Standing, PluginEvent)> {
        let waiting = decided.standing.candidate.clone();
        let mut waiting = waiting.filter(|it| it.term == candidate.term() && it.held.is_none())?;
        let version = waiting.version.clone();
        let (action, why) = match &against {
            None => (Action::Serves, "no comparison in shadow mode was worse"),
            Some(why) => (Action::Staged, why.as_str()),
        };
        let event = event(slot, Some(&version), action, Actor::Gramhost, why);
        let next = match against {
            None => {
                let stint = Stint {
                    version: Some(version),
                    term: decided.revision + 1,
                };
                let standing = decided.standing.shows(None);
                standing.serve(stint, true, self.config.versions_max)
            }
            Some(why) => {
                tracing::warn!(plugin = %candidate.plugin().label(), "held for the operator: {why}");
                waiting.held = Some(why);
                decided.standing.waits(waiting)
            }
        };
        Some((next, event))
    }

    /// Deletes components and counts that no replica needs any more, if it is this replica's turn.
    async fn clean(&self, fleet: &Fleet) {
        let now = self.now_ms();
        let due = fleet.clean_due(now, CLEAN_EVERY_MS);
        if !due {
            return;
        }
        let cleaned = async {
            let until = now + CLEAN_EVERY_MS;
            if !fleet.database.take_duty("artifacts", now, until).await? {
                return Ok(());
            }
            let mut keep = Vec::new();
            for slot in &self.slots {
                let decided = fleet.decided(slot.name);
                keep.extend(decided.standing.versions().map(|it| it.digest.clone()));
                // What was rolled back may be promoted.
                let rolled_back = self.history.trust(slot.name).await.rolled_back;
                keep.extend(rolled_back.into_iter().take(self.config.versions_max));
                // A rollback may lead to the version of the program, which began with revision 0.
                let terms = [decided.standing.terms(), vec![0]].concat();
                let name = slot.name.as_str();
                let before = decided.revision;
                fleet
                    .database
                    .forget_plugin_counts(name, before, &terms)
                    .await?;
            }
            let before = now.saturating_sub(NEEDLESS_MS);
            for digest in fleet.database.needless_artifacts(&keep, before).await? {
                let removed = fleet.artifacts.remove(&digest).await;
                removed.map_err(|error| Error::Fleet(error.to_string()))?;
                fleet.database.artifact_is_gone(&digest).await?;
            }
            Ok::<_, Error>(())
        };
        if let Err(error) = cleaned.await {
            tracing::debug!(%error, "needless components stay");
        }
    }
}

/// One comparison, as a count.
fn counted(comparison: &Comparison) -> Compared {
    let is = |verdict: Verdict| u64::from(comparison.verdict == verdict);
    let shown = (comparison.verdict != Verdict::Same).then(|| serde_json::to_string(comparison));
    Compared {
        same: is(Verdict::Same),
        differs: is(Verdict::Differs),
        better: is(Verdict::Better),
        worse: is(Verdict::Worse),
        diverged: is(Verdict::Diverged),
        shown: shown.into_iter().flatten().collect(),
    }
}

/// What people are shown of the counts.
fn report(all: Compared) -> Report {
    let of = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let shown = all.shown.iter();
    Report {
        compared: of(all.same + all.differs + all.better + all.worse + all.diverged),
        same: of(all.same),
        differs: of(all.differs),
        better: of(all.better),
        worse: of(all.worse),
        diverged: of(all.diverged),
        // What another release writes may be shown by that one only.
        shown: shown
            .filter_map(|it| serde_json::from_str(it).ok())
            .collect(),
    }
}
