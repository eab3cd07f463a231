//! The rows of fill rates and of the usual state of fields.
//!
//! Fill rates only grow by what is added to them, so that replicas that share a database count together. The usual state of
//! a field cannot be added up: replicas change it one after the other, each from what the one before has stored.

use sqlx::{Encode, QueryBuilder, Type};

use super::{
    Database, Error,
    pool::{Pool, columns, on},
    stored,
};

/// The maximum number of rows of one statement. Each has at most six parameters, and PostgreSQL allows 65,535.
const ROWS_MAX: usize = 1_000;

/// The lock that replicas hold while they change usual states: any number that nobody else takes.
const DRIFT_LOCK: i64 = 0x6772_616d_0002;

/// How often a version stated a field: in all, or what is to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FillRow {
    /// Kind of record.
    pub kind: String,
    /// The door that answered.
    pub door: String,
    /// `name@version+digest`.
    pub version: String,
    /// The path of the field.
    pub field: String,
    /// How often the field was stated.
    pub stated: u64,
    /// Out of how many times.
    pub asked: u64,
}

/// What one process has counted since the last time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DriftChange {
    /// Versions whose fill rates are deleted before anything is added.
    pub forgotten: Vec<String>,
    /// What is added to the fill rates; each row once.
    pub fill: Vec<FillRow>,
    /// The new usual states, each once, where no other process changes them.
    pub drift: Vec<DriftRow>,
}

/// The usual state of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriftRow {
    /// Kind of record.
    pub kind: String,
    /// The door that answered.
    pub door: String,
    /// The path of the field.
    pub field: String,
    /// JSON of the module that stores it.
    pub track: String,
}

columns!(DriftRow {
    kind,
    door,
    field,
    track
});

type FillTuple = (String, String, String, String, i64, i64);

const FILL: &str = "SELECT kind, door, version, field, stated, asked FROM fill_rates";
const DRIFT: &str = "SELECT kind, door, field, track FROM drift";
const FORGET: &str = "DELETE FROM fill_rates WHERE version = $1";

/// Writes a change in a transaction of either product.
macro_rules! write {
    ($transaction:ident, $forgotten:expr, $fill:expr, $drift:expr) => {
        for version in $forgotten {
            let forget = sqlx::query(FORGET).bind(version);
            forget.execute(&mut *$transaction).await?;
        }
        for rows in $fill.chunks(ROWS_MAX) {
            let mut add = adding(rows);
            let add = add.build().persistent(false);
            add.execute(&mut *$transaction).await?;
        }
        for rows in $drift.chunks(ROWS_MAX) {
            let mut replace = replacing(rows);
            let replace = replace.build().persistent(false);
            replace.execute(&mut *$transaction).await?;
        }
    };
}

impl Database {
    /// Stores a change, all of it or nothing, where no other process changes usual states.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn keep_drift(&self, change: &DriftChange) -> Result<(), Error> {
        on!(self.pool, pool => async {
            let mut transaction = pool.begin().await?;
            write!(transaction, &change.forgotten, change.fill, change.drift);
            transaction.commit().await
        })
    }

    /// Stores a change, all of it or nothing, in a database that other processes share. `merge` turns the usual states of
    /// all processes into the new ones that are to be stored; no other process changes them meanwhile. Returns all fill
    /// rates afterwards. `None`: the database is not shared, and nothing is stored.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails. If it was lost at the last moment, the change may be stored all the same.
    pub async fn merge_drift(
        &self,
        change: &DriftChange,
        merge: impl FnOnce(Vec<DriftRow>) -> Vec<DriftRow> + Send,
    ) -> Result<Option<Vec<FillRow>>, Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(None);
        };
        let merged = remote.answer(async {
            let mut transaction = remote.pool.begin().await?;
            let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(DRIFT_LOCK);
            lock.execute(&mut *transaction).await?;
            let before = sqlx::query_as(DRIFT).fetch_all(&mut *transaction).await?;
            let after = merge(before);
            write!(transaction, &change.forgotten, change.fill, after);
            let fill = sqlx::query_as(FILL).fetch_all(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(fill)
        });
        let fill: Vec<FillTuple> = merged.await?;
        Ok(Some(fill.into_iter().map(fill_row).collect()))
    }

    /// All fill rates and all usual states.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn drift(&self) -> Result<(Vec<FillRow>, Vec<DriftRow>), Error> {
        let fill: Vec<FillTuple> = on!(self.pool, pool => sqlx::query_as(FILL).fetch_all(pool))?;
        let drift = on!(self.pool, pool => sqlx::query_as(DRIFT).fetch_all(pool))?;
        Ok((fill.into_iter().map(fill_row).collect(), drift))
    }
}

fn fill_row((kind, door, version, field, stated, asked): FillTuple) -> FillRow {
    FillRow {
        kind,
        door,
        version,
        field,
        stated: stated.unsigned_abs(),
        asked: asked.unsigned_abs(),
    }
}

/// The statement that adds to fill rates.
fn adding<DB: sqlx::Database>(rows: &[FillRow]) -> QueryBuilder<DB>
where
    for<'a> String: Encode<'a, DB> + Type<DB>,
    for<'a> i64: Encode<'a, DB> + Type<DB>,
{
    let mut query =
        QueryBuilder::new("INSERT INTO fill_rates (kind, door, version, field, stated, asked) ");
    query.push_values(rows, |mut row, fill| {
        row.push_bind(fill.kind.clone())
            .push_bind(fill.door.clone())
            .push_bind(fill.version.clone())
            .push_bind(fill.field.clone())
            .push_bind(stored(fill.stated))
            .push_bind(stored(fill.asked));
    });
    query.push(
        " ON CONFLICT (kind, door, version, field) DO UPDATE SET
         stated = fill_rates.stated + excluded.stated, asked = fill_rates.asked + excluded.asked",
    );
    query
}

/// The statement that replaces usual states.
fn replacing<DB: sqlx::Database>(rows: &[DriftRow]) -> QueryBuilder<DB>
where
    for<'a> String: Encode<'a, DB> + Type<DB>,
{
    let mut query = QueryBuilder::new("INSERT INTO drift (kind, door, field, track) ");
    query.push_values(rows, |mut row, drift| {
        row.push_bind(drift.kind.clone())
            .push_bind(drift.door.clone())
            .push_bind(drift.field.clone())
            .push_bind(drift.track.clone());
    });
    query.push(" ON CONFLICT (kind, door, field) DO UPDATE SET track = excluded.track");
    query
}
