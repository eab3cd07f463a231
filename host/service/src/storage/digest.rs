//! The length and hash of a file, from its bytes.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// The measured length and hash of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDigest {
    /// Its length.
    pub bytes: u64,
    /// SHA-256, 64 hex digits.
    pub sha256: String,
}

/// Computes a [`FileDigest`] from the pieces of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Digesting {
    hash: Sha256,
    bytes: u64,
}

impl Digesting {
    pub(super) fn add(&mut self, piece: &[u8]) {
        self.hash.update(piece);
        self.bytes += piece.len() as u64;
    }

    pub(super) fn finish(self) -> FileDigest {
        let mut sha256 = String::with_capacity(64);
        for byte in self.hash.finalize() {
            // Writing to a string cannot fail.
            let _ = write!(sha256, "{byte:02x}");
        }
        FileDigest {
            bytes: self.bytes,
            sha256,
        }
    }
}
