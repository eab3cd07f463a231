//! Publishes staged files: chooses names, writes rows, and builds the result.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{Reason, Tools};
use crate::{
    database::{self, FileRow, Kept},
    job::{Attempt, JobId},
    media::Type,
    storage::{FileDigest, Name, Publication},
};

/// The length of the random suffix of a name, characters: 60 random bits.
const SUFFIX_CHARACTERS: usize = 15;

/// The maximum number of names that are tried for a file.
const NAMES_MAX: u32 = 5;

/// A file of a finished job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputFile {
    /// Its name in `/instagram/download/file/{filename}`.
    pub filename: String,
    /// Its length.
    pub bytes: u64,
    /// For example `image/jpeg`.
    pub content_type: String,
    /// For example `1080x1350`, as measured.
    pub dimensions: Option<String>,
}

/// A file that a finished job could not make, although it made others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingFile {
    /// The name that it would have, without its ending.
    pub name: String,
    /// Why it is missing.
    pub reason: Reason,
}

/// The result of a finished job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// In the order of the post.
    pub files: Vec<OutputFile>,
    /// The files that could not be made. Results that an earlier version stored have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<MissingFile>,
    /// The metadata, if requested.
    pub metadata: Option<Value>,
}

/// A staged file that is ready to be published.
pub(super) struct Ready {
    pub(super) stem: String,
    pub(super) path: PathBuf,
    pub(super) kind: Type,
    /// Its length and hash, if they were measured while it was written.
    pub(super) digest: Option<FileDigest>,
    /// Width and height, pixels.
    pub(super) size: Option<(u32, u32)>,
}

impl Ready {
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.stem, self.kind.extension())
    }

    pub(super) fn dimensions(&self) -> Option<String> {
        let (width, height) = self.size?;
        Some(format!("{width}x{height}"))
    }
}

impl From<FileRow> for OutputFile {
    fn from(row: FileRow) -> Self {
        Self {
            filename: row.name,
            bytes: row.bytes,
            content_type: row.content_type,
            dimensions: row.dimensions,
        }
    }
}

impl From<database::Error> for Reason {
    fn from(error: database::Error) -> Self {
        tracing::error!(%error, "a download cannot keep its rows");
        Self::Internal
    }
}

impl Tools {
    /// Publishes a staged file for this attempt: first the bytes, then the row that makes the file known.
    pub(super) async fn publish(
        &self,
        attempt: &Attempt,
        ready: &Ready,
    ) -> Result<OutputFile, Reason> {
        let content = match &ready.digest {
            Some(digest) => digest.clone(),
            None => self.storage.measure(&ready.path).await?,
        };
        // A ZIP contains up to 20 files, each within the limit.
        if content.bytes > self.config.file_bytes_max && ready.kind != Type::Zip {
            return Err(Reason::TooLarge);
        }
        let content_type = ready.kind.content_type();
        let mut publication = Publication {
            name: self.free_name(attempt.id, &ready.name(), &content).await?,
            content,
            by: attempt.id.to_string(),
        };
        for _ in 0..NAMES_MAX {
            // It may take long, and others choose names meanwhile.
            self.storage
                .bring(&ready.path, &publication, content_type)
                .await?;
            let made = self.make_known(attempt, ready, &publication).await?;
            if let Some(row) = made {
                return Ok(row.into());
            }
            // Nobody will know it.
            self.forget(attempt.id, &publication).await;
            publication.name = suffixed(&publication.name)?;
        }
        Err(Reason::Internal)
    }

    /// Publishes a file whose bytes are where they will be published, and stores its row; `None` if somebody else has taken
    /// its name meanwhile.
    async fn make_known(
        &self,
        attempt: &Attempt,
        ready: &Ready,
        publication: &Publication,
    ) -> Result<Option<FileRow>, Reason> {
        let _naming = self.naming.lock().await;
        let before = self.database.file(publication.name.as_str()).await?;
        if !self.is_free(publication, before.as_ref()).await {
            return Ok(None);
        }
        self.storage.publish(&ready.path, publication).await?;
        faults::reached("file.published");
        let now = self.clock.now_ms();
        let row = FileRow {
            name: publication.name.to_string(),
            job_id: publication.by.clone(),
            sha256: publication.content.sha256.clone(),
            bytes: publication.content.bytes,
            content_type: ready.kind.content_type().to_owned(),
            dimensions: ready.dimensions(),
            expires_at_ms: now + self.config.retention_s * 1000,
        };
        match self.database.keep_file(&row, attempt.number, now).await? {
            Kept::Stored => {}
            // Another replica took it at the same moment.
            Kept::NameTaken => return Ok(None),
            Kept::Lost => return Err(Reason::Internal),
        }
        if let Some(before) = before.as_ref().and_then(publication_of)
            && before != *publication
        {
            self.forget(attempt.id, &before).await;
        }
        let written = self.written(&row);
        if let Ok(file) = self.storage.published(publication, written).await {
            let stat = file.stat();
            self.rows.remember(&publication.name, stat, &row).await;
        }
        Ok(Some(row))
    }

    /// Deletes a publication that this job has replaced, unless the job that made it may write it again.
    async fn forget(&self, job: JobId, before: &Publication) {
        let over = match self.database.job(&before.by).await {
            Ok(rows) => rows
                .iter()
                .filter(|row| row.id == before.by)
                .all(|row| row.finished_at.is_some()),
            Err(_) => false,
        };
        if !over && before.by != job.to_string() {
            return;
        }
        if let Err(error) = self.storage.delete_replaced(before).await {
            tracing::warn!(%error, name = %before.name, "a replaced file stays");
        }
    }

    /// When the file of a row was published.
    pub(super) fn written(&self, row: &FileRow) -> SystemTime {
        let retention_ms = self.config.retention_s * 1000;
        UNIX_EPOCH + Duration::from_millis(row.expires_at_ms.saturating_sub(retention_ms))
    }

    /// The documented name, or one with a suffix if a different file is being served under it or names are secret.
    async fn free_name(
        &self,
        job: JobId,
        name: &str,
        content: &FileDigest,
    ) -> Result<Name, Reason> {
        let name = Name::parse(name).ok_or(Reason::ExtractorFailed)?;
        let row = self.database.file(name.as_str()).await?;
        let publication = Publication {
            name,
            content: content.clone(),
            by: job.to_string(),
        };
        match self.is_free(&publication, row.as_ref()).await && !self.config.secret_names {
            true => Ok(publication.name),
            false => suffixed(&publication.name),
        }
    }

    /// Whether this may be published under its name, which has this row.
    async fn is_free(&self, publication: &Publication, row: Option<&FileRow>) -> bool {
        let now = self.clock.now_ms();
        let is_taken = row.is_some_and(|row| {
            row.expires_at_ms > now
                && row.sha256 != publication.content.sha256
                && row.job_id != publication.by
        });
        // What somebody else has put there is not ours to replace.
        !is_taken && self.storage.may_publish(&publication.name).await
    }

    /// The files that an earlier attempt of this job published, if all of them are unchanged.
    pub(super) async fn published(
        &self,
        job: JobId,
        files: usize,
    ) -> Result<Option<Vec<OutputFile>>, Reason> {
        let rows = self.database.files_of(&job.to_string()).await?;
        if rows.len() != files {
            return Ok(None);
        }
        for row in &rows {
            let publication = publication_of(row).ok_or(Reason::Internal)?;
            if !matches!(self.storage.holds(&publication).await, Ok(true)) {
                return Ok(None);
            }
        }
        Ok(Some(rows.into_iter().map(OutputFile::from).collect()))
    }
}

/// What a row says of a file; `None` if no such name was ever given.
pub(super) fn publication_of(row: &FileRow) -> Option<Publication> {
    Some(Publication {
        name: Name::parse(&row.name)?,
        content: FileDigest {
            bytes: row.bytes,
            sha256: row.sha256.clone(),
        },
        by: row.job_id.clone(),
    })
}

fn suffixed(name: &Name) -> Result<Name, Reason> {
    let suffix = Uuid::new_v4().simple().to_string();
    name.with_suffix(&suffix[..SUFFIX_CHARACTERS])
        .ok_or(Reason::Internal)
}
