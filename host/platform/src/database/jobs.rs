//! The rows of jobs as clients see them: submit, look, cancel, forget.

mod lease;

use sqlx::AssertSqlSafe;

pub use lease::Finish;

use super::{
    Database, Error, Note, may_fail,
    pool::{columns, execute, on},
    stored,
};

/// Deletes expired jobs, the items of a batch together, so that it stays complete until its last item expires. It runs
/// every few seconds, so each statement finds its rows by an index.
pub(super) const FORGET: [&str; 2] = [
    "DELETE FROM jobs WHERE expires_at <= $1 AND parent IS NULL",
    "DELETE FROM jobs
     WHERE parent IN (SELECT parent FROM jobs WHERE expires_at <= $1 AND parent IS NOT NULL)
     AND NOT EXISTS (SELECT 1 FROM jobs sibling WHERE sibling.parent = jobs.parent
                     AND (sibling.expires_at IS NULL OR sibling.expires_at > $1))",
];

/// Deletes batches that have no items left.
pub(super) const FORGET_EMPTY: &str = "DELETE FROM jobs WHERE state = 'batch'
     AND NOT EXISTS (SELECT 1 FROM jobs item WHERE item.parent = jobs.id)";

/// A job as it is stored. Texts are JSON of the module that stores it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobRow {
    /// UUID.
    pub id: String,
    /// The batch that it belongs to.
    pub parent: Option<String>,
    /// `None` for a batch itself.
    pub payload: Option<String>,
    /// For a batch: whether the other items continue when one fails.
    pub carry_on: bool,
    /// The client whose share of the queue it uses.
    pub client: String,
    /// The request that created it, a UUID; `None` if no request did, or if the row is older than this column.
    pub request: Option<String>,
    /// `pending`, `running`, `completed`, `failed`, `cancelled`, or `batch`.
    pub state: String,
    /// The number of attempts so far.
    pub attempt: i64,
    /// Whether its cancellation was requested.
    pub cancel: bool,
    /// JSON.
    pub progress: Option<String>,
    /// JSON.
    pub result: Option<String>,
    /// JSON.
    pub error: Option<String>,
    /// Milliseconds since 1970, like the other times.
    pub created_at: i64,
    /// When its first attempt began.
    pub started_at: Option<i64>,
    /// When it ended.
    pub finished_at: Option<i64>,
    /// When its row expires.
    pub expires_at: Option<i64>,
}

columns!(JobRow {
    id,
    parent,
    payload,
    carry_on,
    client,
    request,
    state,
    attempt,
    cancel,
    progress,
    result,
    error,
    created_at,
    started_at,
    finished_at,
    expires_at,
});

const COLUMNS: &str = "id, parent, payload, carry_on, client, request, state, attempt, cancel, progress, result, error, \
                       created_at, started_at, finished_at, expires_at";

impl Database {
    /// Accepts jobs, all or none; a parent must come before its items. The jobs are durable when the function returns, and
    /// all replicas are told.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn insert_jobs(&self, rows: &[JobRow]) -> Result<(), Error> {
        may_fail("job.insert", "")?;
        // Several replicas accept jobs at the same moment, so only a sequence can number them.
        let next = self.pool.choose(
            "(SELECT COALESCE(MAX(seq), 0) + 1 FROM jobs)",
            "nextval('jobs_order')",
        );
        let insert = format!(
            "INSERT INTO jobs (id, seq, parent, payload, carry_on, client, state, attempt, not_before, cancel, created_at, request)
             VALUES ($1, {next}, $2, $3, $4, $5, $6, 0, 0, $7, $8, $9)"
        );
        on!(self.pool, pool => async {
            let mut transaction = pool.begin().await?;
            for row in rows {
                sqlx::query(AssertSqlSafe(insert.as_str()))
                    .bind(&row.id)
                    .bind(&row.parent)
                    .bind(&row.payload)
                    .bind(row.carry_on)
                    .bind(&row.client)
                    .bind(&row.state)
                    .bind(false)
                    .bind(row.created_at)
                    .bind(&row.request)
                    .execute(&mut *transaction)
                    .await?;
            }
            faults::may_fail("job.commit", "")?;
            transaction.commit().await
        })?;
        faults::reached("job.inserted");
        self.tell(Note::Jobs).await;
        Ok(())
    }

    /// Cancels waiting jobs and requests running ones to stop: a job, or every item of a batch that has not ended.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn cancel_jobs(
        &self,
        id: &str,
        now_ms: u64,
        expires_at_ms: u64,
    ) -> Result<(), Error> {
        let waiting = "UPDATE jobs SET state = 'cancelled', finished_at = $1, expires_at = $2
             WHERE (id = $3 OR parent = $3) AND state = 'pending'";
        execute!(
            self.pool,
            sqlx::query(waiting)
                .bind(stored(now_ms))
                .bind(stored(expires_at_ms))
                .bind(id)
        )?;
        let running =
            "UPDATE jobs SET cancel = $1 WHERE (id = $2 OR parent = $2) AND state = 'running'";
        execute!(self.pool, sqlx::query(running).bind(true).bind(id))?;
        Ok(())
    }

    /// A job; for a batch, its items follow it in order.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn job(&self, id: &str) -> Result<Vec<JobRow>, Error> {
        let query = format!("SELECT {COLUMNS} FROM jobs WHERE id = $1 OR parent = $1 ORDER BY seq");
        let query = AssertSqlSafe(query.as_str());
        on!(self.pool, pool => sqlx::query_as(query).bind(id).fetch_all(pool))
    }

    /// The latest jobs, newest first. A batch counts as one job; its items follow it in order.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn recent_jobs(&self, most: u32) -> Result<Vec<JobRow>, Error> {
        let query = format!(
            "WITH latest AS (SELECT id, seq FROM jobs WHERE parent IS NULL ORDER BY seq DESC LIMIT $1)
             SELECT {COLUMNS} FROM (
                 SELECT jobs.*, latest.seq AS place FROM jobs JOIN latest ON latest.id = COALESCE(jobs.parent, jobs.id)
             ) AS found ORDER BY place DESC, seq"
        );
        let query = AssertSqlSafe(query.as_str());
        on!(self.pool, pool => sqlx::query_as(query).bind(i64::from(most)).fetch_all(pool))
    }

    /// The number of jobs in each state. Items of batches count; batches do not.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn job_counts(&self) -> Result<Vec<(String, u64)>, Error> {
        let query = "SELECT state, COUNT(*) FROM jobs WHERE payload IS NOT NULL GROUP BY state";
        let counts: Vec<(String, i64)> =
            on!(self.pool, pool => sqlx::query_as(query).fetch_all(pool))?;
        let counts = counts.into_iter();
        Ok(counts
            .map(|(state, count)| (state, count.unsigned_abs()))
            .collect())
    }

    /// The number of running jobs of each owner, which is the id of a process.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn running_jobs(&self) -> Result<Vec<(String, u64)>, Error> {
        let query = "SELECT owner, COUNT(*) FROM jobs WHERE state = 'running' AND owner IS NOT NULL
             GROUP BY owner ORDER BY owner";
        let counts: Vec<(String, i64)> =
            on!(self.pool, pool => sqlx::query_as(query).fetch_all(pool))?;
        let counts = counts.into_iter();
        Ok(counts
            .map(|(owner, count)| (owner, count.unsigned_abs()))
            .collect())
    }

    /// The number of waiting jobs, in total and of one client.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn waiting_jobs(&self, client: &str) -> Result<(u64, u64), Error> {
        let query = "SELECT COUNT(*), COALESCE(SUM(CASE WHEN client = $1 THEN 1 ELSE 0 END), 0)
             FROM jobs WHERE state = 'pending'";
        let (all, own): (i64, i64) =
            on!(self.pool, pool => sqlx::query_as(query).bind(client).fetch_one(pool))?;
        Ok((all.unsigned_abs(), own.unsigned_abs()))
    }

    /// Deletes jobs that have expired, and batches that have no items left.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn forget_jobs(&self, now_ms: u64) -> Result<(), Error> {
        for forget in FORGET {
            execute!(self.pool, sqlx::query(forget).bind(stored(now_ms)))?;
        }
        execute!(self.pool, sqlx::query(FORGET_EMPTY))?;
        Ok(())
    }

    /// Limits the expiry of ended jobs to `latest_ms`, and makes jobs due now that would wait beyond it.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn clamp_jobs(&self, latest_ms: u64) -> Result<(), Error> {
        let ended = "UPDATE jobs SET expires_at = $1 WHERE expires_at > $1";
        execute!(self.pool, sqlx::query(ended).bind(stored(latest_ms)))?;
        let waiting = "UPDATE jobs SET not_before = 0 WHERE not_before > $1";
        execute!(self.pool, sqlx::query(waiting).bind(stored(latest_ms)))?;
        Ok(())
    }
}
