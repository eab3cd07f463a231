//! Decides which versions serve: admits new ones, holds them, rolls them back. Makes one decision at a time and writes
//! each to the history.

mod accord;
mod ballot;
mod cases;
mod counting;
mod decisions;
mod files;
mod follow;
mod proposal;

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
    sync::Arc,
    time::Instant,
};

use arc_swap::ArcSwap;
use bytes::Bytes;
use futures_util::future::try_join_all;
use tokio::{sync::Mutex, task::spawn_blocking};

use super::{
    fleet::Fleet,
    history::{Action, Actor, History, Trust},
    retries::Retries,
    shadow::Candidate,
    shelf::Shelf,
    slot::Slot,
    status::RejectedFile,
    version::{Permits, Plugin},
};
use crate::{
    contract::PluginName,
    data::Owner,
    plugin::{
        admission::{
            Admission,
            error::Error,
            rejection::{AdmissionStep, Rejection},
        },
        config::Config,
        package::{digest, permission},
    },
};

/// Memory that may stay in the pool although no call uses it, bytes: that of a few calls on large answers.
const KEPT_BYTES_MAX: usize = 32 << 20;

/// The only place that changes slots.
pub(super) struct Desk {
    pub(super) config: Config,
    pub(super) slots: Vec<Slot>,
    /// Files that are not named after a plugin, by name.
    pub(super) unknown_files: ArcSwap<BTreeMap<String, RejectedFile>>,
    admission: Arc<Admission>,
    history: History,
    shelf: Arc<Shelf>,
    permits: Permits,
    /// The other replicas, which decide together with this one.
    pub(super) fleet: Option<Fleet>,
    /// The owner of the data folder. A command has none, and deletes no component.
    owner: Option<Owner>,
    /// The files that were rejected for a cause that may pass.
    retries: Retries,
    /// Held during a decision, so that only one is made at a time.
    decision: Mutex<()>,
}

/// A component that may serve, before it is decided whether it does.
struct Admitted {
    plugin: Plugin,
    component: Bytes,
    trust: Trust,
    began: Instant,
}

impl Desk {
    pub(super) async fn open(
        config: Config,
        history: History,
        owner: Option<Owner>,
        fleet: Option<Fleet>,
    ) -> Result<Self, Error> {
        let admission = Arc::new(Admission::open(&config, owner.as_ref())?);
        let permits = Permits::new(&config);
        let embedded = PluginName::ALL.map(|name| {
            let (admission, permits) = (&admission, permits.clone());
            async move {
                let admitted = admission.admit_embedded(name).await;
                let admitted = admitted.map_err(|refused| {
                    Error::Start(format!("the embedded plugin {name}: {refused}"))
                })?;
                Ok::<_, Error>(Slot::new(name, Plugin::new(admitted, "embedded", permits)))
            }
        });
        Ok(Self {
            slots: try_join_all(embedded).await?,
            unknown_files: ArcSwap::default(),
            shelf: Arc::new(Shelf::new(config.components.clone())),
            config,
            admission,
            history,
            permits,
            fleet,
            owner,
            retries: Retries::default(),
            decision: Mutex::new(()),
        })
    }

    /// Restores the version from the folder that served last, and the earlier ones that can come back. Called before
    /// the folder is read.
    pub(super) async fn restore(&self, folder: &Path) {
        for slot in &self.slots {
            let file = format!("{}.wasm", slot.name);
            if !folder.join(&file).exists() {
                continue;
            }
            let trust = self.history.trust(slot.name).await;
            let mut versions = Vec::new();
            for digest in trust.served.iter().take(self.config.versions_max) {
                versions.extend(self.recall(slot, digest, &file).await);
            }
            for version in versions.into_iter().rev() {
                slot.serve(&version, true, self.config.versions_max);
            }
        }
    }

    /// Loads a version that has served from the shelf. It passed its cases then; cases that were added later do not
    /// remove it.
    async fn recall(&self, slot: &Slot, digest: &str, file: &str) -> Option<Plugin> {
        if slot.embedded.digest() == digest {
            return Some(slot.embedded.configured(None).0);
        }
        let (shelf, owned) = (Arc::clone(&self.shelf), digest.to_owned());
        let component = spawn_blocking(move || shelf.load(&owned)).await.ok()??;
        let admitted = self.admission.describe(slot.name, component, true).await;
        match admitted {
            Ok(admitted) => Some(Plugin::new(admitted, file, self.permits.clone())),
            Err(refused) => {
                tracing::warn!(
                    sha256 = digest,
                    "an earlier version of {} cannot be loaded: {refused}",
                    slot.name
                );
                None
            }
        }
    }

    /// Runs every step of admission. A rejection is kept in the history and in the status.
    async fn admit(
        &self,
        slot: &Slot,
        file: &str,
        component: Bytes,
        who: Actor,
    ) -> Result<Admitted, Rejection> {
        let began = Instant::now();
        let digest = digest(&component);
        let trust = self.history.trust(slot.name).await;
        let admitted = match known(&trust, &digest, who) {
            Ok(()) => self.admission.admit(slot.name, component.clone()).await,
            Err(refused) => Err(refused),
        };
        match admitted {
            Ok(admitted) => Ok(Admitted {
                plugin: Plugin::new(admitted, file, self.permits.clone()),
                component,
                trust,
                began,
            }),
            Err(refused) => {
                self.refuse(slot, (file, Some(digest)), who, &refused).await;
                Err(refused)
            }
        }
    }

    /// Lets an admitted component serve, or makes it the candidate.
    async fn settle(&self, slot: &Slot, file: &str, admitted: Admitted, who: Actor) {
        let Admitted {
            plugin,
            component,
            trust,
            began,
        } = admitted;
        self.keep(plugin.digest(), &component).await;
        // The last component that was put and rejected is shown until another one is.
        slot.change(|state| {
            let is_past =
                |it: &RejectedFile| it.in_folder || it.digest.as_deref() == Some(plugin.digest());
            state.refused = state.refused.take().filter(|it| !is_past(it));
        });
        let proven = trust.served.iter().any(|it| *it == plugin.digest());
        let more = permission::more(slot.now().plugin.manifest(), plugin.manifest());
        match more {
            Some(why) if !proven => self.hold(slot, plugin, who, why).await,
            _ if self.config.shadow > 0 && !proven => {
                let wanted = self.config.shadow;
                let why = format!("compared on the next {wanted} extractions");
                tracing::info!(plugin = %plugin.label(), "{file} runs in shadow mode");
                self.history.add(&plugin, Action::Shadowed, who, &why).await;
                let candidate = Candidate::in_shadow(plugin, wanted);
                slot.change(|state| state.candidate = Some(Arc::new(candidate)));
            }
            _ => {
                let ms = began.elapsed().as_millis();
                let why = format!("passed every check in {ms} ms");
                self.serve(slot, &plugin, who, &why).await;
            }
        }
    }

    /// Keeps a component on the shelf.
    async fn keep(&self, digest: &str, component: &Bytes) {
        let (shelf, component) = (Arc::clone(&self.shelf), component.clone());
        let digest = digest.to_owned();
        // If the task panics, nothing is kept; this is logged when the component is needed.
        let _kept = spawn_blocking(move || shelf.keep(&digest, &component)).await;
    }

    async fn refuse(
        &self,
        slot: &Slot,
        (file, digest): (&str, Option<String>),
        who: Actor,
        refused: &Rejection,
    ) {
        let before = slot.rejection_of(digest.as_deref());
        let in_folder = who == Actor::Folder;
        // A file that is tried again and again is told once.
        if before.is_some_and(|it| it.refused == *refused && it.in_folder == in_folder) {
            return;
        }
        tracing::warn!(sha256 = digest, "{file} was rejected: {refused}");
        let about = (file, digest.as_deref());
        self.history
            .refused(slot.name, about, who, refused.to_string())
            .await;
        let refusal = RejectedFile {
            in_folder,
            ..RejectedFile::new(file, digest, refused.clone())
        };
        slot.change(|state| state.refused = Some(refusal));
    }

    async fn hold(&self, slot: &Slot, plugin: Plugin, who: Actor, why: String) {
        tracing::warn!(plugin = %plugin.label(), "held for the operator: {why}");
        self.history.add(&plugin, Action::Staged, who, &why).await;
        let candidate = Candidate::held(plugin, why);
        slot.change(|state| state.candidate = Some(Arc::new(candidate)));
    }

    async fn serve(&self, slot: &Slot, plugin: &Plugin, who: Actor, why: &str) {
        slot.serve(plugin, true, self.config.versions_max);
        tracing::info!(plugin = %plugin.label(), sha256 = plugin.digest(), why, "serves");
        self.history.add(plugin, Action::Serves, who, why).await;
        self.prune().await;
    }

    /// Gives back the memory that calls have left in the pool, if it is much.
    pub(super) async fn trim(&self) {
        let loaded = self.loaded();
        let large_calls = loaded.iter().map(|plugin| plugin.large_calls()).sum();
        if self.admission.kept_bytes(large_calls) <= KEPT_BYTES_MAX {
            return;
        }
        let _decision = self.decision.lock().await;
        let plugins = self.loaded();
        let versions = plugins.iter().map(|it| (it.name(), it.digest().to_owned()));
        let (admission, versions) = (Arc::clone(&self.admission), Vec::from_iter(versions));
        let renewed = spawn_blocking(move || admission.renew(&versions)).await;
        match renewed.ok().flatten() {
            Some(sandboxes) => {
                for (plugin, sandbox) in plugins.iter().zip(sandboxes) {
                    plugin.move_to(sandbox);
                }
            }
            None => tracing::warn!("unused plugin memory stays: a version cannot be loaded again"),
        }
    }

    /// Every version that is loaded, once.
    fn loaded(&self) -> Vec<Arc<Plugin>> {
        let mut loaded: Vec<Arc<Plugin>> = Vec::new();
        for slot in &self.slots {
            let state = slot.now();
            let candidate = state.candidate.as_ref().map(|it| it.plugin());
            let versions = state.earlier.iter().chain([&state.plugin, &slot.embedded]);
            for version in versions.chain(candidate) {
                if !loaded.iter().any(|it| it.is(version)) {
                    loaded.push(Arc::clone(version));
                }
            }
        }
        if let Some(fleet) = &self.fleet {
            loaded.extend(fleet.all_prepared().values().cloned());
        }
        loaded
    }

    /// Deletes the components from the shelf that no slot can go back to.
    async fn prune(&self) {
        let Some(owner) = self.owner.clone() else {
            return;
        };
        let mut keep = HashSet::new();
        for slot in &self.slots {
            let state = slot.now();
            let candidate = state.candidate.as_ref().map(|it| it.plugin());
            let versions = state.earlier.iter().chain([&state.plugin]).chain(candidate);
            keep.extend(versions.map(|it| it.digest().to_owned()));
            // A file that was rolled back is still in the folder and may be promoted.
            let rolled_back = self.history.trust(slot.name).await.rolled_back;
            keep.extend(rolled_back.into_iter().take(self.config.versions_max));
        }
        let shelf = Arc::clone(&self.shelf);
        let _pruned = spawn_blocking(move || shelf.prune(&owner, &keep)).await;
    }

    /// The present time, milliseconds since 1970; in a fleet the same on all replicas.
    fn now_ms(&self) -> u64 {
        self.history.now_ms()
    }

    /// Returns the slot of a plugin. Every plugin has one: `open` creates them in the order of the enum.
    pub(super) fn slot(&self, name: PluginName) -> &Slot {
        &self.slots[name as usize]
    }
}

/// Rejects a version that was rolled back, unless the operator brings it back.
fn known(trust: &Trust, digest: &str, who: Actor) -> Result<(), Rejection> {
    if trust.rolled_back.iter().any(|it| it == digest) && who != Actor::Operator {
        return Err(Rejection::new(
            AdmissionStep::History,
            "was rolled back before: promote it, or replace the file",
        ));
    }
    Ok(())
}
