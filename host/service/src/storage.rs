//! The file store: stage, publish, read, delete. The only module that uses object_store and knows where files are
//! stored.
//!
//! A file is staged where nobody sees it and published by one rename, so that a crash leaves either the complete file
//! or none. The rename is the store's own and not one of `data`, because a store need not be a folder. Staged files are
//! always local, because converters need a path; where published files are stored is up to the store.

mod buffer;
mod digest;
mod name;
mod open;
mod published;
mod staged;
mod staging;
#[cfg(test)]
mod tests;

use std::{
    fs::{self, File, Metadata},
    io::{self, Read as _},
    os::{fd::OwnedFd, unix::fs::MetadataExt as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use object_store::{ObjectStoreExt as _, local::LocalFileSystem, path::Path as Key};
use tokio::task::spawn_blocking;

pub use digest::FileDigest;
pub use name::Name;
pub use published::{Pieces, PublishedFile};
pub use staged::StagedFile;
pub use staging::Staging;

use buffer::{Buffers, PIECE_BYTES};
use digest::Digesting;

use crate::data::{self, Access, Owner};

/// Limits of the file store.
#[derive(Clone, Debug)]
pub struct Config {
    /// The maximum total size of published files, bytes.
    pub quota_bytes: u64,
    /// The disk space that must stay free so that the database and the log can still be written, bytes.
    pub free_bytes_min: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            quota_bytes: 10 << 30,
            free_bytes_min: 512 << 20,
        }
    }
}

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

impl From<object_store::Error> for Error {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::NotFound,
            error => Self::Failed(error.to_string()),
        }
    }
}

/// What is known of a published file without reading it. Equal values mean equal bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stat {
    /// Its length.
    pub bytes: u64,
    /// When it was written.
    pub modified: SystemTime,
    /// Differs after any change of its bytes, also by one that hides it: the inode, and the time of the last change,
    /// which nobody can set back.
    change: (u64, i64, i64),
}

impl Stat {
    fn of(found: &Metadata) -> Result<Self, Error> {
        match found.is_file() {
            true => Ok(Self {
                bytes: found.len(),
                modified: found.modified()?,
                change: (found.ino(), found.ctime(), found.ctime_nsec()),
            }),
            false => Err(Error::NotAFile),
        }
    }
}

/// The file store. A cheap handle.
#[derive(Clone, Debug)]
pub struct Storage(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: LocalFileSystem,
    config: Config,
    owner: Owner,
    /// The folder of published files. It is absolute, because keys are made from absolute paths.
    folder: PathBuf,
    /// The same folder, open.
    opened: Arc<OwnedFd>,
    /// For reading published files.
    buffers: Arc<Buffers>,
    /// The folder of staged files, absolute.
    staging: PathBuf,
    /// The total size of published files, bytes.
    used: AtomicU64,
}

impl Storage {
    /// Creates the folder of files (mode 0700) and deletes what an earlier process had staged.
    ///
    /// # Errors
    /// If the folder cannot be created or read.
    pub async fn open(config: Config, owner: &Owner) -> Result<Self, Error> {
        owner.remove_folder(&owner.staging())?;
        data::make_folder(&owner.staging(), Access::Private)?;
        let folder = owner.files().canonicalize()?;
        let staging = owner.staging().canonicalize()?;
        let store = LocalFileSystem::new_with_prefix(&folder)?.with_fsync(true);
        let inner = Inner {
            store,
            config,
            owner: owner.clone(),
            opened: Arc::new(open::folder(&folder)?),
            buffers: Arc::default(),
            folder,
            staging,
            used: AtomicU64::new(0),
        };
        let storage = Self(Arc::new(inner));
        storage.count().await?;
        Ok(storage)
    }

    /// The total size of all published files, bytes.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.0.used.load(Ordering::Relaxed)
    }

    /// Checks that `bytes` more may be stored.
    ///
    /// # Errors
    /// [`Error::Full`] says which limit is reached.
    pub fn has_room(&self, bytes: u64) -> Result<(), Error> {
        let Inner {
            config,
            folder,
            used,
            ..
        } = &*self.0;
        if used.load(Ordering::Relaxed).saturating_add(bytes) > config.quota_bytes {
            return Err(Error::Full("the quota is used up"));
        }
        let disk = rustix::fs::statvfs(folder).map_err(io::Error::from)?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free < config.free_bytes_min.saturating_add(bytes) {
            return Err(Error::Full("the disk is nearly full"));
        }
        Ok(())
    }

    /// Creates a private folder for staged files. It is deleted with its contents when dropped.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn stage(&self) -> Result<Staging, Error> {
        Ok(Staging::make(&self.0.staging, &self.0.owner)?)
    }

    /// Reads a staged file and returns its length and hash.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn measure(&self, staged: &Path) -> Result<FileDigest, Error> {
        let path = staged.to_owned();
        blocking(move || {
            faults::may_fail("storage.measure", &path)?;
            let mut file = File::open(path)?;
            let mut digesting = Digesting::default();
            let mut piece = vec![0; PIECE_BYTES];
            loop {
                match file.read(&mut piece)? {
                    0 => return Ok(digesting.finish()),
                    read => digesting.add(&piece[..read]),
                }
            }
        })
        .await
    }

    /// Reads a published file and returns its length and hash, to check that it is unchanged.
    ///
    /// # Errors
    /// As [`Storage::published`].
    pub async fn measure_published(&self, name: &Name) -> Result<FileDigest, Error> {
        self.published(name).await?.measure().await
    }

    /// Publishes a staged file under `name` and replaces an existing file of this name. It is durable when the function
    /// returns.
    ///
    /// # Errors
    /// If the file cannot be synced to the disk; then it is not published.
    pub async fn publish(&self, staged: &Path, name: &Name) -> Result<(), Error> {
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
        if let Err(error) = self.rename(staged, name).await {
            // The file may have been renamed, with only the sync of its folder failing.
            self.count().await?;
            return Err(error);
        }
        self.0.used.fetch_add(bytes, Ordering::Relaxed);
        self.give_back(replaced);
        Ok(())
    }

    async fn rename(&self, staged: &Path, name: &Name) -> Result<(), Error> {
        faults::may_fail("storage.rename", name.as_str())?;
        let staged =
            Key::from_absolute_path(staged).map_err(|error| Error::Failed(error.to_string()))?;
        let root = Key::from_absolute_path(&self.0.folder)
            .map_err(|error| Error::Failed(error.to_string()))?;
        let below: Key = staged.prefix_match(&root).into_iter().flatten().collect();
        self.0.store.rename(&below, &key(name)).await?;
        faults::may_fail("storage.renamed", name.as_str())?;
        Ok(())
    }

    /// Computes the total size from the published files.
    async fn count(&self) -> Result<(), Error> {
        let used = self.files().await?.iter().map(|(_, bytes)| bytes).sum();
        self.0.used.store(used, Ordering::Relaxed);
        Ok(())
    }

    /// The length of a published file, and when it was written.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such file, [`Error::NotAFile`] if something else is in its place.
    pub async fn stat(&self, name: &Name) -> Result<Stat, Error> {
        let path = self.0.folder.join(name.as_str());
        // The store would open the file, and wait for the other end of a FIFO.
        let found = blocking(move || fs::symlink_metadata(path)).await?;
        Stat::of(&found)
    }

    /// Opens a published file.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such file, [`Error::NotAFile`] if something else is in its place.
    pub async fn published(&self, name: &Name) -> Result<PublishedFile, Error> {
        let Inner {
            opened, buffers, ..
        } = &*self.0;
        let file = open::open(opened, name.as_str()).await?;
        Ok(PublishedFile {
            stat: Stat::of(&file.metadata()?)?,
            file: Arc::new(file),
            buffers: Arc::clone(buffers),
        })
    }

    /// Deletes a published file. A file that does not exist is not an error, and what somebody else has put in its
    /// place is not ours to delete.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn delete(&self, name: &Name) -> Result<(), Error> {
        let bytes = match self.stat(name).await {
            Err(Error::NotFound) => return Ok(()),
            Err(Error::NotAFile) => {
                tracing::error!(%name, "something else is in the place of a file, and stays");
                return Ok(());
            }
            stat => stat?.bytes,
        };
        match self.0.store.delete(&key(name)).await {
            Ok(()) => self.give_back(bytes),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// All published files with their lengths; files that this server did not name, and what is no file, are ignored.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn files(&self) -> Result<Vec<(Name, u64)>, Error> {
        // The store would follow links, and fail because of one that leads to itself.
        let folder = self.0.folder.clone();
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

    fn give_back(&self, bytes: u64) {
        let used = &self.0.used;
        let less = |used: u64| Some(used.saturating_sub(bytes));
        // The closure always returns a value.
        let _ = used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

fn key(name: &Name) -> Key {
    Key::from(name.as_str())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let done = spawn_blocking(work).await;
    Ok(done.map_err(|error| Error::Failed(error.to_string()))??)
}
