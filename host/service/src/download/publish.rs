//! Publishes staged files: chooses names, writes rows, and builds the result.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{Reason, Tools};
use crate::{
    database::{self, FileRow, Kept},
    job::{Attempt, JobId},
    media::Type,
    storage::{self, FileDigest, Name},
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
        let FileDigest { bytes, sha256 } = match &ready.digest {
            Some(digest) => digest.clone(),
            None => self.storage.measure(&ready.path).await?,
        };
        // A ZIP contains up to 20 files, each within the limit.
        if bytes > self.config.file_bytes_max && ready.kind != Type::Zip {
            return Err(Reason::TooLarge);
        }
        let _naming = self.naming.lock().await;
        // Another replica may take a name at the same moment; then the next one has a random part.
        for _ in 0..NAMES_MAX {
            let name = self.free_name(attempt.id, &ready.name(), &sha256).await?;
            self.storage.publish(&ready.path, &name).await?;
            faults::reached("file.published");
            let now = self.clock.now_ms();
            let row = FileRow {
                name: name.to_string(),
                job_id: attempt.id.to_string(),
                sha256: sha256.clone(),
                bytes,
                content_type: ready.kind.content_type().to_owned(),
                dimensions: ready.dimensions(),
                expires_at_ms: now + self.config.retention_s * 1000,
            };
            match self.database.keep_file(&row, attempt.number, now).await? {
                Kept::Stored => {}
                Kept::NameTaken => continue,
                Kept::Lost => return Err(Reason::Internal),
            }
            if let Ok(stat) = self.storage.stat(&name).await {
                self.rows.remember(&name, stat, &row).await;
            }
            return Ok(row.into());
        }
        Err(Reason::Internal)
    }

    /// The documented name, or one with a suffix if a different file is being served under it or names are secret.
    async fn free_name(&self, job: JobId, name: &str, sha256: &str) -> Result<Name, Reason> {
        let name = Name::parse(name).ok_or(Reason::ExtractorFailed)?;
        let row = self.database.file(name.as_str()).await?;
        let now = self.clock.now_ms();
        let taken = row.is_some_and(|row| {
            row.expires_at_ms > now && row.sha256 != sha256 && row.job_id != job.to_string()
        });
        // What somebody else has put there is not ours to replace.
        let taken = taken
            || matches!(
                self.storage.stat(&name).await,
                Err(storage::Error::NotAFile)
            );
        if !taken && !self.config.secret_names {
            return Ok(name);
        }
        let suffix = Uuid::new_v4().simple().to_string();
        name.with_suffix(&suffix[..SUFFIX_CHARACTERS])
            .ok_or(Reason::Internal)
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
            let name = Name::parse(&row.name).ok_or(Reason::Internal)?;
            match self.storage.measure_published(&name).await {
                Ok(found) if (found.bytes, &found.sha256) == (row.bytes, &row.sha256) => {}
                _ => return Ok(None),
            }
        }
        Ok(Some(rows.into_iter().map(OutputFile::from).collect()))
    }
}
