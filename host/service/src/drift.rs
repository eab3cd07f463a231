//! Counts how often each field of a record is stated. This shows when Instagram no longer states a field, or a plugin
//! no longer finds it, before clients notice. Depends on no plugin.
//!
//! A field is only compared with itself: in the same kind of record, from the same door, and of the same type of media.
//! The usual rate is learned. A warning requires a large drop, over enough records of enough different accounts.

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
use tokio_util::sync::CancellationToken;

pub use self::track::{Rate, Warning};

use self::{
    state::{Rows, State},
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
}

impl Default for Drift {
    fn default() -> Self {
        Self {
            known: Arc::default(),
            database: None,
            clock: Clock::system(),
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
                State::restore(fill, drift)
            }
        };
        Ok(Self {
            known: Arc::new(Mutex::new(known)),
            database,
            clock,
        })
    }

    /// Counts a record. Returns the fields with a warning that it lacks.
    pub fn observe<R: Serialize>(&self, seen: DriftSample<'_, R>) -> Vec<Warning> {
        let now_s = self.clock.now_ms() / 1000;
        let mut account = DefaultHasher::new();
        seen.account.hash(&mut account);
        self.known().add(seen, account.finish(), now_s)
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

    /// Accepts the present rates as usual, because the operator knows about the change.
    pub fn accept(&self) {
        self.known().accept();
    }

    /// Stores what was learned at intervals, and once more at the end.
    pub async fn run(&self, shutdown: CancellationToken) {
        let every = Duration::from_secs(KEEP_EVERY_S);
        while shutdown
            .run_until_cancelled(tokio::time::sleep(every))
            .await
            .is_some()
        {
            self.keep().await;
        }
        self.keep().await;
    }

    /// Stores what was learned. If the database fails, this is logged and tried again next time.
    pub async fn keep(&self) {
        let Some(database) = &self.database else {
            return;
        };
        let rows = self.known().rows();
        let Rows {
            fill,
            drift,
            forgotten,
        } = &rows;
        let kept = async {
            database.keep_drift(fill, drift).await?;
            for version in forgotten {
                database.forget_fill_rates(version).await?;
            }
            Ok::<_, database::Error>(())
        };
        if let Err(error) = kept.await {
            tracing::warn!(%error, "fill rates cannot be kept");
            self.known().take_back(rows);
        }
    }

    fn known(&self) -> MutexGuard<'_, State> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
