//! Notes from replica to replica that there is something to look at. They only save time: whoever misses one finds the same
//! in the tables when it looks the next time.

use sqlx::postgres::PgListener;

use super::{Database, Error, pool::Pool};

/// The channel that all replicas of a database listen to.
const CHANNEL: &str = "gramhost";

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// Jobs wait.
    Jobs,
    /// A version of a plugin is to be checked, or to serve.
    Plugins,
}

impl Note {
    fn name(self) -> &'static str {
        match self {
            Self::Jobs => "jobs",
            Self::Plugins => "plugins",
        }
    }
}

/// The notes that arrive at this replica.
pub struct Notes(PgListener);

impl Notes {
    /// Waits for the next note; `None` if the connection was lost, so that some may have been missed. It is then made again.
    ///
    /// # Errors
    /// [`Error::Sql`] if it cannot be made again now.
    pub async fn next(&mut self) -> Result<Option<Note>, Error> {
        loop {
            let Some(note) = self.0.try_recv().await? else {
                return Ok(None);
            };
            // A newer release may know more of them.
            let known = [Note::Jobs, Note::Plugins];
            if let Some(note) = known.into_iter().find(|it| it.name() == note.payload()) {
                return Ok(Some(note));
            }
        }
    }
}

impl Database {
    /// The notes of other replicas; `None` if no others can use this database.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database cannot be reached.
    pub async fn listen(&self) -> Result<Option<Notes>, Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(None);
        };
        let mut listener = PgListener::connect_with(&remote.pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(Some(Notes(listener)))
    }

    /// Tells the other replicas to look. A note that cannot be sent is not an error, because they look without it too.
    pub async fn tell(&self, note: Note) {
        let Pool::Postgres(remote) = &self.pool else {
            return;
        };
        let tell = sqlx::query("SELECT pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(note.name());
        let told = remote.answer(tell.execute(&remote.pool)).await;
        if let Err(error) = told {
            tracing::debug!(%error, "the other replicas are not told");
        }
    }
}
