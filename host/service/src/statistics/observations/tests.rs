//! What is left out is of no use to any formula, and what several replicas observe is one history.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{
    contract::record::{Media, Renditions},
    data::Folder,
    database::{self, Database},
    statistics::velocity_per_hour,
};
use engines::Postgres;

fn at(observed_at: u64) -> Observation {
    Observation {
        observed_at,
        ..Observation::default()
    }
}

#[test]
fn only_the_last_two_days_are_in_memory() {
    let observations = [0, 1, DAY_S, 2 * DAY_S, 2 * DAY_S + 1].map(at);
    assert_eq!(lately(&observations), &observations[1..]);
    assert_eq!(lately(&observations[..1]), &observations[..1]);
    assert!(lately(&[]).is_empty());
}

async fn replica(url: &str, now_s: u64) -> (Observations, Clock, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let config = database::Config {
        address: Some(url.parse().unwrap()),
        connect_ms_max: 20_000,
        ..database::Config::default()
    };
    let owner = Folder::own(folder.path()).unwrap();
    let database = Database::share(&owner, &config).await.unwrap();
    let clock = Clock::fixed(now_s * 1_000);
    let log = database.observations().clone();
    (Observations::new(log).by(clock.clone()), clock, folder)
}

/// What the clock of this machine shows, seconds since 1970. It has nothing to do with that of the fleet.
fn own_clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap().as_secs()
}

fn liked(likes: u64) -> Record {
    let media: Media = serde_json::from_value(serde_json::json!({
        "shortcode": "Code", "media_id": "1", "media_type": "Image", "hashtags": [], "mentions": [],
        "renditions": Renditions::default(), "coauthors": [], "tagged_users": [], "children": [],
        "like_count": likes,
    }))
    .unwrap();
    Record::Media(media)
}

#[tokio::test]
async fn what_two_replicas_observe_is_the_growth_of_one_post() {
    let url = Postgres::shared().database();
    let start = 1_780_000_000;
    let (one, clock, _a) = replica(&url, start).await;
    let (two, other_clock, _b) = replica(&url, start).await;
    for (seconds, likes, observer) in [(0, 100, &one), (30, 110, &two), (1_800, 150, &two)] {
        for clock in [&clock, &other_clock] {
            clock.set((start + seconds) * 1_000);
        }
        observer.observe(&liked(likes), own_clock()).await;
        observer.keep().await;
    }
    for (replica, clock) in [(&one, clock), (&two, other_clock)] {
        clock.set((start + 3_600) * 1_000);
        let samples = replica.of("1").await;
        let likes: Vec<_> = samples.iter().map(|sample| sample.counts.likes).collect();
        assert_eq!(
            likes,
            [Some(100), Some(150)],
            "one a minute, whoever observes"
        );
        let current = Sample {
            at: replica.moment(own_clock()),
            counts: Counts {
                likes: Some(200),
                ..Counts::default()
            },
        };
        assert!(
            current.at.abs_diff(start + 3_600) <= 2,
            "the time of the fleet"
        );
        let velocity = velocity_per_hour(&current, &samples, None, |counts| vec![counts.likes]);
        let velocity = velocity.unwrap();
        assert!((velocity - 100.0).abs() < 0.5, "{velocity}");
    }
}

#[tokio::test]
async fn a_moment_of_a_wrong_clock_is_told_in_the_time_of_the_fleet() {
    let (replica, _, _folder) = replica(&Postgres::shared().database(), 1_000).await;
    let own = own_clock();
    assert!(replica.moment(own - 60).abs_diff(940) <= 2);
    let folder = tempfile::tempdir().unwrap();
    let owner = Folder::own(folder.path()).unwrap();
    let database = Database::open(&owner).await.unwrap();
    let alone = Observations::new(database.observations().clone());
    assert_eq!(
        alone.moment(own - 60),
        own - 60,
        "a single machine has one clock"
    );
}
