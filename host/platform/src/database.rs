//! The database: SQLite in the data folder, or PostgreSQL for replicas that share one; the only room that uses sqlx.
//!
//! Statements run on both: numbered parameters, no functions of one product. The few that cannot be the same are chosen by
//! [`pool::Pool`].

mod artifacts;
mod cases;
mod drift;
mod duties;
mod examination;
mod files;
mod jobs;
mod migrations;
mod notes;
mod observations;
mod plugin_health;
mod plugin_history;
mod plugins;
mod pool;
mod postgres;
mod replicas;
mod rollouts;
mod sqlite;
#[cfg(test)]
mod tests;
mod transfer;
mod windows;

use std::{path::PathBuf, time::Duration};

pub use cases::CaseRow;
pub use drift::{DriftChange, DriftRow, FillRow};
pub use examination::{Examination, examine};
pub use files::{FileRow, Kept};
pub use jobs::{Finish, JobRow};
pub use notes::{Note, Notes};
pub use observations::{Observation, ObservationLog};
pub use plugin_health::{Compared, Ends};
pub use plugin_history::PluginEvent;
pub use plugins::{PluginDecision, PluginRow, RolloutEnd};
pub use postgres::{Address, Config};
pub use replicas::ReplicaRow;
pub use rollouts::{RolloutRow, VoteRow};
pub use transfer::{Transfer, TransferError};
pub use windows::Window;

use pool::{Pool, execute};
use uuid::Uuid;

use crate::{clock::Clock, data::Owner};

/// Why the database failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It has tables that this version does not know.
    #[error("database {} was made by a newer gramhost: start that one, or give another --data", .0.display())]
    Newer(PathBuf),
    /// It lacks tables that this version needs, and is only to be read.
    #[error("database {} was made by an older gramhost: start this one on its data folder once", .0.display())]
    Older(PathBuf),
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
    /// The address of PostgreSQL, or what belongs to it, is invalid.
    #[error("database: {0}")]
    Address(String),
    /// PostgreSQL cannot be used as it is.
    #[error("PostgreSQL at {server}: {reason}")]
    Unusable {
        /// Its host and port, without credentials.
        server: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// It has not answered in time.
    #[error("database: no answer within {} ms", .0.as_millis())]
    Slow(Duration),
    /// PostgreSQL cannot be reached now, or cannot work.
    #[error("database: {0}")]
    Away(sqlx::Error),
    /// PostgreSQL did not answer a moment ago, so it was not asked.
    #[error("database: no answer a moment ago")]
    Silent,
    /// It could not be read or written.
    #[error("database: {0}")]
    Sql(#[from] sqlx::Error),
}

impl Error {
    /// Returns whether the database cannot be reached at the moment, so that the same statement may succeed later.
    #[must_use]
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Slow(_) | Self::Away(_) | Self::Silent)
    }
}

/// A cheap handle.
#[derive(Clone)]
pub struct Database {
    pool: Pool,
    observations: ObservationLog,
    owner: Owner,
    process: Uuid,
}

impl Database {
    /// Opens or creates the database of a data folder.
    ///
    /// # Errors
    /// [`Error::Open`] and [`Error::Newer`] name the file.
    pub async fn open(owner: &Owner) -> Result<Self, Error> {
        Ok(Self::of(Pool::Sqlite(sqlite::open(owner).await?), owner))
    }

    /// Opens the database of a data folder to read it. It is not changed.
    ///
    /// # Errors
    /// [`Error::Open`], [`Error::Newer`] and [`Error::Older`] name the file.
    pub async fn read(owner: &Owner) -> Result<Self, Error> {
        Ok(Self::of(Pool::Sqlite(sqlite::read(owner).await?), owner))
    }

    /// Opens a database that this process shares with others, and brings it up to date. The data folder keeps what is this
    /// process's own.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Unusable`].
    pub async fn share(owner: &Owner, config: &Config) -> Result<Self, Error> {
        let remote = postgres::open(config).await?;
        Ok(Self::of(Pool::Postgres(remote), owner))
    }

    fn of(pool: Pool, owner: &Owner) -> Self {
        Self {
            observations: ObservationLog::owned(pool.clone()),
            pool,
            owner: owner.clone(),
            process: Uuid::new_v4(),
        }
    }

    /// The id of this process in the tables: of the replica, and of the worker that holds a job.
    #[must_use]
    pub fn process(&self) -> Uuid {
        self.process
    }

    /// Returns whether other processes may use it too.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self.pool, Pool::Postgres(_))
    }

    /// Returns whether the database did not answer when it was last asked.
    #[must_use]
    pub fn is_away(&self) -> bool {
        matches!(&self.pool, Pool::Postgres(remote) if remote.is_silent())
    }

    /// The owner of the data folder that belongs to this process.
    #[must_use]
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// The counts of posts and reels over time.
    #[must_use]
    pub fn observations(&self) -> &ObservationLog {
        &self.observations
    }

    /// Sets `clock` to the time of the database, if it is shared: replicas whose own clocks differ must agree on when a
    /// lease or a file ends.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn correct(&self, clock: &Clock) -> Result<(), Error> {
        if let Pool::Postgres(remote) = &self.pool {
            let before = Clock::steady_ms();
            let now = remote.answer(postgres::now_ms(&remote.pool)).await?;
            // It read its clock somewhere between the question and the answer.
            let half_way = before.midpoint(Clock::steady_ms());
            clock.correct(now, half_way);
        }
        Ok(())
    }

    /// Checks that the database answers.
    ///
    /// # Errors
    /// [`Error::Sql`] if it does not.
    pub async fn ping(&self) -> Result<(), Error> {
        execute!(self.pool, sqlx::query("SELECT 1")).map(drop)
    }

    /// Stores what is not stored yet, and closes all connections.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite(pool) => pool.close().await,
            Pool::Postgres(remote) => remote.pool.close().await,
        }
    }
}

/// A place where a test can make a statement fail.
fn may_fail(place: &str, on: &str) -> Result<(), Error> {
    Ok(faults::may_fail(place, on).map_err(sqlx::Error::from)?)
}

/// Converts a count for SQL, which has no unsigned integers. No count is large enough for the difference to matter.
fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
