//! Small objects in the same bucket, by key: what replicas share and what fits into memory, such as components by their
//! digest and captures.

use std::{fmt, time::Duration};

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt as _;
use object_store::{ObjectStore as _, ObjectStoreExt as _, PutMode, PutOptions, path::Path as Key};
use tokio::time::timeout;

use super::{Bucket, BucketAddress, BucketConfig, address::is_part};
use crate::storage::Error;

/// The maximum length of a small object, bytes: each is in memory as a whole.
pub const OBJECT_BYTES_MAX: u64 = 64 << 20;
/// The keys that belong to files.
const FILES: &str = "files/";

/// The key of a small object below the prefix of the bucket: parts of letters, digits, `.`, `_` and `-` between slashes,
/// such as `components/ab12.wasm`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// Checks a key. Keys of files are none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.split('/').all(is_part) && !text.starts_with(FILES);
        fits.then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The small objects of a bucket. A cheap handle.
#[derive(Clone, Debug)]
pub struct Objects(pub(in crate::storage) Bucket);

impl Objects {
    /// Prepares requests to a bucket; none is sent.
    ///
    /// # Errors
    /// If the settings make no client.
    pub fn open(address: &BucketAddress, config: &BucketConfig) -> Result<Self, Error> {
        Bucket::new(address, config).map(Self)
    }

    /// Stores an object, unless there is one of this key. Returns whether it was stored.
    ///
    /// # Errors
    /// If it is larger than [`OBJECT_BYTES_MAX`], or the store does not take it.
    pub async fn put_if_absent(&self, key: &ObjectKey, bytes: Bytes) -> Result<bool, Error> {
        if bytes.len() as u64 > OBJECT_BYTES_MAX {
            return Err(Error::Failed(format!("{key} is too large for an object")));
        }
        let options = PutOptions::from(PutMode::Create);
        let key = self.key(key);
        match self.0.store.put_opts(&key, bytes.into(), options).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads an object of at most `bytes_max` bytes, and never more than [`OBJECT_BYTES_MAX`]; `None` if there is none.
    ///
    /// # Errors
    /// If it is larger, or the store fails.
    pub async fn get(&self, key: &ObjectKey, bytes_max: u64) -> Result<Option<Bytes>, Error> {
        let patience = Duration::from_millis(self.0.config.retry_ms_max);
        let getting = timeout(patience, self.got(key, bytes_max.min(OBJECT_BYTES_MAX)));
        let late = |_| Error::Failed("the store does not answer".to_owned());
        match getting.await.map_err(late)? {
            Err(Error::NotFound) => Ok(None),
            got => got.map(Some),
        }
    }

    async fn got(&self, key: &ObjectKey, bytes_max: u64) -> Result<Bytes, Error> {
        let found = self.0.store.get(&self.key(key)).await?;
        let too_large = || Error::Failed(format!("{key} has more than {bytes_max} bytes"));
        if found.meta.size > bytes_max {
            return Err(too_large());
        }
        let mut bytes = BytesMut::new();
        let mut pieces = found.into_stream();
        while let Some(piece) = pieces.try_next().await? {
            // What the store states and what it sends may differ.
            if (bytes.len() + piece.len()) as u64 > bytes_max {
                return Err(too_large());
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes.freeze())
    }

    /// Deletes an object. One that does not exist is no error.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn delete(&self, key: &ObjectKey) -> Result<(), Error> {
        self.0.remove(&self.key(key)).await
    }

    fn key(&self, key: &ObjectKey) -> Key {
        self.0.address.key(key.0.split('/'))
    }
}
