//! Published files in a folder of this machine.
//!
//! A file appears by one rename, so that a crash leaves either the complete file or none. The rename is the store's own
//! and not one of `data`, because its folder is synced too.

use std::{
    fs::{self, File},
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::Arc,
};

use object_store::{ObjectStoreExt as _, local::LocalFileSystem, path::Path as Key};

use super::{Error, Name, Stat, blocking, buffer::Buffers, open, pieces::OpenFile};
use crate::data::Owner;

/// The folder of published files.
#[derive(Debug)]
pub(super) struct Folder {
    store: LocalFileSystem,
    /// It is absolute, because keys are made from absolute paths.
    path: PathBuf,
    /// The same folder, open.
    opened: Arc<OwnedFd>,
    /// For reading published files.
    buffers: Arc<Buffers>,
}

impl Folder {
    /// Opens the folder, which exists.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub(super) fn open(owner: &Owner) -> Result<Self, Error> {
        let path = owner.files().canonicalize()?;
        Ok(Self {
            store: LocalFileSystem::new_with_prefix(&path)?.with_fsync(true),
            opened: Arc::new(open::folder(&path)?),
            buffers: Arc::default(),
            path,
        })
    }

    /// Moves a staged file to its name and replaces what had it. It is durable when the function returns. Returns its
    /// length and that of the file that it replaced.
    ///
    /// # Errors
    /// If it cannot be synced to the disk; then it may have been moved all the same.
    pub(super) async fn publish(&self, staged: &Path, name: &Name) -> Result<(u64, u64), Error> {
        let path = staged.to_owned();
        let bytes = blocking(move || {
            let file = File::open(&path)?;
            faults::may_fail("storage.fsync", &path)?;
            // Do not retry a failed sync: the second one could succeed although data was lost. The caller starts over.
            file.sync_all()?;
            Ok(file.metadata()?.len())
        })
        .await?;
        let replaced = self.stat(name).await.map_or(0, |stat| stat.bytes);
        self.rename(staged, name).await?;
        Ok((bytes, replaced))
    }

    async fn rename(&self, staged: &Path, name: &Name) -> Result<(), Error> {
        faults::may_fail("storage.rename", name.as_str())?;
        let staged =
            Key::from_absolute_path(staged).map_err(|error| Error::Failed(error.to_string()))?;
        let root = Key::from_absolute_path(&self.path)
            .map_err(|error| Error::Failed(error.to_string()))?;
        let below: Key = staged.prefix_match(&root).into_iter().flatten().collect();
        self.store.rename(&below, &key(name)).await?;
        faults::may_fail("storage.renamed", name.as_str())?;
        Ok(())
    }

    /// The length of a file, and when it was written.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such file, [`Error::NotAFile`] if something else is in its place.
    pub(super) async fn stat(&self, name: &Name) -> Result<Stat, Error> {
        let path = self.path.join(name.as_str());
        // The store would open the file, and wait for the other end of a FIFO.
        let found = blocking(move || fs::symlink_metadata(path)).await?;
        Stat::of(&found)
    }

    /// Opens a file.
    ///
    /// # Errors
    /// As [`Folder::stat`].
    pub(super) async fn file(&self, name: &Name) -> Result<(Stat, OpenFile), Error> {
        let file = open::open(&self.opened, name.as_str()).await?;
        let stat = Stat::of(&file.metadata()?)?;
        let buffers = Arc::clone(&self.buffers);
        Ok((stat, OpenFile::new(file, buffers)))
    }

    /// Deletes a file, and returns its length, or 0 if there is none. What somebody else has put in its place is not ours
    /// to delete.
    ///
    /// # Errors
    /// If the disk fails.
    pub(super) async fn delete(&self, name: &Name) -> Result<u64, Error> {
        let bytes = match self.stat(name).await {
            Err(Error::NotFound) => return Ok(0),
            Err(Error::NotAFile) => {
                tracing::error!(%name, "something else is in the place of a file, and stays");
                return Ok(0);
            }
            stat => stat?.bytes,
        };
        match self.store.delete(&key(name)).await {
            Ok(()) => Ok(bytes),
            Err(object_store::Error::NotFound { .. }) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    /// All files with their lengths; files that this server did not name, and what is no file, are ignored.
    ///
    /// # Errors
    /// If the disk fails.
    pub(super) async fn files(&self) -> Result<Vec<(Name, u64)>, Error> {
        // The store would follow links, and fail because of one that leads to itself.
        let folder = self.path.clone();
        blocking(move || {
            let mut files = Vec::new();
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                let Some(name) = entry.file_name().to_str().and_then(Name::parse) else {
                    continue;
                };
                match entry.metadata() {
                    Ok(found) if found.is_file() => files.push((name, found.len())),
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    // Something else, or it was deleted in the meantime.
                    _ => {}
                }
            }
            Ok(files)
        })
        .await
    }
}

fn key(name: &Name) -> Key {
    Key::from(name.as_str())
}
