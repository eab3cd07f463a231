//! Connections to PostgreSQL over TLS: only to the server whose certificate the named authority has signed.

use std::{path::Path, process::Command};

use ::engines::Postgres;

use super::open;

/// Makes a certificate for `localhost` that signs itself, and its key.
fn certificate(folder: &Path, name: &str) -> bool {
    let (key, file) = (
        folder.join(format!("{name}.key")),
        folder.join(format!("{name}.pem")),
    );
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]);
    openssl.args(["-addext", "subjectAltName=DNS:localhost"]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    openssl.arg("-keyout").arg(key).arg("-out").arg(file);
    openssl.output().is_ok_and(|output| output.status.success())
}

#[tokio::test]
async fn only_the_server_with_the_right_certificate_is_used() {
    let folder = tempfile::tempdir().unwrap();
    if !["right", "wrong"]
        .iter()
        .all(|name| certificate(folder.path(), name))
    {
        println!("skipped: openssl is not installed");
        return;
    }
    let engine = Postgres::start(false);
    let url = engine.database();
    engine.encrypt(
        &folder.path().join("right.pem"),
        &folder.path().join("right.key"),
    );
    let data = tempfile::tempdir().unwrap();
    let with = |name: &str, host: &str| {
        let file = folder.path().join(format!("{name}.pem"));
        let url = url.replace("127.0.0.1", host);
        format!("{url}?sslmode=verify-full&sslrootcert={}", file.display())
    };
    let database = open(&with("right", "localhost"), data.path())
        .await
        .unwrap();
    database.ping().await.unwrap();
    let encrypted =
        "SELECT COUNT(*) > 0 AND bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
         WHERE application_name = 'gramhost'";
    assert_eq!(engine.run(&url, encrypted), "t");
    database.close().await;
    drop(database);
    for (name, host) in [("wrong", "localhost"), ("right", "127.0.0.1")] {
        let refused = open(&with(name, host), data.path())
            .await
            .err()
            .unwrap()
            .to_string();
        assert!(refused.contains("certificate"), "{refused}");
    }
}
