//! What a replica of a fleet does with the decisions: it reads them, loads the versions that they name, and lets them serve.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::task::spawn_blocking;

use super::Desk;
use crate::{
    contract::PluginName,
    database::{Note, PluginDecision, PluginEvent, PluginRow, RolloutEnd},
    plugin::{
        admission::{
            error::Error,
            rejection::{AdmissionStep, Rejection},
        },
        package::digest,
        registry::{
            fleet::{
                Decided, Fleet,
                standing::{Standing, Version, Waiting},
            },
            history::{Action, Actor, event_of},
            shadow::Candidate,
            slot::Slot,
            version::Plugin,
        },
    },
};

/// What a version has to show before it is loaded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// Every case, as at admission.
    Whole,
    /// None: it has served.
    Earlier,
}

impl Desk {
    /// Starts with what the fleet does, before this replica serves anybody.
    pub(in crate::plugin::registry) async fn join(&self) -> Result<(), Error> {
        let Some(fleet) = &self.fleet else {
            return Ok(());
        };
        for name in PluginName::ALL {
            fleet.database.add_plugin(name.as_str(), "{}").await?;
        }
        let _decision = self.decision.lock().await;
        self.bring_cases(fleet).await?;
        for row in fleet.database.plugins().await? {
            let Ok(name) = row.plugin.parse() else {
                continue;
            };
            if let Err(refused) = self.follow(fleet, self.slot(name), &row).await {
                return Err(Error::Start(format!(
                    "the fleet serves a version of {name} that this replica cannot serve, so it does not join: {refused}"
                )));
            }
        }
        Ok(())
    }

    /// Reads what the fleet has decided and follows, and finds out what is to be voted on and what can be decided.
    pub(in crate::plugin::registry) fn look(&self) -> BoxFuture<'_, Result<(), Error>> {
        self.looked().boxed()
    }

    async fn looked(&self) -> Result<(), Error> {
        let Some(fleet) = &self.fleet else {
            return Ok(());
        };
        let _decision = self.decision.lock().await;
        // In this order: what is decided in between is followed with the version that is ready.
        let checking = fleet.database.checking().await?;
        // Before anything is admitted. Without them, this replica does not vote.
        let cases = self.bring_cases(fleet).await;
        if let Err(error) = &cases {
            tracing::warn!(%error, "the operator's cases cannot be kept here");
        }
        for row in fleet.database.plugins().await? {
            // A newer release may have another plugin.
            let Ok(name) = row.plugin.parse() else {
                continue;
            };
            if fleet.may_try(name, row.revision) {
                // It is logged, and tried again later.
                let _behind = self.follow(fleet, self.slot(name), &row).await;
            }
        }
        fleet.set_checking(checking.clone());
        let own = fleet.id();
        let asked = checking
            .iter()
            .filter(|(_, votes)| !votes.iter().any(|vote| vote.replica == own))
            .filter(|_| cases.is_ok());
        let asked: Vec<_> = asked.map(|(rollout, _)| rollout.clone()).collect();
        if !(asked.is_empty() && fleet.questions.borrow().is_empty()) {
            fleet.questions.send_replace(asked);
        }
        for (rollout, votes) in &checking {
            self.count_votes(fleet, rollout, votes).await?;
        }
        self.look_at_candidates(fleet).await
    }

    /// Does what the fleet does with one plugin. Whoever calls this holds the decision lock.
    async fn follow(&self, fleet: &Fleet, slot: &Slot, row: &PluginRow) -> Result<(), Rejection> {
        let name = slot.name;
        let followed = self.try_to_follow(fleet, slot, row).await;
        let why = followed.as_ref().err().map(Rejection::to_string);
        if fleet.tried(name, why) {
            let why = followed.as_ref().err();
            tracing::error!(plugin = %name, revision = row.revision, why = why.map(tracing::field::display),
                "this replica cannot do what the fleet does");
        }
        if followed.is_ok() {
            self.prune().await;
        }
        followed
    }

    async fn try_to_follow(
        &self,
        fleet: &Fleet,
        slot: &Slot,
        row: &PluginRow,
    ) -> Result<(), Rejection> {
        let standing: Standing = serde_json::from_str(&row.state).map_err(|error| {
            let why = format!("another release of gramhost has decided: {error}");
            Rejection::passing(AdmissionStep::Fleet, why)
        })?;
        let decided = |followed| Decided {
            revision: row.revision,
            standing: standing.clone(),
            followed,
        };
        fleet.set_decided(slot.name, decided(false));
        let serving = standing.serving.version.as_ref();
        let serving = self.version(fleet, slot, serving, Proof::Whole).await?;
        let mut earlier = Vec::new();
        for stint in &standing.earlier {
            let version = stint.version.as_ref();
            match self.version(fleet, slot, version, Proof::Earlier).await {
                Ok(version) => earlier.push(version),
                Err(refused) => {
                    tracing::warn!(plugin = %slot.name, "an earlier version cannot be loaded: {refused}");
                }
            }
        }
        let candidate = self.candidate(fleet, slot, &standing).await;
        if !slot.now().plugin.is(&serving) {
            tracing::info!(plugin = %serving.label(), sha256 = serving.digest(), revision = row.revision, "serves");
        }
        slot.follow(&serving, earlier, candidate, standing.refused());
        fleet.set_decided(slot.name, decided(true));
        Ok(())
    }

    async fn candidate(
        &self,
        fleet: &Fleet,
        slot: &Slot,
        standing: &Standing,
    ) -> Option<Arc<Candidate>> {
        let Waiting {
            version,
            term,
            held,
            wanted,
        } = standing.candidate.as_ref()?;
        let now = slot.now().candidate.clone();
        if let Some(same) = now.filter(|it| it.term() == *term) {
            return Some(match (&same.held, held) {
                (None, Some(why)) => Arc::new(same.hold(why.clone())),
                _ => same,
            });
        }
        match self.version(fleet, slot, Some(version), Proof::Whole).await {
            Ok(plugin) => {
                let candidate = Candidate::of_fleet(plugin, held.clone(), (*wanted, *term));
                Some(Arc::new(candidate))
            }
            Err(refused) => {
                tracing::warn!(plugin = %slot.name, "the candidate cannot be loaded: {refused}");
                None
            }
        }
    }

    /// Returns a version of the fleet: one that is loaded, or else its component is fetched. None is the embedded one.
    pub(super) async fn version(
        &self,
        fleet: &Fleet,
        slot: &Slot,
        version: Option<&Version>,
        proof: Proof,
    ) -> Result<Arc<Plugin>, Rejection> {
        let Some(Version { digest, source, .. }) = version else {
            return Ok(Arc::clone(&slot.embedded));
        };
        let loaded = slot.loaded(digest).or_else(|| fleet.prepared(digest));
        if let Some(loaded) = loaded.filter(|it| it.source() == source) {
            return Ok(loaded);
        }
        let component = self.fetch(fleet, digest).await?;
        let admitted = match proof {
            Proof::Whole => self.admission.admit(slot.name, component).await?,
            Proof::Earlier => self.admission.describe(slot.name, component, true).await?,
        };
        let plugin = Plugin::new(admitted, source, self.permits.clone());
        Ok(Arc::new(plugin))
    }

    /// Returns a component from this replica's shelf, or else from the store of the fleet.
    async fn fetch(&self, fleet: &Fleet, digest: &str) -> Result<Bytes, Rejection> {
        let most = self.config.component_bytes_max;
        let (shelf, owned) = (Arc::clone(&self.shelf), digest.to_owned());
        let kept = spawn_blocking(move || shelf.load(&owned)).await;
        let kept = kept.ok().flatten();
        if let Some(component) = kept.filter(|it| it.len() as u64 <= most) {
            return Ok(component);
        }
        let refuse = |why: String| Rejection::passing(AdmissionStep::File, why);
        let fetched = fleet.artifacts.get(digest, most).await;
        let fetched = fetched.map_err(|error| refuse(format!("cannot be fetched: {error}")))?;
        let component = fetched
            .filter(|it| self::digest(it) == digest)
            .ok_or_else(|| {
                refuse(format!(
                    "the fleet keeps no such component of at most {most} bytes"
                ))
            })?;
        self.keep(digest, &component).await;
        Ok(component)
    }

    /// Makes a decision of the fleet, if no other was made, tells the others, and follows it. Returns whether it was made.
    /// Whoever calls this holds the decision lock.
    pub(super) async fn decide(
        &self,
        fleet: &Fleet,
        slot: &Slot,
        (decided, next): (&Decided, &Standing),
        ends: Option<RolloutEnd>,
        events: Vec<PluginEvent>,
    ) -> Result<bool, Error> {
        let state = serde_json::to_string(next).map_err(|error| Error::Fleet(error.to_string()))?;
        let decision = PluginDecision {
            plugin: slot.name.to_string(),
            revision: decided.revision,
            state,
            ends,
            events,
        };
        if !fleet.database.decide_plugin(&decision).await? {
            return Ok(false);
        }
        fleet.database.tell(Note::Plugins).await;
        let row = PluginRow {
            plugin: decision.plugin,
            revision: decision.revision + 1,
            state: decision.state,
        };
        // It is logged, and tried again later.
        let _behind = Box::pin(self.follow(fleet, slot, &row)).await;
        Ok(true)
    }
}

/// What the history says about a version of the fleet; none is the embedded one.
pub(super) fn event(
    slot: &Slot,
    version: Option<&Version>,
    action: Action,
    who: Actor,
    why: &str,
) -> PluginEvent {
    let event = event_of(&slot.embedded, action, who, why);
    let Some(version) = version else {
        return event;
    };
    PluginEvent {
        digest: Some(version.digest.clone()),
        version: Some(version.version.clone()),
        source: version.source.clone(),
        ..event
    }
}
