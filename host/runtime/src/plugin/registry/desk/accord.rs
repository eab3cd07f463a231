//! Decisions of the operator for a whole fleet, and those that a replica makes for all: each is made once, based on the
//! decision before it.

use std::sync::Arc;

use super::{
    Desk,
    ballot::{end_of, on},
    follow::event,
    proposal::Offer,
};
use crate::{
    contract::PluginName,
    database::PluginEvent,
    plugin::{
        admission::{
            error::Error,
            rejection::{AdmissionStep, Rejection},
        },
        registry::{
            fleet::{
                Decided, Fleet,
                standing::{Standing, Stint, Version},
            },
            history::{Action, Actor},
            slot::Slot,
            status::RejectedFile,
        },
    },
};

/// How often a decision is made again that is based on an old one.
const TRIES: u32 = 8;

impl Desk {
    /// Makes a decision that is based on the latest one, and follows it.
    pub(super) async fn accord(
        &self,
        slot: &Slot,
        next: impl Fn(&Decided, u64) -> Result<(Standing, Vec<PluginEvent>), Error>,
    ) -> Result<(), Error> {
        let Some(fleet) = &self.fleet else {
            return Err(Error::NoVersion);
        };
        for _ in 0..TRIES {
            self.look().await?;
            let _decision = self.decision.lock().await;
            let decided = fleet.decided(slot.name);
            let (next, events) = next(&decided, decided.revision + 1)?;
            if self
                .decide(fleet, slot, (&decided, &next), None, events)
                .await?
            {
                return Ok(());
            }
        }
        let why = "others decide about this plugin at the same moment: try again";
        Err(Error::Fleet(why.to_owned()))
    }

    /// Goes back to the version before the serving one, on all replicas.
    pub(in crate::plugin::registry) async fn roll_back_fleet(
        &self,
        name: PluginName,
        digest: Option<&str>,
        who: Actor,
        why: &str,
    ) -> Result<(), Error> {
        let slot = self.slot(name);
        let embedded = slot.embedded.digest();
        self.accord(slot, |decided, _| {
            let serving = &decided.standing.serving;
            if digest.is_some_and(|digest| digest != serving.digest(embedded)) {
                // It was replaced in the meantime.
                return Err(Error::NoVersion);
            }
            let next = decided.standing.rolled_back(self.config.versions_max);
            let next = next.ok_or(Error::NoVersion)?;
            let label = label(slot, serving.version.as_ref());
            tracing::warn!(from = %label, why, "rolled back on all replicas");
            let after = format!("{label} was rolled back");
            let before = next.serving.version.as_ref();
            let events = vec![
                event(slot, serving.version.as_ref(), Action::RolledBack, who, why),
                event(slot, before, Action::Serves, who, &after),
            ];
            Ok((next, events))
        })
        .await
    }

    /// Lets the candidate serve on all replicas, or the version with this digest that served before. One that is not loaded
    /// any more is proposed again.
    pub(in crate::plugin::registry) async fn promote_fleet(
        &self,
        fleet: &Fleet,
        name: PluginName,
        digest: Option<&str>,
        why: &str,
    ) -> Result<(), Error> {
        let slot = self.slot(name);
        let promoted = self.accord(slot, |decided, term| {
            let version = found(slot, &decided.standing, digest).ok_or(Error::NoVersion)?;
            let event = event(slot, version.as_ref(), Action::Serves, Actor::Operator, why);
            let standing = decided.standing.shows(None);
            let stint = Stint { version, term };
            Ok((
                standing.serve(stint, true, self.config.versions_max),
                vec![event],
            ))
        });
        match (promoted.await, digest) {
            (Err(Error::NoVersion), Some(digest)) => self.propose_again(fleet, slot, digest).await,
            (promoted, _) => promoted,
        }
    }

    async fn propose_again(&self, fleet: &Fleet, slot: &Slot, digest: &str) -> Result<(), Error> {
        let trust = self.history.trust(slot.name).await;
        let mut served = trust.served.iter().chain(&trust.rolled_back);
        if !served.any(|it| it == digest) {
            return Err(Error::NoVersion);
        }
        let most = self.config.component_bytes_max;
        let component = fleet.artifacts.get(digest, most).await;
        let component = component.map_err(|error| Error::Fleet(error.to_string()))?;
        let offer = Offer {
            file: format!("{}.wasm", slot.name),
            component: component.ok_or(Error::NoVersion)?,
            who: Actor::Operator,
            shadow: 0,
        };
        self.propose(fleet, slot, offer).await
    }

    /// Drops the candidate on all replicas, or the version that is being checked.
    pub(in crate::plugin::registry) async fn discard_fleet(
        &self,
        fleet: &Fleet,
        name: PluginName,
        digest: Option<&str>,
        why: &str,
    ) -> Result<(), Error> {
        let slot = self.slot(name);
        let refused = format!("was discarded by the operator: {why}");
        let refused = Rejection::new(AdmissionStep::Shadow, refused);
        let is_meant = |found: &str| digest.is_none_or(|digest| digest == found);
        let discarded = self.accord(slot, |decided, _| {
            let waiting = decided.standing.candidate.as_ref();
            let waiting = waiting.filter(|it| is_meant(&it.version.digest));
            let version = &waiting.ok_or(Error::NoVersion)?.version;
            let digest = Some(version.digest.clone());
            let shown = RejectedFile::new(&version.source, digest, refused.clone());
            let mut next = decided.standing.shows(Some(&shown));
            next.candidate = None;
            let event = event(slot, Some(version), Action::Discarded, Actor::Operator, why);
            Ok((next, vec![event]))
        });
        match discarded.await {
            Err(Error::NoVersion) => {}
            discarded => return discarded,
        }
        let checked = fleet.checking(name).filter(|(it, _)| is_meant(&it.digest));
        let (rollout, _) = checked.ok_or(Error::NoVersion)?;
        let _decision = self.decision.lock().await;
        let end = end_of(&rollout, "withdrawn");
        let refused = on(&fleet.member.name, refused);
        self.end(fleet, slot, &rollout, (Action::Discarded, &refused), end)
            .await
    }
}

/// The candidate, or the version with this digest that can serve at once on every replica.
fn found(slot: &Slot, standing: &Standing, digest: Option<&str>) -> Option<Option<Version>> {
    let is = |found: &str| digest.is_none_or(|digest| digest == found);
    let candidate = standing.candidate.as_ref().map(|it| it.version.clone());
    if let Some(candidate) = candidate.filter(|it| is(&it.digest)) {
        return Some(Some(candidate));
    }
    let (digest, embedded) = (digest?, slot.embedded.digest());
    let mut earlier = standing.earlier.iter();
    let earlier = earlier.find(|it| it.digest(embedded) == digest);
    match earlier {
        Some(earlier) => Some(earlier.version.clone()),
        None => (digest == embedded).then_some(None),
    }
}

/// `name@version+digest`, for people.
pub(super) fn label(slot: &Slot, version: Option<&Version>) -> Arc<str> {
    match version {
        None => slot.embedded.label(),
        Some(Version {
            version, digest, ..
        }) => {
            let short = digest.get(..8).unwrap_or_default();
            format!("{}@{version}+{short}", slot.name).into()
        }
    }
}
