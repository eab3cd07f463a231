//! Why the plugin host cannot start, or cannot do what it was asked to do.

use super::rejection::Rejection;
use crate::database;

/// Why the plugin host cannot start, or cannot do what it was asked to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An embedded plugin does not load, or a folder cannot be used.
    #[error("{0}")]
    Start(String),
    /// The component was rejected.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// There is no such version, or none to go back to.
    #[error("there is no such version")]
    NoVersion,
    /// The server was started without a plugin folder.
    #[error("this server has no plugin folder: start it with --plugins")]
    NoFolder,
    /// The plugin folder cannot be written.
    #[error("{0}")]
    Folder(String),
    /// What is to be kept as a case is none.
    #[error("{0}")]
    Case(String),
    /// The fleet cannot decide now: its database or its store does not answer, or others decide at the same moment.
    #[error("{0}")]
    Fleet(String),
}

impl From<database::Error> for Error {
    fn from(error: database::Error) -> Self {
        Self::Fleet(error.to_string())
    }
}
