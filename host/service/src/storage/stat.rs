//! What is known of a published file without reading it.

use std::{fs::Metadata, os::unix::fs::MetadataExt as _, time::SystemTime};

use super::{Error, FileDigest};

/// What is known of a published file without reading it. Equal values mean equal bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stat {
    /// Its length.
    pub bytes: u64,
    /// When it was written.
    pub modified: SystemTime,
    /// Differs after any change of its bytes, also by one that hides it. In a folder: the inode, and the time of the last
    /// change, which nobody can set back. In a bucket: the beginning of the hash.
    change: (u64, i64, i64),
}

impl Stat {
    pub(super) fn of(found: &Metadata) -> Result<Self, Error> {
        match found.is_file() {
            true => Ok(Self {
                bytes: found.len(),
                modified: found.modified()?,
                change: (found.ino(), found.ctime(), found.ctime_nsec()),
            }),
            false => Err(Error::NotAFile),
        }
    }

    /// That of an object whose key says which bytes it has.
    pub(super) fn of_content(content: &FileDigest, written: SystemTime) -> Self {
        let digits = |from: usize| content.sha256.get(from..from + 16);
        let number = |from| digits(from).and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let number = |from| number(from).unwrap_or_default();
        Self {
            bytes: content.bytes,
            modified: written,
            change: (
                number(0),
                number(16).cast_signed(),
                number(32).cast_signed(),
            ),
        }
    }
}
