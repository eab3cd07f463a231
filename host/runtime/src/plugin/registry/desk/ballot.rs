//! How a fleet decides about a version that was proposed: every replica that is alive says whether it may serve. One that
//! says no, or says nothing in time, stops it everywhere.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use super::{
    Desk,
    follow::{Proof, event},
};
use crate::{
    database::{PluginEvent, RolloutEnd, RolloutRow, VoteRow},
    plugin::{
        admission::{
            error::Error,
            rejection::{AdmissionStep, Rejection},
        },
        package::permission,
        registry::{
            fleet::{
                Decided, Fleet,
                standing::{Standing, Stint, Version, Waiting},
            },
            history::{Action, Actor},
            slot::Slot,
            status::RejectedFile,
            version::Plugin,
        },
    },
};

/// The pause before a vote that could not be stored is tried again.
const VOTE_AGAIN: Duration = Duration::from_secs(1);

impl Desk {
    /// Votes on whatever is proposed, one after the other, for as long as the replica runs.
    pub(in crate::plugin::registry) async fn vote_on(&self, fleet: &Fleet) {
        let mut questions = fleet.questions.subscribe();
        loop {
            let question = questions.borrow_and_update().first().cloned();
            let Some(rollout) = question else {
                // The sender lives as long as the fleet.
                let _more = questions.changed().await;
                continue;
            };
            let voted = async {
                self.vote(fleet, &rollout).await?;
                // The last vote decides, so this replica looks at once. Others are told by a decision; all votes but the
                // last change nothing.
                self.look().await
            };
            if let Err(error) = voted.await {
                tracing::debug!(%error, "a vote cannot be stored");
                sleep(VOTE_AGAIN).await;
            }
        }
    }

    /// Admits a proposed version or not, as any other, and says so.
    async fn vote(&self, fleet: &Fleet, rollout: &RolloutRow) -> Result<(), Error> {
        let refused = match rollout.plugin.parse() {
            Err(unknown) => Some(Rejection::new(AdmissionStep::Fleet, unknown)),
            Ok(name) => {
                let version = version_of(rollout);
                let slot = self.slot(name);
                match self
                    .version(fleet, slot, Some(&version), Proof::Whole)
                    .await
                {
                    Ok(plugin) => {
                        fleet.prepare(plugin);
                        None
                    }
                    Err(refused) => Some(refused),
                }
            }
        };
        if let Some(refused) = &refused {
            tracing::warn!(
                plugin = rollout.plugin,
                sha256 = rollout.digest,
                "this replica rejects a version: {refused}"
            );
        }
        let refused = refused.map(|refused| text_of(&on(&fleet.member.name, refused)));
        let vote = fleet.vote(&rollout.id, refused);
        Ok(fleet.database.vote(&vote).await?)
    }

    /// Decides about a proposed version, if that is possible now. Whoever calls this holds the decision lock.
    pub(super) async fn count_votes(
        &self,
        fleet: &Fleet,
        rollout: &RolloutRow,
        votes: &[VoteRow],
    ) -> Result<(), Error> {
        let Ok(name) = rollout.plugin.parse() else {
            return Ok(());
        };
        let slot = self.slot(name);
        let against = votes
            .iter()
            .find_map(|vote| Some((vote, vote.refused.as_deref()?)));
        if let Some((vote, why)) = against {
            let refused = serde_json::from_str(why)
                .unwrap_or_else(|_| on(&vote.name, Rejection::passing(AdmissionStep::Fleet, why)));
            return self.stop(fleet, slot, rollout, refused).await;
        }
        let since = fleet.alive_since_ms();
        let alive = fleet.database.replicas(since).await?;
        let silent = alive
            .iter()
            .filter(|it| !votes.iter().any(|vote| vote.replica == it.id));
        let silent: Vec<_> = silent.map(|it| it.name.as_str()).collect();
        if silent.is_empty() {
            return self
                .accept(fleet, slot, rollout, (votes.len(), since))
                .await;
        }
        if fleet.member.clock.now_ms() >= rollout.until.unsigned_abs() {
            let s = (rollout.until - rollout.at) / 1000;
            let why = format!("no answer within {s} s (limits.plugin_vote_s_max)");
            let refused = Rejection::passing(AdmissionStep::Fleet, why);
            let refused = on(&silent.join(", "), refused);
            return self.stop(fleet, slot, rollout, refused).await;
        }
        Ok(())
    }

    /// Lets a version serve that every replica has admitted, or makes it the candidate.
    async fn accept(
        &self,
        fleet: &Fleet,
        slot: &Slot,
        rollout: &RolloutRow,
        (votes, since_ms): (usize, u64),
    ) -> Result<(), Error> {
        // Only a replica that has the version can tell what follows. One that voted and was restarted has not.
        let Some(plugin) = fleet.prepared(&rollout.digest) else {
            return Ok(());
        };
        let decided = fleet.decided(slot.name);
        let (next, event) = self
            .verdict(slot, &decided, (&plugin, rollout), votes)
            .await;
        let state = match next.candidate {
            Some(_) => "waits",
            None => "serves",
        };
        let end = RolloutEnd {
            admitted_since_ms: Some(since_ms),
            ..end_of(rollout, state)
        };
        // If it was not made, another replica has decided, or one has joined.
        let parts = (&*decided, &next);
        self.decide(fleet, slot, parts, Some(end), vec![event])
            .await?;
        Ok(())
    }

    /// What follows for a version that every replica has admitted.
    async fn verdict(
        &self,
        slot: &Slot,
        decided: &Decided,
        (plugin, rollout): (&Arc<Plugin>, &RolloutRow),
        votes: usize,
    ) -> (Standing, PluginEvent) {
        let trust = self.history.trust(slot.name).await;
        let proven = trust.served.iter().any(|it| *it == rollout.digest);
        let more = permission::more(slot.now().plugin.manifest(), plugin.manifest());
        let version = version_of(rollout);
        let (term, who) = (decided.revision + 1, Actor::of(&rollout.who));
        let standing = decided.standing.shows(None);
        let shadow = u32::try_from(rollout.shadow).unwrap_or_default();
        let waits = |held: Option<String>, wanted| Waiting {
            version: version.clone(),
            term,
            held,
            wanted,
        };
        match more {
            Some(why) if !proven => {
                let event = event(slot, Some(&version), Action::Staged, who, &why);
                (standing.waits(waits(Some(why), 0)), event)
            }
            _ if shadow > 0 && !proven => {
                let why = format!("compared on the next {shadow} extractions of the fleet");
                let event = event(slot, Some(&version), Action::Shadowed, who, &why);
                (standing.waits(waits(None, shadow)), event)
            }
            _ => {
                let now = self.now_ms();
                let ms = now.saturating_sub(rollout.at.unsigned_abs());
                let why = format!("{votes} of {votes} replicas admitted it within {ms} ms");
                let event = event(slot, Some(&version), Action::Serves, who, &why);
                let stint = Stint {
                    version: Some(version),
                    term,
                };
                (standing.serve(stint, true, self.config.versions_max), event)
            }
        }
    }

    /// Stops a version that one replica rejects.
    async fn stop(
        &self,
        fleet: &Fleet,
        slot: &Slot,
        rollout: &RolloutRow,
        refused: Rejection,
    ) -> Result<(), Error> {
        tracing::warn!(
            sha256 = rollout.digest,
            "{} was rejected: {refused}",
            rollout.source
        );
        let end = RolloutEnd {
            outcome: Some(text_of(&refused)),
            ..end_of(rollout, "refused")
        };
        self.end(fleet, slot, rollout, (Action::Rejected, &refused), end)
            .await
    }

    /// Ends a rollout without a new version, and shows why.
    pub(super) async fn end(
        &self,
        fleet: &Fleet,
        slot: &Slot,
        rollout: &RolloutRow,
        (action, refused): (Action, &Rejection),
        end: RolloutEnd,
    ) -> Result<(), Error> {
        let who = Actor::of(&rollout.who);
        let version = version_of(rollout);
        let event = event(slot, Some(&version), action, who, &refused.to_string());
        let digest = Some(rollout.digest.clone());
        let shown = RejectedFile {
            in_folder: who == Actor::Folder,
            ..RejectedFile::new(&rollout.source, digest, refused.clone())
        };
        let decided = fleet.decided(slot.name);
        let next = decided.standing.shows(Some(&shown));
        let parts = (&*decided, &next);
        self.decide(fleet, slot, parts, Some(end), vec![event])
            .await?;
        Ok(())
    }
}

/// The version that is proposed.
pub(super) fn version_of(rollout: &RolloutRow) -> Version {
    Version {
        digest: rollout.digest.clone(),
        version: rollout.version.clone(),
        source: rollout.source.clone(),
    }
}

/// The end of a rollout in this state.
pub(super) fn end_of(rollout: &RolloutRow, state: &str) -> RolloutEnd {
    RolloutEnd {
        id: rollout.id.clone(),
        state: state.to_owned(),
        ..RolloutEnd::default()
    }
}

/// The rejection by a replica.
pub(super) fn on(replica: &str, refused: Rejection) -> Rejection {
    Rejection {
        replica: Some(replica.to_owned()),
        ..refused
    }
}

/// A rejection as it is stored.
pub(super) fn text_of(refused: &Rejection) -> String {
    // It contains only texts, numbers and lists.
    serde_json::to_string(refused).unwrap_or_default()
}
