//! Several replicas on one database: real processes, a real PostgreSQL, and what goes wrong between them.
#![cfg(target_os = "linux")]

mod away;
mod clocks;
mod jobs;
mod migrate;
mod rollout;
mod window;

use std::fs;

use engines::Postgres;

use crate::harness::{cdn::Cdn, server::Server};

/// How long a silent worker is considered alive in these tests, seconds. The least that the setting takes.
const LEASE_S: u64 = 3;

/// Settings of every replica of a test.
fn settings(more: &str) -> String {
    format!("[limits]\njob_lease_s = {LEASE_S}\nupstream_spacing_ms_min = 0\n{more}")
}

/// A replica on the database of a URL that downloads from a stand-in.
fn replica(cdn: &Cdn, url: &str, settings: &str) -> Server {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("gramhost.toml"), settings).unwrap();
    let flags = cdn.flags();
    let mut flags: Vec<_> = flags.iter().map(String::as_str).collect();
    flags.extend(["--database", url]);
    Server::start_in(folder, &flags)
}

/// Three of them, on a database of their own.
fn three(cdn: &Cdn, more: &str) -> (String, [Server; 3]) {
    let url = Postgres::shared().database();
    let settings = settings(more);
    let replicas = [0; 3].map(|_| replica(cdn, &url, &settings));
    (url, replicas)
}
