//! Replicas on one PostgreSQL count as one.

use engines::Postgres;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::database;

/// A replica.
async fn replica(url: &str) -> (Drift, TempDir) {
    patient(url, 20_000).await
}

/// A replica that waits this long for a connection, milliseconds.
async fn patient(url: &str, connect_ms_max: u64) -> (Drift, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let config = database::Config {
        address: Some(url.parse().unwrap()),
        connect_ms_max,
        ..database::Config::default()
    };
    let owner = Folder::own(folder.path()).unwrap();
    let database = Database::share(&owner, &config).await.unwrap();
    let drift = Drift::open(Some(database), Clock::fixed(1)).await;
    (drift.unwrap(), folder)
}

fn likes(drift: &Drift) -> Vec<(String, Rate)> {
    let rates = drift.rates().into_iter();
    let likes = rates.filter(|it| it.field == "image.likes");
    likes.map(|it| (it.version, it.rate)).collect()
}

fn all(stated: u64, asked: u64) -> Vec<(String, Rate)> {
    vec![("post@1.0.0+abcdef01".to_owned(), Rate { stated, asked })]
}

#[tokio::test]
async fn two_replicas_count_together() {
    let url = Postgres::shared().database();
    let (one, _a) = replica(&url).await;
    let (two, _b) = replica(&url).await;
    for account in 0..30 {
        see(&one, account, &with());
        see(&two, account, &without());
    }
    assert_eq!(likes(&one), all(30, 30));
    one.keep().await;
    two.keep().await;
    // What is kept twice is counted once.
    two.keep().await;
    assert_eq!(likes(&two), all(30, 60));
    see(&one, 1, &with());
    assert_eq!(
        likes(&one),
        all(31, 31),
        "what it counts itself shows at once"
    );
    one.look().await;
    assert_eq!(likes(&one), all(31, 61));
    let (third, _c) = replica(&url).await;
    assert_eq!(likes(&third), all(31, 61));
}

#[tokio::test]
async fn a_drop_that_no_replica_sees_alone_is_seen_by_all() {
    let url = Postgres::shared().database();
    let (one, _a) = replica(&url).await;
    let (two, _b) = replica(&url).await;
    for account in 0..40 {
        see(&one, account, &with());
        see(&two, account, &with());
    }
    one.keep().await;
    two.keep().await;
    // Fewer than a warning needs, on each of them.
    for account in 0..15 {
        see(&one, account, &without());
        see(&two, account, &without());
    }
    assert!(warned(&one).is_empty() && warned(&two).is_empty());
    one.keep().await;
    assert!(warned(&one).is_empty());
    two.keep().await;
    assert_eq!(warned(&two), ["image.likes", "image.tags"]);
    one.look().await;
    assert_eq!(one.warnings(), two.warnings());
}

#[tokio::test]
async fn what_only_one_of_many_lacks_is_weighed_with_what_all_state() {
    let url = Postgres::shared().database();
    let (one, _a) = replica(&url).await;
    let (two, _b) = replica(&url).await;
    for account in 0..100 {
        see(&one, account, &with());
    }
    one.keep().await;
    two.look().await;
    // Not a whole window.
    for account in 0..49 {
        see(&one, account, &with());
    }
    one.keep().await;
    for account in 0..20 {
        see(&two, account, &without());
    }
    assert_eq!(warned(&two).len(), 2, "by what it sees alone");
    two.keep().await;
    assert!(warned(&two).is_empty());
}

#[tokio::test]
async fn a_warning_and_its_acceptance_reach_everybody_at_once() {
    let url = Postgres::shared().database();
    let (one, _a) = replica(&url).await;
    let (two, _b) = replica(&url).await;
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (one, stop) = (one.clone(), stop.clone());
        async move { one.run(stop).await }
    });
    for account in 0..100 {
        see(&one, account, &with());
    }
    for account in 0..20 {
        see(&one, account, &without());
    }
    // Nobody waits for the interval.
    let shown = async {
        while warned(&two).len() < 2 {
            two.look().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), shown)
        .await
        .unwrap();
    // On another replica than the one that saw it, and after a restart of both.
    two.accept().await;
    assert!(warned(&two).is_empty());
    let (third, _c) = replica(&url).await;
    assert!(warned(&third).is_empty());
    one.look().await;
    assert!(warned(&one).is_empty());
    for account in 0..200 {
        see(&one, account, &without());
    }
    one.keep().await;
    assert!(warned(&one).is_empty(), "it is usual now");
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn nothing_is_lost_while_the_database_is_away() {
    let server = Postgres::start(false);
    let url = server.database();
    let (one, _a) = patient(&url, 500).await;
    for account in 0..100 {
        see(&one, account, &with());
    }
    one.keep().await;
    server.crash();
    for account in 0..60 {
        see(&one, account, &without());
        // Each fails, and takes nothing away.
        if account % 20 == 0 {
            one.keep().await;
        }
    }
    assert_eq!(likes(&one), all(100, 160));
    assert_eq!(warned(&one).len(), 2, "it still judges by itself");
    one.accept().await;
    server.resume();
    let stored = async {
        let (two, _b) = replica(&url).await;
        while likes(&two) != all(100, 160) {
            one.keep().await;
            two.look().await;
        }
        two.warnings()
    };
    let warnings = tokio::time::timeout(Duration::from_secs(30), stored).await;
    assert!(warnings.unwrap().is_empty(), "it was accepted meanwhile");
}

#[tokio::test]
async fn versions_are_bounded_and_those_that_are_forgotten_are_forgotten_by_all() {
    let url = Postgres::shared().database();
    let (one, _a) = replica(&url).await;
    let (two, _b) = replica(&url).await;
    let observe = |drift: &Drift, version: usize| {
        drift.observe(DriftSample {
            kind: "post",
            door: "graphql",
            version: &format!("post@1.0.{version:02}+abcdef01"),
            account: "a",
            record: &with(),
        });
    };
    observe(&two, 0);
    two.keep().await;
    for version in 1..=VERSIONS_MAX {
        observe(&one, version);
        one.keep().await;
    }
    // It learned of the version of the other one after its own first, which gave way to the last one.
    assert!(
        likes(&one)
            .iter()
            .all(|(version, _)| version != "post@1.0.01+abcdef01")
    );
    two.look().await;
    assert_eq!(likes(&two), likes(&one));
    assert_eq!(likes(&two).len(), VERSIONS_MAX);
    // Whoever still sees it counts it anew.
    observe(&two, 1);
    two.keep().await;
    let oldest = likes(&two)
        .into_iter()
        .find(|(version, _)| version.contains("1.0.01"));
    assert_eq!(
        oldest.unwrap().1,
        Rate {
            stated: 1,
            asked: 1
        }
    );
}

#[tokio::test]
async fn a_long_absence_of_the_database_takes_little_memory() {
    let url = Postgres::shared().database();
    let (one, _a) = replica(&url).await;
    for account in 0..10_000 {
        see(&one, account, &with());
    }
    let taken = one.known().take();
    let text = format!("{taken:?}");
    assert!(text.len() < 50_000, "{} bytes", text.len());
    one.known().take_back(taken);
    one.keep().await;
    assert_eq!(likes(&one), all(10_000, 10_000));
}
