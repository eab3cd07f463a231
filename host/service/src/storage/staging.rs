//! A folder for unfinished files: nobody else sees it, and it is deleted with its handle.

use std::{
    io,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::data::{self, Access, Owner};

/// A staging folder, deleted with everything in it when dropped.
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

    /// The path of a file with this name; the caller chooses the name.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if let Err(error) = self.owner.remove_folder(&self.path) {
            // The next start deletes it.
            tracing::warn!(%error, "a staging folder stays");
        }
    }
}
