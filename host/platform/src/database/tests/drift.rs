//! Fill rates are added up, and usual states are replaced, on both engines.

use ::engines::Postgres;

use super::{
    engines::{each, replica},
    *,
};

fn fill(version: &str, stated: u64, asked: u64) -> FillRow {
    FillRow {
        kind: "post".to_owned(),
        door: "graphql".to_owned(),
        version: version.to_owned(),
        field: "likes".to_owned(),
        stated,
        asked,
    }
}

fn track(text: &str) -> DriftRow {
    DriftRow {
        kind: "post".to_owned(),
        door: "graphql".to_owned(),
        field: "likes".to_owned(),
        track: text.to_owned(),
    }
}

#[tokio::test]
async fn fill_rates_are_added_and_those_of_forgotten_versions_begin_anew() {
    for (database, _folder) in each().await {
        let mut change = DriftChange {
            fill: vec![fill("old", 1, 2), fill("new", 3, 4)],
            drift: vec![track("1")],
            forgotten: Vec::new(),
        };
        database.keep_drift(&change).await.unwrap();
        change.drift = vec![track("2")];
        change.forgotten = vec!["old".to_owned()];
        database.keep_drift(&change).await.unwrap();
        let (mut rates, tracks) = database.drift().await.unwrap();
        rates.sort_by(|one, two| one.version.cmp(&two.version));
        assert_eq!(rates, [fill("new", 6, 8), fill("old", 1, 2)]);
        assert_eq!(tracks, [track("2")]);
    }
}

#[tokio::test]
async fn more_rows_than_one_statement_takes_are_kept() {
    for (database, _folder) in each().await {
        let rows = (0..2_500).map(|number| FillRow {
            field: number.to_string(),
            ..fill("a", number, 9_999)
        });
        let change = DriftChange {
            fill: rows.collect(),
            ..DriftChange::default()
        };
        database.keep_drift(&change).await.unwrap();
        let (rates, _) = database.drift().await.unwrap();
        assert_eq!(rates.len(), 2_500);
        assert_eq!(rates.iter().map(|row| row.stated).sum::<u64>(), 3_123_750);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_change_usual_states_one_after_the_other() {
    let url = Postgres::shared().database();
    let mut replicas = Vec::new();
    for _ in 0..2 {
        replicas.push(replica(&url).await);
    }
    let work = replicas.iter().map(|(database, _)| {
        let database = database.clone();
        tokio::spawn(async move {
            for _ in 0..50 {
                let change = DriftChange {
                    fill: vec![fill("a", 1, 2)],
                    ..DriftChange::default()
                };
                let one_more = |before: Vec<DriftRow>| {
                    let count = before.first().map_or(0, |row| row.track.parse().unwrap());
                    vec![track(&(count + 1_u32).to_string())]
                };
                let rates = database.merge_drift(&change, one_more).await.unwrap();
                assert_eq!(rates.unwrap().len(), 1);
            }
        })
    });
    for work in work.collect::<Vec<_>>() {
        work.await.unwrap();
    }
    let found = replicas[0].0.drift().await.unwrap();
    assert_eq!(found, (vec![fill("a", 100, 200)], vec![track("100")]));
}

#[tokio::test]
async fn a_database_of_one_process_is_merged_with_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&Folder::own(folder.path()).unwrap()).await;
    let change = DriftChange {
        fill: vec![fill("a", 1, 1)],
        ..DriftChange::default()
    };
    let database = database.unwrap();
    let merged = database.merge_drift(&change, |rows| rows).await.unwrap();
    assert_eq!(merged, None);
    assert_eq!(database.drift().await.unwrap(), (Vec::new(), Vec::new()));
}
