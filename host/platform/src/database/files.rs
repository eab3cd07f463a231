//! The rows of published files: which job made them, what they are, and when they expire.

use super::{Database, Error, may_fail, stored};

/// A published file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// Its name in the URL.
    pub name: String,
    /// The job that wrote it last.
    pub job_id: String,
    /// SHA-256, 64 hex digits.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// For example `image/jpeg`.
    pub content_type: String,
    /// For example `1080x1350`.
    pub dimensions: Option<String>,
    /// Milliseconds since 1970. From then on the file is not served, even if it still exists.
    pub expires_at_ms: u64,
}

type Row = (String, String, String, i64, String, Option<String>, i64);

fn file(row: Row) -> FileRow {
    let (name, job_id, sha256, bytes, content_type, dimensions, expires_at) = row;
    FileRow {
        name,
        job_id,
        sha256,
        bytes: bytes.unsigned_abs(),
        content_type,
        dimensions,
        expires_at_ms: expires_at.unsigned_abs(),
    }
}

impl Database {
    /// The row of this name, also of a file that expired recently.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn file(&self, name: &str) -> Result<Option<FileRow>, Error> {
        Ok(self.files_where("name = $1", name).await?.pop())
    }

    /// Inserts a row or replaces the one of the same name. It never shortens the life of a file that others still use.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn keep_file(&self, row: &FileRow) -> Result<(), Error> {
        may_fail("file.keep", &row.name)?;
        sqlx::query(
            "INSERT INTO files (name, job_id, sha256, bytes, content_type, dimensions, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (name) DO UPDATE SET
                 job_id = excluded.job_id, sha256 = excluded.sha256, bytes = excluded.bytes,
                 content_type = excluded.content_type, dimensions = excluded.dimensions, deleted_at = NULL,
                 expires_at = CASE WHEN files.expires_at > excluded.expires_at AND files.deleted_at IS NULL
                     THEN files.expires_at ELSE excluded.expires_at END",
        )
        .bind(&row.name)
        .bind(&row.job_id)
        .bind(&row.sha256)
        .bind(stored(row.bytes))
        .bind(&row.content_type)
        .bind(&row.dimensions)
        .bind(stored(row.expires_at_ms))
        .execute(&self.pool)
        .await?;
        faults::reached("file.kept");
        Ok(())
    }

    /// The rows of a job's files that still exist.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn files_of(&self, job_id: &str) -> Result<Vec<FileRow>, Error> {
        self.files_where("job_id = $1 AND deleted_at IS NULL", job_id)
            .await
    }

    /// The files that have expired and still exist.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn expired_files(&self, now_ms: u64) -> Result<Vec<FileRow>, Error> {
        self.files_where("expires_at <= $1 AND deleted_at IS NULL", stored(now_ms))
            .await
    }

    /// All files that should exist.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn live_files(&self, now_ms: u64) -> Result<Vec<FileRow>, Error> {
        self.files_where("expires_at > $1 AND deleted_at IS NULL", stored(now_ms))
            .await
    }

    async fn files_where<'a, T>(
        &self,
        condition: &'static str,
        value: T,
    ) -> Result<Vec<FileRow>, Error>
    where
        T: sqlx::Encode<'a, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite> + Send + 'a,
    {
        let query = format!(
            "SELECT name, job_id, sha256, bytes, content_type, dimensions, expires_at
             FROM files WHERE {condition} ORDER BY name"
        );
        let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(query))
            .bind(value)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(file).collect())
    }

    /// Marks a file as deleted, unless it was written again after `expired_files` returned this row.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn bury_file(&self, row: &FileRow, now_ms: u64) -> Result<(), Error> {
        sqlx::query("UPDATE files SET deleted_at = $1 WHERE name = $2 AND expires_at = $3")
            .bind(stored(now_ms))
            .bind(&row.name)
            .bind(stored(row.expires_at_ms))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Deletes the rows of files that were deleted before `until_ms`.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn forget_files(&self, until_ms: u64) -> Result<(), Error> {
        sqlx::query("DELETE FROM files WHERE deleted_at < $1")
            .bind(stored(until_ms))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Limits the expiry of all files to `latest_ms`, so that no file is kept forever after the system clock was set
    /// back.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn clamp_files(&self, latest_ms: u64) -> Result<(), Error> {
        sqlx::query("UPDATE files SET expires_at = $1 WHERE expires_at > $1")
            .bind(stored(latest_ms))
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
