//! Replicas on one database see each other, and a database that is away.
#![expect(clippy::unwrap_used, reason = "tests")]

use engines::Postgres;
use tempfile::TempDir;
use tokio::time::timeout;

use super::*;
use crate::data::Folder;

const PATIENCE: Duration = Duration::from_secs(60);

async fn database(url: &str) -> (Database, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let config = database::Config {
        address: Some(url.parse().unwrap()),
        connect_ms_max: 20_000,
        ..database::Config::default()
    };
    let owner = Folder::own(folder.path()).unwrap();
    (Database::share(&owner, &config).await.unwrap(), folder)
}

async fn join(url: &str, egress: &str) -> (Fleet, TempDir) {
    let (database, folder) = database(url).await;
    let config = Config {
        name: None,
        egress: egress.to_owned(),
    };
    let fleet = Fleet::join(config, database, Clock::system()).await;
    (fleet.unwrap(), folder)
}

/// Waits until the fleet looks as `wanted`.
async fn until(fleet: &Fleet, wanted: impl Fn(&Fleet) -> bool) {
    let mut beats = fleet.watch();
    let seen = async {
        while !wanted(fleet) {
            beats.changed().await.unwrap();
        }
    };
    timeout(PATIENCE, seen).await.unwrap();
}

#[tokio::test]
async fn one_machine_is_a_fleet_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let owner = Folder::own(folder.path()).unwrap();
    let database = Database::open(&owner).await.unwrap();
    let fleet = Fleet::join(Config::default(), database, Clock::system()).await;
    let fleet = fleet.unwrap();
    assert!(fleet.is_alone());
    assert_eq!((fleet.size(), fleet.size_of_egress()), (1, 1));
    assert_eq!(fleet.alive()[0].name, fleet.id()[..NAME_BYTES]);
    // There is nothing to do, so it ends.
    timeout(PATIENCE, fleet.run(CancellationToken::new()))
        .await
        .unwrap();
}

#[tokio::test]
async fn replicas_see_each_other_come_speak_and_go() {
    let url = Postgres::shared().database();
    let (one, _a) = join(&url, "north").await;
    let (two, _b) = join(&url, "north").await;
    let (three, _c) = join(&url, "south").await;
    assert_eq!(three.size(), 3);
    let (stay, go) = (CancellationToken::new(), CancellationToken::new());
    for (fleet, token) in [(&one, &stay), (&two, &go), (&three, &stay)] {
        let (fleet, token) = (fleet.clone(), token.clone());
        tokio::spawn(async move { fleet.run(token).await });
    }
    let paused = Paused {
        host: "www.instagram.com".to_owned(),
        status: Some(429),
        until_ms: one.now_ms() + 60_000,
    };
    two.report(|report| report.paused = vec![paused.clone()]);
    until(&one, |fleet| {
        fleet.size() == 3 && !fleet.pauses_of_others().is_empty()
    })
    .await;
    assert_eq!(one.size_of_egress(), 2);
    assert_eq!(one.pauses_of_others(), [paused]);
    until(&three, |fleet| fleet.size() == 3).await;
    assert_eq!(three.size_of_egress(), 1);
    assert_eq!(three.pauses_of_others(), [], "behind another address");
    go.cancel();
    until(&one, |fleet| fleet.size() == 2).await;
    stay.cancel();
}

#[tokio::test]
async fn a_database_that_is_away_is_known_until_it_is_back_and_all_is_looked_at_again() {
    let engine = Postgres::start(false);
    let (fleet, _folder) = join(&engine.database(), "default").await;
    let running = fleet.clone();
    let stop = CancellationToken::new();
    let token = stop.clone();
    let run = tokio::spawn(async move { running.run(token).await });
    let mut jobs = fleet.notes(Note::Jobs);
    timeout(PATIENCE, jobs.changed()).await.unwrap().unwrap();
    assert_eq!(fleet.away_since_ms(), None);
    engine.crash();
    let looks = async |wanted: bool| {
        let mut looks = interval(Duration::from_millis(20));
        while fleet.away_since_ms().is_some() != wanted {
            looks.tick().await;
        }
    };
    timeout(PATIENCE, looks(true)).await.unwrap();
    assert_eq!(fleet.size(), 1);
    jobs.mark_unchanged();
    engine.resume();
    timeout(PATIENCE, looks(false)).await.unwrap();
    timeout(PATIENCE, jobs.changed()).await.unwrap().unwrap();
    stop.cancel();
    run.await.unwrap();
}
