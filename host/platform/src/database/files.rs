//! The rows of published files: which job made them, what they are, and when they expire.

use super::{
    Database, Error, may_fail,
    pool::{execute, on},
    stored,
};

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

/// What became of the row of a published file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is stored.
    Stored,
    /// Another job has published another file under its name in the meantime.
    NameTaken,
    /// The job no longer belongs to the attempt: another process has taken it over.
    Lost,
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

    /// Stores the row of a file that attempt number `attempt` of its job, which this process runs, has published. It never
    /// shortens the life of a file that others still use.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn keep_file(&self, row: &FileRow, attempt: u32, now_ms: u64) -> Result<Kept, Error> {
        may_fail("file.keep", &row.name)?;
        let keep = "INSERT INTO files (name, job_id, sha256, bytes, content_type, dimensions, expires_at)
             SELECT $1, $2, $3, $4, $5, $6, $7
             WHERE EXISTS (SELECT 1 FROM jobs WHERE id = $2 AND attempt = $8 AND owner = $9 AND state = 'running')
             ON CONFLICT (name) DO UPDATE SET
                 job_id = excluded.job_id, sha256 = excluded.sha256, bytes = excluded.bytes,
                 content_type = excluded.content_type, dimensions = excluded.dimensions, deleted_at = NULL,
                 expires_at = CASE WHEN files.expires_at > excluded.expires_at AND files.deleted_at IS NULL
                     THEN files.expires_at ELSE excluded.expires_at END
             WHERE files.job_id = excluded.job_id OR files.sha256 = excluded.sha256
                 OR files.expires_at <= $10 OR files.deleted_at IS NOT NULL";
        let process = self.process().to_string();
        let kept = execute!(
            self.pool,
            sqlx::query(keep)
                .bind(&row.name)
                .bind(&row.job_id)
                .bind(&row.sha256)
                .bind(stored(row.bytes))
                .bind(&row.content_type)
                .bind(&row.dimensions)
                .bind(stored(row.expires_at_ms))
                .bind(i64::from(attempt))
                .bind(&process)
                .bind(stored(now_ms))
        )?;
        if kept == 1 {
            faults::reached("file.kept");
            return Ok(Kept::Stored);
        }
        let held = "SELECT COUNT(*) FROM jobs WHERE id = $1 AND attempt = $2 AND owner = $3 AND state = 'running'";
        let (held,): (i64,) = on!(self.pool, pool => {
            let held = sqlx::query_as(held).bind(&row.job_id).bind(i64::from(attempt));
            held.bind(&process).fetch_one(pool)
        })?;
        Ok(match held {
            0 => Kept::Lost,
            _ => Kept::NameTaken,
        })
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
        T: sqlx::Encode<'a, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        let query = format!(
            "SELECT name, job_id, sha256, bytes, content_type, dimensions, expires_at
             FROM files WHERE {condition} ORDER BY name"
        );
        let query = sqlx::AssertSqlSafe(query);
        let rows: Vec<Row> =
            on!(self.pool, pool => sqlx::query_as(query).bind(value).fetch_all(pool))?;
        Ok(rows.into_iter().map(file).collect())
    }

    /// Marks a file as deleted, unless it was written again after `expired_files` returned this row.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn bury_file(&self, row: &FileRow, now_ms: u64) -> Result<(), Error> {
        execute!(
            self.pool,
            sqlx::query("UPDATE files SET deleted_at = $1 WHERE name = $2 AND expires_at = $3")
                .bind(stored(now_ms))
                .bind(&row.name)
                .bind(stored(row.expires_at_ms))
        )?;
        Ok(())
    }

    /// Deletes the rows of files that were deleted before `until_ms`.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn forget_files(&self, until_ms: u64) -> Result<(), Error> {
        execute!(
            self.pool,
            sqlx::query("DELETE FROM files WHERE deleted_at < $1").bind(stored(until_ms))
        )?;
        Ok(())
    }

    /// Limits the expiry of all files to `latest_ms`, so that no file is kept forever after the system clock was set
    /// back.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn clamp_files(&self, latest_ms: u64) -> Result<(), Error> {
        execute!(
            self.pool,
            sqlx::query("UPDATE files SET expires_at = $1 WHERE expires_at > $1")
                .bind(stored(latest_ms))
        )?;
        Ok(())
    }
}
