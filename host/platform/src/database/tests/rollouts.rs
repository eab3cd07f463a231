//! What a fleet decides about plugins, on a real PostgreSQL: each decision is made once, whoever makes it.

use ::engines::Postgres;
use futures_util::future::join_all;

use super::{engines::replica, *};

fn rollout(database: &Database, digest: &str) -> RolloutRow {
    RolloutRow {
        id: database.new_id(),
        plugin: "post".to_owned(),
        digest: digest.to_owned(),
        at: 1_000,
        until: 2_000,
        state: "checking".to_owned(),
        ..RolloutRow::default()
    }
}

fn vote(rollout: &RolloutRow, replica: &str, refused: Option<&str>) -> VoteRow {
    VoteRow {
        rollout: rollout.id.clone(),
        replica: replica.to_owned(),
        name: replica.to_owned(),
        refused: refused.map(str::to_owned),
    }
}

fn decision(revision: u64, state: &str, action: &str) -> PluginDecision {
    PluginDecision {
        plugin: "post".to_owned(),
        revision,
        state: state.to_owned(),
        ends: None,
        events: vec![PluginEvent {
            plugin: "post".to_owned(),
            action: action.to_owned(),
            digest: Some(state.to_owned()),
            ..PluginEvent::default()
        }],
    }
}

async fn seen(database: &Database, id: &str, seen_at: i64) {
    let row = ReplicaRow {
        id: id.to_owned(),
        seen_at,
        state: "{}".to_owned(),
        ..ReplicaRow::default()
    };
    database.beat_replica(&row).await.unwrap();
}

#[tokio::test]
async fn of_many_decisions_at_the_same_moment_one_is_made_and_the_history_has_their_order() {
    let (database, _folder) = replica(&Postgres::shared().database()).await;
    database.add_plugin("post", "{}").await.unwrap();
    database.add_plugin("post", "other").await.unwrap();
    for revision in 0..10 {
        let decisions = (0..8).map(|number| {
            let database = database.clone();
            async move {
                let state = format!("{revision}-{number}");
                let decision = decision(revision, &state, "serves");
                (database.decide_plugin(&decision).await.unwrap(), state)
            }
        });
        let made = join_all(decisions).await;
        let made: Vec<_> = made.into_iter().filter(|(made, _)| *made).collect();
        assert_eq!(made.len(), 1, "{made:?}");
        let rows = database.plugins().await.unwrap();
        assert_eq!(
            (rows[0].revision, &rows[0].state),
            (revision + 1, &made[0].1)
        );
    }
    let events = database.plugin_events(Some("post"), 100).await.unwrap();
    let order: Vec<_> = events
        .iter()
        .rev()
        .map(|it| it.digest.as_deref().unwrap()[..1].to_owned())
        .collect();
    assert_eq!(order, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
}

#[tokio::test]
async fn a_version_serves_only_if_every_replica_that_is_alive_has_admitted_it() {
    let (database, _folder) = replica(&Postgres::shared().database()).await;
    database.add_plugin("post", "{}").await.unwrap();
    seen(&database, "a", 900).await;
    seen(&database, "b", 900).await;
    seen(&database, "dead", 100).await;
    let row = rollout(&database, "one");
    assert!(
        database
            .propose(&row, Some(&vote(&row, "a", None)))
            .await
            .unwrap()
    );
    let serves = PluginDecision {
        ends: Some(RolloutEnd {
            id: row.id.clone(),
            state: "serves".to_owned(),
            outcome: None,
            admitted_since_ms: Some(500),
        }),
        ..decision(0, "one", "serves")
    };
    assert!(
        !database.decide_plugin(&serves).await.unwrap(),
        "b is silent"
    );
    database.vote(&vote(&row, "b", Some("no"))).await.unwrap();
    // The first vote counts.
    database.vote(&vote(&row, "b", None)).await.unwrap();
    assert!(!database.decide_plugin(&serves).await.unwrap(), "b refuses");
    assert_eq!(database.plugins().await.unwrap()[0].revision, 0);
    assert!(database.plugin_events(None, 10).await.unwrap().is_empty());
    let refused = PluginDecision {
        ends: Some(RolloutEnd {
            id: row.id.clone(),
            state: "refused".to_owned(),
            outcome: Some("no".to_owned()),
            admitted_since_ms: None,
        }),
        ..decision(0, "{}", "refused")
    };
    assert!(database.decide_plugin(&refused).await.unwrap());
    let ended = database.rollout(&row.id).await.unwrap().unwrap();
    assert_eq!(
        (&*ended.state, ended.outcome.as_deref()),
        ("refused", Some("no"))
    );
    // It has ended.
    let late = PluginDecision {
        revision: 1,
        ..serves
    };
    assert!(!database.decide_plugin(&late).await.unwrap());

    let row = rollout(&database, "two");
    assert!(
        database
            .propose(&row, Some(&vote(&row, "a", None)))
            .await
            .unwrap()
    );
    database.vote(&vote(&row, "b", None)).await.unwrap();
    let serves = PluginDecision {
        ends: Some(RolloutEnd {
            id: row.id.clone(),
            state: "serves".to_owned(),
            outcome: None,
            admitted_since_ms: Some(500),
        }),
        ..decision(1, "two", "serves")
    };
    assert!(database.decide_plugin(&serves).await.unwrap());
    assert_eq!(database.plugins().await.unwrap()[0].state, "two");
    assert!(database.checking().await.unwrap().is_empty());
}

#[tokio::test]
async fn one_version_of_a_plugin_is_checked_at_a_time() {
    let (database, _folder) = replica(&Postgres::shared().database()).await;
    let rows: Vec<_> = (0..8)
        .map(|number| rollout(&database, &number.to_string()))
        .collect();
    let proposed = join_all(rows.iter().map(async |row| {
        let vote = vote(row, "a", None);
        database.propose(row, Some(&vote)).await.unwrap()
    }))
    .await;
    assert_eq!(proposed.iter().filter(|proposed| **proposed).count(), 1);
    let checking = database.checking().await.unwrap();
    assert_eq!((checking.len(), checking[0].1.len()), (1, 1));
    let other = RolloutRow {
        plugin: "reel".to_owned(),
        ..rollout(&database, "x")
    };
    assert!(database.propose(&other, None).await.unwrap());
    let refused = RolloutRow {
        state: "refused".to_owned(),
        outcome: Some("{}".to_owned()),
        ..rollout(&database, "y")
    };
    assert!(database.propose(&refused, None).await.unwrap());
    let known = database.rollout_of("post", "y").await.unwrap().unwrap();
    assert_eq!(known, refused);
    assert_eq!(database.rollout_of("post", "z").await.unwrap(), None);
}

#[tokio::test]
async fn components_are_kept_while_somebody_needs_them() {
    let (database, _folder) = replica(&Postgres::shared().database()).await;
    let row = rollout(&database, "checked");
    assert!(
        database
            .propose(&row, Some(&vote(&row, "a", None)))
            .await
            .unwrap()
    );
    for digest in ["old", "kept", "new"] {
        let row = RolloutRow {
            state: "serves".to_owned(),
            at: if digest == "new" { 9_000 } else { 1_000 },
            ..rollout(&database, digest)
        };
        assert!(
            database
                .propose(&row, Some(&vote(&row, "a", None)))
                .await
                .unwrap()
        );
        database.put_artifact(digest, b"component").await.unwrap();
        database.put_artifact(digest, b"component").await.unwrap();
    }
    assert_eq!(
        database.artifact("old", 9).await.unwrap().unwrap(),
        b"component"
    );
    assert_eq!(database.artifact("old", 8).await.unwrap(), None);
    let needless = database
        .needless_artifacts(&["kept".to_owned()], 5_000)
        .await
        .unwrap();
    assert_eq!(needless, ["old"]);
    database.remove_artifact("old").await.unwrap();
    database.artifact_is_gone("old").await.unwrap();
    assert_eq!(database.artifact("old", 9).await.unwrap(), None);
    assert!(
        database
            .needless_artifacts(&["kept".to_owned()], 5_000)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn replicas_count_together_and_one_of_them_adds_the_last_comparison() {
    let (database, _folder) = replica(&Postgres::shared().database()).await;
    let ends = Ends {
        good: 2,
        own: 1,
        common: 0,
    };
    let key = ("post", "digest", 3);
    join_all((0..6).map(async |_| database.add_ends(key, ends, 50).await.unwrap())).await;
    let before = database.add_ends(key, Ends::default(), 50).await.unwrap();
    assert_eq!(before, 6);
    let latest = database.ends(key).await.unwrap();
    let sum = |of: fn(&Ends) -> u64| latest.iter().map(of).sum::<u64>();
    assert_eq!((sum(|it| it.good), sum(|it| it.own)), (12, 6));
    assert!(
        database
            .ends(("post", "digest", 4))
            .await
            .unwrap()
            .is_empty()
    );
    let more = Compared {
        worse: 1,
        shown: vec!["{}".to_owned()],
        ..Compared::default()
    };
    let added = join_all((0..20).map(async |_| {
        database
            .add_compared(("post", 7), &more, (12, 5))
            .await
            .unwrap()
    }))
    .await;
    let mut worse: Vec<_> = added.iter().flatten().map(|all| all.worse).collect();
    worse.sort_unstable();
    assert_eq!(worse, (1..=12).collect::<Vec<_>>());
    assert_eq!(database.compared("post", 7).await.unwrap().shown.len(), 5);
    database
        .forget_plugin_counts("post", 8, &[3])
        .await
        .unwrap();
    assert_eq!(
        database.compared("post", 7).await.unwrap(),
        Compared::default()
    );
    assert!(!database.ends(key).await.unwrap().is_empty());
}
