//! What is found out about PostgreSQL, and that nothing is left behind.

use ::engines::Postgres;

use super::*;

const ALIVE_MS: u64 = 10_000;

fn config(url: &str) -> Config {
    Config {
        address: Some(url.parse().unwrap()),
        connect_ms_max: 20_000,
        connections_max: 9,
        ..Config::default()
    }
}

async fn found(url: &str) -> Examination {
    examine(&config(url), ALIVE_MS).await.unwrap()
}

#[tokio::test]
async fn an_empty_database_has_room_and_stays_empty() {
    let server = Postgres::shared();
    let url = server.database();
    let found = found(&url).await;
    assert!(found.version.starts_with(|it: char| it.is_ascii_digit()));
    assert!(found.is_supported && !found.is_newer && found.is_local);
    assert_eq!((found.missing_right, found.tls), (None, None));
    assert!(!found.round_trip.is_zero() && found.round_trip < Duration::from_secs(5));
    // The same machine has the same clock.
    assert!(
        found.clock_ahead_ms.abs() < 1_000,
        "{}",
        found.clock_ahead_ms
    );
    // 300 are accepted, three of them from superusers alone.
    assert_eq!(
        (found.connections_max, found.connections_of_a_replica),
        (297, 10)
    );
    assert_eq!(found.replicas, 0);
    let tables = server.run(
        &url,
        "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'",
    );
    assert_eq!(tables, "0");
}

#[tokio::test]
async fn replicas_that_are_alive_are_counted() {
    let url = Postgres::shared().database();
    let folder = tempfile::tempdir().unwrap();
    let owner = Folder::own(folder.path()).unwrap();
    let database = Database::share(&owner, &config(&url)).await.unwrap();
    let clock = Clock::system();
    database.correct(&clock).await.unwrap();
    for (id, ago) in [("a", 0), ("b", 1_000), ("c", ALIVE_MS * 6)] {
        let row = ReplicaRow {
            id: id.to_owned(),
            seen_at: i64::try_from(clock.now_ms() - ago).unwrap(),
            ..ReplicaRow::default()
        };
        database.beat_replica(&row).await.unwrap();
    }
    assert_eq!(found(&url).await.replicas, 2);
}

#[tokio::test]
async fn what_the_role_may_not_do_is_named() {
    let server = Postgres::shared();
    let url = server.database();
    server.run(&url, "CREATE ROLE onlooker LOGIN");
    let onlooker = url.replace("gramhost@", "onlooker@");
    let missing = found(&onlooker).await.missing_right.unwrap();
    assert!(missing.contains("permission denied"), "{missing}");
    server.run(&url, "GRANT CREATE ON SCHEMA public TO onlooker");
    assert_eq!(found(&onlooker).await.missing_right, None);
    // Somebody else has made a table, and does not share it.
    server.run(&url, "CREATE TABLE jobs (id TEXT)");
    server.run(&url, "GRANT SELECT, INSERT, DELETE ON jobs TO onlooker");
    let missing = found(&onlooker).await.missing_right.unwrap();
    assert_eq!(missing, "may not read and write jobs");
    server.run(&url, "GRANT UPDATE ON jobs TO onlooker");
    assert_eq!(found(&onlooker).await.missing_right, None);
}

#[tokio::test]
async fn a_newer_release_and_no_server_are_told_apart() {
    let server = Postgres::shared();
    let url = server.database();
    server.run(
        &url,
        "CREATE TABLE compatibility (needs BIGINT); INSERT INTO compatibility VALUES (9999)",
    );
    assert!(found(&url).await.is_newer);
    let nobody = format!("postgres://gramhost@127.0.0.1:{}/x", ::engines::free_port());
    let error = examine(&config(&nobody), ALIVE_MS).await.unwrap_err();
    assert!(matches!(error, Error::Unusable { .. }), "{error}");
}

#[tokio::test]
async fn an_encrypted_connection_says_how_and_whether_it_is_checked() {
    let server = Postgres::start(false);
    let url = server.database();
    // A certificate of its own, which its folder keeps.
    let openssl = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout server.key -out server.crt -subj /CN=localhost \
                   -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost";
    server.run(
        &url,
        &format!("COPY (SELECT 1) TO PROGRAM '{openssl} 2>/dev/null'"),
    );
    server.run(&url, "ALTER SYSTEM SET ssl = on");
    server.run(&url, "SELECT pg_reload_conf()");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.crt");
    std::fs::write(&file, server.run(&url, "SELECT pg_read_file('server.crt')")).unwrap();
    let url = url.replace("127.0.0.1", "localhost");
    let checked = format!("{url}?sslmode=verify-full&sslrootcert={}", file.display());
    // The server takes a moment to read its settings again.
    let looks = async {
        loop {
            match examine(&config(&checked), ALIVE_MS).await {
                Ok(found) => return found,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(20), looks)
        .await
        .unwrap();
    let tls = found.tls.unwrap();
    assert!(tls.starts_with("TLSv1.") && found.is_verified, "{tls}");
    let trusting = format!("{url}?sslmode=require");
    let found = self::found(&trusting).await;
    assert!(found.tls.is_some() && !found.is_verified);
}

#[tokio::test]
async fn running_jobs_are_counted_by_their_owners() {
    let folder = tempfile::tempdir().unwrap();
    let owner = Folder::own(folder.path()).unwrap();
    let shared = tempfile::tempdir().unwrap();
    let url = Postgres::shared().database();
    for database in [
        Database::open(&owner).await.unwrap(),
        Database::share(&Folder::own(shared.path()).unwrap(), &config(&url))
            .await
            .unwrap(),
    ] {
        let rows: Vec<_> = (0..4)
            .map(|number| JobRow {
                id: format!("job-{number}"),
                payload: Some("null".to_owned()),
                state: "pending".to_owned(),
                ..JobRow::default()
            })
            .collect();
        database.insert_jobs(&rows).await.unwrap();
        for owner in ["b", "a", "b"] {
            let claimed = database.claim_job(owner, (NOW, NOW + 1), None).await;
            assert!(claimed.unwrap().is_some());
        }
        let counts = [("a".to_owned(), 1), ("b".to_owned(), 2)];
        assert_eq!(database.running_jobs().await.unwrap(), counts);
    }
}
