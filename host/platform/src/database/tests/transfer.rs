//! The rows of one machine arrive in the database of a fleet, whole and once.

use std::collections::BTreeSet;

use ::engines::Postgres;

use super::{engines::replica, *};
use crate::database::transfer::TABLES;

/// More than one piece of each table.
const ROWS: usize = 1_234;

const TRANSFER: Transfer = Transfer {
    now_ms: NOW,
    alive_ms: 10_000,
    lost: Vec::new(),
};

/// A database of one machine that has rows in every table.
async fn filled(folder: &std::path::Path) -> Database {
    let database = Database::open(&Folder::own(folder).unwrap()).await.unwrap();
    let rows: Vec<_> = (0..ROWS)
        .map(|number| (format!("media-{number}"), at(NOW, number as u64)))
        .collect();
    database.observations().add(&rows).await.unwrap();
    let batch = JobRow {
        id: "batch".to_owned(),
        client: "it's \"me\" \\ \u{1f600}".to_owned(),
        state: "batch".to_owned(),
        ..JobRow::default()
    };
    let mut jobs = vec![batch];
    jobs.extend((0..ROWS).map(|number| JobRow {
        id: format!("job-{number}"),
        parent: (number >= ROWS - 2).then(|| "batch".to_owned()),
        payload: Some(format!(r#"{{"number": {number}}}"#)),
        carry_on: number % 2 == 0,
        client: "somebody".to_owned(),
        state: "pending".to_owned(),
        ..JobRow::default()
    }));
    database.insert_jobs(&jobs).await.unwrap();
    for number in 0..3 {
        let owner = database.process().to_string();
        let claim = database.claim_job(&owner, (NOW, NOW + 1), None).await;
        let job = claim.unwrap().unwrap();
        if number == 2 {
            break;
        }
        let finish = Finish {
            state: "completed",
            result: Some(r#"{"files": []}"#.to_owned()),
            error: None,
            not_before_ms: 0,
            counts: true,
            // The first one has expired, the second has not.
            expires_at_ms: Some(NOW + number),
        };
        let done = database
            .finish_job((&job.id, 1, &owner), NOW, &finish)
            .await;
        assert!(done.unwrap());
    }
    let event = PluginEvent {
        plugin: "post".to_owned(),
        action: "serves".to_owned(),
        digest: Some("ab".to_owned()),
        ..PluginEvent::default()
    };
    database.add_plugin_event(NOW, &event).await.unwrap();
    let insert = "INSERT INTO files (name, job_id, sha256, bytes, content_type, expires_at)
         VALUES ('a.jpg', 'job-1', 'aa', 3, 'image/jpeg', $1), ('b.jpg', 'job-1', 'bb', 4, 'image/jpeg', $1)";
    let insert = sqlx::query(insert).bind(stored(NOW + 9));
    insert.execute(embedded(&database)).await.unwrap();
    let place = ["post", "graphql", "likes"].map(str::to_owned);
    let [kind, door, field] = place;
    let change = DriftChange {
        fill: vec![FillRow {
            kind: kind.clone(),
            door: door.clone(),
            version: "post@1.0.0+ab".to_owned(),
            field: field.clone(),
            stated: 3,
            asked: 5,
        }],
        drift: vec![DriftRow {
            kind,
            door,
            field,
            track: "{}".to_owned(),
        }],
        forgotten: Vec::new(),
    };
    database.keep_drift(&change).await.unwrap();
    database
}

#[tokio::test]
async fn every_table_is_moved() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&Folder::own(folder.path()).unwrap()).await;
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table'
         AND name NOT LIKE 'sqlite%' AND name NOT LIKE '_sqlx%'";
    let tables: Vec<String> = sqlx::query_scalar(tables)
        .fetch_all(embedded(&database.unwrap()))
        .await
        .unwrap();
    assert_eq!(
        tables.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        BTreeSet::from(TABLES)
    );
}

#[tokio::test]
async fn rows_arrive_as_they_were_and_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path()).await.close().await;
    let owner = Folder::own(folder.path()).unwrap();
    let before = std::fs::read(owner.database()).unwrap();
    let source = Database::read(&owner).await.unwrap();
    let url = Postgres::shared().database();
    let (target, _folder) = replica(&url).await;
    let transfer = Transfer {
        lost: vec!["b.jpg".to_owned()],
        ..TRANSFER
    };
    let added = target
        .take_over(&source, &transfer, |_, _| ())
        .await
        .unwrap();
    let rows = ROWS as u64;
    // One job has expired; the batch is a job too.
    let expected = [rows, 1, 1, 1, rows, 2];
    assert_eq!(added, TABLES.into_iter().zip(expected).collect::<Vec<_>>());
    assert_eq!(target.row_counts().await.unwrap(), added);

    let all = |rows: Vec<JobRow>| rows.into_iter().skip(1).collect::<Vec<_>>();
    let (old, new) = (
        source.recent_jobs(5_000).await,
        target.recent_jobs(5_000).await,
    );
    let (old, mut new) = (old.unwrap(), new.unwrap());
    assert_eq!(new.len(), ROWS);
    // The one that was running waits again, and its attempt counts.
    let again = new.iter_mut().find(|job| job.id == "job-2").unwrap();
    assert_eq!((again.state.as_str(), again.attempt), ("pending", 1));
    "running".clone_into(&mut again.state);
    let alive: Vec<_> = old
        .iter()
        .filter(|job| job.id != "job-0")
        .cloned()
        .collect();
    assert_eq!(all(new), all(alive));
    let place = target.observations().of("media-7").await.unwrap();
    assert_eq!(place, [at(NOW, 7)]);
    assert_eq!(target.drift().await.unwrap(), source.drift().await.unwrap());
    let events = target.plugin_events(None, 9).await.unwrap();
    assert_eq!(events, source.plugin_events(None, 9).await.unwrap());
    let live: Vec<_> = target.live_files(NOW).await.unwrap();
    assert_eq!(
        live.iter().map(|row| &row.name).collect::<Vec<_>>(),
        ["a.jpg"]
    );
    assert_eq!(
        target.file("b.jpg").await.unwrap().unwrap().expires_at_ms,
        NOW
    );

    // What is accepted now comes last.
    target
        .insert_jobs(&[JobRow {
            id: "new".to_owned(),
            payload: Some("1".to_owned()),
            state: "pending".to_owned(),
            ..JobRow::default()
        }])
        .await
        .unwrap();
    assert_eq!(target.recent_jobs(1).await.unwrap()[0].id, "new");
    source.close().await;
    assert!(
        std::fs::read(owner.database()).unwrap() == before,
        "it is only read"
    );
    assert!(!folder.path().join("gramhost.db-wal").exists());
}

#[tokio::test]
async fn a_database_that_is_used_takes_over_nothing() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path()).await.close().await;
    let source = Database::read(&Folder::own(folder.path()).unwrap())
        .await
        .unwrap();
    let url = Postgres::shared().database();
    let (target, _folder) = replica(&url).await;
    let refused = async || {
        let refused = target.take_over(&source, &TRANSFER, |_, _| ()).await;
        refused.unwrap_err().to_string()
    };
    let seen = "INSERT INTO replicas VALUES ('a', 'a', '1', 'x', 0, (extract(epoch FROM now()) * 1000)::bigint, '{}')";
    Postgres::shared().run(&url, seen);
    assert!(refused().await.starts_with("1 replicas use the database"));
    Postgres::shared().run(&url, "UPDATE replicas SET seen_at = seen_at - 11000");
    target.is_vacant(&TRANSFER).await.unwrap();
    target
        .insert_jobs(&[JobRow {
            id: "own".to_owned(),
            ..JobRow::default()
        }])
        .await
        .unwrap();
    assert!(refused().await.contains("it has 1 jobs and 0 files"));
    let counts = target.row_counts().await.unwrap();
    assert_eq!(counts.iter().map(|(_, rows)| rows).sum::<u64>(), 1);
    assert!(matches!(
        source.is_vacant(&TRANSFER).await,
        Err(TransferError::NotShared)
    ));
}

#[tokio::test]
async fn rows_without_jobs_may_be_moved_again_and_are_not_doubled() {
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path()).await;
    for table in ["jobs", "files"] {
        let empty = sqlx::AssertSqlSafe(format!("DELETE FROM {table}"));
        sqlx::query(empty)
            .execute(embedded(&database))
            .await
            .unwrap();
    }
    database.close().await;
    drop(database);
    let source = Database::read(&Folder::own(folder.path()).unwrap())
        .await
        .unwrap();
    let (target, _folder) = replica(&Postgres::shared().database()).await;
    for added in [ROWS as u64 + 3, 0] {
        let moved = target
            .take_over(&source, &TRANSFER, |_, _| ())
            .await
            .unwrap();
        assert_eq!(moved.iter().map(|(_, rows)| rows).sum::<u64>(), added);
    }
    assert_eq!(target.drift().await.unwrap(), source.drift().await.unwrap());
}

#[tokio::test]
async fn an_older_or_newer_folder_is_refused_and_one_of_a_killed_server_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let owner = Folder::own(folder.path()).unwrap();
    let database = Database::open(&owner).await.unwrap();
    add(&database, "1", at(NOW, 7)).await;
    // As kill -9 leaves it: what was written last is in the log beside it.
    let killed = tempfile::tempdir().unwrap();
    for ending in ["", "-wal"] {
        let name = format!("gramhost.db{ending}");
        std::fs::copy(folder.path().join(&name), killed.path().join(&name)).unwrap();
    }
    let killed = Folder::own(killed.path()).unwrap();
    let source = Database::read(&killed).await.unwrap();
    assert_eq!(source.observations().of("1").await.unwrap(), [at(NOW, 7)]);
    let alter = async |change: &'static str| {
        sqlx::query(change)
            .execute(embedded(&database))
            .await
            .unwrap();
        Database::read(&owner).await.err().unwrap()
    };
    let newer =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (999, 'later', TRUE, '', 0)";
    assert!(matches!(alter(newer).await, Error::Newer(_)));
    let older = "DELETE FROM _sqlx_migrations WHERE version >= 8";
    assert!(matches!(alter(older).await, Error::Older(_)));
}
