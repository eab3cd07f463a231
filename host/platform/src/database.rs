//! The embedded SQLite database (WAL, migrations embedded); the only room that knows sqlx.
//!
//! Statements also run on PostgreSQL: numbered parameters, no SQLite functions.

mod drift;
mod files;
mod jobs;
mod migrations;
mod plugin_history;
#[cfg(test)]
mod tests;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
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
pub use plugin_history::PluginEvent;

use crate::data::Owner;

/// A second process may hold the write lock for a moment (a backup, `sqlite3` at a prompt), milliseconds.
const BUSY_MS_MAX: u64 = 5_000;
/// SQLite writes one at a time, so more connections would only serve more readers at once.
const CONNECTIONS_MAX: u32 = 4;
/// Pages that each connection keeps, KiB: what is asked for often is a few rows.
const CACHE_KIB: u32 = 256;
/// At most one observation of an id is kept in this time, seconds: busy posts stay bounded.
const SPACING_S: u64 = 60;
/// Older observations are deleted, seconds: 30 days.
const AGE_S_MAX: u64 = 30 * 24 * 3_600;
/// How often the old ones are looked for, seconds.
const PRUNE_EVERY_S: u64 = 3_600;

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

/// What a post or reel counted at one moment. Absent: Instagram did not state it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// Seconds since 1970.
    pub observed_at: u64,
    /// Likes.
    pub likes: Option<u64>,
    /// Comments.
    pub comments: Option<u64>,
    /// Views or plays.
    pub views: Option<u64>,
    /// Shares.
    pub shares: Option<u64>,
    /// Saves.
    pub saves: Option<u64>,
}

/// A cheap handle.
#[derive(Clone)]
pub struct Database {
    pool: SqlitePool,
    /// When the old observations are looked for next, seconds since 1970.
    prune_at: Arc<AtomicU64>,
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
            pool,
            prune_at: Arc::default(),
            owner: owner.clone(),
        })
    }

    /// The owner of the data folder that it lies in.
    #[must_use]
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Keeps one observation of a media id, unless one within a minute of it is kept already.
    ///
    /// # Errors
    /// [`Error::Sql`].
    pub async fn observe(&self, media_id: &str, observation: Observation) -> Result<(), Error> {
        let at = observation.observed_at;
        sqlx::query(
            "INSERT INTO observations (media_id, observed_at, likes, comments, views, shares, saves)
             SELECT $1, $2, $3, $4, $5, $6, $7
             WHERE NOT EXISTS (
                 SELECT 1 FROM observations WHERE media_id = $1 AND observed_at > $8 AND observed_at < $9
             )",
        )
        .bind(media_id)
        .bind(stored(at))
        .bind(observation.likes.map(stored))
        .bind(observation.comments.map(stored))
        .bind(observation.views.map(stored))
        .bind(observation.shares.map(stored))
        .bind(observation.saves.map(stored))
        .bind(stored(at.saturating_sub(SPACING_S)))
        .bind(stored(at.saturating_add(SPACING_S)))
        .execute(&self.pool)
        .await?;
        self.prune(at).await
    }

    /// The observations of a media id, oldest first; none is older than 30 days and an hour.
    ///
    /// # Errors
    /// [`Error::Sql`].
    pub async fn observations(&self, media_id: &str) -> Result<Vec<Observation>, Error> {
        type Row = (
            i64,
            Option<i64>,
            Option<i64>,
            Option<i64>,
            Option<i64>,
            Option<i64>,
        );
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT observed_at, likes, comments, views, shares, saves
             FROM observations WHERE media_id = $1 ORDER BY observed_at",
        )
        .bind(media_id)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(
                |(observed_at, likes, comments, views, shares, saves)| Observation {
                    observed_at: observed_at.unsigned_abs(),
                    likes: likes.map(i64::unsigned_abs),
                    comments: comments.map(i64::unsigned_abs),
                    views: views.map(i64::unsigned_abs),
                    shares: shares.map(i64::unsigned_abs),
                    saves: saves.map(i64::unsigned_abs),
                },
            )
            .collect())
    }

    /// Writes what is still in the log into the database file and closes it.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Deletes what is too old, at most once an hour.
    async fn prune(&self, now: u64) -> Result<(), Error> {
        if now < self.prune_at.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.prune_at
            .store(now.saturating_add(PRUNE_EVERY_S), Ordering::Relaxed);
        sqlx::query("DELETE FROM observations WHERE observed_at < $1")
            .bind(stored(now.saturating_sub(AGE_S_MAX)))
            .execute(&self.pool)
            .await?;
        Ok(())
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
