//! What a replica needs in order to decide about plugins together with the others: who it is, where components are kept,
//! what the fleet has decided last, and what this replica has found out.

pub(in crate::plugin) mod artifacts;
pub(super) mod counts;
pub(super) mod standing;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use tokio::sync::watch;

use artifacts::Artifacts;
use counts::Counts;
use standing::Standing;

use super::version::Plugin;
use crate::{
    clock::Clock,
    contract::PluginName,
    database::{Database, RolloutRow, VoteRow},
};

/// The pause before a replica tries again to do what the fleet does. It doubles with each failure.
const PAUSE_MIN: Duration = Duration::from_secs(2);
/// The maximum of that pause.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// A replica as a member of its fleet.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name, for people.
    pub name: String,
    /// How long after its last heartbeat a replica counts as alive, milliseconds.
    pub alive_ms: u64,
    /// The clock of the fleet.
    pub clock: Clock,
    /// Changes when another replica says that there is something to look at.
    pub notes: watch::Receiver<u64>,
}

/// The fleet as the registry of one replica sees it.
pub(super) struct Fleet {
    pub(super) member: Member,
    pub(super) database: Database,
    pub(super) artifacts: Arc<dyn Artifacts>,
    /// How extractions on this replica ended, until the fleet knows.
    pub(super) counts: Counts,
    /// The rollouts that this replica has not voted on.
    pub(super) questions: watch::Sender<Vec<RolloutRow>>,
    /// Of each plugin, in the order of the enum.
    decided: Vec<ArcSwap<Decided>>,
    /// The rollouts that are being checked, with the votes.
    checking: ArcSwap<Vec<(RolloutRow, Vec<VoteRow>)>>,
    /// The versions that this replica has admitted and that the fleet has not decided about, by digest.
    prepared: Mutex<HashMap<String, Arc<Plugin>>>,
    /// What this replica cannot do although the fleet does.
    behind: Mutex<BTreeMap<String, Behind>>,
    /// The changes of the operator's cases that this replica has written, by kind and name.
    cases: Mutex<BTreeMap<(String, String), String>>,
    /// When this replica last looked for what nobody needs, milliseconds since 1970.
    cleaned_ms: AtomicU64,
}

/// The latest decision about a plugin.
#[derive(Debug, Default)]
pub(super) struct Decided {
    pub(super) revision: u64,
    pub(super) standing: Standing,
    /// Whether this replica does so.
    pub(super) followed: bool,
}

/// A decision that this replica cannot follow.
#[derive(Clone, Debug)]
struct Behind {
    why: String,
    pause: Duration,
    due: Instant,
}

impl Fleet {
    pub(super) fn new(member: Member, database: Database, artifacts: Arc<dyn Artifacts>) -> Self {
        let decided = PluginName::ALL.map(|_| ArcSwap::default());
        Self {
            member,
            database,
            artifacts,
            counts: Counts::default(),
            questions: watch::Sender::default(),
            decided: decided.into(),
            checking: ArcSwap::default(),
            prepared: Mutex::default(),
            behind: Mutex::default(),
            cases: Mutex::default(),
            cleaned_ms: AtomicU64::new(0),
        }
    }

    /// The id of this replica.
    pub(super) fn id(&self) -> String {
        self.database.process().to_string()
    }

    /// The vote of this replica.
    pub(super) fn vote(&self, rollout: &str, refused: Option<String>) -> VoteRow {
        VoteRow {
            rollout: rollout.to_owned(),
            replica: self.id(),
            name: self.member.name.clone(),
            refused,
        }
    }

    /// Since when a replica must have been seen to count as alive.
    pub(super) fn alive_since_ms(&self) -> u64 {
        let now = self.member.clock.now_ms();
        now.saturating_sub(self.member.alive_ms)
    }

    /// Returns whether this replica has written a case with this change.
    pub(super) fn has_case(&self, case: &(String, String), change: &str) -> bool {
        let cases = self.cases.lock().unwrap_or_else(PoisonError::into_inner);
        cases.get(case).is_some_and(|it| it == change)
    }

    pub(super) fn brought_case(&self, case: (String, String), change: String) {
        let mut cases = self.cases.lock().unwrap_or_else(PoisonError::into_inner);
        cases.insert(case, change);
    }

    /// Returns whether this replica is to look for what nobody needs, which it does every `every_ms`.
    pub(super) fn clean_due(&self, now_ms: u64, every_ms: u64) -> bool {
        let last = self.cleaned_ms.load(Ordering::Relaxed);
        let is_due = now_ms.saturating_sub(last) >= every_ms;
        if is_due {
            self.cleaned_ms.store(now_ms, Ordering::Relaxed);
        }
        is_due
    }

    /// The latest decision about a plugin that this replica knows.
    pub(super) fn decided(&self, name: PluginName) -> Arc<Decided> {
        self.decided[name as usize].load_full()
    }

    pub(super) fn set_decided(&self, name: PluginName, decided: Decided) {
        self.decided[name as usize].store(Arc::new(decided));
    }

    /// The rollout of a plugin that is being checked, with the votes.
    pub(super) fn checking(&self, name: PluginName) -> Option<(RolloutRow, Vec<VoteRow>)> {
        let checking = self.checking.load();
        let mut its = checking.iter();
        its.find(|(row, _)| row.plugin == name.as_str()).cloned()
    }

    /// Remembers what is being checked, and drops the versions that are not.
    pub(super) fn set_checking(&self, checking: Vec<(RolloutRow, Vec<VoteRow>)>) {
        let is_checked = |digest: &String| checking.iter().any(|(row, _)| row.digest == *digest);
        self.all_prepared().retain(|digest, _| is_checked(digest));
        self.checking.store(Arc::new(checking));
    }

    /// Keeps a version that this replica has admitted, until the fleet has decided.
    pub(super) fn prepare(&self, plugin: Arc<Plugin>) {
        self.all_prepared()
            .insert(plugin.digest().to_owned(), plugin);
    }

    /// The version with this digest, if this replica has admitted it and the fleet has not decided.
    pub(super) fn prepared(&self, digest: &str) -> Option<Arc<Plugin>> {
        self.all_prepared().get(digest).cloned()
    }

    pub(super) fn all_prepared(&self) -> MutexGuard<'_, HashMap<String, Arc<Plugin>>> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether following a decision is to be tried now: it is new, or the pause after the last failure is over.
    pub(super) fn may_try(&self, name: PluginName, revision: u64) -> bool {
        let decided = self.decided(name);
        if decided.revision != revision {
            return true;
        }
        let due = self.lock_behind().get(name.as_str()).map(|it| it.due);
        !decided.followed && due.is_none_or(|due| due <= Instant::now())
    }

    /// This replica follows the decision about a plugin, or cannot for this reason. Returns whether the reason is new.
    pub(super) fn tried(&self, name: PluginName, failed: Option<String>) -> bool {
        let mut behind = self.lock_behind();
        let before = behind.remove(name.as_str());
        let Some(why) = failed else {
            return false;
        };
        let pause = before.as_ref().map_or(PAUSE_MIN, |it| it.pause * 2);
        let pause = pause.min(PAUSE_MAX);
        let is_new = before.is_none_or(|it| it.why != why);
        let due = Instant::now() + pause;
        behind.insert(name.to_string(), Behind { why, pause, due });
        is_new
    }

    /// Why this replica does not do what the fleet does, for each plugin.
    pub(super) fn behind(&self) -> BTreeMap<String, String> {
        let behind = self.lock_behind();
        let whys = behind
            .iter()
            .map(|(name, it)| (name.clone(), it.why.clone()));
        whys.collect()
    }

    fn lock_behind(&self) -> MutexGuard<'_, BTreeMap<String, Behind>> {
        self.behind.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
