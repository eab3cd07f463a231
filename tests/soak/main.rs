//! One server under mixed load, with faults and hostile plugins: a few violent deaths, then a long life. Nothing that was
//! accepted is lost, nothing fails that should not, and nothing grows.
//!
//! `cargo test` runs it for a minute, `make soak` for half an hour.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

#[path = "../harness.rs"]
#[expect(dead_code, reason = "end-to-end tests use the rest of it")]
mod harness;

mod load;
mod measure;
mod swaps;

use std::{
    env, fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use harness::{
    cdn::{Cdn, honest},
    server::Server,
    upstream::{Reply, reply},
};
use load::{Load, Tally};
use measure::{Allowance, Samples};
use swaps::Swaps;
use tokio::time::interval;

/// Without `GRAMHOST_SOAK_SECONDS`.
const SECONDS: u64 = 60;
const DEATHS: u32 = 4;
/// Of Instagram's answers and of its media, one in this many is a fault.
const FAULT_EVERY: usize = 20;
/// Longer than a restart on a busy machine, so that no job of before is forgotten.
const RETENTION_OF_DEATHS_S: u64 = 600;
/// Shorter than any run, so that files expire during it.
const RETENTION_OF_LIFE_S: u64 = 8;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_grows() {
    let seconds = env::var("GRAMHOST_SOAK_SECONDS").ok();
    let seconds = seconds.map_or(SECONDS, |seconds| seconds.parse().unwrap());
    let deaths = Duration::from_secs(seconds / 4);
    let life = Duration::from_secs(seconds) - deaths;
    let cdn = unreliable().await;
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let mut tally = Tally::default();

    let folder = tempfile::tempdir().unwrap();
    configure(folder.path(), RETENTION_OF_DEATHS_S);
    let mut server = Server::start_in(folder, &flags);
    for _ in 0..DEATHS {
        let load = Load::start(&server);
        let swaps = Swaps::start(&server);
        spend(deaths / DEATHS, || ()).await;
        server = server.crash_and_restart(&flags);
        swaps.end().await;
        let ended = load.end().await;
        ended.must_be_known_to(&server).await;
        tally.add(ended);
    }

    server.signal(rustix::process::Signal::TERM);
    assert!(server.wait().success());
    configure(server.folder.path(), RETENTION_OF_LIFE_S);
    let mut server = server.restart(&flags);
    let mut samples = Samples::default();
    let load = Load::start(&server);
    let swaps = Swaps::start(&server);
    spend(life, || samples.take(&server)).await;
    swaps.end().await;
    let ended = load.end().await;
    let jobs = ended.jobs();
    tally.add(ended);

    println!("{tally}{samples}");
    tally.must_be_good();
    samples.must_be_flat(&Allowance::of(jobs));
    // The words of a plugin that panics are in lines of their own form.
    let log = server.log();
    let mut panics = log.lines().filter(|line| line.starts_with("thread '"));
    assert_eq!(panics.next(), None);
    server.signal(rustix::process::Signal::TERM);
    assert!(server.wait().success());
}

/// Calls `each` about once a second for this long.
async fn spend(time: Duration, mut each: impl FnMut()) {
    let began = Instant::now();
    let mut ticks = interval(Duration::from_secs(1).min(time / 4));
    while began.elapsed() < time {
        ticks.tick().await;
        each();
    }
}

fn configure(folder: &Path, retention_s: u64) {
    let settings = format!(
        "cache_ttl = 1
        cookies = \"cookies.txt\"
        [limits]
        file_retention_s = {retention_s}
        negative_ttl_s = 1
        job_attempts_max = 100
        rollback_failures_min = 10000
        upstream_spacing_ms_min = 0
        "
    );
    fs::write(folder.join("gramhost.toml"), settings).unwrap();
    // Stories need a session.
    let cookies = ".instagram.com\tTRUE\t/\tTRUE\t0\tsessionid\tmade-up\n";
    fs::write(folder.join("cookies.txt"), cookies).unwrap();
}

/// A stand-in whose answers are sometimes nonsense, and whose media are sometimes refused, cut or dropped.
async fn unreliable() -> Cdn {
    let (answers, media) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let cdn = Cdn::start_as(move |body| {
        let count = answers.fetch_add(1, Ordering::Relaxed);
        let body: &[u8] = if count % FAULT_EVERY == 7 {
            b"{}"
        } else {
            body
        };
        body.to_vec()
    })
    .await;
    cdn.misbehave(move |seen, _, body| {
        let count = media.fetch_add(1, Ordering::Relaxed);
        match count % (3 * FAULT_EVERY) {
            5 => Some(reply(503, &[], "busy")),
            25 => Some(Reply::Bytes(Vec::new())),
            45 => {
                let Reply::Bytes(mut bytes) = honest(seen, body) else {
                    return None;
                };
                bytes.truncate(bytes.len() / 2);
                Some(Reply::Bytes(bytes))
            }
            _ => None,
        }
    });
    cdn
}
