//! Why a file cannot be stored or read, in the words of whoever asked for it.

use std::io;

/// Why a file cannot be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The quota is used up, or the disk is nearly full.
    #[error("no room for more files: {0}")]
    Full(&'static str),
    /// There is no file of this name.
    #[error("there is no such file")]
    NotFound,
    /// Somebody has put something else in the place of the file: a folder, a link, a FIFO or a device.
    #[error("it is no regular file")]
    NotAFile,
    /// The store or the disk fails.
    #[error("file store: {0}")]
    Failed(String),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::Full("the disk is full")
            }
            io::ErrorKind::NotFound => Self::NotFound,
            _ => Self::Failed(error.to_string()),
        }
    }
}
