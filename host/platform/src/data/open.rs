//! Opens files so that whatever is in their place cannot block this process: a FIFO, a device, a socket or a folder is
//! refused, and nothing is read beyond a limit.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use rustix::{fs::OFlags, io::Errno};

/// What to do if a symbolic link is in the place of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// Open what it leads to: a file that the operator provides, which may be mounted or swapped by a link.
    Followed,
    /// Refuse it: a file that only this program writes.
    Refused,
}

/// Opens a regular file for reading. Never blocks.
///
/// # Errors
/// If there is none, or something else is in its place; see [`is_not_regular`].
pub fn open(path: &Path, links: Links) -> io::Result<File> {
    let mut options = OpenOptions::new();
    open_regular(options.read(true), path, links)
}

/// Reads a regular file of at most `bytes_max` bytes.
///
/// # Errors
/// As [`open`], and if it is larger.
pub fn read(path: &Path, links: Links, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path, links)?
        .take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        let reason = format!("is larger than {bytes_max} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    Ok(bytes)
}

/// Returns whether an error of [`open`] means that something other than a regular file is in its place.
#[must_use]
pub fn is_not_regular(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(|cause| cause.is::<NotRegular>())
}

/// Something other than a regular file is in its place.
#[derive(Debug, thiserror::Error)]
#[error("is not a regular file")]
struct NotRegular;

/// Opens a regular file with `options`. Never blocks.
pub(super) fn open_regular(
    options: &mut OpenOptions,
    path: &Path,
    links: Links,
) -> io::Result<File> {
    // Without `NONBLOCK`, opening a FIFO would wait for its other end.
    let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    if links == Links::Refused {
        flags |= OFlags::NOFOLLOW;
    }
    let opened = options.custom_flags(flags.bits().cast_signed()).open(path);
    let file = opened.map_err(|error| match Errno::from_io_error(&error) {
        // A link; a socket, or a FIFO that nobody reads; a folder.
        Some(Errno::LOOP) if links == Links::Refused => not_regular(),
        Some(Errno::NXIO | Errno::ISDIR) => not_regular(),
        _ => error,
    })?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(not_regular()),
    }
}

fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, NotRegular)
}
