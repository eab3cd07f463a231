//! Published files in a bucket of an S3-compatible store.
//!
//! The key of a file contains the hash of its bytes and the job that publishes it: `files/<hash>/<job>/<name>`. Whoever
//! writes to a key writes the same bytes, however often and from whichever machine, and a job that is over never writes
//! again, so that its files can be deleted at any time later. Which key a name stands for is said by the row of the file,
//! and never by the bucket: nothing lists it. What a crash leaves there, a lifecycle rule deletes.

mod address;
mod client;
mod credentials;
mod examine;
mod object;
mod objects;
#[cfg(test)]
pub(super) mod tests;
mod upload;

use std::{path::Path, sync::Arc, time::Duration};

use object_store::{
    Attribute, Attributes, GetOptions, GetRange, ObjectStoreExt as _,
    aws::AmazonS3,
    path::Path as Key,
    signer::{Method, Signer as _},
};
use tokio::{sync::Semaphore, time::timeout};

pub use address::{BucketAddress, Endpoint};
pub use credentials::{Credentials, Variables};
pub use examine::{Examined, Lifecycle, examine};
pub use objects::{OBJECT_BYTES_MAX, ObjectKey, Objects};

pub(super) use client::words;
pub(super) use object::{Object, ObjectPieces};

use address::FILES;

use super::{Error, Publication};

/// How a bucket is reached, and the limits of requests to it.
#[derive(Clone, Debug)]
pub struct BucketConfig {
    /// The store; `None`: the one of the variables `AWS_ENDPOINT_URL_S3` and `AWS_ENDPOINT_URL`, or Amazon.
    pub endpoint: Option<Endpoint>,
    /// The region; `None`: that of the variables `AWS_REGION` and `AWS_DEFAULT_REGION`, or `us-east-1`.
    pub region: Option<String>,
    /// Whether the bucket is the first part of the path, and not of the name of the host; `None`: with an endpoint.
    pub path_style: Option<bool>,
    /// The variables of the process that have to do with it.
    pub variables: Variables,
    /// What they and the credentials file led to.
    pub credentials: Credentials,
    /// The maximum time to connect to the store, milliseconds.
    pub connect_ms_max: u64,
    /// The maximum time that a request may take until its response begins, and between two pieces of it, milliseconds.
    /// A part of a file must be sent within it.
    pub idle_ms_max: u64,
    /// The maximum time until the store begins to send a file that a client asks for, milliseconds.
    pub first_byte_ms_max: u64,
    /// How long a failed request to the store is repeated, milliseconds.
    pub retry_ms_max: u64,
    /// The maximum number of parts of files, each of 8 MiB, that are being sent to the store at once.
    pub parts_max: usize,
    /// How long a link to a file can be followed, seconds.
    pub link_s_max: u64,
}

impl Default for BucketConfig {
    fn default() -> Self {
        Self {
            endpoint: None,
            region: None,
            path_style: None,
            variables: Variables::default(),
            credentials: Credentials::default(),
            connect_ms_max: 5_000,
            idle_ms_max: 30_000,
            first_byte_ms_max: 10_000,
            retry_ms_max: 30_000,
            parts_max: 8,
            link_s_max: 60,
        }
    }
}

impl BucketConfig {
    /// The port of the store, if it is not Amazon's.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        client::endpoint(self).ok()??.port()
    }
}

/// A bucket. A cheap handle.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    store: AmazonS3,
    address: BucketAddress,
    config: Arc<BucketConfig>,
    /// A permit for each part of a file that is in memory.
    parts: Arc<Semaphore>,
}

impl Bucket {
    /// Prepares requests to a bucket; none is sent.
    ///
    /// # Errors
    /// If the settings make no client.
    pub(super) fn new(address: &BucketAddress, config: &BucketConfig) -> Result<Self, Error> {
        Ok(Self {
            store: client::build(address, config)?,
            address: address.clone(),
            config: Arc::new(config.clone()),
            parts: Arc::new(Semaphore::new(config.parts_max)),
        })
    }

    /// Asks the store whether there is such a bucket for these credentials. A store that does not answer is no error:
    /// it may be back before it is needed.
    ///
    /// # Errors
    /// What the store says against it, in one line.
    pub(super) async fn check(&self) -> Result<(), Error> {
        let Self { store, address, .. } = self;
        let patience = Duration::from_millis(self.config.retry_ms_max);
        let refused = |why: String| Error::Failed(format!("{address}: {why}"));
        let credentials = timeout(patience, store.credentials().get_credential()).await;
        let source = self.config.credentials.source();
        match credentials {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                let why = words(&error);
                return Err(refused(format!("no credentials from {source}: {why}")));
            }
            Err(_) => return Err(refused(format!("no credentials from {source} in time"))),
        }
        // Reading needs no right that serving does not need. Whoever may not list is told nothing about missing objects.
        let key = self.address.key([FILES, "start"]);
        let found = timeout(self.first_byte(), store.get(&key)).await;
        let Ok(Err(error)) = found else {
            if found.is_err() {
                tracing::warn!(%address, "the store does not answer");
            }
            return Ok(());
        };
        match client::Refusal::of(&error) {
            client::Refusal::None => Ok(()),
            client::Refusal::Final => {
                let why = words(&error);
                Err(refused(format!("{why}; the credentials are from {source}")))
            }
            client::Refusal::Passing => {
                tracing::warn!(%address, error = words(&error), "the store does not answer");
                Ok(())
            }
        }
    }

    /// Sends a staged file to the store. It is complete there and durable when the function returns; before, nobody can
    /// see any part of it.
    ///
    /// # Errors
    /// If the file cannot be read, or the store does not take it; then parts that it has are given up.
    pub(super) async fn upload(
        &self,
        staged: &Path,
        publication: &Publication,
        content_type: &str,
    ) -> Result<(), Error> {
        // What a client gets that follows a link to the object.
        let disposition = format!("attachment; filename=\"{}\"", publication.name);
        let attributes = Attributes::from_iter([
            (Attribute::ContentType, content_type.to_owned()),
            (Attribute::ContentDisposition, disposition),
        ]);
        upload::Upload {
            store: &self.store,
            parts: &self.parts,
            key: &self.key(publication),
            attributes,
        }
        .run(staged, publication.content.bytes)
        .await
    }

    /// A published file, of which nothing is read yet.
    pub(super) fn object(&self, publication: &Publication) -> Object {
        Object {
            bucket: self.clone(),
            key: self.key(publication),
            bytes: publication.content.bytes,
        }
    }

    /// Whether there is an object of this length at the key of these bytes.
    ///
    /// # Errors
    /// If the store fails.
    pub(super) async fn holds(&self, publication: &Publication) -> Result<bool, Error> {
        match self.store.head(&self.key(publication)).await {
            Ok(found) => Ok(found.size == publication.content.bytes),
            Err(error) => match error.into() {
                Error::NotFound => Ok(false),
                error => Err(error),
            },
        }
    }

    /// Deletes an object. One that does not exist is no error.
    ///
    /// # Errors
    /// If the store fails.
    pub(super) async fn delete(&self, publication: &Publication) -> Result<(), Error> {
        self.remove(&self.key(publication)).await
    }

    /// A link that anybody can follow for at most `life`, and within the limit, to read the object. `None`: too little is
    /// left for it.
    ///
    /// # Errors
    /// If there are no credentials to sign it with.
    pub(super) async fn link(
        &self,
        publication: &Publication,
        life: Duration,
    ) -> Result<Option<String>, Error> {
        let life = life.as_secs().min(self.config.link_s_max);
        if life == 0 {
            return Ok(None);
        }
        let key = self.key(publication);
        let life = Duration::from_secs(life);
        let link = self.store.signed_url(Method::GET, &key, life).await?;
        Ok(Some(link.into()))
    }

    async fn remove(&self, key: &Key) -> Result<(), Error> {
        match self.store.delete(key).await.map_err(Error::from) {
            Err(Error::NotFound) => Ok(()),
            done => done,
        }
    }

    fn key(&self, publication: &Publication) -> Key {
        let Publication { name, content, by } = publication;
        self.address
            .key([FILES, &content.sha256, by, name.as_str()])
    }

    fn first_byte(&self) -> Duration {
        Duration::from_millis(self.config.first_byte_ms_max)
    }

    /// Begins to read an object of a known length.
    async fn begin(
        &self,
        key: &Key,
        bytes: u64,
        part: std::ops::Range<u64>,
    ) -> Result<object::Answer, Error> {
        use object_store::ObjectStore as _;

        let is_whole = part == (0..bytes);
        let options = GetOptions {
            range: (!is_whole).then(|| GetRange::Bounded(part.clone())),
            ..GetOptions::default()
        };
        let begun = timeout(self.first_byte(), self.store.get_opts(key, options)).await;
        let begun = begun.map_err(|_| Error::Failed("the store does not answer".to_owned()))??;
        if begun.meta.size != bytes {
            tracing::error!(%key, "an object has another length than its row says");
            return Err(Error::NotFound);
        }
        Ok(begun.into_stream())
    }
}
