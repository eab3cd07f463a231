//! Which version of each plugin serves. One task changes it, step by step; everybody else reads it without waiting.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use arc_swap::ArcSwap;
use bytes::Bytes;
use futures_util::future::try_join_all;
use tokio_util::task::AbortOnDropHandle;

use super::{
    Config, EMBEDDED, Error, Plugin,
    admission::{self, Admission, Check, Refused},
    settings,
    status::{Candidate, Serving, Status},
    version::Permits,
    watcher::{Change, Watcher},
};
use crate::contract::Kind;

/// The plugins that serve, by name; each is replaced whole.
pub struct Registry {
    desk: Arc<Desk>,
    _watch: Option<AbortOnDropHandle<()>>,
}

impl Registry {
    /// Loads the embedded plugins and the folder's, and watches the folder (made if missing) until dropped.
    ///
    /// # Errors
    /// [`Error::Start`]. A bad file in the folder is none: the embedded plugin serves.
    pub async fn open(config: Config) -> Result<Arc<Self>, Error> {
        let folder = config.folder.clone();
        let desk = Arc::new(Desk::open(config).await?);
        let watch = match folder {
            None => None,
            Some(folder) => {
                let failed =
                    |error: io::Error| Error::Start(format!("{}: {error}", folder.display()));
                fs::create_dir_all(&folder).map_err(failed)?;
                let mut watcher = Watcher::open(&folder);
                desk.apply(&folder, watcher.first().map_err(failed)?).await;
                let desk = Arc::clone(&desk);
                Some(AbortOnDropHandle::new(tokio::spawn(async move {
                    loop {
                        let changes = watcher.next().await;
                        desk.apply(&folder, changes).await;
                    }
                })))
            }
        };
        Ok(Arc::new(Self {
            desk,
            _watch: watch,
        }))
    }

    /// The version that serves this kind now.
    #[must_use]
    pub fn serving(&self, kind: Kind) -> Arc<Plugin> {
        let name = kind.plugin();
        let slot = self.desk.slots.iter().find(|slot| slot.name == name);
        // Every kind has one of the embedded plugins.
        let slot = slot.unwrap_or(&self.desk.slots[0]);
        Arc::clone(&slot.state.load().plugin)
    }

    /// What serves, since when, how it fares, and what was refused; then the files that name no plugin.
    #[must_use]
    pub fn status(&self) -> Vec<Status> {
        let strangers = self.desk.strangers.load();
        let slots = self.desk.slots.iter().map(Slot::status);
        slots
            .chain(strangers.values().map(Status::stranger))
            .collect()
    }
}

/// Where the watching task works.
struct Desk {
    admission: Arc<Admission>,
    slots: Vec<Slot>,
    /// Files that name no plugin, by name.
    strangers: ArcSwap<BTreeMap<String, Candidate>>,
    permits: Permits,
    component_bytes_max: u64,
}

/// The place of one plugin.
struct Slot {
    name: &'static str,
    embedded: Arc<Plugin>,
    state: ArcSwap<State>,
}

#[derive(Clone)]
struct State {
    plugin: Arc<Plugin>,
    /// What `<name>.toml` holds, good or bad.
    file: Option<String>,
    settings_error: Option<String>,
    refused: Option<Candidate>,
}

impl Desk {
    async fn open(config: Config) -> Result<Self, Error> {
        let admission = Arc::new(Admission::open(&config)?);
        let permits = Permits::new(&config);
        let embedded = EMBEDDED.map(|(name, component)| {
            let (admission, permits) = (&admission, permits.clone());
            async move {
                let admitted = admission
                    .admit(name, Bytes::from_static(component))
                    .await
                    .map_err(|refused| {
                        Error::Start(format!("the embedded plugin {name}: {refused}"))
                    })?;
                let defaults =
                    settings::over(&admitted.manifest.settings, None).map_err(|error| {
                        Error::Start(format!("the embedded plugin {name}: {error}"))
                    })?;
                let plugin = Plugin::new(admitted, "embedded", defaults, permits);
                Ok::<_, Error>(Slot::new(name, Arc::new(plugin)))
            }
        });
        Ok(Self {
            slots: try_join_all(embedded).await?,
            admission,
            strangers: ArcSwap::default(),
            permits,
            component_bytes_max: config.component_bytes_max,
        })
    }

    async fn apply(&self, folder: &Path, changes: Vec<Change>) {
        for change in changes {
            let (Change::Written(file) | Change::Gone(file)) = &change;
            let (stem, ending) = file.rsplit_once('.').unwrap_or((file, ""));
            let slot = self.slots.iter().find(|slot| slot.name == stem);
            match (slot, ending, &change) {
                (None, ..) => self.stranger(&change),
                (Some(slot), "wasm", Change::Gone(_)) => slot.fall_back(file),
                (Some(slot), "wasm", Change::Written(_)) => {
                    self.load(slot, file, folder.join(file)).await;
                }
                (Some(slot), _, Change::Gone(_)) => slot.configure(None),
                (Some(slot), _, Change::Written(_)) => {
                    let path = folder.join(file);
                    match admission::read(path, settings::FILE_BYTES_MAX).await {
                        Ok(text) => {
                            slot.configure(Some(String::from_utf8_lossy(&text).into_owned()))
                        }
                        Err(refused) => slot.misconfigured(refused.reason),
                    }
                }
            }
        }
    }

    fn stranger(&self, change: &Change) {
        let mut strangers = BTreeMap::clone(&self.strangers.load());
        match change {
            Change::Gone(file) => drop(strangers.remove(file)),
            Change::Written(file) => {
                tracing::warn!("{file} in the plugin folder names no plugin");
                let names = EMBEDDED.map(|(name, _)| name).join(", ");
                let refused =
                    Refused::new(Check::File, format!("names no plugin: they are {names}"));
                strangers.insert(file.clone(), Candidate::new(file, None, refused));
            }
        }
        self.strangers.store(Arc::new(strangers));
    }

    async fn load(&self, slot: &Slot, file: &str, path: PathBuf) {
        let start = Instant::now();
        let (digest, admitted) = match admission::read(path, self.component_bytes_max).await {
            Ok(component) => {
                let digest = admission::digest(&component);
                if slot.knows(file, &digest) {
                    return;
                }
                let admitted = self.admission.admit(slot.name, component).await;
                (Some(digest), admitted)
            }
            Err(refused) => (None, Err(refused)),
        };
        match admitted {
            Ok(admitted) => {
                let defaults = admitted.manifest.settings.clone();
                let (settings, error) = slot.settings(&defaults);
                let plugin = Plugin::new(admitted, file, settings, self.permits.clone());
                tracing::info!(
                    plugin = %plugin.label(),
                    sha256 = plugin.digest(),
                    ms = start.elapsed().as_millis(),
                    "{file} serves"
                );
                slot.change(|state| {
                    state.plugin = Arc::new(plugin);
                    state.settings_error = error;
                });
            }
            Err(refused) => {
                tracing::warn!(sha256 = digest, "{file} refused at {refused}");
                let candidate = Candidate::new(file, digest, refused);
                slot.change(|state| state.refused = Some(candidate));
            }
        }
    }
}

impl Slot {
    fn new(name: &'static str, embedded: Arc<Plugin>) -> Self {
        let state = State {
            plugin: Arc::clone(&embedded),
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

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = State::clone(&self.state.load());
        change(&mut state);
        self.state.store(Arc::new(state));
    }

    /// Whether these contents already serve or were already refused.
    fn knows(&self, file: &str, digest: &str) -> bool {
        let state = self.state.load();
        let serves = state.plugin.source() == file && state.plugin.digest() == digest;
        let refused = state.refused.as_ref().and_then(|it| it.digest.as_deref());
        serves || refused == Some(digest)
    }

    /// The settings for a version with these defaults: the operator's if they fit it, else its own and why.
    fn settings(&self, defaults: &str) -> (String, Option<String>) {
        let file = self.state.load().file.clone();
        match settings::over(defaults, file.as_deref()) {
            Ok(settings) => (settings, None),
            // Those were checked when the version was admitted.
            Err(error) => (
                settings::over(defaults, None).unwrap_or_default(),
                Some(error),
            ),
        }
    }

    fn fall_back(&self, file: &str) {
        if self.state.load().plugin.source() != file {
            return;
        }
        tracing::info!(plugin = %self.embedded.label(), "{file} is gone, the embedded plugin serves");
        let (settings, error) = self.settings(&self.embedded.manifest().settings);
        self.change(|state| {
            state.plugin = Arc::new(self.embedded.with_settings(settings));
            state.settings_error = error;
        });
    }

    /// Takes over new settings; bad ones change nothing but what is shown.
    fn configure(&self, file: Option<String>) {
        let plugin = Arc::clone(&self.state.load().plugin);
        match settings::over(&plugin.manifest().settings, file.as_deref()) {
            Ok(settings) => {
                tracing::info!(plugin = %plugin.label(), "new settings");
                self.change(|state| {
                    state.plugin = Arc::new(plugin.with_settings(settings));
                    state.file = file;
                    state.settings_error = None;
                });
            }
            Err(error) => {
                self.misconfigured(error);
                self.change(|state| state.file = file);
            }
        }
    }

    fn misconfigured(&self, error: String) {
        tracing::warn!("{}.toml refused: {error}", self.name);
        self.change(|state| state.settings_error = Some(error));
    }

    fn status(&self) -> Status {
        let state = self.state.load();
        Status {
            name: self.name.to_owned(),
            serving: Some(Serving::of(
                &state.plugin,
                state.file.is_some(),
                state.settings_error.clone(),
            )),
            refused: state.refused.clone(),
        }
    }
}
