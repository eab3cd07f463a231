//! Decisions of the operator (put, roll back, promote, discard), and those that the host makes by itself.

use std::{io, sync::Arc};

use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::Desk;
use crate::{
    contract::PluginName,
    data::{self, Access},
    plugin::{
        admission::{
            error::Error,
            rejection::{AdmissionStep, Rejection},
        },
        registry::{
            history::{Action, Actor},
            shadow::Candidate,
            status::RejectedFile,
            version::Plugin,
        },
    },
};

impl Desk {
    /// Admits a component and writes it to the plugin folder.
    pub(in crate::plugin::registry) async fn put(
        &self,
        name: PluginName,
        component: Bytes,
    ) -> Result<(), Error> {
        let slot = self.slot(name);
        let folder = self.config.folder.clone().ok_or(Error::NoFolder)?;
        self.check_size(&component)?;
        let _decision = self.decision.lock().await;
        let file = format!("{name}.wasm");
        let admitted = self
            .admit(slot, &file, component.clone(), Actor::Operator)
            .await?;
        // Before it serves: if the disk is full, the old version stays in force as well as in the folder.
        let path = folder.join(&file);
        let write = move || data::write_atomically(&path, &component, Access::Umask);
        let written = spawn_blocking(write).await;
        written
            .map_err(io::Error::other)
            .flatten()
            .map_err(|error| Error::Folder(format!("{}: {error}", folder.display())))?;
        self.settle(slot, &file, admitted, Actor::Operator).await;
        Ok(())
    }

    pub(super) fn check_size(&self, component: &[u8]) -> Result<(), Rejection> {
        let most = self.config.component_bytes_max;
        match component.len() as u64 > most {
            true => Err(Rejection::new(
                AdmissionStep::File,
                format!("is larger than {most} bytes"),
            )),
            false => Ok(()),
        }
    }

    /// Goes back to the version before the serving one. The version that is rolled back may not return automatically.
    pub(in crate::plugin::registry) async fn roll_back(
        &self,
        name: PluginName,
        digest: Option<&str>,
        who: Actor,
        why: &str,
    ) -> Result<(), Error> {
        let slot = self.slot(name);
        let _decision = self.decision.lock().await;
        let serving = Arc::clone(&slot.now().plugin);
        if digest.is_some_and(|digest| digest != serving.digest()) {
            // It was replaced in the meantime.
            return Err(Error::NoVersion);
        }
        let before = slot.predecessor().ok_or(Error::NoVersion)?;
        tracing::warn!(from = %serving.label(), to = %before.label(), why, "rolled back");
        self.history
            .add(&serving, Action::RolledBack, who, why)
            .await;
        slot.serve(&before, false, self.config.versions_max);
        let why = format!("{} was rolled back", serving.label());
        self.history.add(&before, Action::Serves, who, &why).await;
        Ok(())
    }

    /// Lets the candidate serve, or the version with this digest that served before.
    pub(in crate::plugin::registry) async fn promote(
        &self,
        name: PluginName,
        digest: Option<&str>,
        who: Actor,
        why: &str,
    ) -> Result<(), Error> {
        let slot = self.slot(name);
        let _decision = self.decision.lock().await;
        let state = slot.now();
        let candidate = state.candidate.as_ref().map(|it| Arc::clone(it.plugin()));
        let is = |plugin: &Arc<Plugin>| digest.is_none_or(|digest| plugin.digest() == digest);
        let mut found = candidate.filter(is);
        if let (None, Some(digest)) = (&found, digest) {
            let mut earlier = state.earlier.iter();
            found = earlier.find(|it| it.digest() == digest).cloned();
            if found.is_none() {
                let file = format!("{name}.wasm");
                found = self.recall(slot, digest, &file).await.map(Arc::new);
            }
        }
        let plugin = found.ok_or(Error::NoVersion)?;
        self.serve(slot, &plugin, who, why).await;
        slot.change(|state| state.refused = None);
        Ok(())
    }

    /// Drops the candidate, if it is the one with this digest.
    pub(in crate::plugin::registry) async fn discard(
        &self,
        name: PluginName,
        digest: Option<&str>,
        why: &str,
    ) -> Result<(), Error> {
        let slot = self.slot(name);
        let _decision = self.decision.lock().await;
        let meant =
            |it: &Arc<Candidate>| digest.is_none_or(|digest| it.plugin().digest() == digest);
        let candidate = slot.now().candidate.clone().filter(meant);
        let candidate = candidate.ok_or(Error::NoVersion)?;
        let (plugin, refused) = (
            candidate.plugin(),
            Rejection::new(
                AdmissionStep::Shadow,
                format!("was discarded by the operator: {why}"),
            ),
        );
        self.history
            .add(plugin, Action::Discarded, Actor::Operator, why)
            .await;
        let digest = plugin.digest().to_owned();
        let refusal = RejectedFile::new(plugin.source(), Some(digest), refused);
        slot.change(|state| {
            state.candidate = None;
            state.refused = Some(refusal);
        });
        Ok(())
    }

    /// Decides after the last comparison of a candidate.
    pub(in crate::plugin::registry) async fn compared(
        &self,
        candidate: &Arc<Candidate>,
        against: Option<String>,
    ) {
        let name = candidate.plugin().name();
        let slot = self.slot(name);
        let digest = candidate.plugin().digest();
        match against {
            None => {
                let why = "no comparison in shadow mode was worse";
                // It may have been replaced or discarded in the meantime.
                let _gone = self.promote(name, Some(digest), Actor::Gramhost, why).await;
            }
            Some(why) => {
                let _decision = self.decision.lock().await;
                let now = slot.now().candidate.clone();
                if now.is_some_and(|now| Arc::ptr_eq(&now, candidate)) {
                    tracing::warn!(plugin = %candidate.plugin().label(), "held for the operator: {why}");
                    self.history
                        .add(candidate.plugin(), Action::Staged, Actor::Gramhost, &why)
                        .await;
                    let held = Arc::new(candidate.hold(why));
                    slot.change(|state| state.candidate = Some(held));
                }
            }
        }
    }
}
