//! The slot of one plugin: which version serves, which ones served before, and which one is the candidate. The state
//! is replaced as a whole, so that readers never wait.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::{
    shadow::Candidate,
    status::{Brief, Candidacy, RejectedFile, Serving, Status},
    version::Plugin,
};
use crate::contract::PluginName;

/// The slot of one plugin.
pub(super) struct Slot {
    pub(super) name: PluginName,
    /// The version that serves if no other can.
    pub(super) embedded: Arc<Plugin>,
    state: ArcSwap<State>,
}

/// The current state of a slot.
#[derive(Clone)]
pub(super) struct State {
    pub(super) plugin: Arc<Plugin>,
    /// The versions that served before, newest first.
    pub(super) earlier: Vec<Arc<Plugin>>,
    pub(super) candidate: Option<Arc<Candidate>>,
    /// The content of `<name>.toml`, valid or not.
    pub(super) file: Option<String>,
    pub(super) settings_error: Option<String>,
    pub(super) refused: Option<RejectedFile>,
}

impl Slot {
    pub(super) fn new(name: PluginName, embedded: Plugin) -> Self {
        let embedded = Arc::new(embedded);
        let state = State {
            plugin: Arc::clone(&embedded),
            earlier: Vec::new(),
            candidate: None,
            file: None,
            settings_error: None,
            refused: None,
        };
        Self {
            name,
            embedded,
            state: ArcSwap::from_pointee(state),
        }
    }

    pub(super) fn now(&self) -> Arc<State> {
        self.state.load_full()
    }

    /// Changes the state. Called only while the desk's decision lock is held.
    pub(super) fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = State::clone(&self.state.load());
        change(&mut state);
        self.state.store(Arc::new(state));
    }

    /// Returns whether the file with this content already serves or is the candidate.
    pub(super) fn holds(&self, file: &str, digest: &str) -> bool {
        let state = self.state.load();
        let is = |plugin: &Plugin| plugin.source() == file && plugin.digest() == digest;
        let waits = state.candidate.as_ref().is_some_and(|it| is(it.plugin()));
        is(&state.plugin) || waits
    }

    /// Returns the last rejection, if it is of this content.
    pub(super) fn rejection_of(&self, digest: Option<&str>) -> Option<RejectedFile> {
        let refused = self.state.load().refused.clone();
        refused.filter(|refused| refused.digest.as_deref() == digest)
    }

    /// The file in the folder is what it should be, or is gone, so no rejection of it is true any longer.
    pub(super) fn forget_rejection(&self) {
        if self.state.load().refused.is_some() {
            self.change(|state| state.refused = None);
        }
    }

    /// The version to go back to: the one that served before, or else the embedded one.
    pub(super) fn predecessor(&self) -> Option<Arc<Plugin>> {
        let state = self.state.load();
        let earlier = state.earlier.first().unwrap_or(&self.embedded);
        (earlier.digest() != state.plugin.digest()).then(|| Arc::clone(earlier))
    }

    /// Lets `next` serve, with the operator's settings. The version that served before is kept if it `may_return`, up
    /// to `versions_max` versions in all.
    pub(super) fn serve(&self, next: &Plugin, may_return: bool, versions_max: usize) {
        self.change(|state| {
            let (next, error) = next.configured(state.file.as_deref());
            let before = std::mem::replace(&mut state.plugin, Arc::new(next));
            if may_return {
                state.earlier.insert(0, before);
            }
            let serving = state.plugin.digest();
            state.earlier.retain(|it| it.digest() != serving);
            state.earlier.truncate(versions_max.saturating_sub(1));
            state.settings_error = error;
            state.candidate = None;
        });
    }

    /// Does what the fleet does, with the operator's settings.
    pub(super) fn follow(
        &self,
        serving: &Plugin,
        earlier: Vec<Arc<Plugin>>,
        candidate: Option<Arc<Candidate>>,
        refused: Option<RejectedFile>,
    ) {
        self.change(|state| {
            // A version that serves already keeps its settings, whatever is wrong with the file by now.
            if !state.plugin.is(serving) {
                let (plugin, error) = serving.configured(state.file.as_deref());
                state.plugin = Arc::new(plugin);
                state.settings_error = error;
            }
            state.earlier = earlier;
            state.candidate = candidate;
            state.refused = refused;
        });
    }

    /// The version with this digest, if it is loaded.
    pub(super) fn loaded(&self, digest: &str) -> Option<Arc<Plugin>> {
        let state = self.state.load();
        let candidate = state.candidate.as_ref().map(|it| it.plugin());
        let mut all = [&state.plugin]
            .into_iter()
            .chain(&state.earlier)
            .chain(candidate);
        all.find(|it| it.digest() == digest).cloned()
    }

    /// Applies new settings. Invalid ones change only the status.
    pub(super) fn configure(&self, file: Option<String>) {
        self.change(|state| {
            let (plugin, error) = state.plugin.configured(file.as_deref());
            match &error {
                None => {
                    tracing::info!(plugin = %plugin.label(), "new settings");
                    state.plugin = Arc::new(plugin);
                }
                Some(error) => tracing::warn!("{}.toml refused: {error}", self.name),
            }
            state.settings_error = error;
            state.file = file;
        });
    }

    pub(super) fn misconfigured(&self, error: String) {
        tracing::warn!("{}.toml refused: {error}", self.name);
        self.change(|state| state.settings_error = Some(error));
    }

    pub(super) fn status(&self) -> Status {
        let state = self.state.load();
        Status {
            name: self.name.to_string(),
            serving: Some(Serving::of(
                &state.plugin,
                state.file.is_some(),
                state.settings_error.clone(),
            )),
            earlier: state.earlier.iter().map(|it| Brief::of(it)).collect(),
            candidate: state.candidate.as_deref().map(Candidacy::of),
            refused: state.refused.clone(),
            rollout: None,
            behind: None,
        }
    }
}

#[cfg(test)]
mod tests;
