//! The window of a client is one for all replicas, and exact.

use std::time::Duration;

use ::engines::Postgres;

use super::replica;

const WINDOW: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_window_of_a_client_is_exact_across_replicas() {
    const REQUESTS: usize = 1_000;
    let url = Postgres::shared().database();
    let mut replicas = Vec::new();
    for _ in 0..3 {
        replicas.push(replica(&url).await);
    }
    let requests = (0..REQUESTS).map(|number| {
        let database = replicas[number % 3].0.clone();
        tokio::spawn(async move {
            let window = database.admit("10.0.0.1", (30, WINDOW), PATIENCE).await;
            window.unwrap().unwrap()
        })
    });
    let mut windows = Vec::new();
    for request in requests.collect::<Vec<_>>() {
        windows.push(request.await.unwrap());
    }
    let allowed: Vec<_> = windows.iter().filter(|window| window.allowed).collect();
    let mut used: Vec<_> = allowed.iter().map(|window| window.used).collect();
    used.sort_unstable();
    assert_eq!(used, (1..=30).collect::<Vec<_>>());
    let refused = windows.iter().filter(|window| !window.allowed);
    for window in refused {
        assert_eq!(window.used, 30);
        assert!(window.frees_in > Duration::ZERO && window.frees_in <= WINDOW);
    }
}

#[tokio::test]
async fn a_request_leaves_the_window_exactly_when_it_ends() {
    let url = Postgres::shared().database();
    let (database, _folder) = replica(&url).await;
    let admit = async || {
        database
            .admit("a", (2, WINDOW), PATIENCE)
            .await
            .unwrap()
            .unwrap()
    };
    assert!(admit().await.allowed && admit().await.allowed && !admit().await.allowed);
    // As if the first one had been 60 s ago, and the second 59.
    let shift = |first: u32, second: u32| {
        format!(
            "UPDATE windows SET passed = ARRAY[
                 (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - {first}000000,
                 (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - {second}000000]"
        )
    };
    Postgres::shared().run(&url, &shift(60, 58));
    let window = admit().await;
    assert!(window.allowed && window.used == 2);
    assert!(window.frees_in <= Duration::from_secs(2), "{window:?}");
    Postgres::shared().run(&url, &shift(62, 61));
    assert_eq!(admit().await.used, 1);
    Postgres::shared().run(&url, &shift(70, 65));
    database.forget_windows(WINDOW).await.unwrap();
    assert_eq!(
        Postgres::shared().run(&url, "SELECT COUNT(*) FROM windows"),
        "0"
    );
}
