//! The rows of jobs: claim, heartbeat, finish, recover, and the queries of clients. A lease names the worker, and the
//! attempt number fences off earlier attempts.

use sqlx::{FromRow, Row as _, sqlite::SqliteRow};

use super::{Database, Error, may_fail, stored};

/// Deletes expired jobs, the items of a batch together, so that it stays complete until its last item expires. It runs
/// every few seconds, so each statement finds its rows by an index.
pub(super) const FORGET: [&str; 2] = [
    "DELETE FROM jobs WHERE expires_at <= $1 AND parent IS NULL",
    "DELETE FROM jobs
     WHERE parent IN (SELECT parent FROM jobs WHERE expires_at <= $1 AND parent IS NOT NULL)
     AND NOT EXISTS (SELECT 1 FROM jobs sibling WHERE sibling.parent = jobs.parent
                     AND (sibling.expires_at IS NULL OR sibling.expires_at > $1))",
];

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

impl FromRow<'_, SqliteRow> for JobRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            parent: row.try_get("parent")?,
            payload: row.try_get("payload")?,
            carry_on: row.try_get("carry_on")?,
            client: row.try_get("client")?,
            request: row.try_get("request")?,
            state: row.try_get("state")?,
            attempt: row.try_get("attempt")?,
            cancel: row.try_get("cancel")?,
            progress: row.try_get("progress")?,
            result: row.try_get("result")?,
            error: row.try_get("error")?,
            created_at: row.try_get("created_at")?,
            started_at: row.try_get("started_at")?,
            finished_at: row.try_get("finished_at")?,
            expires_at: row.try_get("expires_at")?,
        })
    }
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub struct Finish<'a> {
    /// `completed`, `failed`, `cancelled`, or `pending` for another attempt.
    pub state: &'a str,
    /// JSON.
    pub result: Option<String>,
    /// JSON.
    pub error: Option<String>,
    /// For `pending`: the earliest time of the next attempt.
    pub not_before_ms: u64,
    /// For `pending`: whether the attempt counts.
    pub counts: bool,
    /// When its row expires; only for a job that has ended.
    pub expires_at_ms: Option<u64>,
}

/// How long after the end of its lease a job of this process is considered lost, milliseconds. A worker extends the
/// lease every second.
const LOST_MS: u64 = 120_000;

const COLUMNS: &str = "id, parent, payload, carry_on, client, request, state, attempt, cancel, progress, result, error, \
                       created_at, started_at, finished_at, expires_at";

impl Database {
    /// Accepts jobs, all or none; a parent must come before its items. The jobs are durable when the function returns.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn insert_jobs(&self, rows: &[JobRow]) -> Result<(), Error> {
        may_fail("job.insert", "")?;
        let mut transaction = self.pool.begin().await?;
        for row in rows {
            sqlx::query(
                "INSERT INTO jobs (id, seq, parent, payload, carry_on, client, state, attempt, not_before, cancel, created_at, request)
                 SELECT $1, COALESCE(MAX(seq), 0) + 1, $2, $3, $4, $5, $6, 0, 0, $7, $8, $9 FROM jobs",
            )
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
        may_fail("job.commit", "")?;
        transaction.commit().await?;
        faults::reached("job.inserted");
        Ok(())
    }

    /// Claims the oldest job that is due, for `owner`, until the lease ends. The attempt is counted before it begins.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn claim_job(
        &self,
        owner: &str,
        now_ms: u64,
        lease_until_ms: u64,
    ) -> Result<Option<JobRow>, Error> {
        may_fail("job.claim", "")?;
        let query = format!(
            "UPDATE jobs SET state = 'running', attempt = attempt + 1, owner = $1, lease_until = $2,
                 started_at = COALESCE(started_at, $3)
             WHERE state = 'pending' AND id = (
                 SELECT id FROM jobs WHERE state = 'pending' AND not_before <= $3 ORDER BY seq LIMIT 1
             )
             RETURNING {COLUMNS}"
        );
        let claimed = sqlx::query_as(sqlx::AssertSqlSafe(query))
            .bind(owner)
            .bind(stored(lease_until_ms))
            .bind(stored(now_ms))
            .fetch_optional(&self.pool)
            .await?;
        if claimed.is_some() {
            faults::reached("job.claimed");
        }
        Ok(claimed)
    }

    /// When the next job that waits for its time is due.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn next_due_ms(&self) -> Result<Option<u64>, Error> {
        let (due,): (Option<i64>,) =
            sqlx::query_as("SELECT MIN(not_before) FROM jobs WHERE state = 'pending'")
                .fetch_one(&self.pool)
                .await?;
        Ok(due.map(i64::unsigned_abs))
    }

    /// Extends the lease of an attempt and stores its progress. Returns whether cancellation was requested, or `None`
    /// if the job no longer belongs to this attempt.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn beat_job(
        &self,
        (id, attempt, owner): (&str, i64, &str),
        lease_until_ms: u64,
        progress: &str,
    ) -> Result<Option<bool>, Error> {
        may_fail("job.beat", id)?;
        let beat: Option<(bool,)> = sqlx::query_as(
            "UPDATE jobs SET lease_until = $1, progress = $2
             WHERE id = $3 AND attempt = $4 AND owner = $5 AND state = 'running' RETURNING cancel",
        )
        .bind(stored(lease_until_ms))
        .bind(progress)
        .bind(id)
        .bind(attempt)
        .bind(owner)
        .fetch_optional(&self.pool)
        .await?;
        Ok(beat.map(|(cancel,)| cancel))
    }

    /// Ends an attempt; `false` if the job no longer belongs to this attempt. The end is durable when the function
    /// returns.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn finish_job(
        &self,
        (id, attempt, owner): (&str, i64, &str),
        now_ms: u64,
        finish: &Finish<'_>,
    ) -> Result<bool, Error> {
        may_fail("job.finish", id)?;
        let ended = finish.expires_at_ms.map(|_| stored(now_ms));
        let done = sqlx::query(
            "UPDATE jobs SET state = $1, result = $2, error = $3, not_before = $4, attempt = attempt - $5,
                 finished_at = $6, expires_at = $7, owner = NULL, lease_until = NULL
             WHERE id = $8 AND attempt = $9 AND owner = $10 AND state = 'running'",
        )
        .bind(finish.state)
        .bind(&finish.result)
        .bind(&finish.error)
        .bind(stored(finish.not_before_ms))
        .bind(i64::from(!finish.counts))
        .bind(ended)
        .bind(finish.expires_at_ms.map(stored))
        .bind(id)
        .bind(attempt)
        .bind(owner)
        .execute(&self.pool)
        .await?;
        faults::reached("job.finished");
        Ok(done.rows_affected() == 1)
    }

    /// Puts jobs whose process has ended back into the queue: those with an expired lease, and at a start all jobs of
    /// other owners, because only one process owns the data folder. Also those of `owner` whose lease ended long ago:
    /// their claim was reported as failed although the table had stored it. A job that was started `attempts_max` times
    /// has failed.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn recover_jobs(
        &self,
        owner: &str,
        alone: bool,
        now_ms: u64,
        (attempts_max, error, expires_at_ms): (i64, &str, u64),
    ) -> Result<u64, Error> {
        let gone = format!(
            "state = 'running' AND (owner <> $1 AND (lease_until < $2 OR $3) OR lease_until < $2 - {LOST_MS})"
        );
        let poisoned = format!(
            "UPDATE jobs SET state = 'failed', error = $4, finished_at = $2, expires_at = $5, owner = NULL
             WHERE {gone} AND attempt >= $6"
        );
        let poisoned = sqlx::query(sqlx::AssertSqlSafe(poisoned))
            .bind(owner)
            .bind(stored(now_ms))
            .bind(alone)
            .bind(error)
            .bind(stored(expires_at_ms))
            .bind(attempts_max)
            .execute(&self.pool)
            .await?;
        let again =
            format!("UPDATE jobs SET state = 'pending', owner = NULL, not_before = 0 WHERE {gone}");
        let again = sqlx::query(sqlx::AssertSqlSafe(again))
            .bind(owner)
            .bind(stored(now_ms))
            .bind(alone)
            .execute(&self.pool)
            .await?;
        Ok(poisoned.rows_affected() + again.rows_affected())
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
        sqlx::query(
            "UPDATE jobs SET state = 'cancelled', finished_at = $1, expires_at = $2
             WHERE (id = $3 OR parent = $3) AND state = 'pending'",
        )
        .bind(stored(now_ms))
        .bind(stored(expires_at_ms))
        .bind(id)
        .execute(&self.pool)
        .await?;
        sqlx::query(
            "UPDATE jobs SET cancel = $1 WHERE (id = $2 OR parent = $2) AND state = 'running'",
        )
        .bind(true)
        .bind(id)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// A job; for a batch, its items follow it in order.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn job(&self, id: &str) -> Result<Vec<JobRow>, Error> {
        let query = format!("SELECT {COLUMNS} FROM jobs WHERE id = $1 OR parent = $1 ORDER BY seq");
        let rows = sqlx::query_as(sqlx::AssertSqlSafe(query))
            .bind(id)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows)
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
        let rows = sqlx::query_as(sqlx::AssertSqlSafe(query))
            .bind(i64::from(most))
            .fetch_all(&self.pool)
            .await?;
        Ok(rows)
    }

    /// The number of jobs in each state. Items of batches count; batches do not.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn job_counts(&self) -> Result<Vec<(String, u64)>, Error> {
        let counts: Vec<(String, i64)> = sqlx::query_as(
            "SELECT state, COUNT(*) FROM jobs WHERE payload IS NOT NULL GROUP BY state",
        )
        .fetch_all(&self.pool)
        .await?;
        let counts = counts.into_iter();
        Ok(counts
            .map(|(state, count)| (state, count.unsigned_abs()))
            .collect())
    }

    /// The number of waiting jobs, in total and of one client.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn waiting_jobs(&self, client: &str) -> Result<(u64, u64), Error> {
        let (all, own): (i64, i64) = sqlx::query_as(
            "SELECT COUNT(*), COALESCE(SUM(CASE WHEN client = $1 THEN 1 ELSE 0 END), 0)
             FROM jobs WHERE state = 'pending'",
        )
        .bind(client)
        .fetch_one(&self.pool)
        .await?;
        Ok((all.unsigned_abs(), own.unsigned_abs()))
    }

    /// Deletes jobs that have expired, and batches that have no items left.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn forget_jobs(&self, now_ms: u64) -> Result<(), Error> {
        for forget in FORGET {
            let forget = sqlx::query(forget).bind(stored(now_ms));
            forget.execute(&self.pool).await?;
        }
        let empty = "DELETE FROM jobs WHERE state = 'batch'
             AND NOT EXISTS (SELECT 1 FROM jobs item WHERE item.parent = jobs.id)";
        sqlx::query(empty).execute(&self.pool).await?;
        Ok(())
    }

    /// Limits the expiry of ended jobs to `latest_ms`, and makes jobs due now that would wait beyond it.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn clamp_jobs(&self, latest_ms: u64) -> Result<(), Error> {
        sqlx::query("UPDATE jobs SET expires_at = $1 WHERE expires_at > $1")
            .bind(stored(latest_ms))
            .execute(&self.pool)
            .await?;
        sqlx::query("UPDATE jobs SET not_before = 0 WHERE not_before > $1")
            .bind(stored(latest_ms))
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
