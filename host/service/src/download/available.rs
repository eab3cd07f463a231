//! Files that may be served: found by their row, and opened.

use std::{ops::Range, sync::Arc, time::Duration};

use moka::future::Cache;

use super::{Downloads, Tools, publish::publication_of};
use crate::{
    database::{self, FileRow},
    storage::{self, Name, Pieces, PublishedFile, Stat},
};

/// The maximum number of rows that are kept in memory, each of about half a KB. Files of others are read again before they
/// are served, so there is room for more than a server publishes in the time that files are kept.
const ROWS_MAX: u64 = 65_536;

/// A file that may be served. In a folder it is open, so it can be read to its end whatever happens to it meanwhile.
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

/// The rows of files that were published or served.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The latest one of each name: it leads to a file of a bucket.
    latest: Cache<Name, Arc<FileRow>>,
    /// Those of files whose bytes are known to be those of the row: of published files, and of those that were read to
    /// check it. A changed file is another one.
    checked: Cache<(Name, Stat), Arc<FileRow>>,
}

impl Default for Rows {
    fn default() -> Self {
        Self {
            latest: Cache::new(ROWS_MAX),
            checked: Cache::new(ROWS_MAX),
        }
    }
}

impl Rows {
    /// Remembers the row of a file that was just published.
    pub(super) async fn remember(&self, name: &Name, stat: Stat, row: &FileRow) {
        let row = Arc::new(row.clone());
        self.latest.insert(name.clone(), Arc::clone(&row)).await;
        self.checked.insert((name.clone(), stat), row).await;
    }

    /// The row of a name, from memory if it is there.
    async fn latest(&self, name: &Name, tools: &Tools) -> Result<Arc<FileRow>, FileError> {
        if let Some(row) = self.latest.get(name).await
            && !is_expired(&row, tools.clock.now_ms())
        {
            return Ok(row);
        }
        self.anew(name, tools).await
    }

    /// The row of a name from the database, where others may have changed it.
    async fn anew(&self, name: &Name, tools: &Tools) -> Result<Arc<FileRow>, FileError> {
        match row_of(name, tools).await {
            Ok(row) => {
                let row = Arc::new(row);
                self.latest.insert(name.clone(), Arc::clone(&row)).await;
                Ok(row)
            }
            // Without the database, what is known may still be served.
            Err(error @ (FileError::Away | FileError::Failed(_))) => Err(error),
            Err(error) => {
                self.latest.invalidate(name).await;
                Err(error)
            }
        }
    }

    /// The row of an open file.
    async fn of(
        &self,
        name: &Name,
        file: &PublishedFile,
        tools: &Tools,
    ) -> Result<Arc<FileRow>, FileError> {
        let key = (name.clone(), file.stat());
        if let Some(row) = self.checked.get(&key).await {
            if !is_expired(&row, tools.clock.now_ms()) {
                return Ok(row);
            }
            self.checked.invalidate(&key).await;
        }
        // However many ask for it, a file is read once.
        let row = self
            .checked
            .try_get_with(key, checked(name, file, tools))
            .await;
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
    if has_bytes_of(file, &row).await? {
        return Ok(Arc::new(row));
    }
    // A file is published before its row is written.
    let _naming = tools.naming.lock().await;
    let current = row_of(name, tools).await?;
    if current.sha256 != row.sha256 && has_bytes_of(file, &current).await? {
        return Ok(Arc::new(current));
    }
    // It is better to serve nothing than wrong bytes.
    tracing::error!(%name, "a published file is changed");
    Err(FileError::Expired)
}

async fn has_bytes_of(file: &PublishedFile, row: &FileRow) -> Result<bool, FileError> {
    let publication = publication_of(row).ok_or(FileError::NotFound)?;
    let has = file.has(&publication.content).await;
    has.map_err(|error| FileError::Failed(error.to_string()))
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

impl Tools {
    /// Opens the file of a row.
    async fn opened(&self, row: &FileRow) -> Result<PublishedFile, storage::Error> {
        let publication = publication_of(row).ok_or(storage::Error::NotFound)?;
        self.storage
            .published(&publication, self.written(row))
            .await
    }
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
        let known = tools.rows.latest(&name, tools).await?;
        let file = match tools.opened(&known).await {
            Ok(file) => file,
            Err(error) => return Err(self.missing(&name, error).await),
        };
        let row = tools.rows.of(&name, &file, tools).await?;
        Ok(AvailableFile { name, row, file })
    }

    /// Begins to read a part of a file.
    ///
    /// # Errors
    /// If the store of files does not answer, or does not have it any more.
    pub async fn read(&self, found: &AvailableFile, part: Range<u64>) -> Result<Pieces, FileError> {
        let tools = &self.0.tools;
        let read = match found.file.read(part.clone()).await {
            Err(storage::Error::NotFound) => {
                // Another replica may have published the same bytes again.
                let row = tools.rows.anew(&found.name, tools).await?;
                if row.sha256 != found.row.sha256 {
                    return Err(FileError::Expired);
                }
                match tools.opened(&row).await {
                    Ok(file) => file.read(part).await,
                    Err(error) => Err(error),
                }
            }
            read => read,
        };
        match read {
            Ok(pieces) => Ok(pieces),
            Err(error) => Err(self.missing(&found.name, error).await),
        }
    }

    /// A link by which anybody can read the file from its store, for a short time and never longer than the file is
    /// served; `None` if there is no such way.
    ///
    /// # Errors
    /// If the file is not served any more, or there are no credentials to sign the link with.
    pub async fn link(&self, found: &AvailableFile) -> Result<Option<String>, FileError> {
        let tools = &self.0.tools;
        // Another replica may have published the same bytes again, and nobody tries another link.
        let row = match tools.rows.anew(&found.name, tools).await {
            Err(FileError::Away) => Arc::clone(&found.row),
            row => row?,
        };
        let Some(publication) = publication_of(&row).filter(|_| row.sha256 == found.row.sha256)
        else {
            return Ok(None);
        };
        let left = row.expires_at_ms.saturating_sub(tools.clock.now_ms());
        let link = tools
            .storage
            .link(&publication, Duration::from_millis(left));
        link.await
            .map_err(|error| FileError::Failed(error.to_string()))
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
