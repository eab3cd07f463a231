//! The connections to one of the two products, and how a statement runs on either.

use std::time::Duration;

use sqlx::{PgPool, SqlitePool};

use super::{Error, postgres};

/// Connections to the database. A cheap handle.
#[derive(Clone, Debug)]
pub(super) enum Pool {
    Sqlite(SqlitePool),
    /// And how long a statement may take: the network may lose it without a word.
    Postgres(PgPool, Duration),
}

impl Pool {
    /// The statement for this product, where one text cannot serve both.
    pub(super) fn choose<T>(&self, sqlite: T, postgres: T) -> T {
        match self {
            Self::Sqlite(_) => sqlite,
            Self::Postgres(..) => postgres,
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
            $crate::database::pool::Pool::Postgres($connections, patience) => {
                $crate::database::pool::within(*patience, $work).await
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

/// Waits for an answer over a network.
pub(super) async fn within<T>(
    patience: Duration,
    work: impl Future<Output = sqlx::Result<T>>,
) -> Result<T, Error> {
    match tokio::time::timeout(patience, work).await {
        Ok(Err(error)) if postgres::is_away(&error) => Err(Error::Away(error)),
        Ok(done) => Ok(done?),
        Err(_) => Err(Error::Slow(patience)),
    }
}
