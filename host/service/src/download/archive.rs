//! One ZIP of staged files. Media are already compressed, so entries are stored uncompressed; memory use is constant.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use tokio::task::spawn_blocking;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::reason::Reason;
use crate::storage;

/// The number of bytes that are copied at a time.
const PIECE_BYTES: usize = 128 << 10;
/// The entry that describes the other entries.
const METADATA: &str = "metadata.json";

/// Writes `entries` (a name and a staged file each) and the metadata, if any, to `path`.
///
/// # Errors
/// If the disk is full or fails.
pub(super) async fn pack(
    path: &Path,
    entries: Vec<(String, PathBuf)>,
    metadata: Option<String>,
) -> Result<(), Reason> {
    let path = path.to_owned();
    let packed = spawn_blocking(move || write(&path, &entries, metadata.as_deref())).await;
    let packed = packed.unwrap_or_else(|error| Err(io::Error::other(error)));
    packed.map_err(|error| storage::Error::from(error).into())
}

fn write(path: &Path, entries: &[(String, PathBuf)], metadata: Option<&str>) -> io::Result<()> {
    // No timestamps, so that the same files give the same archive.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .unix_permissions(0o644);
    faults::may_fail("zip.create", path)?;
    let mut zip = ZipWriter::new(BufWriter::new(File::create(path)?));
    for (name, staged) in entries {
        faults::may_fail("zip.entry", name)?;
        zip.start_file(name.as_str(), options)?;
        io::copy(
            &mut BufReader::with_capacity(PIECE_BYTES, File::open(staged)?),
            &mut zip,
        )?;
    }
    if let Some(metadata) = metadata {
        zip.start_file(METADATA, options)?;
        zip.write_all(metadata.as_bytes())?;
    }
    faults::may_fail("zip.finish", path)?;
    zip.finish()?
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    Ok(())
}
