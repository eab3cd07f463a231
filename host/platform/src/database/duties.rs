//! Work that one replica at a time does for all, such as deleting what has expired.

use super::{Database, Error, pool::on, stored};

impl Database {
    /// Takes a duty until `until_ms`, or keeps it. Returns whether this process has it: always, if nobody else can use the
    /// database.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn take_duty(&self, duty: &str, now_ms: u64, until_ms: u64) -> Result<bool, Error> {
        if !self.is_shared() {
            return Ok(true);
        }
        let take = "INSERT INTO duties (name, holder, until) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
             WHERE duties.until < $4 OR duties.holder = excluded.holder
             RETURNING holder";
        let process = self.process().to_string();
        let taken: Option<(String,)> = on!(self.pool, pool => {
            let take = sqlx::query_as(take).bind(duty).bind(&process);
            take.bind(stored(until_ms)).bind(stored(now_ms)).fetch_optional(pool)
        })?;
        Ok(taken.is_some())
    }

    /// Who has which duty, until when (milliseconds since 1970).
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn duties(&self) -> Result<Vec<(String, String, u64)>, Error> {
        let query = "SELECT name, holder, until FROM duties ORDER BY name";
        let duties: Vec<(String, String, i64)> =
            on!(self.pool, pool => sqlx::query_as(query).fetch_all(pool))?;
        let duties = duties.into_iter();
        Ok(duties
            .map(|(name, holder, until)| (name, holder, until.unsigned_abs()))
            .collect())
    }
}
