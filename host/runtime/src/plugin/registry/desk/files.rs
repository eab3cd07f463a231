//! What happens in the plugin folder: files come, change and go, and those that were rejected for a cause that may pass
//! are tried again.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use bytes::Bytes;
use futures_util::future::pending;
use tokio::time::sleep_until;

use super::Desk;
use crate::{
    contract::UnknownPlugin,
    plugin::{
        admission::{
            self,
            rejection::{AdmissionStep, Rejection},
        },
        package::{digest, settings},
        registry::{
            folder,
            history::{Action, Actor},
            slot::Slot,
            status::RejectedFile,
            watcher::Change,
        },
    },
};

impl Desk {
    /// Applies changes of files in the plugin folder.
    pub(in crate::plugin::registry) async fn apply(&self, folder: &Path, changes: Vec<Change>) {
        for change in changes {
            let (Change::Written(file) | Change::Gone(file)) = &change;
            self.retries.settled(file);
            self.apply_one(folder, change).await;
        }
    }

    /// Waits until a file is to be tried again; for ever, if there is none.
    pub(in crate::plugin::registry) async fn wait_for_retry(&self) {
        match self.retries.next() {
            Some(due) => sleep_until(due.into()).await,
            None => pending().await,
        }
    }

    /// Tries the files again whose pause is over.
    pub(in crate::plugin::registry) async fn retry(&self, folder: &Path) {
        for file in self.retries.due(Instant::now()) {
            self.apply_one(folder, Change::Written(file)).await;
        }
    }

    async fn apply_one(&self, folder: &Path, change: Change) {
        let (Change::Written(file) | Change::Gone(file)) = &change;
        let (stem, ending) = file.rsplit_once('.').unwrap_or((file, ""));
        let slot = stem.parse().map(|name| self.slot(name));
        if let (Some(fleet), Ok(slot), "wasm") = (&self.fleet, &slot, ending) {
            return Box::pin(self.file_to_fleet(fleet, folder, &change, slot)).await;
        }
        let _decision = self.decision.lock().await;
        match (slot, ending, &change) {
            (Err(unknown), ..) => self.keep_unknown(&change, &unknown),
            (Ok(slot), "wasm", Change::Gone(_)) => self.fall_back(slot, file).await,
            (Ok(slot), "wasm", Change::Written(_)) => {
                self.load(slot, file, folder.join(file)).await;
            }
            (Ok(slot), _, Change::Gone(_)) => slot.configure(None),
            (Ok(slot), _, Change::Written(_)) => {
                let path = folder.join(file);
                match admission::read(path, settings::FILE_BYTES_MAX).await {
                    Ok(text) => {
                        self.retries.settled(file);
                        slot.configure(Some(String::from_utf8_lossy(&text).into_owned()));
                    }
                    Err(refused) => {
                        self.note(file, &refused);
                        slot.misconfigured(refused.reason);
                    }
                }
            }
        }
    }

    /// Tries a rejected file again later, if the cause may pass.
    pub(super) fn note(&self, file: &str, refused: &Rejection) {
        match refused.passing {
            true => self.retries.failed(file, Instant::now()),
            false => self.retries.settled(file),
        }
    }

    /// Keeps a file that is not named after a plugin, only to show it.
    fn keep_unknown(&self, change: &Change, unknown: &UnknownPlugin) {
        let mut files = BTreeMap::clone(&self.unknown_files.load());
        match change {
            Change::Gone(file) => drop(files.remove(file)),
            Change::Written(file) => {
                let why = match file.as_str() {
                    folder::MORE => format!(
                        "are in the plugin folder, which is too full to name more than {} of them: move them elsewhere",
                        folder::STRAYS_MAX
                    ),
                    _ => unknown.to_string(),
                };
                tracing::warn!("{file} in the plugin folder is not used: {why}");
                let rejection = Rejection::new(AdmissionStep::File, why);
                files.insert(file.clone(), RejectedFile::new(file, None, rejection));
            }
        }
        self.unknown_files.store(Arc::new(files));
    }

    async fn fall_back(&self, slot: &Slot, file: &str) {
        let state = slot.now();
        if state
            .candidate
            .as_ref()
            .is_some_and(|it| it.plugin().source() == file)
        {
            slot.change(|state| state.candidate = None);
        }
        if state.refused.as_ref().is_some_and(|it| it.in_folder) {
            slot.forget_rejection();
        }
        if state.plugin.source() == file {
            let why = format!("{file} was deleted");
            tracing::info!(plugin = %slot.embedded.label(), "{why}, the embedded plugin serves");
            slot.serve(&slot.embedded, true, self.config.versions_max);
            self.history
                .add(&slot.embedded, Action::Serves, Actor::Folder, &why)
                .await;
        }
    }

    async fn load(&self, slot: &Slot, file: &str, path: PathBuf) {
        // A rejection is in the history and in the status.
        let refused = match admission::read(path, self.config.component_bytes_max).await {
            Ok(component) => self.offer(slot, file, component).await,
            Err(refused) => {
                self.refuse(slot, (file, None), Actor::Folder, &refused)
                    .await;
                Err(refused)
            }
        };
        match refused {
            Ok(()) => self.retries.settled(file),
            Err(refused) => self.note(file, &refused),
        }
    }

    /// Admits a component of the plugin folder or returns the rejection. An admitted component serves, runs in shadow
    /// mode, or is held for the operator.
    async fn offer(&self, slot: &Slot, file: &str, component: Bytes) -> Result<(), Rejection> {
        let digest = digest(&component);
        if slot.holds(file, &digest) {
            slot.forget_rejection();
            return Ok(());
        }
        // Only what the bytes themselves prove is remembered.
        let before = slot.rejection_of(Some(&digest));
        if before.as_ref().is_some_and(|it| !it.refused.passing) {
            slot.change(|state| {
                state.refused = before.map(|it| RejectedFile {
                    in_folder: true,
                    ..it
                });
            });
            return Ok(());
        }
        let admitted = self.admit(slot, file, component, Actor::Folder).await?;
        self.settle(slot, file, admitted, Actor::Folder).await;
        Ok(())
    }
}
