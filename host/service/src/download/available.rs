//! Files that may be served: found by their row, and opened.

use std::{ops::Range, sync::Arc};

use moka::future::Cache;

use super::{Downloads, Tools};
use crate::{
    database::{self, FileRow},
    storage::{self, Name, Pieces, PublishedFile, Stat},
};

/// The maximum number of rows that are kept in memory, each of about half a KB. Files of others are read again before they
/// are served, so there is room for more than a server publishes in the time that files are kept.
const ROWS_MAX: u64 = 65_536;

/// A file that may be served. It is open, so it can be read to its end whatever happens to it meanwhile.
#[derive(Clone, Debug)]
pub struct AvailableFile {
    /// Its checked name.
    pub name: Name,
    /// Its row.
    pub row: Arc<FileRow>,
    file: PublishedFile,
}

impl AvailableFile {
    /// Its length, and when it was written.
    #[must_use]
    pub fn stat(&self) -> Stat {
        self.file.stat()
    }

    /// The bytes of a part of it.
    #[must_use]
    pub fn read(&self, part: Range<u64>) -> Pieces {
        self.file.read(part)
    }
}

/// Why a file is not served.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FileError {
    /// There never was such a file, or it expired long ago.
    #[error("there is no such file")]
    NotFound,
    /// It has expired.
    #[error("the file has expired")]
    Expired,
    /// The database that the replicas share does not answer, and this one has not served the file lately.
    #[error("the database does not answer")]
    Away,
    /// An error of the server.
    #[error("{0}")]
    Failed(String),
}

impl From<database::Error> for FileError {
    fn from(error: database::Error) -> Self {
        match error.is_away() {
            true => Self::Away,
            false => Self::Failed(error.to_string()),
        }
    }
}

/// The rows of files whose bytes are known to be those of the row: of published files, and of those that were read to
/// check it. A changed file is another one.
#[derive(Clone, Debug)]
pub struct Rows(Cache<(Name, Stat), Arc<FileRow>>);

impl Default for Rows {
    fn default() -> Self {
        Self(Cache::new(ROWS_MAX))
    }
}

impl Rows {
    /// Remembers the row of a file that was just published.
    pub(super) async fn remember(&self, name: &Name, stat: Stat, row: &FileRow) {
        self.0
            .insert((name.clone(), stat), Arc::new(row.clone()))
            .await;
    }

    /// The row of an open file.
    async fn of(
        &self,
        name: &Name,
        file: &PublishedFile,
        tools: &Tools,
    ) -> Result<Arc<FileRow>, FileError> {
        let key = (name.clone(), file.stat());
        if let Some(row) = self.0.get(&key).await {
            if !is_expired(&row, tools.clock.now_ms()) {
                return Ok(row);
            }
            self.0.invalidate(&key).await;
        }
        // However many ask for it, a file is read once.
        let row = self.0.try_get_with(key, checked(name, file, tools)).await;
        row.map_err(|error| FileError::clone(&error))
    }
}

/// Reads the row of a file, and the file itself: after a restart, or if somebody else may have changed it.
async fn checked(
    name: &Name,
    file: &PublishedFile,
    tools: &Tools,
) -> Result<Arc<FileRow>, FileError> {
    let row = row_of(name, tools).await?;
    let digest = match file.stat().bytes == row.bytes {
        true => Some(
            file.measure()
                .await
                .map_err(|error| FileError::Failed(error.to_string()))?,
        ),
        false => None,
    };
    let is_its = |row: &FileRow| digest.as_ref().is_some_and(|it| it.sha256 == row.sha256);
    if is_its(&row) {
        return Ok(Arc::new(row));
    }
    // A file is published before its row is written.
    let _naming = tools.naming.lock().await;
    let row = row_of(name, tools).await?;
    if is_its(&row) {
        return Ok(Arc::new(row));
    }
    // It is better to serve nothing than wrong bytes.
    tracing::error!(%name, "a published file is changed");
    Err(FileError::Expired)
}

async fn row_of(name: &Name, tools: &Tools) -> Result<FileRow, FileError> {
    let row = tools.database.file(name.as_str()).await?;
    let row = row.ok_or(FileError::NotFound)?;
    match is_expired(&row, tools.clock.now_ms()) {
        true => Err(FileError::Expired),
        false => Ok(row),
    }
}

fn is_expired(row: &FileRow, now_ms: u64) -> bool {
    row.expires_at_ms <= now_ms
}

impl Downloads {
    /// A file that may be served now. This function decides whether a file has expired; housekeeping only deletes it
    /// later.
    ///
    /// # Errors
    /// [`FileError`] says why the file is not served.
    pub async fn file(&self, name: &str) -> Result<AvailableFile, FileError> {
        let name = Name::parse(name).ok_or(FileError::NotFound)?;
        let tools = &self.0.tools;
        let file = match tools.storage.published(&name).await {
            Ok(file) => file,
            Err(error) => return Err(self.missing(&name, error).await),
        };
        let row = tools.rows.of(&name, &file, tools).await?;
        Ok(AvailableFile { name, row, file })
    }

    /// Why a file that cannot be opened is not served.
    async fn missing(&self, name: &Name, error: storage::Error) -> FileError {
        let row = match self.0.tools.database.file(name.as_str()).await {
            Ok(row) => row,
            Err(error) => return error.into(),
        };
        match (row, error) {
            (None, _) => FileError::NotFound,
            (Some(row), _) if is_expired(&row, self.now_ms()) => FileError::Expired,
            (Some(_), storage::Error::NotFound) => {
                tracing::error!(%name, "a published file is gone");
                FileError::Expired
            }
            (Some(_), storage::Error::NotAFile) => {
                tracing::error!(%name, "something else is in the place of a published file");
                FileError::NotFound
            }
            (Some(_), error) => FileError::Failed(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    //! The moment at which a file expires.

    use super::*;

    /// The same moment from which `live_files` and `expired_files` of the database take it for expired.
    #[test]
    fn a_file_is_there_until_its_last_millisecond() {
        let row = FileRow {
            name: "a_image.jpg".to_owned(),
            job_id: String::new(),
            sha256: String::new(),
            bytes: 1,
            content_type: "image/jpeg".to_owned(),
            dimensions: None,
            expires_at_ms: 1_800_000,
        };
        for (now_ms, expired) in [(1_799_999, false), (1_800_000, true), (1_800_001, true)] {
            assert_eq!(is_expired(&row, now_ms), expired, "at {now_ms} ms");
        }
    }
}
