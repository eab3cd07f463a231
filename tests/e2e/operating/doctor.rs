//! `gramhost doctor --database`: one line for each thing that a fleet needs of PostgreSQL.

use std::process::Output;

use ::engines::{Postgres, free_port};

use super::{fleet, replica};
use crate::{cli::stdout, harness::server::gramhost};

fn doctor(database: &str) -> Output {
    with_connections(10, database)
}

/// On a machine whose replicas use so many connections and one more.
fn with_connections(count: u32, database: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    gramhost(folder.path())
        .env(
            "GRAMHOST_LIMITS_DATABASE_CONNECTIONS_MAX",
            count.to_string(),
        )
        // A flag must not contain a password, because other users can see it.
        .env("GRAMHOST_DATABASE", database)
        .args(["doctor", "--replay", ".", "--listen", "127.0.0.1:0"])
        .args(["--admin-listen", "off"])
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_fleet_needs_of_its_database_is_checked() {
    let url = Postgres::shared().database();
    let fresh = doctor(&url);
    assert_eq!(fresh.status.code(), Some(0), "{}", stdout(&fresh));
    for line in [
        "ok   database          PostgreSQL 1",
        "ok   database rights   may create, read and write tables",
        "ok   database TLS      none: PostgreSQL is on this machine",
        "ok   database clock    ",
        "ok   connections       PostgreSQL accepts 297, a replica uses 11: room for 27 replicas; 0 are alive",
    ] {
        assert!(stdout(&fresh).contains(line), "{line}: {}", stdout(&fresh));
    }
    let [one, _two] = ["one", "two"].map(|name| replica(name, &url, &[]));
    fleet(&one, "two replicas", |fleet| {
        fleet["replicas"].as_array().unwrap().len() == 2
    })
    .await;
    // Enough for these two, and not for one more during an upgrade.
    let full = with_connections(100, &url);
    assert_eq!(full.status.code(), Some(0), "{}", stdout(&full));
    let line = "note connections       PostgreSQL accepts 297, a replica uses 101: room for 2 replicas; 2 are alive. A rolling upgrade";
    assert!(stdout(&full).contains(line), "{}", stdout(&full));
}

#[test]
fn a_database_that_does_not_serve_a_fleet_fails() {
    let engine = Postgres::shared();
    let url = engine.database();
    engine.run(&url, "CREATE ROLE visitor LOGIN");
    let poor = doctor(&url.replace("gramhost@", "visitor:hush@"));
    assert_eq!(poor.status.code(), Some(1), "{}", stdout(&poor));
    for line in [
        "FAIL database rights   permission denied for schema public: make the role the owner of its database",
        "note database password it is in the address: a file of its own is safer (database_password_file)",
    ] {
        assert!(stdout(&poor).contains(line), "{line}: {}", stdout(&poor));
    }
    assert!(!stdout(&poor).contains("hush"), "{}", stdout(&poor));
    engine.run(
        &url,
        "CREATE TABLE compatibility (needs BIGINT); INSERT INTO compatibility VALUES (9999)",
    );
    let newer = doctor(&url);
    assert_eq!(newer.status.code(), Some(1));
    assert!(stdout(&newer).contains("its tables are those of a newer gramhost"));
    let port = free_port();
    let nobody = doctor(&format!("postgres://gramhost:hush@127.0.0.1:{port}/x"));
    assert_eq!(nobody.status.code(), Some(1));
    let line = format!("FAIL database          PostgreSQL at 127.0.0.1:{port}: ");
    assert!(stdout(&nobody).contains(&line), "{}", stdout(&nobody));
    assert!(!stdout(&nobody).contains("hush"));
}
