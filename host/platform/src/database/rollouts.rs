//! The versions of plugins that are proposed to a fleet, and what each replica says about them.

use uuid::Uuid;

use super::{
    Database, Error,
    pool::{Pool, columns},
    stored,
};

/// The maximum number of rollouts of one plugin that are remembered.
const ROWS_MAX: i64 = 250;

/// A version that was proposed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolloutRow {
    /// UUID.
    pub id: String,
    /// The name of the plugin.
    pub plugin: String,
    /// SHA-256 of the component, 64 hex digits.
    pub digest: String,
    /// The version as the plugin states it.
    pub version: String,
    /// The file that it would be in a plugin folder.
    pub source: String,
    /// Who proposed it: the `folder` or the `operator`.
    pub who: String,
    /// The name of the replica that proposed it.
    pub replica: String,
    /// On how many live extractions it is compared before it serves.
    pub shadow: i64,
    /// Milliseconds since 1970, like the next.
    pub at: i64,
    /// A live replica that has not voted by then stops it.
    pub until: i64,
    /// `checking`, `serves`, `waits`, `refused` or `withdrawn`.
    pub state: String,
    /// JSON: why it was refused.
    pub outcome: Option<String>,
}

columns!(RolloutRow {
    id,
    plugin,
    digest,
    version,
    source,
    who,
    replica,
    shadow,
    at,
    until,
    state,
    outcome,
});

/// What a replica says about a version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VoteRow {
    /// The id of the rollout.
    pub rollout: String,
    /// The id of the replica.
    pub replica: String,
    /// The name of the replica.
    pub name: String,
    /// JSON: why the version may not serve; `None`: it may.
    pub refused: Option<String>,
}

columns!(VoteRow {
    rollout,
    replica,
    name,
    refused,
});

/// With these columns a row is read.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, plugin, digest, version, source, who, replica, shadow, at, until, state, outcome FROM rollouts ",
            $rest
        )
    };
}

impl Database {
    /// A new id for a row.
    #[must_use]
    pub fn new_id(&self) -> String {
        Uuid::new_v4().to_string()
    }

    /// Stores a version that is proposed, with the vote of the replica that does, unless another version of the plugin is
    /// being checked. Returns whether it is stored. Without a vote, it is one that this replica has rejected, and whose
    /// component nobody keeps.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn propose(&self, row: &RolloutRow, vote: Option<&VoteRow>) -> Result<bool, Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(false);
        };
        let propose = "WITH proposed AS (
                 INSERT INTO rollouts (id, plugin, digest, version, source, who, replica, shadow, at, until, state, outcome, stored)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, CAST($13 AS TEXT) IS NOT NULL)
                 ON CONFLICT DO NOTHING RETURNING id
             ), voted AS (
                 INSERT INTO votes (rollout, replica, name)
                 SELECT id, $13, $14 FROM proposed WHERE CAST($13 AS TEXT) IS NOT NULL
             )
             SELECT COUNT(*) FROM proposed";
        let propose = sqlx::query_scalar(propose)
            .bind(&row.id)
            .bind(&row.plugin)
            .bind(&row.digest)
            .bind(&row.version)
            .bind(&row.source)
            .bind(&row.who)
            .bind(&row.replica)
            .bind(row.shadow)
            .bind(row.at)
            .bind(row.until)
            .bind(&row.state)
            .bind(&row.outcome)
            .bind(vote.map(|vote| &vote.replica))
            .bind(vote.map(|vote| &vote.name));
        let proposed: i64 = remote.answer(propose.fetch_one(&remote.pool)).await?;
        Ok(proposed > 0)
    }

    /// Stores the vote of a replica. The first one counts.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn vote(&self, vote: &VoteRow) -> Result<(), Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(());
        };
        let store = "INSERT INTO votes (rollout, replica, name, refused)
             SELECT id, $2, $3, $4 FROM rollouts WHERE id = $1 ON CONFLICT DO NOTHING";
        let store = sqlx::query(store)
            .bind(&vote.rollout)
            .bind(&vote.replica)
            .bind(&vote.name)
            .bind(&vote.refused);
        remote.answer(store.execute(&remote.pool)).await.map(drop)
    }

    /// The versions that are being checked, with the votes so far.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn checking(&self) -> Result<Vec<(RolloutRow, Vec<VoteRow>)>, Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(Vec::new());
        };
        let rows = sqlx::query_as(select!("WHERE state = 'checking' ORDER BY at, id"));
        let rows: Vec<RolloutRow> = remote.answer(rows.fetch_all(&remote.pool)).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
        let votes = "SELECT rollout, replica, name, refused FROM votes
             WHERE rollout = ANY($1) ORDER BY name, replica";
        let votes = sqlx::query_as(votes).bind(ids);
        let votes: Vec<VoteRow> = remote.answer(votes.fetch_all(&remote.pool)).await?;
        let with_votes = |row: RolloutRow| {
            let its = votes.iter().filter(|vote| vote.rollout == row.id);
            let its = its.cloned().collect();
            (row, its)
        };
        Ok(rows.into_iter().map(with_votes).collect())
    }

    /// The rollout with this id.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn rollout(&self, id: &str) -> Result<Option<RolloutRow>, Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(None);
        };
        let row = sqlx::query_as(select!("WHERE id = $1")).bind(id);
        remote.answer(row.fetch_optional(&remote.pool)).await
    }

    /// The latest rollout of a version.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn rollout_of(
        &self,
        plugin: &str,
        digest: &str,
    ) -> Result<Option<RolloutRow>, Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(None);
        };
        let row = select!("WHERE plugin = $1 AND digest = $2 ORDER BY at DESC, id DESC LIMIT 1");
        let row = sqlx::query_as(row).bind(plugin).bind(digest);
        remote.answer(row.fetch_optional(&remote.pool)).await
    }

    /// The components that were proposed before a moment and that nobody needs: none of `keep`, and none that is being
    /// checked.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn needless_artifacts(
        &self,
        keep: &[String],
        before_ms: u64,
    ) -> Result<Vec<String>, Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(Vec::new());
        };
        let needless = "SELECT digest FROM rollouts WHERE stored GROUP BY digest
             HAVING MAX(at) < $2 AND NOT bool_or(state = 'checking') AND NOT digest = ANY($1)";
        let needless = sqlx::query_scalar(needless)
            .bind(keep)
            .bind(stored(before_ms));
        remote.answer(needless.fetch_all(&remote.pool)).await
    }

    /// Remembers that the component with this digest is gone, and forgets the oldest rollouts without one.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn artifact_is_gone(&self, digest: &str) -> Result<(), Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(());
        };
        let gone = sqlx::query("UPDATE rollouts SET stored = FALSE WHERE digest = $1");
        remote
            .answer(gone.bind(digest).execute(&remote.pool))
            .await?;
        let forget = "DELETE FROM rollouts WHERE NOT stored AND id IN (
                 SELECT id FROM (
                     SELECT id, row_number() OVER (PARTITION BY plugin ORDER BY at DESC) AS place
                     FROM rollouts
                 ) AS placed WHERE place > $1
             )";
        let forget = sqlx::query(forget).bind(ROWS_MAX);
        remote.answer(forget.execute(&remote.pool)).await.map(drop)
    }
}
