//! Moves the rows of a data folder's SQLite into the PostgreSQL of a fleet: all of them or none.
//!
//! Both have the same tables. Rows travel as JSON, a piece at a time, so that no column can be forgotten and no table must
//! fit into memory. Nobody sees any of them before the one transaction that they arrive in is complete.

use sqlx::{AssertSqlSafe, PgConnection, SqlitePool};

use super::{
    Database, Error,
    jobs::{FORGET, FORGET_EMPTY},
    pool::Pool,
    stored,
};

/// The tables that a single machine has.
pub(super) const TABLES: [&str; 6] = [
    "observations",
    "plugin_history",
    "fill_rates",
    "drift",
    "jobs",
    "files",
];

/// The maximum number of rows of one statement. The result of a job may have 100 KB.
const ROWS_MAX: usize = 500;

/// Nobody else may accept jobs or publish files in the meantime.
const LOCK: &str = "LOCK TABLE jobs, files IN SHARE ROW EXCLUSIVE MODE";

/// What another process would have to give up first: replicas that were seen lately, jobs and files.
const FOUND: &str = "SELECT
     (SELECT COUNT(*) FROM replicas
      WHERE seen_at > (extract(epoch FROM clock_timestamp()) * 1000)::bigint - $1),
     (SELECT COUNT(*) FROM jobs), (SELECT COUNT(*) FROM files)";

/// Jobs that were running are due: their process is gone.
const AGAIN: &str =
    "UPDATE jobs SET state = 'pending', owner = NULL, lease_until = NULL, not_before = 0
     WHERE state = 'running'";

/// Files without bytes are no longer served, and say so.
const LOSE: &str = "UPDATE files SET expires_at = LEAST(expires_at, $2) WHERE name = ANY($1)";

/// Jobs that are accepted from now on come after all others.
const ORDER: &str = "SELECT setval('jobs_order', GREATEST(
     (SELECT last_value FROM jobs_order), (SELECT COALESCE(MAX(seq), 1) FROM jobs)))";

/// Why nothing was moved.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// Its own data would be mixed with what is moved.
    #[error(
        "the database is not empty: it has {jobs} jobs and {files} files. An earlier migration was complete, or replicas \
         have used it"
    )]
    NotEmpty {
        /// The number of jobs.
        jobs: u64,
        /// The number of files, also of those that expired in the last 24 hours.
        files: u64,
    },
    /// Replicas would change rows meanwhile.
    #[error("{0} replicas use the database: stop them, and wait 10 seconds if they were killed")]
    InUse(u64),
    /// It belongs to one machine.
    #[error("the target is not a database that replicas share")]
    NotShared,
    /// The database fails.
    #[error(transparent)]
    Database(#[from] Error),
}

impl From<sqlx::Error> for TransferError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

/// What is moved together with the rows.
#[derive(Clone, Debug, Default)]
pub struct Transfer {
    /// The time of the fleet, milliseconds since 1970. What has expired by then stays behind.
    pub now_ms: u64,
    /// A replica that was seen this long ago may still work, milliseconds.
    pub alive_ms: u64,
    /// The files whose bytes are not there.
    pub lost: Vec<String>,
}

impl Database {
    /// Checks that nothing is in the way of what is to be moved here.
    ///
    /// # Errors
    /// [`TransferError::NotEmpty`], [`TransferError::InUse`].
    pub async fn is_vacant(&self, transfer: &Transfer) -> Result<(), TransferError> {
        let Pool::Postgres(remote) = &self.pool else {
            return Err(TransferError::NotShared);
        };
        vacant(&mut *remote.pool.acquire().await?, transfer).await
    }

    /// The number of rows of each table of a single machine.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn row_counts(&self) -> Result<Vec<(&'static str, u64)>, Error> {
        let mut counts = Vec::new();
        for table in TABLES {
            let count = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
            let count: i64 = match &self.pool {
                Pool::Sqlite(pool) => sqlx::query_scalar(count).fetch_one(pool).await?,
                Pool::Postgres(remote) => {
                    let count = sqlx::query_scalar(count).fetch_one(&remote.pool);
                    remote.answer(count).await?
                }
            };
            counts.push((table, count.unsigned_abs()));
        }
        Ok(counts)
    }

    /// Takes over the rows of a single machine, all of them or none; `told` hears of each piece: the table, and how many
    /// rows of all tables were read. What is there already stays as it is, so that doing it again changes nothing. Returns
    /// how many rows of each table were added.
    ///
    /// # Errors
    /// [`TransferError`]; then nothing was added.
    pub async fn take_over(
        &self,
        source: &Self,
        transfer: &Transfer,
        told: impl Fn(&'static str, u64),
    ) -> Result<Vec<(&'static str, u64)>, TransferError> {
        let (Pool::Postgres(remote), Pool::Sqlite(from)) = (&self.pool, &source.pool) else {
            return Err(TransferError::NotShared);
        };
        let mut transaction = remote.pool.begin().await?;
        sqlx::query(LOCK).execute(&mut *transaction).await?;
        vacant(&mut transaction, transfer).await?;
        let mut added = Vec::new();
        let mut seen = 0;
        for table in TABLES {
            let told = |rows| {
                seen += rows;
                told(table, seen);
            };
            added.push((table, copy(table, from, &mut transaction, told).await?));
        }
        let (now, to) = (stored(transfer.now_ms), &mut *transaction);
        sqlx::query(AGAIN).execute(&mut *to).await?;
        let lose = sqlx::query(LOSE).bind(&transfer.lost).bind(now);
        lose.execute(&mut *to).await?;
        let mut expired = 0;
        for forget in FORGET {
            let forgotten = sqlx::query(forget).bind(now).execute(&mut *to).await?;
            expired += forgotten.rows_affected();
        }
        let forgotten = sqlx::query(FORGET_EMPTY).execute(&mut *to).await?;
        expired += forgotten.rows_affected();
        sqlx::query(ORDER).execute(&mut *to).await?;
        faults::reached("transfer.commit");
        transaction.commit().await?;
        faults::reached("transfer.committed");
        if let Some((_, jobs)) = added.iter_mut().find(|(table, _)| *table == "jobs") {
            *jobs = jobs.saturating_sub(expired);
        }
        Ok(added)
    }
}

async fn vacant(connection: &mut PgConnection, transfer: &Transfer) -> Result<(), TransferError> {
    let found = sqlx::query_as(FOUND).bind(stored(transfer.alive_ms));
    let (replicas, jobs, files): (i64, i64, i64) = found.fetch_one(connection).await?;
    let [replicas, jobs, files] = [replicas, jobs, files].map(i64::unsigned_abs);
    match (replicas, jobs, files) {
        (0, 0, 0) => Ok(()),
        (0, ..) => Err(TransferError::NotEmpty { jobs, files }),
        _ => Err(TransferError::InUse(replicas)),
    }
}

/// Copies the rows of one table that are not there yet, and returns their number.
async fn copy(
    table: &'static str,
    from: &SqlitePool,
    to: &mut PgConnection,
    mut told: impl FnMut(u64),
) -> sqlx::Result<u64> {
    let columns = "SELECT name FROM pragma_table_info($1)";
    let columns = sqlx::query_scalar(columns).bind(table).fetch_all(from);
    let columns: Vec<String> = columns.await?;
    let fields: Vec<_> = columns.iter().map(|it| format!("'{it}', {it}")).collect();
    let (columns, fields) = (columns.join(", "), fields.join(", "));
    let read = format!(
        "SELECT MAX(place), COUNT(*), json_group_array(json_object({fields}))
         FROM (SELECT rowid AS place, * FROM {table} WHERE rowid > $1 ORDER BY rowid LIMIT {ROWS_MAX})"
    );
    let write = format!(
        "INSERT INTO {table} ({columns})
         SELECT {columns} FROM json_populate_recordset(NULL::{table}, $1::json) ON CONFLICT DO NOTHING"
    );
    let (mut last, mut added) = (i64::MIN, 0);
    loop {
        let piece = sqlx::query_as(AssertSqlSafe(read.as_str())).bind(last);
        let (place, count, rows): (Option<i64>, i64, String) = piece.fetch_one(from).await?;
        let Some(place) = place else {
            return Ok(added);
        };
        let piece = sqlx::query(AssertSqlSafe(write.as_str())).bind(rows);
        added += piece.execute(&mut *to).await?.rows_affected();
        last = place;
        told(count.unsigned_abs());
        faults::reached("transfer.rows");
    }
}
