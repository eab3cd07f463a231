//! A file of a completed job, and sizes as the specification writes them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::download::OutputFile;

/// Bytes of a megabyte, as the specification's `size_mb` counts.
pub(super) const MEGABYTE: f64 = 1_000_000.0;

/// A file that can be fetched.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(super) struct JobFile {
    filename: String,
    /// Megabytes of 1,000,000 bytes.
    size_mb: f64,
    download_url: String,
    media_type: String,
    /// Such as `1080x1920`.
    dimensions: Option<String>,
}

impl From<OutputFile> for JobFile {
    fn from(file: OutputFile) -> Self {
        Self {
            download_url: format!("/instagram/download/file/{}", file.filename),
            filename: file.filename,
            size_mb: megabytes(file.bytes),
            media_type: file.content_type,
            dimensions: file.dimensions,
        }
    }
}

/// A size in megabytes.
pub(super) fn megabytes(bytes: u64) -> f64 {
    hundredths(bytes as f64 / MEGABYTE)
}

/// Rounds to two digits; a small value keeps more, so that the size of a small file is not 0.
pub(super) fn hundredths(value: f64) -> f64 {
    let scale = if value < 0.1 { 1_000_000.0 } else { 100.0 };
    (value * scale).round() / scale
}
