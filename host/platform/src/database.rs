//! The embedded SQLite database (WAL, embedded migrations); the only module that uses sqlx.
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

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

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

/// How long to wait for the write lock, milliseconds. A second process (a backup, an `sqlite3` prompt) may hold it for
/// a moment.
const BUSY_MS_MAX: u64 = 5_000;
/// SQLite has one writer at a time, so more connections would only serve more concurrent readers.
const CONNECTIONS_MAX: u32 = 4;
/// The page cache of each connection, KiB. Frequent queries read only a few rows.
const CACHE_KIB: u32 = 256;

/// Why the database failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It has tables that this version does not know.
    #[error("database {} was made by a newer gramhost: start that one, or give another --data", .0.display())]
    Newer(PathBuf),
    /// It is empty, but the data folder is not: it was lost, not never there.
    #[error(
        "database {} is empty, but the data folder has {files} downloads and {versions} plugin versions of an earlier one: \
         restore it from a backup, or delete the folders files and components to begin anew", file.display()
    )]
    Lost {
        /// Which file.
        file: PathBuf,
        /// The number of downloads.
        files: usize,
        /// The number of versions of plugins.
        versions: usize,
    },
    /// Something else is in the place of one of its files.
    #[error("database {}: is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// The file could not be opened or migrated.
    #[error("database {}: {source}", file.display())]
    Open {
        /// Which file.
        file: PathBuf,
        /// The error of SQLite.
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
        refuse_others(&file)?;
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // An accepted job must survive a power failure.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_millis(BUSY_MS_MAX))
            .pragma("cache_size", format!("-{CACHE_KIB}"))
            // Otherwise what a large statement changes goes to a file in a folder that this process may not write to.
            .pragma("temp_store", "MEMORY")
            .foreign_keys(true);
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS_MAX)
            .connect_with(options)
            .await
            .map_err(|source| Error::Open {
                file: file.clone(),
                source,
            })?;
        if let Some(lost) = lost(&pool, owner, &file).await? {
            return Err(lost);
        }
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
            observations: ObservationLog::owned(pool.clone()),
            pool,
            owner: owner.clone(),
        })
    }

    /// The owner of the data folder that contains the database.
    #[must_use]
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// The counts of posts and reels over time.
    #[must_use]
    pub fn observations(&self) -> &ObservationLog {
        &self.observations
    }

    /// Writes the rest of the log into the database file and closes it.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Refuses what SQLite would wait for or fill: a FIFO or a device in the place of the database or of one of its logs.
/// The operator may have moved them elsewhere by links.
fn refuse_others(file: &Path) -> Result<(), Error> {
    for ending in ["", "-wal", "-shm", "-journal"] {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        let path = PathBuf::from(name);
        if path.exists() && !path.is_file() {
            return Err(Error::NotAFile(path));
        }
    }
    Ok(())
}

/// Returns an error if the database is empty beside what only a server with a database leaves.
async fn lost(pool: &SqlitePool, owner: &Owner, file: &Path) -> Result<Option<Error>, Error> {
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_master")
        .fetch_one(pool)
        .await
        .map_err(|source| Error::Open {
            file: file.to_owned(),
            source,
        })?;
    let remains = owner.remains().map_err(sqlx::Error::from)?;
    let ((files, versions), file) = (remains, file.to_owned());
    let is_lost = tables == 0 && remains != (0, 0);
    Ok(is_lost.then_some(Error::Lost {
        file,
        files,
        versions,
    }))
}

/// A place where a test can make a statement fail.
fn may_fail(place: &str, on: &str) -> Result<(), Error> {
    Ok(faults::may_fail(place, on).map_err(sqlx::Error::from)?)
}

/// Converts a count for SQL, which has no unsigned integers. No count is large enough for the difference to matter.
fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
