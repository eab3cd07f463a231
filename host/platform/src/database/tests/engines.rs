//! What holds on both engines, and what only replicas that share PostgreSQL need.

mod tls;
mod window;

use std::{collections::HashSet, sync::Arc};

use ::engines::Postgres;
use tempfile::TempDir;

use super::*;

/// A replica on the database of a URL.
pub(super) async fn replica(url: &str) -> (Database, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let database = open(url, folder.path()).await.unwrap();
    (database, folder)
}

async fn open(url: &str, folder: &std::path::Path) -> Result<Database, Error> {
    let config = Config {
        address: Some(url.parse().unwrap()),
        connect_ms_max: 20_000,
        ..Config::default()
    };
    Database::share(&Folder::own(folder).unwrap(), &config).await
}

/// A new database of each engine.
pub(super) async fn each() -> Vec<(Database, TempDir)> {
    let folder = tempfile::tempdir().unwrap();
    let owner = Folder::own(folder.path()).unwrap();
    let sqlite = Database::open(&owner).await.unwrap();
    vec![
        (sqlite, folder),
        replica(&Postgres::shared().database()).await,
    ]
}

fn job(id: String) -> JobRow {
    JobRow {
        id,
        payload: Some("null".to_owned()),
        carry_on: true,
        client: "somebody".to_owned(),
        state: "pending".to_owned(),
        ..JobRow::default()
    }
}

fn file(name: &str, job: &str, sha256: &str) -> FileRow {
    FileRow {
        name: name.to_owned(),
        job_id: job.to_owned(),
        sha256: sha256.to_owned(),
        bytes: 3,
        content_type: "image/jpeg".to_owned(),
        dimensions: None,
        expires_at_ms: NOW + 1_000,
    }
}

#[tokio::test]
async fn jobs_are_claimed_in_the_order_in_which_they_were_accepted() {
    for (database, _folder) in each().await {
        let ids: Vec<_> = (0..20).map(|number| format!("job-{number}")).collect();
        for ids in ids.chunks(3) {
            let rows: Vec<_> = ids.iter().cloned().map(job).collect();
            database.insert_jobs(&rows).await.unwrap();
        }
        let mut claimed = Vec::new();
        while let Some(row) = database
            .claim_job("me", (NOW, NOW + 1), None)
            .await
            .unwrap()
        {
            claimed.push(row.id);
        }
        assert_eq!(claimed, ids);
        let recent = database.recent_jobs(2).await.unwrap();
        let recent: Vec<_> = recent.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(recent, ["job-19", "job-18"]);
        assert_eq!(
            database.job_counts().await.unwrap(),
            [("running".to_owned(), 20)]
        );
    }
}

#[tokio::test]
async fn an_attempt_that_lost_its_job_changes_nothing() {
    for (database, _folder) in each().await {
        database.insert_jobs(&[job("a".to_owned())]).await.unwrap();
        let process = database.process().to_string();
        database
            .claim_job(&process, (NOW, NOW + 10), None)
            .await
            .unwrap()
            .unwrap();
        // Its lease ends, and another replica takes the job over.
        let poisoned = (3, "{}", NOW + 1_000);
        assert_eq!(
            database
                .recover_jobs("other", false, NOW + 11, poisoned)
                .await
                .unwrap(),
            1
        );
        let again = database
            .claim_job("other", (NOW + 11, NOW + 20), None)
            .await
            .unwrap();
        assert_eq!(again.unwrap().attempt, 2);
        let old = ("a", 1, process.as_str());
        assert_eq!(database.beat_job(old, NOW + 90, "{}").await.unwrap(), None);
        let finish = Finish {
            state: "completed",
            result: Some("{}".to_owned()),
            error: None,
            not_before_ms: 0,
            counts: true,
            expires_at_ms: Some(NOW + 1_000),
        };
        assert!(!database.finish_job(old, NOW + 12, &finish).await.unwrap());
        let kept = database.keep_file(&file("a.jpg", "a", "aa"), 1, NOW).await;
        assert_eq!(kept.unwrap(), Kept::Lost);
        assert_eq!(database.file("a.jpg").await.unwrap(), None);
        assert!(
            database
                .finish_job(("a", 2, "other"), NOW + 12, &finish)
                .await
                .unwrap()
        );
    }
}

#[tokio::test]
async fn a_name_belongs_to_the_first_file_until_that_expires() {
    for (database, _folder) in each().await {
        let process = database.process().to_string();
        for id in ["a", "b"] {
            database.insert_jobs(&[job(id.to_owned())]).await.unwrap();
            database
                .claim_job(&process, (NOW, NOW + 10), None)
                .await
                .unwrap()
                .unwrap();
        }
        let keep = async |job: &str, sha256: &str, now_ms: u64| {
            database
                .keep_file(&file("x.jpg", job, sha256), 1, now_ms)
                .await
                .unwrap()
        };
        assert_eq!(keep("a", "aa", NOW).await, Kept::Stored);
        assert_eq!(
            keep("a", "ab", NOW).await,
            Kept::Stored,
            "the same job again"
        );
        assert_eq!(keep("b", "bb", NOW).await, Kept::NameTaken);
        assert_eq!(keep("b", "ab", NOW).await, Kept::Stored, "the same bytes");
        assert_eq!(keep("a", "aa", NOW + 999).await, Kept::NameTaken);
        assert_eq!(
            keep("a", "aa", NOW + 1_000).await,
            Kept::Stored,
            "it has expired"
        );
    }
}

#[tokio::test]
async fn a_missing_database_or_a_wrong_password_is_said_without_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let port = Postgres::shared().port();
    for url in [
        format!("postgres://gramhost:hush@127.0.0.1:{port}/nowhere"),
        format!("postgres://nobody:hush@127.0.0.1:{port}/postgres"),
        format!("postgres://gramhost:hush@127.0.0.1:{port}/postgres?sslmode=require"),
    ] {
        let error = open(&url, folder.path()).await.err().unwrap().to_string();
        assert!(
            error.starts_with(&format!("PostgreSQL at 127.0.0.1:{port}: ")),
            "{error}"
        );
        assert!(!error.contains("hush"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_replicas_claim_each_job_once() {
    const JOBS: usize = 300;
    let url = Postgres::shared().database();
    let mut replicas = Vec::new();
    for _ in 0..3 {
        replicas.push(replica(&url).await);
    }
    let rows: Vec<_> = (0..JOBS).map(|number| job(number.to_string())).collect();
    replicas[0].0.insert_jobs(&rows).await.unwrap();
    let mut claimers = Vec::new();
    for (database, _) in &replicas {
        for _ in 0..8 {
            let database = database.clone();
            claimers.push(tokio::spawn(async move {
                let (mut claimed, owner) = (Vec::new(), database.process().to_string());
                while let Some(row) = database
                    .claim_job(&owner, (NOW, NOW + 1), None)
                    .await
                    .unwrap()
                {
                    claimed.push(row.id);
                }
                claimed
            }));
        }
    }
    let mut claimed = Vec::new();
    for claimer in claimers {
        claimed.extend(claimer.await.unwrap());
    }
    let once: HashSet<_> = claimed.iter().collect();
    assert_eq!((claimed.len(), once.len()), (JOBS, JOBS));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_replicas_together_run_no_more_jobs_than_the_fleet_may() {
    let url = Postgres::shared().database();
    let (one, _a) = replica(&url).await;
    let (two, _b) = replica(&url).await;
    let rows: Vec<_> = (0..50).map(|number| job(number.to_string())).collect();
    one.insert_jobs(&rows).await.unwrap();
    let claims = (0..40).map(|number| {
        let database = if number % 2 == 0 {
            one.clone()
        } else {
            two.clone()
        };
        tokio::spawn(async move {
            database
                .claim_job("x", (NOW, NOW + 1), Some(7))
                .await
                .unwrap()
        })
    });
    let mut claimed = 0;
    for claim in claims.collect::<Vec<_>>() {
        claimed += usize::from(claim.await.unwrap().is_some());
    }
    assert_eq!(claimed, 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_replicas_start_at_once_on_an_empty_database() {
    let url: Arc<str> = Postgres::shared().database().into();
    let starts: Vec<_> = (0..20)
        .map(|_| {
            let url = Arc::clone(&url);
            tokio::spawn(async move {
                let (database, _folder) = replica(&url).await;
                database.ping().await.unwrap();
                database.close().await;
            })
        })
        .collect();
    for start in starts {
        start.await.unwrap();
    }
    let applied =
        Postgres::shared().run(&url, "SELECT COUNT(*) FROM _sqlx_migrations WHERE success");
    let known = migrations::of_postgres().iter().count();
    assert_eq!(applied, known.to_string());
}

#[tokio::test]
async fn the_release_before_works_beside_one_that_only_adds_and_refuses_one_that_does_not() {
    let url = Postgres::shared().database();
    let (_newer, _folder) = replica(&url).await;
    Postgres::shared().run(
        &url,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (999999, 'later', TRUE, '', 0)",
    );
    let (before, folder) = replica(&url).await;
    before.insert_jobs(&[job("a".to_owned())]).await.unwrap();
    drop(before);
    Postgres::shared().run(&url, "UPDATE compatibility SET needs = 999999");
    let error = open(&url, folder.path()).await.err().unwrap().to_string();
    assert!(error.contains("was made by a newer gramhost"), "{error}");
}

#[tokio::test]
async fn a_duty_has_one_holder_until_its_time_is_up() {
    let url = Postgres::shared().database();
    let (one, _a) = replica(&url).await;
    let (two, _b) = replica(&url).await;
    let take = async |database: &Database, now_ms: u64| {
        database
            .take_duty("sweep", now_ms, now_ms + 10)
            .await
            .unwrap()
    };
    assert!(take(&one, NOW).await);
    assert!(!take(&two, NOW).await);
    assert!(take(&one, NOW + 5).await, "it renews it");
    assert!(!take(&two, NOW + 15).await);
    assert!(take(&two, NOW + 16).await);
    let holder = two.process().to_string();
    assert_eq!(
        two.duties().await.unwrap(),
        [("sweep".to_owned(), holder, NOW + 26)]
    );
}

#[tokio::test]
async fn a_note_reaches_the_other_replicas() {
    let url = Postgres::shared().database();
    let (one, _a) = replica(&url).await;
    let (two, _b) = replica(&url).await;
    let mut notes = two.listen().await.unwrap().unwrap();
    one.insert_jobs(&[job("a".to_owned())]).await.unwrap();
    assert_eq!(notes.next().await.unwrap(), Some(Note::Jobs));
    one.tell(Note::Plugins).await;
    assert_eq!(notes.next().await.unwrap(), Some(Note::Plugins));
}

#[tokio::test]
async fn a_database_that_is_away_is_told_from_one_that_refuses() {
    let server = Postgres::start(false);
    let url = server.database();
    let (database, _folder) = replica(&url).await;
    let refused = database.beat_replica(&ReplicaRow::default()).await;
    refused.unwrap();
    Postgres::run(&server, &url, "DROP TABLE duties");
    let error = database.take_duty("sweep", NOW, NOW).await.unwrap_err();
    assert!(!error.is_away(), "{error}");
    server.crash();
    let error = database.ping().await.unwrap_err();
    assert!(error.is_away(), "{error}");
    // Nobody asks again at once.
    assert!(matches!(database.ping().await, Err(Error::Silent)));
    assert!(database.is_away());
    server.resume();
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    while database.ping().await.is_err() {
        looks.tick().await;
    }
    assert!(!database.is_away());
}

#[tokio::test]
async fn a_clock_that_is_wrong_follows_the_database() {
    let (database, _folder) = replica(&Postgres::shared().database()).await;
    let clock = Clock::system();
    let right = clock.now_ms();
    clock.correct(right - 300_000, Clock::steady_ms());
    database.correct(&clock).await.unwrap();
    assert!(clock.now_ms().abs_diff(right) < 10_000);
}

#[tokio::test]
async fn a_visitor_observes_in_the_database_of_the_fleet_and_deletes_nothing() {
    let url = Postgres::shared().database();
    let (database, _folder) = replica(&url).await;
    add(&database, "1", at(NOW, 1)).await;
    let config = Config {
        address: Some(url.parse().unwrap()),
        ..Config::default()
    };
    let log = ObservationLog::visit_shared(&config).await.unwrap();
    let later = NOW + 2 * AGE_S_MAX;
    log.add(&[("1".to_owned(), at(later, 2))]).await.unwrap();
    let known = database.observations().of("1").await.unwrap();
    assert_eq!(known, [at(NOW, 1), at(later, 2)]);
}
