//! Tests with copies of a database that is truncated or altered at every place: either everything committed before that
//! place is there, or opening it fails with a clear error. Nothing is ever wiped.

use std::path::PathBuf;

use tempfile::TempDir;

use super::{super::*, embedded};
use crate::data::Folder;

const JOBS: usize = 12;

/// A data folder as a crash leaves it: everything is still in the log.
async fn crashed() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&Folder::own(folder.path()).unwrap())
        .await
        .unwrap();
    for number in 0..JOBS {
        database.insert_jobs(&[job(number)]).await.unwrap();
    }
    let copy = copied(&folder, None);
    drop(database);
    copy
}

fn job(number: usize) -> JobRow {
    JobRow {
        id: format!("job-{number}"),
        payload: Some(format!("\"payload {number}\"")),
        carry_on: true,
        client: "somebody".to_owned(),
        state: "pending".to_owned(),
        ..JobRow::default()
    }
}

/// A copy of a folder in which one file has these bytes.
fn copied(from: &TempDir, other: Option<(&str, &[u8])>) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    for name in ["gramhost.db", "gramhost.db-wal"] {
        let path = from.path().join(name);
        if path.exists() {
            std::fs::copy(path, to.path().join(name)).unwrap();
        }
    }
    if let Some((name, bytes)) = other {
        std::fs::write(to.path().join(name), bytes).unwrap();
    }
    to
}

/// The number of jobs that are there as they were accepted, counted from the first; or why the folder cannot be opened.
async fn found(folder: &TempDir) -> Result<usize, Error> {
    let database = Database::open(&Folder::own(folder.path()).unwrap()).await?;
    let mut count = 0;
    for number in 0..JOBS {
        let rows = database.job(&format!("job-{number}")).await?;
        let Some(row) = rows.first() else { continue };
        assert_eq!(row.payload, job(number).payload);
        // No gaps: the jobs accepted last are lost first.
        assert_eq!(count, number, "a job before it is lost");
        count += 1;
    }
    Ok(count)
}

#[tokio::test]
async fn a_log_that_is_cut_anywhere_opens_to_the_last_whole_commit() {
    let whole = crashed().await;
    let log = std::fs::read(whole.path().join("gramhost.db-wal")).unwrap();
    let mut last = 0;
    // Each frame has a header of 24 bytes before its page: some cuts are before, some in, some after a header.
    for cut in (0..log.len()).step_by(1031).chain([log.len()]) {
        let torn = copied(&whole, Some(("gramhost.db-wal", &log[..cut])));
        let count = found(&torn).await.unwrap();
        assert!(
            count >= last,
            "{count} jobs with {cut} bytes, {last} with fewer"
        );
        last = count;
    }
    assert_eq!(last, JOBS);
}

#[tokio::test]
async fn a_bit_that_flips_in_the_log_costs_what_came_after_it() {
    let whole = crashed().await;
    let log = std::fs::read(whole.path().join("gramhost.db-wal")).unwrap();
    for place in (0..log.len()).step_by(2053) {
        let mut bytes = log.clone();
        bytes[place] ^= 0x10;
        let torn = copied(&whole, Some(("gramhost.db-wal", &bytes)));
        // The checksum of a frame covers all frames before it.
        let count = found(&torn).await.unwrap();
        assert!(count <= JOBS);
    }
}

#[tokio::test]
async fn a_database_file_that_is_cut_or_altered_is_refused_or_read_and_never_wiped() {
    let folder = crashed().await;
    // Everything is in the database file itself, as after a clean shutdown.
    let database = Database::open(&Folder::own(folder.path()).unwrap())
        .await
        .unwrap();
    database.close().await;
    drop(database);
    let path = folder.path().join("gramhost.db");
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(found(&folder).await.unwrap(), JOBS);
    let cuts = (1..bytes.len())
        .step_by(1999)
        .map(|cut| bytes[..cut].to_vec());
    let flips = (0..bytes.len()).step_by(509).map(|place| {
        let mut bytes = bytes.clone();
        bytes[place] ^= 0x10;
        bytes
    });
    let mut refused = 0;
    for altered in cuts.chain(flips) {
        let torn = copied(&folder, Some(("gramhost.db", &altered)));
        let opened = Database::open(&Folder::own(torn.path()).unwrap()).await;
        match opened {
            Ok(database) => {
                // A statement may find the damage later; that error must be clear, too.
                let read = database.job("job-1").await;
                assert!(!matches!(read, Err(error) if error.to_string().is_empty()));
                database.close().await;
            }
            Err(error) => {
                assert!(error.to_string().contains("gramhost.db: "), "{error}");
                refused += 1;
            }
        }
        let left = std::fs::metadata(torn.path().join("gramhost.db")).unwrap();
        assert!(left.len() + 4096 >= altered.len() as u64, "wiped");
    }
    assert!(refused > 0);
}

#[tokio::test]
async fn a_database_of_a_newer_gramhost_is_left_alone_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&Folder::own(folder.path()).unwrap())
        .await
        .unwrap();
    database.insert_jobs(&[job(0)]).await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'later', TRUE, x'00', 0)",
    )
    .execute(embedded(&database))
    .await
    .unwrap();
    database.close().await;
    drop(database);
    let error = Database::open(&Folder::own(folder.path()).unwrap())
        .await
        .err()
        .unwrap();
    let path: PathBuf = folder.path().join("gramhost.db");
    assert_eq!(
        error.to_string(),
        format!(
            "database {} was made by a newer gramhost: start that one, or give another --data",
            path.display()
        )
    );
}
