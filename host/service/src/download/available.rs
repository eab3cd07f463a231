//! Files that may be served: found by their row, and opened.

use std::{ops::Range, sync::Arc};

use moka::future::Cache;

use super::{Downloads, Tools};
use crate::{
    database::{self, FileRow},
    storage::{self, Name, Pieces, PublishedFile, Stat},
};

/// The maximum number of rows that are kept in memory.
const ROWS_MAX: u64 = 4096;

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
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There never was such a file, or it expired long ago.
    #[error("there is no such file")]
    NotFound,
    /// It has expired.
    #[error("the file has expired")]
    Expired,
    /// An error of the server.
    #[error("{0}")]
    Failed(String),
}

impl From<database::Error> for FileError {
    fn from(error: database::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// The rows of files that were served, because a client asks for many ranges of one file. A row counts only for the file
/// that it was read for: a file that is published again is another one.
pub(super) struct Rows(Cache<Name, (Stat, Arc<FileRow>)>);

impl Default for Rows {
    fn default() -> Self {
        Self(Cache::new(ROWS_MAX))
    }
}

impl Rows {
    /// The row of an open file.
    async fn of(
        &self,
        name: &Name,
        stat: Stat,
        tools: &Tools,
    ) -> Result<Option<Arc<FileRow>>, FileError> {
        if let Some((known, row)) = self.0.get(name).await
            && known == stat
            && !is_expired(&row, tools)
        {
            return Ok(Some(row));
        }
        // A file is published before its row is written. Unless none is being published, this may be the row of the
        // file before.
        let settled = tools.naming.try_lock();
        let row = tools.database.file(name.as_str()).await?.map(Arc::new);
        if let (Some(row), Ok(_)) = (&row, settled) {
            let known = (stat, Arc::clone(row));
            self.0.insert(name.clone(), known).await;
        }
        Ok(row)
    }
}

fn is_expired(row: &FileRow, tools: &Tools) -> bool {
    row.expires_at_ms <= tools.clock.now_ms()
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
        let row = self.0.rows.of(&name, file.stat(), tools).await?;
        let row = row.ok_or(FileError::NotFound)?;
        if is_expired(&row, tools) {
            return Err(FileError::Expired);
        }
        // Somebody else may have cut or replaced the file. Then it is better to serve nothing than wrong bytes.
        if file.stat().bytes != row.bytes {
            tracing::error!(%name, "a published file is changed");
            return Err(FileError::Expired);
        }
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
            (Some(row), _) if is_expired(&row, &self.0.tools) => FileError::Expired,
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
