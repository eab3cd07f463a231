//! The rows of jobs as workers see them: claim, heartbeat, finish, recover. A lease names the worker, and the attempt
//! number fences off earlier attempts.

use sqlx::AssertSqlSafe;

use super::{COLUMNS, JobRow};
use crate::database::{
    Database, Error, may_fail,
    pool::{execute, on},
    stored,
};

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

/// The lock that replicas hold while they claim, if the jobs of the whole fleet are limited: any number that nobody else
/// takes.
const CLAIM_LOCK: i64 = 0x6772_616d_0001;

impl Database {
    /// Claims the oldest job that is due, for `owner`, until the lease ends, unless `running_max` jobs are running already,
    /// in this process or in others. The attempt is counted before it begins.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn claim_job(
        &self,
        owner: &str,
        (now_ms, lease_until_ms): (u64, u64),
        running_max: Option<u64>,
    ) -> Result<Option<JobRow>, Error> {
        may_fail("job.claim", "")?;
        // Two replicas that look at the same moment must not wait for each other's row.
        let lock = self.pool.choose("", "FOR UPDATE SKIP LOCKED");
        let query = format!(
            "UPDATE jobs SET state = 'running', attempt = attempt + 1, owner = $1, lease_until = $2,
                 started_at = COALESCE(started_at, $3)
             WHERE state = 'pending' AND id = (
                 SELECT id FROM jobs WHERE state = 'pending' AND not_before <= $3
                     AND ($4 < 0 OR (SELECT COUNT(*) FROM jobs WHERE state = 'running') < $4)
                 ORDER BY seq LIMIT 1 {lock}
             )
             RETURNING {COLUMNS}"
        );
        let query = AssertSqlSafe(query.as_str());
        let most = running_max.map_or(-1, stored);
        // Two that count at the same moment would both find room.
        let one_by_one = running_max.is_some() && self.is_shared();
        let claimed: Option<JobRow> = on!(self.pool, pool => async {
            let mut transaction = pool.begin().await?;
            if one_by_one {
                let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(CLAIM_LOCK);
                lock.execute(&mut *transaction).await?;
            }
            let claim = sqlx::query_as(query).bind(owner).bind(stored(lease_until_ms));
            let claim = claim.bind(stored(now_ms)).bind(most);
            let claimed = claim.fetch_optional(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(claimed)
        })?;
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
        let query = "SELECT MIN(not_before) FROM jobs WHERE state = 'pending'";
        let (due,): (Option<i64>,) = on!(self.pool, pool => sqlx::query_as(query).fetch_one(pool))?;
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
        let query = "UPDATE jobs SET lease_until = $1, progress = $2
             WHERE id = $3 AND attempt = $4 AND owner = $5 AND state = 'running' RETURNING cancel";
        let beat: Option<(bool,)> = on!(self.pool, pool => {
            let beat = sqlx::query_as(query).bind(stored(lease_until_ms)).bind(progress);
            beat.bind(id).bind(attempt).bind(owner).fetch_optional(pool)
        })?;
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
        let query = "UPDATE jobs SET state = $1, result = $2, error = $3, not_before = $4, attempt = attempt - $5,
                 finished_at = $6, expires_at = $7, owner = NULL, lease_until = NULL
             WHERE id = $8 AND attempt = $9 AND owner = $10 AND state = 'running'";
        let done = execute!(
            self.pool,
            sqlx::query(query)
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
        )?;
        faults::reached("job.finished");
        Ok(done == 1)
    }

    /// Puts jobs whose process has ended back into the queue: those with an expired lease, and, if the database is not
    /// shared, at a start (`first`) all jobs of other owners, because only one process owns the data folder. Also those of
    /// `owner` whose lease ended long ago: their claim was reported as failed although the table had stored it. A job that
    /// was started `attempts_max` times has failed.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn recover_jobs(
        &self,
        owner: &str,
        first: bool,
        now_ms: u64,
        (attempts_max, error, expires_at_ms): (i64, &str, u64),
    ) -> Result<u64, Error> {
        let alone = first && !self.is_shared();
        let gone = format!(
            "state = 'running' AND (owner <> $1 AND (lease_until < $2 OR $3) OR lease_until < $2 - {LOST_MS})"
        );
        let poisoned = format!(
            "UPDATE jobs SET state = 'failed', error = $4, finished_at = $2, expires_at = $5, owner = NULL
             WHERE {gone} AND attempt >= $6"
        );
        let poisoned = execute!(
            self.pool,
            sqlx::query(AssertSqlSafe(poisoned.as_str()))
                .bind(owner)
                .bind(stored(now_ms))
                .bind(alone)
                .bind(error)
                .bind(stored(expires_at_ms))
                .bind(attempts_max)
        )?;
        let again =
            format!("UPDATE jobs SET state = 'pending', owner = NULL, not_before = 0 WHERE {gone}");
        let again = execute!(
            self.pool,
            sqlx::query(AssertSqlSafe(again.as_str()))
                .bind(owner)
                .bind(stored(now_ms))
                .bind(alone)
        )?;
        Ok(poisoned + again)
    }
}
