//! Which version of each plugin serves. Readers never wait; only the desk changes it.

mod desk;
pub(crate) mod fleet;
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

use std::{collections::BTreeMap, fs, io, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::task::AbortOnDropHandle;

use desk::Desk;
use fleet::{Fleet, Member, artifacts::Artifacts};
use health::Judgement;
use history::{Actor, History};
use shadow::{Candidate, Comparison};
use status::{Checking, Status};
use version::Plugin;
use watcher::{Change, Watcher};

use crate::{
    clock::Clock,
    contract::{Kind, PluginName},
    database::Database,
    plugin::{admission::error::Error, config::Config},
};

/// How often memory that no call uses is given back. Doing so takes some milliseconds.
const TRIM_EVERY: Duration = Duration::from_secs(10);

/// How often a replica looks at what its fleet has decided, besides when it is told.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The serving plugins, by name. Each is replaced as a whole.
pub struct Registry {
    desk: Arc<Desk>,
    _watch: Option<AbortOnDropHandle<()>>,
    _follow: Option<AbortOnDropHandle<()>>,
}

impl Registry {
    /// Loads the embedded plugins and those in the plugin folder, and watches the folder (created if missing) until
    /// dropped. The history of versions is kept in `database`, if there is one.
    ///
    /// # Errors
    /// [`Error::Start`]. A bad file in the folder is not an error: the embedded plugin serves.
    pub async fn open(config: Config, database: Option<Database>) -> Result<Arc<Self>, Error> {
        Self::start(config, database, None).await
    }

    /// As [`Registry::open`], for a replica that decides together with the others that share `database`. Their components
    /// are kept in `artifacts`. What the fleet serves is admitted here first. The plugin folder only proposes: a version that
    /// the fleet knows changes nothing.
    ///
    /// # Errors
    /// [`Error::Start`], also if this replica cannot admit what the fleet serves; [`Error::Fleet`] if the database fails.
    pub async fn join(
        config: Config,
        database: Database,
        artifacts: Arc<dyn Artifacts>,
        member: Member,
    ) -> Result<Arc<Self>, Error> {
        let fleet = Fleet::new(member, database.clone(), artifacts);
        Self::start(config, Some(database), Some(fleet)).await
    }

    async fn start(
        mut config: Config,
        database: Option<Database>,
        fleet: Option<Fleet>,
    ) -> Result<Arc<Self>, Error> {
        // Only the history says which of the kept components a server can go back to. A command has no history, so it
        // has no use for them.
        if database.is_none() {
            config.components = None;
        }
        let folder = config.folder.clone();
        let owner = database.as_ref().map(|database| database.owner().clone());
        let clock = fleet.as_ref().map(|fleet| fleet.member.clock.clone());
        let history = History::new(database, clock.unwrap_or_else(Clock::system));
        let desk = Arc::new(Desk::open(config, history, owner, fleet).await?);
        // The futures of a fleet are deep, and those of one machine need not contain them.
        Box::pin(desk.join()).await?;
        let watch = match folder {
            None => None,
            Some(folder) => Some(watch(Arc::clone(&desk), folder).await?),
        };
        let follow = desk.fleet.is_some().then(|| {
            let desk = Arc::clone(&desk);
            AbortOnDropHandle::new(tokio::spawn(async move { follow(&desk).await }))
        });
        Ok(Arc::new(Self {
            desk,
            _watch: watch,
            _follow: follow,
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
        if let Some(fleet) = &self.desk.fleet {
            return self.desk.count(fleet, plugin, judgement);
        }
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
        if candidate.term() > 0 {
            let (desk, candidate) = (Arc::clone(&self.desk), Arc::clone(candidate));
            tokio::spawn(async move {
                if let Some(fleet) = &desk.fleet {
                    desk.compare_in_fleet(fleet, &candidate, comparison).await;
                }
            });
        } else if let Some(against) = candidate.add(comparison) {
            let (desk, candidate) = (Arc::clone(&self.desk), Arc::clone(candidate));
            tokio::spawn(async move { desk.compared(&candidate, against).await });
        }
    }

    /// Admits a component and writes it to the plugin folder as `<name>.wasm`. In a fleet it is proposed to all replicas
    /// instead, and no folder is written; this returns after their decision.
    ///
    /// # Errors
    /// [`Error::Rejected`] with the reason, [`Error::NoFolder`], [`Error::Folder`], [`Error::Fleet`].
    pub async fn put(&self, name: PluginName, component: Bytes) -> Result<Status, Error> {
        match &self.desk.fleet {
            None => self.desk.put(name, component).await?,
            Some(fleet) => Box::pin(self.desk.put_to_fleet(fleet, name, component)).await?,
        }
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
        let (desk, who) = (&self.desk, Actor::Operator);
        match &desk.fleet {
            None => desk.roll_back(name, digest, who, why).await?,
            Some(_) => Box::pin(desk.roll_back_fleet(name, digest, who, why)).await?,
        }
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
        let desk = &self.desk;
        match &desk.fleet {
            None => desk.promote(name, digest, Actor::Operator, why).await?,
            Some(fleet) => Box::pin(desk.promote_fleet(fleet, name, digest, why)).await?,
        }
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
        let desk = &self.desk;
        match &desk.fleet {
            None => desk.discard(name, digest, why).await?,
            Some(fleet) => Box::pin(desk.discard_fleet(fleet, name, digest, why)).await?,
        }
        Ok(self.desk.slot(name).status())
    }

    /// Keeps a case that every new version must pass, on this machine or on all replicas of a fleet, in the place of one with
    /// the same kind and name. Without files, it removes that one.
    ///
    /// # Errors
    /// [`Error::Case`], [`Error::Folder`], [`Error::Fleet`].
    pub async fn keep_case(
        &self,
        kind: &str,
        name: &str,
        files: BTreeMap<String, Vec<u8>>,
    ) -> Result<(), Error> {
        Box::pin(self.desk.keep_case((kind, name), files)).await
    }

    /// For each plugin: the serving version, its statistics, and the last rejected file. Then the files that are not
    /// named after a plugin.
    #[must_use]
    pub fn status(&self) -> Vec<Status> {
        let unknown = self.desk.unknown_files.load();
        let behind = self.behind();
        let slots = self.desk.slots.iter().map(|slot| {
            let rollout = self
                .desk
                .fleet
                .as_ref()
                .and_then(|it| it.checking(slot.name));
            Status {
                rollout: rollout.map(|(row, votes)| Checking::of(row, votes)),
                behind: behind.get(slot.name.as_str()).cloned(),
                ..slot.status()
            }
        });
        slots
            .chain(unknown.values().map(Status::unknown_file))
            .collect()
    }

    /// Why this replica does not do what its fleet does, for each plugin of which that is so.
    #[must_use]
    pub fn behind(&self) -> BTreeMap<String, String> {
        let fleet = self.desk.fleet.as_ref();
        fleet.map(Fleet::behind).unwrap_or_default()
    }
}

/// Loads what is in the plugin folder, and watches it from then on.
async fn watch(desk: Arc<Desk>, folder: PathBuf) -> Result<AbortOnDropHandle<()>, Error> {
    let failed = |error: io::Error| Error::Start(format!("{}: {error}", folder.display()));
    fs::create_dir_all(&folder).map_err(failed)?;
    let mut watcher = Watcher::of_tree(&folder, &[], folder::look);
    let mut first = watcher.first().map_err(failed)?;
    let mut later = Vec::new();
    if desk.fleet.is_some() {
        // What the fleet serves is served already. What it is to decide about takes its time.
        let is_component =
            |it: &Change| matches!(it, Change::Written(file) if file.ends_with(".wasm"));
        later = first.extract_if(.., |it| is_component(it)).collect();
    } else {
        desk.restore(&folder).await;
    }
    desk.apply(&folder, first).await;
    Ok(AbortOnDropHandle::new(tokio::spawn(async move {
        desk.apply(&folder, later).await;
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

/// Does what the fleet does, votes, and tells what it has counted, for as long as the replica runs.
async fn follow(desk: &Desk) {
    let Some(fleet) = &desk.fleet else {
        return;
    };
    let look_on = async {
        let mut notes = fleet.member.notes.clone();
        let mut every = interval(LOOK_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = every.tick() => {}
                Ok(()) = notes.changed() => {}
            }
            if let Err(error) = desk.look().await {
                tracing::debug!(%error, "what the fleet decides is not known");
            }
        }
    };
    tokio::join!(look_on, desk.vote_on(fleet), desk.tell_on(fleet));
}
