//! Tests of the database in a real folder.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod drift;
mod engines;
mod examination;
mod rollouts;
mod torn;
mod transfer;

use super::{observations::AGE_S_MAX, *};
use crate::data::Folder;

/// An arbitrary moment of 2026.
const NOW: u64 = 1_780_000_000;

fn at(observed_at: u64, likes: u64) -> Observation {
    Observation {
        observed_at,
        likes: Some(likes),
        ..Observation::default()
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("gramhost.db"), "not a database at all").unwrap();
    let error = Database::open(&Folder::own(folder.path()).unwrap())
        .await
        .err()
        .unwrap();
    assert!(error.to_string().contains("gramhost.db: "), "{error}");
}

#[tokio::test]
async fn an_empty_database_beside_what_a_server_left_is_not_taken_for_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["files/a.jpg", "components/ab.wasm", "components/cd.wasm"] {
        let file = folder.path().join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, "x").unwrap();
    }
    let owner = Folder::own(folder.path()).unwrap();
    // Neither now nor when it is tried again.
    for _ in 0..2 {
        let error = Database::open(&owner).await.err().unwrap().to_string();
        let told = "is empty, but the data folder has 1 downloads and 2 plugin versions";
        assert!(error.contains(told), "{error}");
    }
    assert!(folder.path().join("files/a.jpg").exists());
    std::fs::write(folder.path().join("gramhost.db"), "").unwrap();
    assert!(matches!(
        Database::open(&owner).await,
        Err(Error::Lost { .. })
    ));
    for part in ["files", "components"] {
        std::fs::remove_dir_all(folder.path().join(part)).unwrap();
    }
    assert!(Database::open(&owner).await.is_ok());
    std::fs::create_dir(folder.path().join("files")).unwrap();
    std::fs::write(folder.path().join("files/a.jpg"), "x").unwrap();
    assert!(Database::open(&owner).await.is_ok());
}

#[tokio::test]
async fn something_else_in_the_place_of_the_database_is_named_and_blocks_nobody() {
    for ending in ["", "-wal", "-shm", "-journal"] {
        let folder = tempfile::tempdir().unwrap();
        let owner = Folder::own(folder.path()).unwrap();
        let path = folder.path().join(format!("gramhost.db{ending}"));
        let mkfifo = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(mkfifo.unwrap().success());
        let error = Database::open(&owner).await.err().unwrap().to_string();
        assert!(error.ends_with("is not a regular file"), "{error}");
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        assert!(matches!(
            Database::open(&owner).await,
            Err(Error::NotAFile(_))
        ));
    }
}

/// The connections to SQLite, for what only it has.
fn embedded(database: &Database) -> &sqlx::SqlitePool {
    match &database.pool {
        Pool::Sqlite(pool) => pool,
        Pool::Postgres(_) => panic!("it is PostgreSQL"),
    }
}

async fn add(database: &Database, media_id: &str, observation: Observation) {
    let rows = [(media_id.to_owned(), observation)];
    database.observations().add(&rows).await.unwrap();
}

#[tokio::test]
async fn observations_come_back_oldest_first_and_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let whole = Observation {
        observed_at: NOW,
        likes: Some(1),
        comments: Some(2),
        views: Some(3),
        shares: Some(4),
        saves: Some(5),
    };
    {
        let database = Database::open(&Folder::own(folder.path()).unwrap())
            .await
            .unwrap();
        add(&database, "1", whole).await;
        add(&database, "1", at(NOW - 600, 0)).await;
        add(&database, "2", at(NOW, 9)).await;
        database.close().await;
    }
    let database = Database::open(&Folder::own(folder.path()).unwrap())
        .await
        .unwrap();
    assert!(folder.path().join("gramhost.db").is_file());
    assert_eq!(
        database.observations().of("1").await.unwrap(),
        [at(NOW - 600, 0), whole]
    );
    assert_eq!(database.observations().of("3").await.unwrap(), []);
}

#[tokio::test]
async fn one_observation_a_minute_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&Folder::own(folder.path()).unwrap())
        .await
        .unwrap();
    for seconds in [0, 1, 59, 60, 61, 30, 125] {
        let observation = at(NOW + seconds, seconds);
        add(&database, "1", observation).await;
    }
    let kept: Vec<_> = database.observations().of("1").await.unwrap();
    let kept: Vec<_> = kept.iter().map(|kept| kept.observed_at - NOW).collect();
    assert_eq!(kept, [0, 60, 125]);
}

#[tokio::test]
async fn observations_of_many_are_stored_together() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&Folder::own(folder.path()).unwrap())
        .await
        .unwrap();
    let log = database.observations();
    log.add(&[]).await.unwrap();
    add(&database, "7", at(NOW, 1)).await;
    let rows: Vec<_> = (0..2_500)
        .map(|number| (number.to_string(), at(NOW + 59, number)))
        .collect();
    log.add(&rows).await.unwrap();
    assert_eq!(log.of("2499").await.unwrap(), [at(NOW + 59, 2_499)]);
    assert_eq!(log.of("7").await.unwrap(), [at(NOW, 1)]);
}

#[tokio::test]
async fn observations_older_than_thirty_days_are_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&Folder::own(folder.path()).unwrap())
        .await
        .unwrap();
    add(&database, "old", at(NOW, 1)).await;
    add(&database, "kept", at(NOW + 3_600, 1)).await;
    add(&database, "new", at(NOW + AGE_S_MAX + 3_600, 1)).await;
    assert_eq!(database.observations().of("old").await.unwrap(), []);
    assert_eq!(database.observations().of("kept").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_visitor_adds_observations_beside_the_owner_and_makes_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let visited = Folder::visit(folder.path());
    assert!(ObservationLog::visit(&visited).await.unwrap().is_none());
    assert!(!visited.database().exists());
    let database = Database::open(&Folder::own(folder.path()).unwrap())
        .await
        .unwrap();
    let log = ObservationLog::visit(&visited).await.unwrap().unwrap();
    log.add(&[("1".to_owned(), at(NOW, 7))]).await.unwrap();
    add(&database, "1", at(NOW + 600, 8)).await;
    let kept = database.observations().of("1").await.unwrap();
    assert_eq!(kept, [at(NOW, 7), at(NOW + 600, 8)]);
    assert_eq!(log.of("1").await.unwrap(), kept);
    // Only the owner deletes.
    log.add(&[("2".to_owned(), at(NOW + AGE_S_MAX + 3_600, 1))])
        .await
        .unwrap();
    assert_eq!(log.of("1").await.unwrap(), kept);
}

#[tokio::test]
async fn expired_jobs_are_found_by_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&Folder::own(folder.path()).unwrap())
        .await
        .unwrap();
    for forget in jobs::FORGET {
        let plan = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {forget}"));
        let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(plan)
            .bind(0_i64)
            .fetch_all(embedded(&database))
            .await
            .unwrap();
        let walks = |(_, _, _, step): &(_, _, _, String)| step.starts_with("SCAN");
        assert!(!steps.is_empty() && !steps.iter().any(walks), "{steps:?}");
    }
}
