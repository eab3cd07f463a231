//! The rows of fill rates and of the usual state of fields.

use sqlx::{FromRow, Row as _, sqlite::SqliteRow};

use super::{Database, Error, stored};

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

impl FromRow<'_, SqliteRow> for DriftRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            kind: row.try_get("kind")?,
            door: row.try_get("door")?,
            field: row.try_get("field")?,
            track: row.try_get("track")?,
        })
    }
}

impl Database {
    /// Replaces these rows, all or none.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn keep_drift(&self, fill: &[FillRow], drift: &[DriftRow]) -> Result<(), Error> {
        let mut transaction = self.pool.begin().await?;
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
        transaction.commit().await?;
        Ok(())
    }

    /// All fill rates and all usual states.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn drift(&self) -> Result<(Vec<FillRow>, Vec<DriftRow>), Error> {
        type Row = (String, String, String, String, i64, i64);
        let fill: Vec<Row> =
            sqlx::query_as("SELECT kind, door, version, field, stated, asked FROM fill_rates")
                .fetch_all(&self.pool)
                .await?;
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
        let drift = sqlx::query_as("SELECT kind, door, field, track FROM drift")
            .fetch_all(&self.pool)
            .await?;
        Ok((fill, drift))
    }

    /// Deletes the fill rates of this version.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn forget_fill_rates(&self, version: &str) -> Result<(), Error> {
        sqlx::query("DELETE FROM fill_rates WHERE version = $1")
            .bind(version)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
