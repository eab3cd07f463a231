//! The connections to one of the two products, and how a statement runs on either.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{PgPool, SqlitePool};

use super::Error;

/// How long a database that did not answer is left alone, milliseconds.
const ASK_AGAIN_MS: u64 = 1_000;

/// Connections to the database. A cheap handle.
#[derive(Clone, Debug)]
pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(Remote),
}

impl Pool {
    /// The statement for this product, where one text cannot serve both.
    pub(super) fn choose<T>(&self, sqlite: T, postgres: T) -> T {
        match self {
            Self::Sqlite(_) => sqlite,
            Self::Postgres(_) => postgres,
        }
    }
}

/// Runs a future that is written once, on the connections of whichever product it is: `on!(pool, it => query.fetch_all(it))`.
macro_rules! on {
    ($pool:expr, $connections:ident => $work:expr) => {
        match &$pool {
            $crate::database::pool::Pool::Sqlite($connections) => {
                $crate::database::pool::at_last($work).await
            }
            $crate::database::pool::Pool::Postgres(remote) => {
                let $connections = &remote.pool;
                remote.answer($work).await
            }
        }
    };
}

/// Runs a statement and returns the number of rows that it has changed.
macro_rules! execute {
    ($pool:expr, $query:expr) => {
        $crate::database::pool::on!($pool, it => async {
            Ok::<_, sqlx::Error>($query.execute(it).await?.rows_affected())
        })
    };
}

/// How a row becomes a struct whose fields are named as its columns.
macro_rules! columns {
    ($struct:ident { $($field:ident),+ $(,)? }) => {
        $crate::database::pool::columns!(@ $struct, sqlx::sqlite::SqliteRow, $($field),+);
        $crate::database::pool::columns!(@ $struct, sqlx::postgres::PgRow, $($field),+);
    };
    (@ $struct:ident, $row:ty, $($field:ident),+) => {
        impl sqlx::FromRow<'_, $row> for $struct {
            fn from_row(row: &$row) -> sqlx::Result<Self> {
                Ok(Self {
                    $($field: sqlx::Row::try_get(row, stringify!($field))?),+
                })
            }
        }
    };
}

pub(super) use {columns, execute, on};

/// Waits as long as it takes: SQLite has limits of its own.
pub(super) async fn at_last<T>(work: impl Future<Output = sqlx::Result<T>>) -> Result<T, Error> {
    Ok(work.await?)
}

/// Connections to PostgreSQL, which a network may lose without a word.
#[derive(Clone, Debug)]
pub(super) struct Remote {
    pub(super) pool: PgPool,
    /// How long an operation may take.
    patience: Duration,
    silence: Arc<Silence>,
}

/// Whether the database is known to be away.
#[derive(Debug)]
struct Silence {
    began: Instant,
    /// Until when nobody asks it, milliseconds after `began`; 0: it answers.
    until_ms: AtomicU64,
}

impl Remote {
    pub(super) fn new(pool: PgPool, patience: Duration) -> Self {
        let silence = Silence {
            began: Instant::now(),
            until_ms: AtomicU64::new(0),
        };
        Self {
            pool,
            patience,
            silence: Arc::new(silence),
        }
    }

    /// Waits for an answer. While the database is known to be away, only one operation a second finds out whether it still
    /// is; the others fail at once, so that nobody waits for what cannot come.
    pub(super) async fn answer<T>(
        &self,
        work: impl Future<Output = sqlx::Result<T>>,
    ) -> Result<T, Error> {
        if !self.silence.may_ask() {
            return Err(Error::Silent);
        }
        let answer = Self::within(self.patience, work).await;
        match &answer {
            Err(error) if error.is_away() => self.silence.begin(),
            _ => self.silence.end(),
        }
        answer
    }

    /// Waits for an answer no longer than `patience`.
    pub(super) async fn within<T>(
        patience: Duration,
        work: impl Future<Output = sqlx::Result<T>>,
    ) -> Result<T, Error> {
        match tokio::time::timeout(patience, work).await {
            Ok(Err(error)) if is_away(&error) => Err(Error::Away(error)),
            Ok(done) => Ok(done?),
            Err(_) => Err(Error::Slow(patience)),
        }
    }

    /// Returns whether the database is known to be away.
    pub(super) fn is_silent(&self) -> bool {
        self.silence.until_ms.load(Ordering::Relaxed) > 0
    }
}

impl Silence {
    fn may_ask(&self) -> bool {
        let until = self.until_ms.load(Ordering::Relaxed);
        let ours = || {
            let (next, order) = (self.ms() + ASK_AGAIN_MS, Ordering::Relaxed);
            self.until_ms.compare_exchange(until, next, order, order)
        };
        until == 0 || (until <= self.ms() && ours().is_ok())
    }

    fn begin(&self) {
        self.until_ms
            .store(self.ms() + ASK_AGAIN_MS, Ordering::Relaxed);
    }

    fn end(&self) {
        self.until_ms.store(0, Ordering::Relaxed);
    }

    fn ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX / 2)
    }
}

/// Returns whether an error says that PostgreSQL cannot be reached or cannot work now, rather than that a statement is wrong.
fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        // Connection exceptions, resources, shutdown and start, a server that only reads, a statement that took too long.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            ["08", "53", "57"]
                .iter()
                .any(|class| code.starts_with(class))
                || code == "25006"
        }),
        _ => false,
    }
}
