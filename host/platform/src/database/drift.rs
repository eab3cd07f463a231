//! The rows of fill rates and of the usual state of fields.

use super::{
    Database, Error,
    pool::{columns, execute, on},
    stored,
};

/// How often a version stated a field.
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

impl Database {
    /// Replaces these rows, all or none.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn keep_drift(&self, fill: &[FillRow], drift: &[DriftRow]) -> Result<(), Error> {
        on!(self.pool, pool => async {
            let mut transaction = pool.begin().await?;
            for row in fill {
                sqlx::query(
                    "INSERT INTO fill_rates (kind, door, version, field, stated, asked)
                     VALUES ($1, $2, $3, $4, $5, $6)
                     ON CONFLICT (kind, door, version, field)
                     DO UPDATE SET stated = excluded.stated, asked = excluded.asked",
                )
                .bind(&row.kind)
                .bind(&row.door)
                .bind(&row.version)
                .bind(&row.field)
                .bind(stored(row.stated))
                .bind(stored(row.asked))
                .execute(&mut *transaction)
                .await?;
            }
            for row in drift {
                sqlx::query(
                    "INSERT INTO drift (kind, door, field, track) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (kind, door, field) DO UPDATE SET track = excluded.track",
                )
                .bind(&row.kind)
                .bind(&row.door)
                .bind(&row.field)
                .bind(&row.track)
                .execute(&mut *transaction)
                .await?;
            }
            transaction.commit().await
        })
    }

    /// All fill rates and all usual states.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn drift(&self) -> Result<(Vec<FillRow>, Vec<DriftRow>), Error> {
        type Row = (String, String, String, String, i64, i64);
        let fill = "SELECT kind, door, version, field, stated, asked FROM fill_rates";
        let fill: Vec<Row> = on!(self.pool, pool => sqlx::query_as(fill).fetch_all(pool))?;
        let fill = fill
            .into_iter()
            .map(|(kind, door, version, field, stated, asked)| FillRow {
                kind,
                door,
                version,
                field,
                stated: stated.unsigned_abs(),
                asked: asked.unsigned_abs(),
            })
            .collect();
        let drift = "SELECT kind, door, field, track FROM drift";
        let drift = on!(self.pool, pool => sqlx::query_as(drift).fetch_all(pool))?;
        Ok((fill, drift))
    }

    /// Deletes the fill rates of this version.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn forget_fill_rates(&self, version: &str) -> Result<(), Error> {
        let forget = "DELETE FROM fill_rates WHERE version = $1";
        execute!(self.pool, sqlx::query(forget).bind(version))?;
        Ok(())
    }
}
