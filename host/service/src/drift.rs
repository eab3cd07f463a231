//! Counts how often each field of a record is stated. This shows when Instagram no longer states a field, or a plugin
//! no longer finds it, before clients notice. Depends on no plugin.
//!
//! A field is only compared with itself: in the same kind of record, from the same door, and of the same type of media.
//! The usual rate is learned. A warning requires a large drop, over enough records of enough different accounts.
//!
//! Replicas that share a database count as one: the records of all of them are one stream, which is counted in the order in
//! which replicas hand over what they have seen. Each does so every 30 seconds, and at once when it raises a warning or the
//! operator accepts the rates. Until then it judges by what was shared last and by what it has seen itself since.

mod fields;
mod state;
#[cfg(test)]
mod tests;
mod track;
mod walk;

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Serialize;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use self::track::{Rate, Warning};

use self::{
    state::{Merged, State, Taken},
    track::Rates,
};
use crate::{
    clock::Clock,
    database::{self, Database},
};

/// The interval at which learned rates are stored, seconds.
const KEEP_EVERY_S: u64 = 30;

/// A record to be counted.
#[derive(Debug)]
pub struct DriftSample<'a, R> {
    /// For example `post`.
    pub kind: &'a str,
    /// The door that answered.
    pub door: &'a str,
    /// `name@version+digest` of the plugin that produced it.
    pub version: &'a str,
    /// The account that it belongs to. Fields that a single account hides are not drift.
    pub account: &'a str,
    /// The record.
    pub record: &'a R,
}

impl<R> Clone for DriftSample<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for DriftSample<'_, R> {}

/// How often one version stated one field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fill {
    /// For example `post`.
    pub kind: String,
    /// The door that answered.
    pub door: String,
    /// `name@version+digest`.
    pub version: String,
    /// The path of the field.
    pub field: String,
    /// The rate.
    #[serde(flatten)]
    pub rate: Rate,
    /// The rate over time, in percent, from all versions together: windows of 50 records, oldest first. At most 24 full
    /// windows and the current one.
    pub windows: Vec<u64>,
}

/// The drift counts. A cheap handle; the default stores nothing.
#[derive(Clone)]
pub struct Drift {
    known: Arc<Mutex<State>>,
    database: Option<Database>,
    clock: Clock,
    /// What is taken to be stored is stored before more is taken.
    keeping: Arc<tokio::sync::Mutex<()>>,
    /// There is something that the other replicas should know soon.
    news: Arc<Notify>,
}

impl Default for Drift {
    fn default() -> Self {
        Self {
            known: Arc::default(),
            database: None,
            clock: Clock::system(),
            keeping: Arc::default(),
            news: Arc::default(),
        }
    }
}

impl Drift {
    /// Opens the counts with the rates that were stored before, if there is a database.
    ///
    /// # Errors
    /// If the database fails. A row that cannot be read is ignored and learned again.
    pub async fn open(database: Option<Database>, clock: Clock) -> Result<Self, database::Error> {
        let known = match &database {
            None => State::default(),
            Some(database) => {
                let (fill, drift) = database.drift().await?;
                State::restore(fill, drift, database.is_shared())
            }
        };
        Ok(Self {
            known: Arc::new(Mutex::new(known)),
            database,
            clock,
            ..Self::default()
        })
    }

    /// Counts a record.
    pub fn observe<R: Serialize>(&self, seen: DriftSample<'_, R>) {
        let now_s = self.clock.now_ms() / 1000;
        let mut account = DefaultHasher::new();
        seen.account.hash(&mut account);
        if self.known().add(seen, account.finish(), now_s) && self.is_shared() {
            self.news.notify_one();
        }
    }

    /// The fields that used to be stated and no longer are.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        self.known().warnings()
    }

    /// How often every version stated every field.
    #[must_use]
    pub fn rates(&self) -> Vec<Fill> {
        self.known().rates()
    }

    /// Accepts the present rates as usual, because the operator knows about the change. It is stored when the function
    /// returns, for all replicas; if the database fails, it is stored later.
    pub async fn accept(&self) {
        self.known().accept();
        self.keep().await;
    }

    /// Asks the database what other replicas have seen. If it fails, this one knows what it knew before.
    pub async fn look(&self) {
        if self.is_shared() {
            self.keep().await;
        }
    }

    /// Stores what was learned at intervals and when there is news for other replicas, and once more at the end.
    pub async fn run(&self, shutdown: CancellationToken) {
        let every = Duration::from_secs(KEEP_EVERY_S);
        let due = || tokio::time::timeout(every, self.news.notified());
        while shutdown.run_until_cancelled(due()).await.is_some() {
            self.keep().await;
        }
        self.keep().await;
    }

    /// Stores what was learned, and takes over what other replicas have stored. If the database fails, this is logged and
    /// tried again next time.
    pub async fn keep(&self) {
        let Some(database) = &self.database else {
            return;
        };
        let _keeping = self.keeping.lock().await;
        let taken = self.known().take();
        let kept = if database.is_shared() {
            self.exchange(database, &taken).await
        } else {
            database.keep_drift(&taken.change).await
        };
        if let Err(error) = kept {
            tracing::warn!(%error, "fill rates cannot be kept");
            self.known().take_back(taken);
        }
    }

    async fn exchange(&self, database: &Database, taken: &Taken) -> Result<(), database::Error> {
        let mut all = Merged::default();
        let merge = |stored| {
            let (merged, changed) = taken.merge(stored);
            all = merged;
            changed
        };
        if let Some(fill) = database.merge_drift(&taken.change, merge).await? {
            self.known().adopt(fill, all);
        }
        Ok(())
    }

    fn is_shared(&self) -> bool {
        self.database.as_ref().is_some_and(Database::is_shared)
    }

    fn known(&self) -> MutexGuard<'_, State> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
