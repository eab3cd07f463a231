//! What operators see of replicas on one database, and of one machine.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use engines::Postgres;

use super::*;
use crate::{
    clock::Clock,
    data::Folder,
    database::{self, Database, ReplicaRow},
    fleet::{Config, Paused, Report},
};

async fn alone(folder: &Path) -> Fleet {
    let owner = Folder::own(folder).unwrap();
    let database = Database::open(&owner).await.unwrap();
    let joined = Fleet::join(Config::default(), database, Clock::system()).await;
    joined.unwrap()
}

async fn member(url: &str, name: &str, folder: &Path) -> (Fleet, Database) {
    let owner = Folder::own(folder).unwrap();
    let shared = database::Config {
        address: Some(url.parse().unwrap()),
        connect_ms_max: 20_000,
        ..database::Config::default()
    };
    let database = Database::share(&owner, &shared).await.unwrap();
    let config = Config {
        name: Some(name.to_owned()),
        ..Config::default()
    };
    let joined = Fleet::join(config, database.clone(), Clock::system()).await;
    (joined.unwrap(), database)
}

fn words(overview: &Overview, part: &str) -> bool {
    overview.degraded.iter().any(|it| it.contains(part))
}

#[tokio::test]
async fn one_machine_is_a_fleet_of_one_with_nothing_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = alone(folder.path()).await;
    let overview = fleet.overview().await.unwrap();
    assert!(!overview.is_shared && overview.degraded.is_empty());
    assert_eq!(overview.replicas.len(), 1);
    assert_eq!(overview.replicas[0].replica.id, fleet.id());
    assert!(overview.replicas[0].is_alive);
    assert_eq!(overview.running, Some(Vec::new()));
    fleet.drain(true);
    let overview = fleet.overview().await.unwrap();
    assert!(overview.replicas[0].replica.report.draining);
    assert!(words(&overview, "is draining"), "{:?}", overview.degraded);
}

#[tokio::test]
async fn replicas_that_differ_or_are_silent_are_told() {
    let url = Postgres::shared().database();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (one, database) = member(&url, "one", folders[0].path()).await;
    let (two, _) = member(&url, "two", folders[1].path()).await;
    let overview = one.overview().await.unwrap();
    assert!(
        overview.is_shared && overview.degraded.is_empty(),
        "{:?}",
        overview.degraded
    );
    let names = |overview: &Overview| -> Vec<_> {
        let members = overview.replicas.iter();
        members
            .map(|it| (it.replica.name.clone(), it.is_alive))
            .collect()
    };
    let both = [("one".to_owned(), true), ("two".to_owned(), true)];
    assert_eq!(names(&overview), both);
    assert!(
        overview
            .duties
            .unwrap()
            .iter()
            .any(|duty| duty.holder == one.id())
    );
    let now = overview.now_ms;
    let row = |id: &str, version: &str, ago: u64, report: &Report| ReplicaRow {
        id: id.to_owned(),
        name: id.to_owned(),
        version: version.to_owned(),
        started_at: i64::try_from(now).unwrap(),
        seen_at: i64::try_from(now - ago).unwrap(),
        state: serde_json::to_string(report).unwrap(),
        ..ReplicaRow::default()
    };
    let report = |digest: &str| Report {
        plugins: [("post".to_owned(), digest.to_owned())].into(),
        ..Report::default()
    };
    let paused = Report {
        paused: vec![Paused {
            host: "instagram.test".to_owned(),
            status: Some(429),
            until_ms: now + 3_600_000,
        }],
        ..report("bb")
    };
    for row in [
        row("gone", "9.9.9", 3 * ALIVE_MS, &report("cc")),
        row("long gone", "9.9.8", 2 * SHOWN_MS, &report("cc")),
        row("new", "9.9.7", 0, &paused),
    ] {
        database.beat_replica(&row).await.unwrap();
    }
    two.report(|own| *own = report("aa"));
    // It tells the others with its heartbeat, but knows it at once.
    let overview = two.overview().await.unwrap();
    let gone: Vec<_> = overview.replicas.iter().filter(|it| !it.is_alive).collect();
    assert_eq!(gone.len(), 1);
    assert_eq!(gone[0].replica.name, "gone");
    for part in [
        "gone has been silent for 3",
        "different releases",
        "9.9.7",
        "2 versions of the plugin post",
        "new sends nothing to instagram.test",
    ] {
        assert!(words(&overview, part), "{part}: {:?}", overview.degraded);
    }
    // A release that ended with its replica is no difference.
    assert!(!words(&overview, "9.9.9"));
}
