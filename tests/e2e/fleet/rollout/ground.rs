//! Replicas that serve plugins, and what a test asks about their versions.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use engines::Postgres;
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::interval;

use crate::harness::server::Server;

/// How long a condition may take on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(90);
/// The pause between two looks.
pub(super) const PAUSE: Duration = Duration::from_millis(5);

/// A database, and the flags of the replicas on it.
pub(super) struct Ground {
    database: String,
    flags: Vec<String>,
}

impl Ground {
    /// Replicas that answer from the fixtures.
    pub(super) fn on_fixtures() -> Self {
        let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");
        Self::new(&["--replay", fixtures])
    }

    pub(super) fn new(flags: &[&str]) -> Self {
        let database = Postgres::shared().database();
        let own = [
            "--database",
            &database,
            "--rate-limit",
            "0",
            "--cache-ttl",
            "0",
        ];
        let flags = own
            .iter()
            .chain(flags)
            .map(|flag| (*flag).to_owned())
            .collect();
        Self { database, flags }
    }

    pub(super) fn flags(&self) -> Vec<&str> {
        self.flags.iter().map(String::as_str).collect()
    }

    /// The working folder of a replica with this name and these limits.
    pub(super) fn folder(name: &str, limits: &str) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let settings = format!("replica_name = \"{name}\"\n[limits]\n{limits}\n");
        fs::write(folder.path().join("gramhost.toml"), settings).unwrap();
        folder
    }

    pub(super) fn start(&self, name: &str) -> Server {
        self.start_in(Self::folder(name, ""))
    }

    pub(super) fn start_in(&self, folder: TempDir) -> Server {
        Server::start_in(folder, &self.flags())
    }

    /// Three replicas, called a, b and c.
    pub(super) fn three(&self) -> [Server; 3] {
        ["a", "b", "c"].map(|name| self.start(name))
    }

    /// What statements on the database print.
    pub(super) fn sql(&self, statements: &str) -> String {
        Postgres::shared().run(&self.database, statements)
    }

    /// Waits until a statement prints this.
    pub(super) async fn until_sql(&self, statement: &str, expected: &str) {
        let mut looks = interval(PAUSE);
        let deadline = Instant::now() + PATIENCE;
        loop {
            looks.tick().await;
            let found = self.sql(statement);
            if found == expected {
                return;
            }
            assert!(Instant::now() < deadline, "{statement}: {found}");
        }
    }
}

/// The entry of `post` in `GET /plugins`.
pub(super) async fn post(server: &Server) -> Value {
    let plugins = server.admin("/plugins").await.json;
    let mut all = plugins.as_array().unwrap().iter();
    all.find(|it| it["name"] == "post").unwrap().clone()
}

/// Waits until the entry of `post` satisfies a condition on each of these replicas.
pub(super) async fn until(
    what: &str,
    servers: &[&Server],
    holds: impl Fn(&Value) -> bool,
) -> Value {
    let mut looks = interval(PAUSE);
    let deadline = Instant::now() + PATIENCE;
    let mut last = Value::Null;
    for server in servers {
        loop {
            last = post(server).await;
            if holds(&last) {
                break;
            }
            assert!(
                Instant::now() < deadline,
                "{what}: {last:#}\n{}",
                server.log()
            );
            looks.tick().await;
        }
    }
    last
}

/// Waits until the component with these bytes serves on each of these replicas.
pub(super) async fn until_serves(servers: &[&Server], component: &[u8]) {
    let wanted = digest(component);
    until("it serves", servers, |post| {
        post["digest"] == wanted.as_str()
    })
    .await;
}

pub(super) fn digest(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    let bytes = Sha256::digest(bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Adds a case of the operator that the embedded plugin and its variants fail.
pub(super) fn add_impossible_case(data: &Path) {
    let from = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/instagram/post");
    let from = fs::read_dir(from)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.join("expected.json").exists())
        .unwrap();
    let to = data.join("fixtures/post/impossible");
    fs::create_dir_all(&to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap().path();
        fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
    }
    fs::write(to.join("expected.json"), r#"{"shortcode":"another"}"#).unwrap();
}
