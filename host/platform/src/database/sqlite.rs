//! SQLite in the data folder: one file (WAL) for one process.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    SqlitePool,
    migrate::MigrateError,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Error, migrations};
use crate::data::Owner;

/// How long to wait for the write lock, milliseconds. A second process (a backup, an `sqlite3` prompt) may hold it for
/// a moment.
pub(super) const BUSY_MS_MAX: u64 = 5_000;
/// SQLite has one writer at a time, so more connections would only serve more concurrent readers.
const CONNECTIONS_MAX: u32 = 4;
/// The page cache of each connection, KiB. Frequent queries read only a few rows.
const CACHE_KIB: u32 = 256;

/// Opens or creates the database of a data folder, and brings it up to date.
pub(super) async fn open(owner: &Owner) -> Result<SqlitePool, Error> {
    let file = owner.database();
    refuse_others(&file)?;
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // An accepted job must survive a power failure.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_millis(BUSY_MS_MAX))
        .pragma("cache_size", format!("-{CACHE_KIB}"))
        // Otherwise what a large statement changes goes to a file in a folder that this process may not write to.
        .pragma("temp_store", "MEMORY")
        .foreign_keys(true);
    let pool = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .connect_with(options)
        .await
        .map_err(|source| Error::Open {
            file: file.clone(),
            source,
        })?;
    if let Some(lost) = lost(&pool, owner, &file).await? {
        return Err(lost);
    }
    migrations::of_sqlite()
        .run(&pool)
        .await
        .map_err(|error| match error {
            MigrateError::VersionMissing(_) => Error::Newer(file),
            error => Error::Open {
                file,
                source: error.into(),
            },
        })?;
    Ok(pool)
}

/// Opens the database of a data folder to read it, as it is.
pub(super) async fn read(owner: &Owner) -> Result<SqlitePool, Error> {
    let file = owner.database();
    refuse_others(&file)?;
    let failed = |source| Error::Open {
        file: file.clone(),
        source,
    };
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .read_only(true)
        // A killed server leaves a log. Where there is none, SQLite is kept from making one.
        .immutable(!PathBuf::from(log).exists())
        .busy_timeout(Duration::from_millis(BUSY_MS_MAX));
    let pool = SqlitePoolOptions::new().max_connections(1);
    let pool = pool.connect_with(options).await.map_err(failed)?;
    let applied: Vec<i64> =
        sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success ORDER BY version")
            .fetch_all(&pool)
            .await
            .map_err(failed)?;
    let known = migrations::of_sqlite();
    let known: Vec<_> = known.iter().map(|migration| migration.version).collect();
    match applied == known {
        true => Ok(pool),
        false if applied.last() > known.last() => Err(Error::Newer(file)),
        false => Err(Error::Older(file)),
    }
}

/// Refuses what SQLite would wait for or fill: a FIFO or a device in the place of the database or of one of its logs.
/// The operator may have moved them elsewhere by links.
fn refuse_others(file: &Path) -> Result<(), Error> {
    for ending in ["", "-wal", "-shm", "-journal"] {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        let path = PathBuf::from(name);
        if path.exists() && !path.is_file() {
            return Err(Error::NotAFile(path));
        }
    }
    Ok(())
}

/// Returns an error if the database is empty beside what only a server with a database leaves.
async fn lost(pool: &SqlitePool, owner: &Owner, file: &Path) -> Result<Option<Error>, Error> {
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_master")
        .fetch_one(pool)
        .await
        .map_err(|source| Error::Open {
            file: file.to_owned(),
            source,
        })?;
    let remains = owner.remains().map_err(sqlx::Error::from)?;
    let ((files, versions), file) = (remains, file.to_owned());
    let is_lost = tables == 0 && remains != (0, 0);
    Ok(is_lost.then_some(Error::Lost {
        file,
        files,
        versions,
    }))
}
