//! How a version comes to a fleet: this replica admits it, stores its component, proposes it, and waits for the decision.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::time::timeout;

use super::{
    Desk,
    ballot::{on, text_of, version_of},
    follow::event,
};
use crate::{
    contract::PluginName,
    database::{Note, RolloutRow},
    plugin::{
        admission::{
            self,
            error::Error,
            rejection::{AdmissionStep, Rejection},
        },
        package::digest,
        registry::{
            fleet::Fleet,
            history::{Action, Actor},
            slot::Slot,
            status::RejectedFile,
            version::Plugin,
            watcher::Change,
        },
    },
};

/// The maximum time between two looks while this replica waits for a decision; it is told of most of them.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How much longer than for the votes this replica waits, for those who decide.
const DECIDE: Duration = Duration::from_secs(10);

/// A component that is offered to the fleet.
pub(super) struct Offer {
    /// The file that it is or would be in a plugin folder.
    pub(super) file: String,
    pub(super) component: Bytes,
    pub(super) who: Actor,
    /// On how many live extractions it is compared before it serves.
    pub(super) shadow: u32,
}

impl Desk {
    /// Proposes a component that the operator put to this replica. Returns after the decision.
    pub(in crate::plugin::registry) async fn put_to_fleet(
        &self,
        fleet: &Fleet,
        name: PluginName,
        component: Bytes,
    ) -> Result<(), Error> {
        self.check_size(&component)?;
        let offer = Offer {
            file: format!("{name}.wasm"),
            component,
            who: Actor::Operator,
            shadow: self.config.shadow,
        };
        self.propose(fleet, self.slot(name), offer).await
    }

    /// Proposes a component that was written to the plugin folder of this replica, unless the fleet knows it.
    pub(super) async fn file_to_fleet(
        &self,
        fleet: &Fleet,
        folder: &Path,
        change: &Change,
        slot: &Slot,
    ) {
        let file = match change {
            Change::Gone(file) => {
                tracing::info!("{file} was deleted here: the fleet goes on with what serves");
                return;
            }
            Change::Written(file) => file,
        };
        let offered = async {
            let component = admission::read(folder.join(file), self.config.component_bytes_max);
            let component = component.await?;
            if self.is_known(fleet, slot.name, &digest(&component)).await? {
                return Ok(());
            }
            let offer = Offer {
                file: file.clone(),
                component,
                who: Actor::Folder,
                shadow: self.config.shadow,
            };
            self.propose(fleet, slot, offer).await
        };
        match offered.await {
            Ok(()) => self.retries.settled(file),
            Err(Error::Rejected(refused)) => self.note(file, &refused),
            Err(error) => {
                tracing::warn!("{file} is not proposed to the fleet: {error}");
                self.retries.failed(file, Instant::now());
            }
        }
    }

    /// Returns whether the fleet knows a version: whatever it decided about it counts, whatever lies in a folder. What was
    /// rejected for a cause that may pass is not known.
    async fn is_known(&self, fleet: &Fleet, name: PluginName, digest: &str) -> Result<bool, Error> {
        if let Some(rollout) = fleet.database.rollout_of(name.as_str(), digest).await? {
            let refused = rollout
                .outcome
                .as_deref()
                .map(serde_json::from_str::<Rejection>);
            return Ok(!refused.is_some_and(|it| it.is_ok_and(|it| it.passing)));
        }
        let trust = self.history.trust(name).await;
        let mut known = trust.served.iter().chain(&trust.rolled_back);
        Ok(known.any(|it| it == digest))
    }

    /// Proposes a component and waits for the decision. Another version of the same plugin that is being checked is waited
    /// for.
    pub(super) async fn propose(
        &self,
        fleet: &Fleet,
        slot: &Slot,
        offer: Offer,
    ) -> Result<(), Error> {
        {
            // With the latest cases of the operator.
            let _decision = self.decision.lock().await;
            self.bring_cases(fleet).await?;
        }
        let admitted = self.admission.admit(slot.name, offer.component.clone());
        let plugin = match admitted.await {
            Ok(admitted) => Plugin::new(admitted, &offer.file, self.permits.clone()),
            Err(refused) => {
                let refused = on(&fleet.member.name, refused);
                self.refuse_alone(fleet, slot, &offer, &refused).await?;
                return Err(refused.into());
            }
        };
        let stored = fleet
            .artifacts
            .put(plugin.digest(), offer.component.clone());
        stored
            .await
            .map_err(|error| Error::Fleet(format!("the component cannot be stored: {error}")))?;
        self.keep(plugin.digest(), &offer.component).await;
        let row = self.row(
            fleet,
            &offer,
            slot.name,
            (plugin.digest(), &plugin.manifest().version),
        );
        let id = self.enter(fleet, slot, row, Arc::new(plugin)).await?;
        fleet.database.tell(Note::Plugins).await;
        self.wait_for(fleet, &id).await
    }

    /// Stores a proposal, as soon as no other version of the plugin is being checked. Returns its id, or that of the
    /// proposal of the same version by another replica.
    async fn enter(
        &self,
        fleet: &Fleet,
        slot: &Slot,
        mut row: RolloutRow,
        plugin: Arc<Plugin>,
    ) -> Result<String, Error> {
        let deadline = Instant::now() + self.patience() * 2;
        let mut notes = fleet.member.notes.clone();
        loop {
            row.at = i64::try_from(self.now_ms()).unwrap_or(i64::MAX);
            row.until = row.at + i64::try_from(self.config.vote_s_max * 1000).unwrap_or(i64::MAX);
            {
                // While a look compares what is ready with what is being checked, nothing is added to either.
                let _decision = self.decision.lock().await;
                let vote = fleet.vote(&row.id, None);
                if fleet.database.propose(&row, Some(&vote)).await? {
                    fleet.prepare(plugin);
                    return Ok(row.id);
                }
            }
            self.look().await?;
            if let Some((other, _)) = fleet.checking(slot.name) {
                if other.digest == row.digest {
                    return Ok(other.id);
                }
                if Instant::now() >= deadline {
                    let version = &other.digest[..8.min(other.digest.len())];
                    let why = format!("another version ({version}) is still being checked");
                    return Err(Rejection::passing(AdmissionStep::Fleet, why).into());
                }
            }
            let _told = timeout(LOOK_EVERY, notes.changed()).await;
        }
    }

    /// Waits until the fleet has decided about a version.
    async fn wait_for(&self, fleet: &Fleet, id: &str) -> Result<(), Error> {
        let deadline = Instant::now() + self.patience();
        let mut notes = fleet.member.notes.clone();
        loop {
            notes.mark_unchanged();
            self.look().await?;
            let rollout = fleet.database.rollout(id).await?.unwrap_or_default();
            match rollout.state.as_str() {
                "checking" if Instant::now() < deadline => {}
                "checking" => {
                    return Err(Error::Fleet("the fleet has not decided in time".to_owned()));
                }
                "serves" | "waits" => {
                    // Another replica may have decided after this one has looked.
                    return self.look().await;
                }
                _ => {
                    let outcome = rollout.outcome.unwrap_or_default();
                    let refused = serde_json::from_str(&outcome);
                    let refused = refused.unwrap_or_else(|_| {
                        Rejection::new(AdmissionStep::Fleet, "it was withdrawn")
                    });
                    return Err(Error::Rejected(refused));
                }
            }
            let _told = timeout(LOOK_EVERY, notes.changed()).await;
        }
    }

    /// A version that this replica itself rejects is not proposed, but the fleet knows.
    async fn refuse_alone(
        &self,
        fleet: &Fleet,
        slot: &Slot,
        offer: &Offer,
        refused: &Rejection,
    ) -> Result<(), Error> {
        let digest = digest(&offer.component);
        self.look().await?;
        let shown = fleet.decided(slot.name).standing.refused();
        // A file that is tried again and again is told once.
        if shown.is_some_and(|it| it.digest.as_deref() == Some(&*digest) && it.refused == *refused)
        {
            return Ok(());
        }
        tracing::warn!(sha256 = digest, "{} was rejected: {refused}", offer.file);
        let row = RolloutRow {
            state: "refused".to_owned(),
            outcome: Some(text_of(refused)),
            ..self.row(fleet, offer, slot.name, (&digest, ""))
        };
        fleet.database.propose(&row, None).await?;
        let file = RejectedFile {
            in_folder: offer.who == Actor::Folder,
            ..RejectedFile::new(&offer.file, Some(digest), refused.clone())
        };
        let version = version_of(&row);
        self.accord(slot, |decided, _| {
            let mut event = event(
                slot,
                Some(&version),
                Action::Rejected,
                offer.who,
                &refused.to_string(),
            );
            event.version = None;
            Ok((decided.standing.shows(Some(&file)), vec![event]))
        })
        .await
    }

    fn row(
        &self,
        fleet: &Fleet,
        offer: &Offer,
        name: PluginName,
        (digest, version): (&str, &str),
    ) -> RolloutRow {
        RolloutRow {
            id: fleet.database.new_id(),
            plugin: name.to_string(),
            digest: digest.to_owned(),
            version: version.to_owned(),
            source: offer.file.clone(),
            who: offer.who.name().to_owned(),
            replica: fleet.member.name.clone(),
            shadow: offer.shadow.into(),
            at: i64::try_from(self.now_ms()).unwrap_or(i64::MAX),
            state: "checking".to_owned(),
            ..RolloutRow::default()
        }
    }

    /// How long a decision of the fleet may take.
    fn patience(&self) -> Duration {
        Duration::from_secs(self.config.vote_s_max) + DECIDE
    }
}
