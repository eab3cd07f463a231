//! The history of plugins. Rows are only added; the oldest ones are deleted.

use uuid::Uuid;

use super::{
    Database, Error,
    pool::{columns, on},
    stored,
};

/// The maximum number of rows of one plugin: this many rejections, and this many of all other events, so that a flood
/// of bad files does not push out anything important.
const ROWS_MAX: i64 = 250;

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

impl Database {
    /// Adds an event to the history of a plugin. It is durable when the function returns.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn add_plugin_event(&self, at_ms: u64, event: &PluginEvent) -> Result<(), Error> {
        on!(self.pool, pool => async {
            let mut transaction = pool.begin().await?;
            sqlx::query(
                "INSERT INTO plugin_history (id, at, plugin, action, digest, version, source, who, why)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            )
            .bind(Uuid::now_v7().to_string())
            .bind(stored(at_ms))
            .bind(&event.plugin)
            .bind(&event.action)
            .bind(&event.digest)
            .bind(&event.version)
            .bind(&event.source)
            .bind(&event.who)
            .bind(&event.why)
            .execute(&mut *transaction)
            .await?;
            sqlx::query(
                "DELETE FROM plugin_history WHERE plugin = $1 AND (action = 'refused') = $2 AND id <= (
                     SELECT id FROM plugin_history WHERE plugin = $1 AND (action = 'refused') = $2
                     ORDER BY id DESC LIMIT 1 OFFSET $3
                 )",
            )
            .bind(&event.plugin)
            .bind(event.action == "refused")
            .bind(ROWS_MAX)
            .execute(&mut *transaction)
            .await?;
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
