//! The requests of each client in the last minute, counted for all replicas together.

use std::time::Duration;

use super::{
    Database, Error,
    pool::{Pool, Remote},
    stored,
};

/// What one statement decides. The time of a request is never before that of the request that was allowed before it, so no
/// window contains more than the limit, whichever replica asked first.
const ADMIT: &str = "INSERT INTO windows AS kept (client, passed, allowed)
     VALUES ($1, ARRAY[(extract(epoch FROM statement_timestamp()) * 1000000)::bigint], TRUE)
     ON CONFLICT (client) DO UPDATE SET (passed, allowed) = (
         SELECT COALESCE(array_agg(at ORDER BY at), '{}') || CASE WHEN COUNT(at) < $2
                    THEN ARRAY[GREATEST(excluded.passed[1], MAX(at))] ELSE '{}' END,
                COUNT(at) < $2
         FROM unnest(kept.passed) AS at WHERE at > excluded.passed[1] - $3
     )
     RETURNING allowed, cardinality(passed)::bigint, passed[1],
         (extract(epoch FROM statement_timestamp()) * 1000000)::bigint";

/// A decision about one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Whether it is allowed.
    pub allowed: bool,
    /// The number of allowed requests in the window, with this one if it is allowed.
    pub used: u64,
    /// When the oldest of them leaves the window.
    pub frees_in: Duration,
}

impl Database {
    /// Counts a request of a client, if the client has had fewer than `limit` in the `window` before it. It waits at most
    /// `patience`. `None` if the database is not shared.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails, [`Error::Slow`].
    pub async fn admit(
        &self,
        client: &str,
        (limit, window): (u32, Duration),
        patience: Duration,
    ) -> Result<Option<Window>, Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(None);
        };
        let window = micros(window);
        let query = sqlx::query_as(ADMIT)
            .bind(client)
            .bind(i64::from(limit))
            .bind(window);
        let (allowed, used, oldest, now): (bool, i64, Option<i64>, i64) =
            Remote::within(patience, query.fetch_one(&remote.pool)).await?;
        let frees_in = (oldest.unwrap_or(now) + window - now).max(0);
        Ok(Some(Window {
            allowed,
            used: used.unsigned_abs(),
            frees_in: Duration::from_micros(frees_in.unsigned_abs()),
        }))
    }

    /// Deletes clients who have had no request within the window.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn forget_windows(&self, window: Duration) -> Result<(), Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(());
        };
        let forget = "DELETE FROM windows WHERE passed[cardinality(passed)]
             <= (extract(epoch FROM statement_timestamp()) * 1000000)::bigint - $1";
        let forget = sqlx::query(forget).bind(micros(window));
        remote.answer(forget.execute(&remote.pool)).await?;
        Ok(())
    }
}

fn micros(duration: Duration) -> i64 {
    stored(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}
