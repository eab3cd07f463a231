//! How extractions on each version of a plugin ended, and how candidates compare, counted for all replicas together.

use super::{Database, Error, pool::Pool, stored};

/// How extractions on one version ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// With a record or a stated refusal.
    pub good: u64,
    /// By the version's own fault.
    pub own: u64,
    /// By a fault that its predecessor has too.
    pub common: u64,
}

/// How a candidate compares so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Comparisons without a difference.
    pub same: u64,
    /// Comparisons in which values differ.
    pub differs: u64,
    /// Comparisons in which the candidate is better.
    pub better: u64,
    /// Comparisons in which it is worse.
    pub worse: u64,
    /// Comparisons in which it sent other requests.
    pub diverged: u64,
    /// JSON of those that are shown.
    pub shown: Vec<String>,
}

type Row = (i64, i64, i64, i64, i64, Vec<String>);

impl From<Row> for Compared {
    fn from((same, differs, better, worse, diverged, shown): Row) -> Self {
        Self {
            same: same.unsigned_abs(),
            differs: differs.unsigned_abs(),
            better: better.unsigned_abs(),
            worse: worse.unsigned_abs(),
            diverged: diverged.unsigned_abs(),
            shown,
        }
    }
}

/// Adds to the present second, and keeps the latest `$7` seconds: as every second has at least one extraction, those are
/// enough for a window of that many.
const ADD_ENDS: &str = "WITH latest AS (
         SELECT second FROM plugin_health WHERE plugin = $1 AND digest = $2 AND term = $3
         ORDER BY second DESC LIMIT 1 OFFSET $7
     ), forgotten AS (
         DELETE FROM plugin_health WHERE plugin = $1 AND digest = $2 AND term = $3
         AND second <= (SELECT second FROM latest)
     ), added AS (
     INSERT INTO plugin_health AS kept (plugin, digest, term, second, good, own, common)
     VALUES ($1, $2, $3, extract(epoch FROM statement_timestamp())::bigint, $4, $5, $6)
     ON CONFLICT (plugin, digest, term, second) DO UPDATE SET good = kept.good + excluded.good,
         own = kept.own + excluded.own, common = kept.common + excluded.common
     )
     SELECT COALESCE(SUM(own), 0)::bigint FROM plugin_health
     WHERE plugin = $1 AND digest = $2 AND term = $3";

/// Nothing is added once `$9` comparisons were made, so the last one is told to one caller only.
const ADD_COMPARED: &str = "INSERT INTO comparisons AS kept
     (plugin, term, same, differs, better, worse, diverged, shown)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (plugin, term) DO UPDATE SET same = kept.same + excluded.same,
         differs = kept.differs + excluded.differs, better = kept.better + excluded.better,
         worse = kept.worse + excluded.worse, diverged = kept.diverged + excluded.diverged,
         shown = CASE WHEN cardinality(kept.shown) < $10 THEN kept.shown || excluded.shown
             ELSE kept.shown END
     WHERE kept.same + kept.differs + kept.better + kept.worse + kept.diverged < $9
     RETURNING same, differs, better, worse, diverged, shown";

impl Database {
    /// Adds how extractions on a version ended; of each version the latest `window` seconds with any are kept. Returns how
    /// many of those that were kept before had failed by the version's own fault.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn add_ends(
        &self,
        (plugin, digest, term): (&str, &str, u64),
        ends: Ends,
        window: u32,
    ) -> Result<u64, Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(0);
        };
        let add = sqlx::query_scalar(ADD_ENDS)
            .bind(plugin)
            .bind(digest)
            .bind(stored(term))
            .bind(stored(ends.good))
            .bind(stored(ends.own))
            .bind(stored(ends.common))
            .bind(i64::from(window));
        let own: i64 = remote.answer(add.fetch_one(&remote.pool)).await?;
        Ok(own.unsigned_abs())
    }

    /// How extractions on a version ended, second by second, newest first.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn ends(
        &self,
        (plugin, digest, term): (&str, &str, u64),
    ) -> Result<Vec<Ends>, Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(Vec::new());
        };
        let ends = "SELECT good, own, common FROM plugin_health
             WHERE plugin = $1 AND digest = $2 AND term = $3 ORDER BY second DESC";
        let ends = sqlx::query_as(ends)
            .bind(plugin)
            .bind(digest)
            .bind(stored(term));
        let rows: Vec<(i64, i64, i64)> = remote.answer(ends.fetch_all(&remote.pool)).await?;
        let of = |(good, own, common): (i64, i64, i64)| Ends {
            good: good.unsigned_abs(),
            own: own.unsigned_abs(),
            common: common.unsigned_abs(),
        };
        Ok(rows.into_iter().map(of).collect())
    }

    /// Deletes the counts of versions that began to serve before a revision, except those that began with one of `keep`, and
    /// the comparisons of candidates before it.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn forget_plugin_counts(
        &self,
        plugin: &str,
        before: u64,
        keep: &[u64],
    ) -> Result<(), Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(());
        };
        let keep: Vec<_> = keep.iter().copied().map(stored).collect();
        for forget in [
            "DELETE FROM plugin_health WHERE plugin = $1 AND term < $2 AND NOT term = ANY($3)",
            "DELETE FROM comparisons WHERE plugin = $1 AND term < $2 AND NOT term = ANY($3)",
        ] {
            let forget = sqlx::query(forget)
                .bind(plugin)
                .bind(stored(before))
                .bind(&keep);
            remote.answer(forget.execute(&remote.pool)).await?;
        }
        Ok(())
    }

    /// Adds comparisons of a candidate, unless `wanted` were made, and returns all of them. At most `shown_max` are shown.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn add_compared(
        &self,
        (plugin, term): (&str, u64),
        more: &Compared,
        (wanted, shown_max): (u32, u32),
    ) -> Result<Option<Compared>, Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(None);
        };
        let add = sqlx::query_as(ADD_COMPARED)
            .bind(plugin)
            .bind(stored(term))
            .bind(stored(more.same))
            .bind(stored(more.differs))
            .bind(stored(more.better))
            .bind(stored(more.worse))
            .bind(stored(more.diverged))
            .bind(&more.shown)
            .bind(i64::from(wanted))
            .bind(i32::try_from(shown_max).unwrap_or(i32::MAX));
        let row: Option<Row> = remote.answer(add.fetch_optional(&remote.pool)).await?;
        Ok(row.map(Compared::from))
    }

    /// The comparisons of a candidate so far.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn compared(&self, plugin: &str, term: u64) -> Result<Compared, Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(Compared::default());
        };
        let row = "SELECT same, differs, better, worse, diverged, shown FROM comparisons
             WHERE plugin = $1 AND term = $2";
        let row = sqlx::query_as(row).bind(plugin).bind(stored(term));
        let row: Option<Row> = remote.answer(row.fetch_optional(&remote.pool)).await?;
        Ok(row.map(Compared::from).unwrap_or_default())
    }
}
