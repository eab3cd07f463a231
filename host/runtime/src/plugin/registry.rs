//! Which version of each plugin serves. Readers never wait; only the desk changes it.

mod desk;
mod folder;
pub(crate) mod health;
mod history;
mod retries;
pub(crate) mod shadow;
pub(crate) mod shelf;
mod slot;
pub(crate) mod status;
pub(crate) mod version;
pub(crate) mod watcher;

use std::{fs, io, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::interval;
use tokio_util::task::AbortOnDropHandle;

use desk::Desk;
use health::Judgement;
use history::{Actor, History};
use shadow::{Candidate, Comparison};
use slot::Slot;
use status::Status;
use version::Plugin;
use watcher::Watcher;

use crate::{
    contract::{Kind, PluginName},
    database::Database,
    plugin::{admission::error::Error, config::Config},
};

/// How often memory that no call uses is given back. Doing so takes some milliseconds.
const TRIM_EVERY: Duration = Duration::from_secs(10);

/// The serving plugins, by name. Each is replaced as a whole.
pub struct Registry {
    desk: Arc<Desk>,
    _watch: Option<AbortOnDropHandle<()>>,
}

impl Registry {
    /// Loads the embedded plugins and those in the plugin folder, and watches the folder (created if missing) until
    /// dropped. The history of versions is kept in `database`, if there is one.
    ///
    /// # Errors
    /// [`Error::Start`]. A bad file in the folder is not an error: the embedded plugin serves.
    pub async fn open(mut config: Config, database: Option<Database>) -> Result<Arc<Self>, Error> {
        // Only the history says which of the kept components a server can go back to. A command has no history, so it
        // has no use for them.
        if database.is_none() {
            config.components = None;
        }
        let folder = config.folder.clone();
        let owner = database.as_ref().map(|database| database.owner().clone());
        let desk = Arc::new(Desk::open(config, History::new(database), owner).await?);
        let watch = match folder {
            None => None,
            Some(folder) => {
                let failed =
                    |error: io::Error| Error::Start(format!("{}: {error}", folder.display()));
                fs::create_dir_all(&folder).map_err(failed)?;
                desk.restore(&folder).await;
                let mut watcher = Watcher::of_tree(&folder, &[], folder::look);
                desk.apply(&folder, watcher.first().map_err(failed)?).await;
                let desk = Arc::clone(&desk);
                Some(AbortOnDropHandle::new(tokio::spawn(async move {
                    let mut trims = interval(TRIM_EVERY);
                    loop {
                        tokio::select! {
                            _ = trims.tick() => desk.trim().await,
                            changes = watcher.next() => desk.apply(&folder, changes).await,
                            () = desk.wait_for_retry() => desk.retry(&folder).await,
                        }
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
        Arc::clone(&self.desk.slot(kind.plugin()).now().plugin)
    }

    /// The version to which the host would go back from `plugin`, if `plugin` serves.
    #[must_use]
    pub fn predecessor(&self, plugin: &Plugin) -> Option<Arc<Plugin>> {
        let slot = self.desk.slot(plugin.name());
        let serves = slot.now().plugin.is(plugin);
        serves.then(|| slot.predecessor()).flatten()
    }

    /// The version that runs in shadow mode for this kind, if there is one.
    #[must_use]
    pub fn in_shadow(&self, kind: Kind) -> Option<Arc<Candidate>> {
        let candidate = self.desk.slot(kind.plugin()).now().candidate.clone();
        candidate.filter(|candidate| candidate.held.is_none())
    }

    /// Maximum time of one call, milliseconds, and maximum memory, bytes.
    #[must_use]
    pub fn limits(&self) -> (u64, usize) {
        let config = &self.desk.config;
        (config.call_ms_max, config.memory_bytes_max)
    }

    /// Maximum size of a component, bytes.
    #[must_use]
    pub fn component_bytes_max(&self) -> usize {
        usize::try_from(self.desk.config.component_bytes_max).unwrap_or(usize::MAX)
    }

    /// Records how an extraction on `plugin` ended. After too many failures of its own, the host goes back to the
    /// previous version.
    pub fn judge(&self, plugin: &Plugin, judgement: Judgement) {
        let rule = &self.desk.config.rollback;
        let before = self.predecessor(plugin);
        let before = before.map(|before| before.window().failed_percent(rule));
        let verdict = {
            let mut window = plugin.window();
            window.add(judgement, rule);
            before.and_then(|before| window.verdict(before, rule))
        };
        let Some(why) = verdict else {
            return;
        };
        let desk = Arc::clone(&self.desk);
        let (name, digest) = (plugin.name(), plugin.digest().to_owned());
        tokio::spawn(async move {
            // Another call may have rolled it back already.
            let _done = desk
                .roll_back(name, Some(&digest), Actor::Gramhost, &why)
                .await;
        });
    }

    /// Records a comparison. After the last one, the candidate serves or is held for the operator.
    pub fn compare(&self, candidate: &Arc<Candidate>, comparison: Comparison) {
        if let Some(against) = candidate.add(comparison) {
            let (desk, candidate) = (Arc::clone(&self.desk), Arc::clone(candidate));
            tokio::spawn(async move { desk.compared(&candidate, against).await });
        }
    }

    /// Admits a component and writes it to the plugin folder as `<name>.wasm`.
    ///
    /// # Errors
    /// [`Error::Rejected`] with the reason, [`Error::NoFolder`], [`Error::Folder`].
    pub async fn put(&self, name: PluginName, component: Bytes) -> Result<Status, Error> {
        self.desk.put(name, component).await?;
        Ok(self.desk.slot(name).status())
    }

    /// Goes back to the version before the serving one. With a digest, only if the version with that digest still
    /// serves.
    ///
    /// # Errors
    /// [`Error::NoVersion`] if none served before, or if another one serves.
    pub async fn roll_back(
        &self,
        name: PluginName,
        digest: Option<&str>,
        why: &str,
    ) -> Result<Status, Error> {
        self.desk
            .roll_back(name, digest, Actor::Operator, why)
            .await?;
        Ok(self.desk.slot(name).status())
    }

    /// Lets the candidate serve, or the earlier version with this digest.
    ///
    /// # Errors
    /// [`Error::NoVersion`] if there is no such version.
    pub async fn promote(
        &self,
        name: PluginName,
        digest: Option<&str>,
        why: &str,
    ) -> Result<Status, Error> {
        self.desk
            .promote(name, digest, Actor::Operator, why)
            .await?;
        Ok(self.desk.slot(name).status())
    }

    /// Drops the candidate. With a digest, only if the candidate has that digest.
    ///
    /// # Errors
    /// [`Error::NoVersion`] if there is no such candidate.
    pub async fn discard(
        &self,
        name: PluginName,
        digest: Option<&str>,
        why: &str,
    ) -> Result<Status, Error> {
        self.desk.discard(name, digest, why).await?;
        Ok(self.desk.slot(name).status())
    }

    /// For each plugin: the serving version, its statistics, and the last rejected file. Then the files that are not
    /// named after a plugin.
    #[must_use]
    pub fn status(&self) -> Vec<Status> {
        let unknown = self.desk.unknown_files.load();
        let slots = self.desk.slots.iter().map(Slot::status);
        slots
            .chain(unknown.values().map(Status::unknown_file))
            .collect()
    }
}
