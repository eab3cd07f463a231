//! The data folder: where everything in it is stored, who may delete from it, and how new files are added.
//!
//! One process at a time owns a data folder. Its [`Owner`] is the proof, and every function that deletes or sweeps
//! requires it. All other processes, such as a command that runs beside a server, are visitors: they may read, and may
//! add complete new files with [`write_atomically`], [`WholeFile`] and [`WholeFolder`]. This module depends on no other
//! module.

mod copy;
mod open;
mod owner;
#[cfg(test)]
mod tests;
mod whole;

use std::{
    fs::TryLockError,
    io,
    path::{Path, PathBuf},
};

pub use copy::Copied;
pub use open::{Links, is_not_regular, open, read};
pub use owner::Owner;
pub use whole::{Access, WholeFile, WholeFolder, make_folder, write_atomically};

/// Why a data folder cannot be owned.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be created or used.
    #[error("data folder {}: {source}", folder.display())]
    Folder {
        /// Which folder.
        folder: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// Another server owns it.
    #[error("data folder {} is in use by another gramhost; stop it or give another --data", .0.display())]
    Owned(PathBuf),
}

/// The layout of a data folder. It gives no right to delete anything; see [`Owner`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
    /// The data folder at `path` as every process may use it: to read, and to add complete new files.
    #[must_use]
    pub fn visit(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Creates the data folder at `path` if it is missing (mode 0700), takes ownership of it for this process, and
    /// deletes files that an earlier process began to write and did not finish.
    ///
    /// # Errors
    /// [`Error`] names the path.
    pub fn own(path: impl Into<PathBuf>) -> Result<Owner, Error> {
        Owner::take(Self(path.into()))
    }

    /// Returns whether a process owns it now; a folder without a lock file has no owner.
    ///
    /// # Errors
    /// If the lock cannot be tested.
    pub fn is_owned(&self) -> io::Result<bool> {
        let Ok(lock) = open(&self.lock(), Links::Refused) else {
            return Ok(false);
        };
        match lock.try_lock() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The SQLite database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.0.join("gramhost.db")
    }

    /// Published downloads.
    #[must_use]
    pub fn files(&self) -> PathBuf {
        self.0.join("files")
    }

    /// Downloads that are not published yet. The folder is below [`Folder::files`], so that publishing is a rename. No
    /// published name begins with a dot.
    #[must_use]
    pub fn staging(&self) -> PathBuf {
        self.files().join(".staging")
    }

    /// Captures, `<kind>/<id>/…`.
    #[must_use]
    pub fn captures(&self) -> PathBuf {
        self.0.join("captures")
    }

    /// The cases that the operator keeps, `<kind>/<case>/…`.
    #[must_use]
    pub fn cases(&self) -> PathBuf {
        self.0.join("fixtures")
    }

    /// The components of versions that have been serving, `<digest>.wasm`.
    #[must_use]
    pub fn components(&self) -> PathBuf {
        self.0.join("components")
    }

    /// Compiled components.
    #[must_use]
    pub fn compiled(&self) -> PathBuf {
        self.0.join("compiled")
    }

    /// The plugin folder, unless the operator sets another one.
    #[must_use]
    pub fn plugins(&self) -> PathBuf {
        self.0.join("plugins")
    }

    /// The token that the admin listener requires.
    #[must_use]
    pub fn admin_token(&self) -> PathBuf {
        self.0.join("admin-token")
    }

    /// The number of published downloads, and of versions of plugins, that a server has left here.
    ///
    /// # Errors
    /// If a folder cannot be read.
    pub fn remains(&self) -> io::Result<(usize, usize)> {
        let count = |folder: PathBuf, is_ours: fn(&Path) -> bool| {
            let entries = owner::entries(&folder)?;
            io::Result::Ok(entries.iter().filter(|path| is_ours(path)).count())
        };
        let files = count(self.files(), |path| !whole::is_hidden(path))?;
        let is_component = |path: &Path| {
            !whole::is_hidden(path) && path.extension().is_some_and(|ending| ending == "wasm")
        };
        Ok((files, count(self.components(), is_component)?))
    }

    /// The lock file, locked as long as a process owns the folder.
    fn lock(&self) -> PathBuf {
        self.0.join("owner.lock")
    }
}
