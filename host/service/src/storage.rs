//! The file store: stage, publish, read, delete. The only module that uses object_store and knows where files are
//! stored.
//!
//! A file is staged where nobody sees it and appears under its name at once and complete, so that a crash leaves either
//! the complete file or none. Staged files are always local, because converters need a path; published ones are in a
//! folder of this machine or in a bucket of a store, and the rooms above need not know where.

mod bucket;
mod buffer;
mod digest;
mod error;
mod folder;
mod name;
mod open;
mod pieces;
mod publication;
mod published;
mod staged;
mod staging;
mod stat;
#[cfg(test)]
mod tests;

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use tokio::task::spawn_blocking;

pub use bucket::{
    BucketAddress, BucketConfig, Credentials, Endpoint, Examined, Lifecycle, OBJECT_BYTES_MAX,
    ObjectKey, Objects, Variables, examine,
};
pub use digest::FileDigest;
pub use error::Error;
pub use name::Name;
pub use publication::Publication;
pub use published::{Pieces, PublishedFile};
pub use staged::StagedFile;
pub use staging::Staging;
pub use stat::Stat;

use bucket::Bucket;
use buffer::PIECE_BYTES;
use digest::Digesting;
use folder::Folder;
use published::Source;

use crate::data::{self, Access, Owner};

/// Where files are stored, and the limits of it.
#[derive(Clone, Debug)]
pub struct Config {
    /// The bucket of published files; `None`: the folder `files` of the data folder.
    pub files: Option<BucketAddress>,
    /// How the bucket is reached.
    pub s3: BucketConfig,
    /// The maximum total size of published files, bytes.
    pub quota_bytes: u64,
    /// The disk space that must stay free so that the database and the log can still be written, bytes.
    pub free_bytes_min: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            files: None,
            s3: BucketConfig::default(),
            quota_bytes: 10 << 30,
            free_bytes_min: 512 << 20,
        }
    }
}

/// The file store. A cheap handle.
#[derive(Clone, Debug)]
pub struct Storage(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    place: Place,
    config: Config,
    owner: Owner,
    /// The folder of staged files, absolute.
    staging: PathBuf,
    /// The total size of published files, bytes.
    used: AtomicU64,
}

/// Where published files are.
#[derive(Debug)]
enum Place {
    Folder(Folder),
    Bucket(Bucket),
}

impl Storage {
    /// Creates the folder of files (mode 0700) and deletes what an earlier process had staged. A bucket is asked whether
    /// it is there for these credentials.
    ///
    /// # Errors
    /// If the folder cannot be created or read, or the store refuses the bucket.
    pub async fn open(config: Config, owner: &Owner) -> Result<Self, Error> {
        owner.remove_folder(&owner.staging())?;
        data::make_folder(&owner.staging(), Access::Private)?;
        let place = match &config.files {
            None => Place::Folder(Folder::open(owner)?),
            Some(address) => {
                let bucket = Bucket::new(address, &config.s3)?;
                bucket.check().await?;
                Place::Bucket(bucket)
            }
        };
        let inner = Inner {
            place,
            config,
            owner: owner.clone(),
            staging: owner.staging().canonicalize()?,
            used: AtomicU64::new(0),
        };
        let storage = Self(Arc::new(inner));
        storage.count().await?;
        Ok(storage)
    }

    /// Small objects in the bucket, if files are in one.
    #[must_use]
    pub fn objects(&self) -> Option<Objects> {
        match &self.0.place {
            Place::Folder(_) => None,
            Place::Bucket(bucket) => Some(Objects(bucket.clone())),
        }
    }

    /// The total size of all published files, bytes.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.0.used.load(Ordering::Relaxed)
    }

    /// Whether it counts the published files by itself. In a bucket it cannot, and others publish and delete there too.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        matches!(self.0.place, Place::Folder(_))
    }

    /// Sets the total size of all published files, bytes, where it is not counted.
    pub fn count_as(&self, bytes: u64) {
        if !self.is_counted() {
            self.0.used.store(bytes, Ordering::Relaxed);
        }
    }

    /// Checks that `bytes` more may be stored.
    ///
    /// # Errors
    /// [`Error::Full`] says which limit is reached.
    pub fn has_room(&self, bytes: u64) -> Result<(), Error> {
        let Inner {
            config, staging, ..
        } = &*self.0;
        if self.used_bytes().saturating_add(bytes) > config.quota_bytes {
            return Err(Error::Full("the quota is used up"));
        }
        // Also what goes to a bucket is staged first.
        let disk = rustix::fs::statvfs(staging).map_err(io::Error::from)?;
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

    /// Whether this publication is there and unchanged. A file of a folder is read to know it.
    ///
    /// # Errors
    /// As [`Storage::published`].
    pub async fn holds(&self, publication: &Publication) -> Result<bool, Error> {
        match &self.0.place {
            Place::Folder(_) => {
                let file = self.published(publication, SystemTime::UNIX_EPOCH);
                file.await?.has(&publication.content).await
            }
            Place::Bucket(bucket) => bucket.holds(publication).await,
        }
    }

    /// Whether nobody else has put something in the place of a file of this name.
    pub async fn may_publish(&self, name: &Name) -> bool {
        match &self.0.place {
            Place::Folder(folder) => !matches!(folder.stat(name).await, Err(Error::NotAFile)),
            Place::Bucket(_) => true,
        }
    }

    /// Brings the bytes of a staged file to where they will be published, as far as this takes long and shows them to
    /// nobody. Only [`Storage::publish`] publishes them.
    ///
    /// # Errors
    /// If the file cannot be read, or a store does not take it.
    pub async fn bring(
        &self,
        staged: &Path,
        publication: &Publication,
        content_type: &str,
    ) -> Result<(), Error> {
        match &self.0.place {
            Place::Folder(_) => Ok(()),
            Place::Bucket(bucket) => bucket.upload(staged, publication, content_type).await,
        }
    }

    /// Publishes a staged file that was [brought](Storage::bring), and replaces an existing file of its name. It is durable
    /// when the function returns.
    ///
    /// # Errors
    /// If the file cannot be synced to the disk; then it is not published.
    pub async fn publish(&self, staged: &Path, publication: &Publication) -> Result<(), Error> {
        let (bytes, replaced) = match &self.0.place {
            Place::Bucket(_) => (publication.content.bytes, 0),
            Place::Folder(folder) => match folder.publish(staged, &publication.name).await {
                Ok(counted) => counted,
                Err(error) => {
                    // The file may have been renamed, with only the sync of its folder failing.
                    self.count().await?;
                    return Err(error);
                }
            },
        };
        self.0.used.fetch_add(bytes, Ordering::Relaxed);
        self.give_back(replaced);
        Ok(())
    }

    /// Deletes a publication that another one of the same name has replaced, where the place keeps both.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn delete_replaced(&self, publication: &Publication) -> Result<(), Error> {
        match &self.0.place {
            Place::Folder(_) => Ok(()),
            Place::Bucket(_) => self.delete(publication).await,
        }
    }

    /// Computes the total size from the published files, where they can be listed.
    async fn count(&self) -> Result<(), Error> {
        if let Some(files) = self.files().await? {
            let used = files.iter().map(|(_, bytes)| bytes).sum();
            self.0.used.store(used, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Opens a published file. In a bucket, its row says what it is, and when it was `written`.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such file, [`Error::NotAFile`] if something else is in its place. Whether an
    /// object is there is known once it is read.
    pub async fn published(
        &self,
        publication: &Publication,
        written: SystemTime,
    ) -> Result<PublishedFile, Error> {
        let (stat, source) = match &self.0.place {
            Place::Folder(folder) => {
                let (stat, file) = folder.file(&publication.name).await?;
                (stat, Source::Folder(file))
            }
            Place::Bucket(bucket) => (
                Stat::of_content(&publication.content, written),
                Source::Bucket(bucket.object(publication)),
            ),
        };
        Ok(PublishedFile { stat, source })
    }

    /// A link by which anybody can read the file from the store itself, for at most `life`. `None`: there is no such way,
    /// or too little is left.
    ///
    /// # Errors
    /// If there are no credentials to sign it with.
    pub async fn link(
        &self,
        publication: &Publication,
        life: Duration,
    ) -> Result<Option<String>, Error> {
        match &self.0.place {
            Place::Folder(_) => Ok(None),
            Place::Bucket(bucket) => bucket.link(publication, life).await,
        }
    }

    /// Deletes a published file. A file that does not exist is not an error, and what somebody else has put in its
    /// place is not ours to delete.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn delete(&self, publication: &Publication) -> Result<(), Error> {
        let bytes = match &self.0.place {
            Place::Folder(folder) => folder.delete(&publication.name).await?,
            Place::Bucket(bucket) => {
                bucket.delete(publication).await?;
                publication.content.bytes
            }
        };
        self.give_back(bytes);
        Ok(())
    }

    /// All published files with their lengths, to find those that nobody knows; `None` where listing them costs money.
    ///
    /// # Errors
    /// If the disk fails.
    pub async fn files(&self) -> Result<Option<Vec<(Name, u64)>>, Error> {
        match &self.0.place {
            Place::Folder(folder) => folder.files().await.map(Some),
            Place::Bucket(_) => Ok(None),
        }
    }

    /// Deletes a file that [`Storage::files`] lists.
    ///
    /// # Errors
    /// If the disk fails.
    pub async fn delete_unknown(&self, name: &Name) -> Result<(), Error> {
        if let Place::Folder(folder) = &self.0.place {
            self.give_back(folder.delete(name).await?);
        }
        Ok(())
    }

    fn give_back(&self, bytes: u64) {
        let used = &self.0.used;
        let less = |used: u64| Some(used.saturating_sub(bytes));
        // The closure always returns a value.
        let _ = used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let done = spawn_blocking(work).await;
    Ok(done.map_err(|error| Error::Failed(error.to_string()))??)
}
