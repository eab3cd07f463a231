//! The rows of what happened to plugins; only added to, and the oldest forgotten.

use sqlx::{FromRow, Row as _, sqlite::SqliteRow};
use uuid::Uuid;

use super::{Database, Error, stored};

/// Most rows of one plugin: so many of what was refused, and so many of all else, so that a storm of bad files pushes
/// out nothing that matters.
const ROWS_MAX: i64 = 250;

/// Something that happened to one version of one plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginEvent {
    /// Milliseconds since 1970.
    pub at: i64,
    /// Its name.
    pub plugin: String,
    /// `serves`, `rolled-back`, `refused`, `staged`, `shadowed` or `discarded`.
    pub action: String,
    /// SHA-256 of the component, 64 hex digits, where it could be read.
    pub digest: Option<String>,
    /// Its own words, where it was asked.
    pub version: Option<String>,
    /// `embedded`, or a file of the plugin folder.
    pub source: String,
    /// Whose hand: `gramhost` itself, the `folder`, or the `operator`.
    pub who: String,
    /// In words.
    pub why: String,
}

impl FromRow<'_, SqliteRow> for PluginEvent {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            at: row.try_get("at")?,
            plugin: row.try_get("plugin")?,
            action: row.try_get("action")?,
            digest: row.try_get("digest")?,
            version: row.try_get("version")?,
            source: row.try_get("source")?,
            who: row.try_get("who")?,
            why: row.try_get("why")?,
        })
    }
}

impl Database {
    /// Adds to the history of a plugin. Durable when it returns.
    ///
    /// # Errors
    /// [`Error::Sql`].
    pub async fn add_plugin_event(&self, at_ms: u64, event: &PluginEvent) -> Result<(), Error> {
        let mut transaction = self.pool.begin().await?;
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
        transaction.commit().await?;
        Ok(())
    }

    /// Of each version of a plugin that ever served, the latest of these actions that it saw, newest first: its digest,
    /// and whether that was `first`.
    ///
    /// # Errors
    /// [`Error::Sql`].
    pub async fn latest_of_plugin(
        &self,
        plugin: &str,
        [first, second]: [&str; 2],
    ) -> Result<Vec<(String, bool)>, Error> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT event.digest, event.action FROM plugin_history event
             JOIN (
                 SELECT MAX(id) AS id FROM plugin_history
                 WHERE plugin = $1 AND action IN ($2, $3) AND digest IS NOT NULL GROUP BY digest
             ) latest ON event.id = latest.id ORDER BY event.id DESC",
        )
        .bind(plugin)
        .bind(first)
        .bind(second)
        .fetch_all(&self.pool)
        .await?;
        let rows = rows.into_iter();
        Ok(rows
            .map(|(digest, action)| (digest, action == first))
            .collect())
    }

    /// What happened to a plugin, or to all of them, newest first, at most so many.
    ///
    /// # Errors
    /// [`Error::Sql`].
    pub async fn plugin_events(
        &self,
        plugin: Option<&str>,
        most: u32,
    ) -> Result<Vec<PluginEvent>, Error> {
        let rows = sqlx::query_as(
            "SELECT at, plugin, action, digest, version, source, who, why FROM plugin_history
             WHERE CAST($1 AS TEXT) IS NULL OR plugin = $1 ORDER BY id DESC LIMIT $2",
        )
        .bind(plugin)
        .bind(i64::from(most))
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }
}
