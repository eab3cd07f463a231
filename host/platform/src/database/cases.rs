//! The operator's cases, for all replicas.

use uuid::Uuid;

use super::{Database, Error, pool::Pool};

/// A case of the operator, without its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRow {
    /// The kind of its query.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Changes whenever its files do.
    pub change: String,
}

impl Database {
    /// Stores a case in the place of one with the same name. Without files, it is removed.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn put_case(
        &self,
        (kind, name): (&str, &str),
        files: &[(String, Vec<u8>)],
    ) -> Result<(), Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(());
        };
        remote
            .answer(async {
                let mut transaction = remote.pool.begin().await?;
                let put = "INSERT INTO cases (kind, name, change) VALUES ($1, $2, $3)
                 ON CONFLICT (kind, name) DO UPDATE SET change = excluded.change";
                let put = sqlx::query(put).bind(kind).bind(name);
                let put = put.bind(Uuid::new_v4().to_string());
                put.execute(&mut *transaction).await?;
                let clear = "DELETE FROM case_files WHERE kind = $1 AND name = $2";
                let clear = sqlx::query(clear).bind(kind).bind(name);
                clear.execute(&mut *transaction).await?;
                for (file, contents) in files {
                    let add = "INSERT INTO case_files (kind, name, file, contents)
                     VALUES ($1, $2, $3, $4)";
                    let add = sqlx::query(add).bind(kind).bind(name);
                    let add = add.bind(file).bind(contents);
                    add.execute(&mut *transaction).await?;
                }
                transaction.commit().await
            })
            .await
    }

    /// All cases, also those that were removed.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn cases(&self) -> Result<Vec<CaseRow>, Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(Vec::new());
        };
        let cases = sqlx::query_as("SELECT kind, name, change FROM cases ORDER BY kind, name");
        let rows: Vec<(String, String, String)> =
            remote.answer(cases.fetch_all(&remote.pool)).await?;
        let row = |(kind, name, change)| CaseRow { kind, name, change };
        Ok(rows.into_iter().map(row).collect())
    }

    /// The files of a case; none if it was removed.
    ///
    /// # Errors
    /// [`Error::Sql`] if the database fails.
    pub async fn case_files(
        &self,
        kind: &str,
        name: &str,
    ) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let Pool::Postgres(remote) = &self.pool else {
            return Ok(Vec::new());
        };
        let files = "SELECT file, contents FROM case_files
             WHERE kind = $1 AND name = $2 ORDER BY file";
        let files = sqlx::query_as(files).bind(kind).bind(name);
        remote.answer(files.fetch_all(&remote.pool)).await
    }
}
