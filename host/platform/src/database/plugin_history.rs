//! The history of plugins. Rows are only added; the oldest ones are deleted.

use std::sync::atomic::{AtomicU64, Ordering};

use uuid::{Timestamp, Uuid};

use super::{
    Database, Error,
    pool::{columns, on},
};

/// The maximum number of rows of one plugin: this many rejections, and this many of all other events, so that a flood
/// of bad files does not push out anything important.
pub(super) const ROWS_MAX: i64 = 250;

/// How many bits of an id count the events of this process.
const COUNTER_BITS: u8 = 42;

/// An event in the life of one version of one plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginEvent {
    /// Milliseconds since 1970.
    pub at: i64,
    /// The name of the plugin.
    pub plugin: String,
    /// `serves`, `rolled-back`, `refused`, `staged`, `shadowed` or `discarded`.
    pub action: String,
    /// SHA-256 of the component, 64 hex digits, where it could be read.
    pub digest: Option<String>,
    /// The version as the plugin states it, if it was asked.
    pub version: Option<String>,
    /// `embedded`, or a file of the plugin folder.
    pub source: String,
    /// Who caused it: `gramhost` itself, the `folder`, or the `operator`.
    pub who: String,
    /// The reason, in words.
    pub why: String,
}

columns!(PluginEvent {
    at,
    plugin,
    action,
    digest,
    version,
    source,
    who,
    why
});

/// Adds an event in a transaction of either product, and deletes those that are too old.
macro_rules! write_event {
    ($transaction:ident, $at_ms:expr, $event:expr) => {
        sqlx::query($crate::database::plugin_history::INSERT)
            .bind($crate::database::plugin_history::id($at_ms).to_string())
            .bind($crate::database::stored($at_ms))
            .bind(&$event.plugin)
            .bind(&$event.action)
            .bind(&$event.digest)
            .bind(&$event.version)
            .bind(&$event.source)
            .bind(&$event.who)
            .bind(&$event.why)
            .execute(&mut *$transaction)
            .await?;
        sqlx::query($crate::database::plugin_history::FORGET)
            .bind(&$event.plugin)
            .bind($event.action == "refused")
            .bind($crate::database::plugin_history::ROWS_MAX)
            .execute(&mut *$transaction)
            .await?;
    };
}

pub(super) use write_event;

pub(super) const INSERT: &str =
    "INSERT INTO plugin_history (id, at, plugin, action, digest, version, source, who, why)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

pub(super) const FORGET: &str =
    "DELETE FROM plugin_history WHERE plugin = $1 AND (action = 'refused') = $2 AND id <= (
         SELECT id FROM plugin_history WHERE plugin = $1 AND (action = 'refused') = $2
         ORDER BY id DESC LIMIT 1 OFFSET $3
     )";

/// The id of an event: in the order of time, and within a millisecond in the order in which this process adds them. It is
/// made from the time that the caller states, because the clocks of replicas differ.
pub(super) fn id(at_ms: u64) -> Uuid {
    static ADDED: AtomicU64 = AtomicU64::new(0);
    let added = ADDED.fetch_add(1, Ordering::Relaxed) & ((1 << COUNTER_BITS) - 1);
    let nanos = (at_ms % 1000) as u32 * 1_000_000;
    Uuid::new_v7(Timestamp::from_unix_time(
        at_ms / 1000,
        nanos,
        added.into(),
        COUNTER_BITS,
    ))
}

impl Database {
    /// Adds an event to the history of a plugin. It is durable when the function returns.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn add_plugin_event(&self, at_ms: u64, event: &PluginEvent) -> Result<(), Error> {
        on!(self.pool, pool => async {
            let mut transaction = pool.begin().await?;
            write_event!(transaction, at_ms, event);
            transaction.commit().await
        })
    }

    /// For each version of a plugin that was ever serving, the latest event with one of these two actions, newest
    /// first: the digest of the version, and whether the action was `first`.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn latest_of_plugin(
        &self,
        plugin: &str,
        [first, second]: [&str; 2],
    ) -> Result<Vec<(String, bool)>, Error> {
        let latest = "SELECT event.digest, event.action FROM plugin_history event
             JOIN (
                 SELECT MAX(id) AS id FROM plugin_history
                 WHERE plugin = $1 AND action IN ($2, $3) AND digest IS NOT NULL GROUP BY digest
             ) latest ON event.id = latest.id ORDER BY event.id DESC";
        let rows: Vec<(String, String)> = on!(self.pool, pool => {
            let query = sqlx::query_as(latest).bind(plugin).bind(first).bind(second);
            query.fetch_all(pool)
        })?;
        let rows = rows.into_iter();
        Ok(rows
            .map(|(digest, action)| (digest, action == first))
            .collect())
    }

    /// The latest events of a plugin, or of all plugins, newest first, at most `most`.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn plugin_events(
        &self,
        plugin: Option<&str>,
        most: u32,
    ) -> Result<Vec<PluginEvent>, Error> {
        let events =
            "SELECT at, plugin, action, digest, version, source, who, why FROM plugin_history
             WHERE CAST($1 AS TEXT) IS NULL OR plugin = $1 ORDER BY id DESC LIMIT $2";
        on!(self.pool, pool => {
            let query = sqlx::query_as(events).bind(plugin).bind(i64::from(most));
            query.fetch_all(pool)
        })
    }
}

#[cfg(test)]
mod tests {
    //! The order of ids.

    use super::*;

    #[test]
    fn ids_follow_the_stated_time_and_then_the_order_in_which_they_are_made() {
        let ids: Vec<_> = [5_000, 5_000, 5_000, 5_001, 1_700_000_000_000]
            .into_iter()
            .map(id)
            .collect();
        assert!(ids.is_sorted() && id(4_999) < ids[0]);
        let same: Vec<_> = (0..1_000).map(|_| id(7).to_string()).collect();
        assert!(same.is_sorted());
    }
}
