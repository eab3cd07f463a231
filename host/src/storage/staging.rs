//! A folder for files on their way: nobody sees it, and it goes away with its owner.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use uuid::Uuid;

/// Beside the published files, so that publishing is a rename. No published name begins with a dot.
pub(super) const FOLDER: &str = ".staging";

/// Deleted with everything in it when dropped.
#[derive(Debug)]
pub struct Staging(PathBuf);

impl Staging {
    pub(super) fn make(files: &Path) -> io::Result<Self> {
        let path = files.join(FOLDER).join(Uuid::new_v4().to_string());
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)?;
        Ok(Self(path))
    }

    /// Where a file of this name would lie; the name is the caller's own.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            // The next start clears it away.
            tracing::warn!(%error, "a staging folder stays");
        }
    }
}
