//! The replicas that share the database: their heartbeats, and what each says of itself.

use super::{
    Database, Error,
    pool::{columns, execute, on},
    stored,
};

/// A replica as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplicaRow {
    /// UUID: also the owner of its jobs.
    pub id: String,
    /// For people: its host name, or what the operator calls it.
    pub name: String,
    /// The version of the program.
    pub version: String,
    /// Replicas with the same name here share one address towards Instagram.
    pub egress: String,
    /// Milliseconds since 1970, like the next.
    pub started_at: i64,
    /// Its last heartbeat.
    pub seen_at: i64,
    /// JSON of the module that stores it.
    pub state: String,
}

columns!(ReplicaRow {
    id,
    name,
    version,
    egress,
    started_at,
    seen_at,
    state,
});

impl Database {
    /// Stores the heartbeat of a replica. Only a shared database has a table for it.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn beat_replica(&self, row: &ReplicaRow) -> Result<(), Error> {
        let beat = "INSERT INTO replicas (id, name, version, egress, started_at, seen_at, state)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, state = excluded.state";
        execute!(
            self.pool,
            sqlx::query(beat)
                .bind(&row.id)
                .bind(&row.name)
                .bind(&row.version)
                .bind(&row.egress)
                .bind(row.started_at)
                .bind(row.seen_at)
                .bind(&row.state)
        )?;
        Ok(())
    }

    /// The replicas that were seen at or after a moment, oldest first.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn replicas(&self, since_ms: u64) -> Result<Vec<ReplicaRow>, Error> {
        let query = "SELECT id, name, version, egress, started_at, seen_at, state
             FROM replicas WHERE seen_at >= $1 ORDER BY started_at, id";
        on!(self.pool, pool => sqlx::query_as(query).bind(stored(since_ms)).fetch_all(pool))
    }

    /// Removes a replica that is leaving.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn remove_replica(&self, id: &str) -> Result<(), Error> {
        let remove = "DELETE FROM replicas WHERE id = $1";
        execute!(self.pool, sqlx::query(remove).bind(id))?;
        Ok(())
    }

    /// Deletes the replicas that were last seen before a moment.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn forget_replicas(&self, before_ms: u64) -> Result<(), Error> {
        let forget = "DELETE FROM replicas WHERE seen_at < $1";
        execute!(self.pool, sqlx::query(forget).bind(stored(before_ms)))?;
        Ok(())
    }
}
