//! Which files of the plugin folder changed and have settled. Events of the file system are only a hint to look
//! sooner; what counts is what a look finds. Knows nothing about plugins.

use std::{
    collections::BTreeMap,
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode},
};
use tokio::{
    sync::Notify,
    task::spawn_blocking,
    time::{sleep, timeout},
};

/// How long a file must be unchanged before it is read.
const SETTLED: Duration = Duration::from_millis(50);

/// How long a file must be missing before it counts as deleted: replacing a file may take two steps.
const GONE: Duration = Duration::from_secs(2);

/// Maximum time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Minimum time between two looks, however many events there are.
const LOOK_PAUSE: Duration = Duration::from_millis(10);

/// What happened to a file, with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is new or has new contents.
    Written(String),
    /// It was deleted.
    Gone(String),
}

/// The files that are there now, each with a stamp that changes when the file does.
pub(crate) type Stamps = BTreeMap<String, Stamp>;

/// Finds the files in a folder.
pub(crate) type Look = fn(&Path) -> io::Result<Stamps>;

/// Watches one folder.
pub(crate) struct Watcher {
    folder: PathBuf,
    look: Look,
    files: Files,
    hint: Arc<Notify>,
    readable: bool,
    _events: Option<RecommendedWatcher>,
}

impl Watcher {
    /// Watches `folder`, and everything in the folders `below` it, for what `look` finds there. If the system has no
    /// more event watches to give, it only looks at intervals.
    pub(crate) fn of_tree(folder: &Path, below: &[&str], look: Look) -> Self {
        let hint = Arc::new(Notify::new());
        let events = events(folder, below, Arc::clone(&hint))
            .inspect_err(|error| tracing::warn!("{}: {error}", folder.display()))
            .ok();
        Self {
            folder: folder.to_owned(),
            look,
            files: Files::default(),
            hint,
            readable: true,
            _events: events,
        }
    }

    /// Returns the files that are there now, settled or not.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub(crate) fn first(&mut self) -> io::Result<Vec<Change>> {
        let stamps = (self.look)(&self.folder)?;
        Ok(self.files.first(Instant::now(), stamps))
    }

    /// Waits for the next changes. Cancel safe: nothing is lost if the future is dropped.
    pub(crate) async fn next(&mut self) -> Vec<Change> {
        loop {
            let (folder, look) = (self.folder.clone(), self.look);
            let stamps = match spawn_blocking(move || look(&folder)).await {
                Ok(stamps) => stamps,
                Err(error) => Err(io::Error::other(error)),
            };
            let wait = match stamps {
                Ok(stamps) => {
                    self.readable = true;
                    let (changes, wait) = self.files.look(Instant::now(), stamps);
                    if !changes.is_empty() {
                        return changes;
                    }
                    wait
                }
                // A folder that is missing for a while is no reason to drop the plugins from it.
                Err(error) => {
                    if self.readable {
                        tracing::warn!("{}: {error}", self.folder.display());
                    }
                    self.readable = false;
                    LOOK_EVERY
                }
            };
            // On a timeout as well as on a hint, the next look decides.
            let _ = timeout(wait, self.hint.notified()).await;
            sleep(LOOK_PAUSE).await;
        }
    }
}

fn events(folder: &Path, below: &[&str], hint: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // Reading a file causes an event as well.
        let written = AccessKind::Close(AccessMode::Write);
        if event.is_ok_and(|it| !it.kind.is_access() || it.kind == EventKind::Access(written)) {
            hint.notify_one();
        }
    })?;
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    for path in below.iter().map(|name| folder.join(name)) {
        if path.is_dir() {
            watcher.watch(&path, RecursiveMode::Recursive)?;
        }
    }
    Ok(watcher)
}

/// Returns the stamp of a file, or none if it was deleted after it was listed.
pub(crate) fn stamp(path: &Path) -> Option<Stamp> {
    // A dangling link has the stamp of the link itself.
    let meta = fs::metadata(path).or_else(|_| fs::symlink_metadata(path));
    meta.ok().as_ref().map(Stamp::of)
}

/// Changes whenever a file does. The change time cannot be set back, so equal stamps mean equal contents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    changed: (i64, i64),
}

impl Stamp {
    fn of(meta: &Metadata) -> Self {
        Self {
            device: meta.dev(),
            inode: meta.ino(),
            bytes: meta.size(),
            changed: (meta.ctime(), meta.ctime_nsec()),
        }
    }
}

/// What is known about each file. Decides when a change has settled. Uses neither clock nor disk itself.
#[derive(Default)]
struct Files {
    seen: BTreeMap<String, FileState>,
}

struct FileState {
    /// None if the file was deleted.
    stamp: Option<Stamp>,
    since: Instant,
    told: bool,
}

impl Files {
    fn first(&mut self, now: Instant, stamps: Stamps) -> Vec<Change> {
        self.look(now, stamps);
        for seen in self.seen.values_mut() {
            seen.told = true;
        }
        self.seen.keys().cloned().map(Change::Written).collect()
    }

    /// Returns the changes that have settled, and how long to wait before the next look.
    fn look(&mut self, now: Instant, mut stamps: Stamps) -> (Vec<Change>, Duration) {
        for (name, seen) in &mut self.seen {
            let stamp = stamps.remove(name);
            if seen.stamp != stamp {
                *seen = FileState::new(now, stamp);
            }
        }
        let new = stamps.into_iter();
        self.seen
            .extend(new.map(|(name, stamp)| (name, FileState::new(now, Some(stamp)))));
        let mut changes = Vec::new();
        let mut wait = LOOK_EVERY;
        for (name, seen) in &mut self.seen {
            let left = seen.left(now);
            if seen.told {
                continue;
            } else if left > Duration::ZERO {
                wait = wait.min(left);
                continue;
            }
            seen.told = true;
            changes.push(match seen.stamp {
                Some(_) => Change::Written(name.clone()),
                None => Change::Gone(name.clone()),
            });
        }
        self.seen
            .retain(|_, seen| !(seen.told && seen.stamp.is_none()));
        (changes, wait)
    }
}

impl FileState {
    fn new(now: Instant, stamp: Option<Stamp>) -> Self {
        Self {
            stamp,
            since: now,
            told: false,
        }
    }

    /// The time left until this has settled.
    fn left(&self, now: Instant) -> Duration {
        let needed = if self.stamp.is_some() { SETTLED } else { GONE };
        needed.saturating_sub(now.duration_since(self.since))
    }
}

#[cfg(test)]
mod tests;
