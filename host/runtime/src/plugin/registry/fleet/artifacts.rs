//! Where the replicas of a fleet keep the components that they share.

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt as _};

use crate::database::Database;

/// Why the store failed, in words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ArtifactError(pub String);

/// A store of components by digest (SHA-256, 64 hex digits), which all replicas reach. Whoever reads one checks the digest.
pub trait Artifacts: Send + Sync {
    /// Keeps a component, if there is none with this digest yet. When it returns, all replicas can read it.
    fn put<'a>(
        &'a self,
        digest: &'a str,
        component: Bytes,
    ) -> BoxFuture<'a, Result<(), ArtifactError>>;

    /// The component with this digest; `None` if there is none, or if it is larger than `bytes_max`.
    fn get<'a>(
        &'a self,
        digest: &'a str,
        bytes_max: u64,
    ) -> BoxFuture<'a, Result<Option<Bytes>, ArtifactError>>;

    /// Deletes the component with this digest, if there is one.
    fn remove<'a>(&'a self, digest: &'a str) -> BoxFuture<'a, Result<(), ArtifactError>>;
}

/// A table of the database that the replicas share.
impl Artifacts for Database {
    fn put<'a>(
        &'a self,
        digest: &'a str,
        component: Bytes,
    ) -> BoxFuture<'a, Result<(), ArtifactError>> {
        async move {
            let put = self.put_artifact(digest, &component).await;
            put.map_err(|error| ArtifactError(error.to_string()))
        }
        .boxed()
    }

    fn get<'a>(
        &'a self,
        digest: &'a str,
        bytes_max: u64,
    ) -> BoxFuture<'a, Result<Option<Bytes>, ArtifactError>> {
        async move {
            let got = self.artifact(digest, bytes_max).await;
            got.map(|component| component.map(Bytes::from))
                .map_err(|error| ArtifactError(error.to_string()))
        }
        .boxed()
    }

    fn remove<'a>(&'a self, digest: &'a str) -> BoxFuture<'a, Result<(), ArtifactError>> {
        async move {
            let removed = self.remove_artifact(digest).await;
            removed.map_err(|error| ArtifactError(error.to_string()))
        }
        .boxed()
    }
}
