//! The counts of posts and reels over time; velocities are computed from this table.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sqlx::{
    Encode, QueryBuilder, Type,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

use super::{
    Config, Error,
    pool::{Pool, execute, on},
    postgres,
    sqlite::BUSY_MS_MAX,
    stored,
};
use crate::data::Folder;

/// The minimum time between two stored observations of an id, seconds. It bounds the number for busy posts.
const SPACING_S: u64 = 60;
/// The maximum number of rows of one statement. Each has seven parameters, and PostgreSQL allows 65,535.
const ROWS_MAX: usize = 1_000;
/// The maximum age of an observation, seconds: 30 days. Older ones are deleted.
pub(super) const AGE_S_MAX: u64 = 30 * 24 * 3_600;
/// How often old observations are deleted, seconds.
const PRUNE_EVERY_S: u64 = 3_600;

/// The counts of a post or reel at one moment. `None`: Instagram did not state it.
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

/// The observations in a database. A cheap handle.
#[derive(Clone)]
pub struct ObservationLog {
    pool: Pool,
    /// When old observations are next deleted, seconds since 1970; never by a process that does not own the folder.
    prune_at: Arc<AtomicU64>,
}

impl ObservationLog {
    /// The observations in the database of the owner, who also deletes old ones.
    pub(super) fn owned(pool: Pool) -> Self {
        Self {
            pool,
            prune_at: Arc::default(),
        }
    }

    /// Opens the observations of a data folder that this process does not own, such as that of a running server.
    /// Returns `None` if there is no database yet; only a server creates one.
    ///
    /// # Errors
    /// [`Error::Open`].
    pub async fn visit(folder: &Folder) -> Result<Option<Self>, Error> {
        let file = folder.database();
        if !file.is_file() {
            return Ok(None);
        }
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .busy_timeout(Duration::from_millis(BUSY_MS_MAX));
        let pool = SqlitePoolOptions::new().max_connections(1);
        let pool = pool.connect_with(options).await;
        let pool = pool.map_err(|source| Error::Open { file, source })?;
        let never = Arc::new(AtomicU64::new(u64::MAX));
        Ok(Some(Self {
            pool: Pool::Sqlite(pool),
            prune_at: never,
        }))
    }

    /// Opens the observations of the database that the replicas of a fleet share.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Unusable`].
    pub async fn visit_shared(config: &Config) -> Result<Self, Error> {
        Ok(Self {
            pool: Pool::Postgres(postgres::connect(config).await?),
            prune_at: Arc::new(AtomicU64::new(u64::MAX)),
        })
    }

    /// Stores observations of media ids, each unless there already is one of its id within a minute of it.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn add(&self, observations: &[(String, Observation)]) -> Result<(), Error> {
        for rows in observations.chunks(ROWS_MAX) {
            execute!(self.pool, adding(rows).build().persistent(false))?;
        }
        let latest = observations.iter().map(|(_, it)| it.observed_at).max();
        match latest {
            Some(at) => self.prune(at).await,
            None => Ok(()),
        }
    }

    /// The observations of a media id, oldest first. None is older than 30 days and an hour.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn of(&self, media_id: &str) -> Result<Vec<Observation>, Error> {
        type Row = (
            i64,
            Option<i64>,
            Option<i64>,
            Option<i64>,
            Option<i64>,
            Option<i64>,
        );
        let of = "SELECT observed_at, likes, comments, views, shares, saves
                  FROM observations WHERE media_id = $1 ORDER BY observed_at";
        let rows: Vec<Row> =
            on!(self.pool, pool => sqlx::query_as(of).bind(media_id).fetch_all(pool))?;
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

    /// Deletes observations that are too old, at most once an hour.
    async fn prune(&self, now: u64) -> Result<(), Error> {
        if now < self.prune_at.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.prune_at
            .store(now.saturating_add(PRUNE_EVERY_S), Ordering::Relaxed);
        execute!(
            self.pool,
            sqlx::query("DELETE FROM observations WHERE observed_at < $1")
                .bind(stored(now.saturating_sub(AGE_S_MAX)))
        )?;
        Ok(())
    }
}

/// The statement that stores observations, each unless there already is one near it.
fn adding<DB: sqlx::Database>(rows: &[(String, Observation)]) -> QueryBuilder<DB>
where
    for<'a> String: Encode<'a, DB> + Type<DB>,
    for<'a> i64: Encode<'a, DB> + Type<DB>,
    for<'a> Option<i64>: Encode<'a, DB> + Type<DB>,
{
    let mut query = QueryBuilder::new(
        "WITH seen (media_id, observed_at, likes, comments, views, shares, saves) AS (",
    );
    query.push_values(rows, |mut row, (media_id, observation)| {
        row.push_bind(media_id.clone())
            .push_bind(stored(observation.observed_at))
            .push_bind(observation.likes.map(stored))
            .push_bind(observation.comments.map(stored))
            .push_bind(observation.views.map(stored))
            .push_bind(observation.shares.map(stored))
            .push_bind(observation.saves.map(stored));
    });
    query.push(format!(
        ") INSERT INTO observations (media_id, observed_at, likes, comments, views, shares, saves)
         SELECT * FROM seen
         WHERE NOT EXISTS (
             SELECT 1 FROM observations
             WHERE observations.media_id = seen.media_id
                 AND observations.observed_at > seen.observed_at - {SPACING_S}
                 AND observations.observed_at < seen.observed_at + {SPACING_S}
         )
         ON CONFLICT DO NOTHING"
    ));
    query
}
