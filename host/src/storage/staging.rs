//! A folder for files that are being made: nobody sees it, and it goes away with its handle.

use std::{
    io,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::data::{self, Access, Owner};

/// Deleted with everything in it when dropped.
#[derive(Debug)]
pub struct Staging {
    path: PathBuf,
    owner: Owner,
}

impl Staging {
    pub(super) fn make(folder: &Path, owner: &Owner) -> io::Result<Self> {
        let path = folder.join(Uuid::new_v4().to_string());
        data::make_folder(&path, Access::Private)?;
        let owner = owner.clone();
        Ok(Self { path, owner })
    }

    /// Where a file of this name would lie; the name is the caller's own.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if let Err(error) = self.owner.remove_folder(&self.path) {
            // The next start clears it away.
            tracing::warn!(%error, "a staging folder stays");
        }
    }
}
