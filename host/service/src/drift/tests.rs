//! Warnings are raised when they are due, and only then.
#![expect(clippy::unwrap_used, reason = "tests")]

mod fleet;

use std::collections::HashSet;

use super::{
    state::{DOORS_MAX, PLACES_MAX, VERSIONS_MAX},
    *,
};
use crate::{contract::record::MediaType, data::Folder};

/// A record of a kind that the contract does not have.
#[derive(Serialize)]
struct Record {
    likes: Option<u32>,
    tags: Vec<&'static str>,
    media_type: MediaType,
    duration: Option<f64>,
}

async fn drift() -> Drift {
    Drift::open(None, Clock::fixed(5_000_000)).await.unwrap()
}

fn see(drift: &Drift, account: u32, record: &Record) {
    drift.observe(DriftSample {
        kind: "post",
        door: "graphql",
        version: "post@1.0.0+abcdef01",
        account: &account.to_string(),
        record,
    });
}

fn with() -> Record {
    Record {
        likes: Some(5),
        tags: vec!["a"],
        media_type: MediaType::Image,
        duration: None,
    }
}

fn without() -> Record {
    Record {
        likes: None,
        tags: Vec::new(),
        ..with()
    }
}

fn warned(drift: &Drift) -> Vec<String> {
    drift.warnings().into_iter().map(|it| it.field).collect()
}

#[tokio::test]
async fn a_field_that_is_gone_is_told_with_before_and_after_and_since_when() {
    let drift = drift().await;
    for account in 0..100 {
        see(&drift, account, &with());
    }
    drift.clock.set(6_000_000);
    for account in 0..19 {
        see(&drift, account, &without());
    }
    assert!(warned(&drift).is_empty());
    see(&drift, 19, &without());
    let warnings = drift.warnings();
    let likes = &warnings[0];
    assert_eq!(likes.field, "image.likes");
    assert_eq!((likes.before_percent, likes.after_percent), (100, 0));
    assert_eq!((likes.since, likes.kind.as_str()), (6_000, "post"));
    assert_eq!(warnings[1].field, "image.tags");
}

#[tokio::test]
async fn one_account_that_hides_it_is_no_drift() {
    let drift = drift().await;
    for account in 0..100 {
        see(&drift, account, &with());
    }
    for _ in 0..200 {
        see(&drift, 7, &without());
    }
    assert!(warned(&drift).is_empty());
}

#[tokio::test]
async fn other_media_are_other_fields() {
    let drift = drift().await;
    let video = Record {
        media_type: MediaType::Video,
        duration: Some(3.5),
        ..with()
    };
    let image = with();
    for account in 0..100 {
        see(&drift, account, &video);
    }
    for account in 0..100 {
        see(&drift, account, &image);
    }
    assert!(warned(&drift).is_empty());
}

#[tokio::test]
async fn chance_raises_no_alarm() {
    let drift = drift().await;
    // A third of the records, in pseudo-random order, state the field.
    let mut state = 1_u32;
    for account in 0..20_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let record = if state >> 16 < 21_845 {
            with()
        } else {
            without()
        };
        see(&drift, account, &record);
        assert!(warned(&drift).is_empty(), "after {account}");
    }
}

#[tokio::test]
async fn a_field_that_comes_back_ends_the_warning() {
    let drift = drift().await;
    for account in 0..100 {
        see(&drift, account, &with());
    }
    for account in 0..70 {
        see(&drift, account, &without());
    }
    assert_eq!(warned(&drift).len(), 2);
    for account in 0..100 {
        see(&drift, account, &with());
    }
    assert!(warned(&drift).is_empty());
}

#[tokio::test]
async fn what_the_operator_accepts_is_usual() {
    let drift = drift().await;
    for account in 0..100 {
        see(&drift, account, &with());
    }
    for account in 0..60 {
        see(&drift, account, &without());
    }
    drift.accept().await;
    for account in 0..200 {
        see(&drift, account, &without());
    }
    assert!(warned(&drift).is_empty());
}

#[tokio::test]
async fn what_was_learned_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let open = async || {
        let database = Database::open(&Folder::own(folder.path()).unwrap())
            .await
            .unwrap();
        let drift = Drift::open(Some(database.clone()), Clock::fixed(1)).await;
        (drift.unwrap(), database)
    };
    let (drift, database) = open().await;
    for account in 0..100 {
        see(&drift, account, &with());
    }
    drift.keep().await;
    database.close().await;
    drop((drift, database));
    let (drift, _database) = open().await;
    let rates = drift.rates();
    let likes = rates.iter().find(|it| it.field == "image.likes");
    assert_eq!(
        likes.unwrap().rate,
        Rate {
            stated: 100,
            asked: 100
        }
    );
    for account in 0..30 {
        see(&drift, account, &without());
    }
    assert_eq!(warned(&drift).len(), 2);
}

#[tokio::test]
async fn the_course_of_a_field_is_told_and_bounded() {
    let drift = drift().await;
    for account in 0..50 {
        see(&drift, account, &with());
    }
    for account in 0..10 {
        see(&drift, account, &without());
    }
    let windows = || {
        let rates = drift.rates().into_iter();
        let mut likes = rates.filter(|it| it.field == "image.likes");
        likes.next_back().unwrap().windows
    };
    assert_eq!(windows(), [100, 0]);
    for account in 0..5_000 {
        see(&drift, account, &with());
    }
    assert_eq!(windows().len(), 25);
}

#[tokio::test]
async fn rates_are_told_by_version_and_old_versions_are_forgotten() {
    let drift = drift().await;
    for version in 0..40 {
        drift.observe(DriftSample {
            kind: "post",
            door: "graphql",
            version: &format!("post@1.0.{version}+abcdef01"),
            account: "a",
            record: &with(),
        });
    }
    let versions: HashSet<_> = drift.rates().into_iter().map(|it| it.version).collect();
    assert_eq!(versions.len(), VERSIONS_MAX);
    assert!(versions.contains("post@1.0.39+abcdef01"));
}

/// What a plugin makes up has no end, but what is kept of it has, also over restarts.
#[tokio::test]
async fn made_up_doors_and_fields_use_up_only_the_room_of_their_kind() {
    let folder = tempfile::tempdir().unwrap();
    let open = async || {
        let owned = Folder::own(folder.path()).unwrap();
        let database = Database::open(&owned).await.unwrap();
        let drift = Drift::open(Some(database.clone()), Clock::fixed(1)).await;
        (drift.unwrap(), database)
    };
    for restart in 0..3 {
        let (drift, database) = open().await;
        see(&drift, 0, &with());
        for number in 0..500 {
            let fields = (0..64).map(|field| (format!("new_{restart}_{number}_{field}"), 1));
            let made_up: std::collections::BTreeMap<_, _> = fields.collect();
            let seen = DriftSample {
                kind: "post",
                door: "graphql",
                version: "post@6.6.6+abcdef01",
                account: "a",
                record: &made_up,
            };
            drift.observe(seen);
            let door = format!("door-{restart}-{number}");
            drift.observe(DriftSample {
                door: &door,
                ..seen
            });
        }
        let rates = drift.rates();
        let doors: HashSet<_> = rates.iter().map(|it| it.door.clone()).collect();
        assert!(doors.len() <= DOORS_MAX, "{}", doors.len());
        let fields: HashSet<_> = rates.iter().map(|it| (&it.door, &it.field)).collect();
        assert!(fields.len() <= PLACES_MAX, "{}", fields.len());
        // What was known before is still counted, and so are other kinds.
        for kind in ["post", "reel"] {
            let record = &with();
            let (door, version, account) = ("graphql", "post@1.0.0+abcdef01", "a");
            drift.observe(DriftSample {
                kind,
                door,
                version,
                account,
                record,
            });
            let rates = drift.rates();
            let likes =
                |it: &&Fill| it.kind == kind && it.version == version && it.field == "image.likes";
            let asked = rates.iter().find(likes).unwrap().rate.asked;
            assert!(asked > restart, "{kind}: {asked}");
        }
        drift.keep().await;
        database.close().await;
    }
}
