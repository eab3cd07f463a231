//! What a fleet does with each plugin: one row that every replica follows, and that only changes as a whole.

use super::{Database, Error, PluginEvent, plugin_history::write_event, pool::Pool, stored};

/// What the fleet does with one plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginRow {
    /// The name of the plugin.
    pub plugin: String,
    /// Grows by one with each decision.
    pub revision: u64,
    /// JSON of the room that stores it.
    pub state: String,
}

/// A decision about one plugin: all of it happens, or none.
#[derive(Clone, Debug, Default)]
pub struct PluginDecision {
    /// The name of the plugin.
    pub plugin: String,
    /// The revision that it is based on. After another decision, this one does not happen.
    pub revision: u64,
    /// What the fleet does from now on.
    pub state: String,
    /// The rollout that ends with it.
    pub ends: Option<RolloutEnd>,
    /// What the history says about it; their `at` is that of the decision.
    pub events: Vec<PluginEvent>,
}

/// The end of a rollout, if it is still being checked.
#[derive(Clone, Debug, Default)]
pub struct RolloutEnd {
    /// Which one.
    pub id: String,
    /// `serves`, `waits`, `refused` or `withdrawn`.
    pub state: String,
    /// JSON: why it was refused.
    pub outcome: Option<String>,
    /// If stated, only if every replica that was seen at or after this moment has admitted it.
    pub admitted_since_ms: Option<u64>,
}

/// Times are of the database's clock, and of one plugin each is later than the one before: so the history has the order in
/// which decisions were made, whichever replica made them.
const DECIDE: &str = "UPDATE plugins SET state = $3, revision = revision + 1, decided = GREATEST(
         decided + 1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint
     )
     WHERE plugin = $1 AND revision = $2 RETURNING decided";

const END: &str = "UPDATE rollouts SET state = $2, outcome = $3
     WHERE id = $1 AND state = 'checking' AND (CAST($4 AS BIGINT) IS NULL OR NOT EXISTS (
         SELECT 1 FROM replicas WHERE seen_at >= $4 AND NOT EXISTS (
             SELECT 1 FROM votes
             WHERE votes.rollout = $1 AND votes.replica = replicas.id AND votes.refused IS NULL
         )
     ))";

impl Database {
    /// Makes sure that a plugin has a row.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn add_plugin(&self, plugin: &str, state: &str) -> Result<(), Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(());
        };
        let add = "INSERT INTO plugins (plugin, revision, decided, state) VALUES ($1, 0, 0, $2)
             ON CONFLICT (plugin) DO NOTHING";
        let add = sqlx::query(add).bind(plugin).bind(state);
        remote.answer(add.execute(&remote.pool)).await.map(drop)
    }

    /// What the fleet does with every plugin.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn plugins(&self) -> Result<Vec<PluginRow>, Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(Vec::new());
        };
        let rows = sqlx::query_as("SELECT plugin, revision, state FROM plugins ORDER BY plugin");
        let rows: Vec<(String, i64, String)> = remote.answer(rows.fetch_all(&remote.pool)).await?;
        let row = |(plugin, revision, state): (String, i64, String)| PluginRow {
            plugin,
            revision: revision.unsigned_abs(),
            state,
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Makes a decision, unless another one was made since the revision that it is based on, or its rollout has ended or
    /// lacks a vote. Returns whether it was made.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn decide_plugin(&self, decision: &PluginDecision) -> Result<bool, Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(false);
        };
        remote
            .answer(async {
                let mut transaction = remote.pool.begin().await?;
                let decided: Option<i64> = sqlx::query_scalar(DECIDE)
                    .bind(&decision.plugin)
                    .bind(stored(decision.revision))
                    .bind(&decision.state)
                    .fetch_optional(&mut *transaction)
                    .await?;
                let Some(at_ms) = decided.map(i64::unsigned_abs) else {
                    return Ok(false);
                };
                if let Some(end) = &decision.ends {
                    let ended = sqlx::query(END)
                        .bind(&end.id)
                        .bind(&end.state)
                        .bind(&end.outcome)
                        .bind(end.admitted_since_ms.map(stored))
                        .execute(&mut *transaction)
                        .await?;
                    if ended.rows_affected() == 0 {
                        transaction.rollback().await?;
                        return Ok(false);
                    }
                }
                for event in &decision.events {
                    write_event!(transaction, at_ms, event);
                }
                transaction.commit().await?;
                Ok(true)
            })
            .await
    }
}
