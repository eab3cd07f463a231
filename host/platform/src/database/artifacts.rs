//! The components that replicas share, where no object store keeps them.

use super::{Database, Error, pool::Pool};

impl Database {
    /// Stores a component, if there is none with this digest.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn put_artifact(&self, digest: &str, component: &[u8]) -> Result<(), Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(());
        };
        // A component that is there already is not sent again.
        let known = "SELECT 1 FROM artifacts WHERE digest = $1";
        let known = sqlx::query(known).bind(digest).fetch_optional(&remote.pool);
        if remote.answer(known).await?.is_some() {
            return Ok(());
        }
        let put = "INSERT INTO artifacts (digest, component) VALUES ($1, $2)
             ON CONFLICT (digest) DO NOTHING";
        let put = sqlx::query(put).bind(digest).bind(component);
        remote.answer(put.execute(&remote.pool)).await.map(drop)
    }

    /// The component with this digest, unless it is larger than `bytes_max`.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn artifact(&self, digest: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(None);
        };
        let get = "SELECT component FROM artifacts
             WHERE digest = $1 AND octet_length(component) <= $2";
        let get = sqlx::query_scalar(get)
            .bind(digest)
            .bind(super::stored(bytes_max));
        remote.answer(get.fetch_optional(&remote.pool)).await
    }

    /// Deletes the component with this digest.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn remove_artifact(&self, digest: &str) -> Result<(), Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(());
        };
        let remove = sqlx::query("DELETE FROM artifacts WHERE digest = $1").bind(digest);
        remote.answer(remove.execute(&remote.pool)).await.map(drop)
    }
}
