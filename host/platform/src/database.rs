//! The embedded SQLite database (WAL, migrations embedded); the only room that knows sqlx.
//!
//! Statements also run on PostgreSQL: numbered parameters, no SQLite functions.

mod drift;
mod files;
mod jobs;
mod migrations;
mod observations;
mod plugin_history;
#[cfg(test)]
mod tests;

use std::{path::PathBuf, time::Duration};

use sqlx::{
    SqlitePool,
    migrate::MigrateError,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub use drift::{DriftRow, FillRow};
pub use files::FileRow;
pub use jobs::{Finish, JobRow};
pub use observations::{Observation, ObservationLog};
pub use plugin_history::PluginEvent;

use crate::data::Owner;

/// A second process may hold the write lock for a moment (a backup, `sqlite3` at a prompt), milliseconds.
const BUSY_MS_MAX: u64 = 5_000;
/// SQLite writes one at a time, so more connections would only serve more readers at once.
const CONNECTIONS_MAX: u32 = 4;
/// Pages that each connection keeps, KiB: what is asked for often is a few rows.
const CACHE_KIB: u32 = 256;

/// Why the database failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It has tables that this version does not know.
    #[error("database {} was made by a newer gramhost: start that one, or give another --data", .0.display())]
    Newer(PathBuf),
    /// The file could not be opened or migrated.
    #[error("database {}: {source}", file.display())]
    Open {
        /// Which file.
        file: PathBuf,
        /// What SQLite says.
        source: sqlx::Error,
    },
    /// It could not be read or written.
    #[error("database: {0}")]
    Sql(#[from] sqlx::Error),
}

/// A cheap handle.
#[derive(Clone)]
pub struct Database {
    pool: SqlitePool,
    observations: ObservationLog,
    owner: Owner,
}

impl Database {
    /// Opens or creates the database of a data folder.
    ///
    /// # Errors
    /// [`Error::Open`] and [`Error::Newer`] name the file.
    pub async fn open(owner: &Owner) -> Result<Self, Error> {
        let file = owner.database();
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // An accepted job survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_millis(BUSY_MS_MAX))
            .pragma("cache_size", format!("-{CACHE_KIB}"))
            .foreign_keys(true);
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS_MAX)
            .connect_with(options)
            .await
            .map_err(|source| Error::Open {
                file: file.clone(),
                source,
            })?;
        migrations::all()
            .run(&pool)
            .await
            .map_err(|error| match error {
                MigrateError::VersionMissing(_) => Error::Newer(file),
                error => Error::Open {
                    file,
                    source: error.into(),
                },
            })?;
        Ok(Self {
            observations: ObservationLog::new(pool.clone()),
            pool,
            owner: owner.clone(),
        })
    }

    /// The owner of the data folder that it lies in.
    #[must_use]
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// What posts and reels counted.
    #[must_use]
    pub fn observations(&self) -> &ObservationLog {
        &self.observations
    }

    /// Writes what is still in the log into the database file and closes it.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Where a test lets a statement fail.
fn may_fail(place: &str, on: &str) -> Result<(), Error> {
    Ok(faults::may_fail(place, on).map_err(sqlx::Error::from)?)
}

/// SQL has no unsigned integers; no count comes near the difference.
fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
