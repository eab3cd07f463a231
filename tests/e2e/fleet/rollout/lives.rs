//! Replicas that die, stop, join late or come back while the fleet decides.

use std::{fs, time::Instant};

use guests::variant;
use rustix::process::Signal;

use super::{
    PATH, decide,
    ground::{Ground, add_impossible_case, digest, post, until, until_serves},
    history,
};
use crate::{
    harness::server::{gramhost, share_compiled_plugins},
    plugin::POST,
};

/// What a rollout waits for: a vote is missing.
const ASKED: &str = "SELECT COUNT(*) FROM votes JOIN rollouts ON votes.rollout = rollouts.id WHERE state = 'checking'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_stops_or_dies_while_it_is_asked_holds_up_nobody_for_long() {
    let ground = Ground::on_fixtures();
    let [a, b, c] = ground.three();
    // It stops for longer than a replica counts as alive, and follows when it is back.
    let one = variant(POST, 11);
    c.signal(Signal::STOP);
    let began = Instant::now();
    let put = a.put_plugin("post", &one).await;
    assert_eq!(put.status, 200, "{}", put.text);
    until_serves(&[&a, &b], &one).await;
    println!(
        "without a replica that has stopped, a version serves after {:?}",
        began.elapsed()
    );
    let silent =
        "SELECT extract(epoch FROM now()) * 1000 - seen_at > 15000 FROM replicas WHERE name = 'c'";
    ground.until_sql(silent, "t").await;
    let began = Instant::now();
    c.signal(Signal::CONT);
    until_serves(&[&c], &one).await;
    println!(
        "a replica that was away for 15 s serves it {:?} after it is back",
        began.elapsed()
    );
    until("it is alive", &[&c], |_| {
        let alive = "SELECT COUNT(*) FROM replicas WHERE name = 'c' AND seen_at > extract(epoch FROM now()) * 1000 - 5000";
        ground.sql(alive) == "1"
    })
    .await;

    // It dies after it was asked.
    let two = variant(POST, 12);
    c.signal(Signal::STOP);
    let began = Instant::now();
    let asked = async {
        ground.until_sql(ASKED, "2").await;
        c.signal(Signal::KILL);
    };
    let (put, ()) = tokio::join!(b.put_plugin("post", &two), asked);
    assert_eq!(put.status, 200, "{}", put.text);
    until_serves(&[&a, &b], &two).await;
    println!(
        "without a replica that has died, a version serves after {:?}",
        began.elapsed()
    );
    assert_eq!(history(&a).await, history(&b).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_is_alive_and_says_nothing_stops_the_version_and_is_named() {
    let ground = Ground::on_fixtures();
    let a = ground.start_in(Ground::folder("a", "plugin_vote_s_max = 3"));
    // It beats like a replica, but nobody is there to vote.
    ground.sql(
        "INSERT INTO replicas (id, name, version, egress, started_at, seen_at, state)
         VALUES ('x', 'mute', '1', 'default', 0, extract(epoch FROM now()) * 1000 + 600000, '{}')",
    );
    let put = a.put_plugin("post", &variant(POST, 13)).await;
    assert_eq!(put.status, 422, "{}", put.text);
    let refused = &put.json["refused"];
    assert_eq!(
        (&refused["replica"], &refused["step"]),
        (&"mute".into(), &"fleet".into())
    );
    assert!(
        refused["reason"].as_str().unwrap().contains("within 3 s"),
        "{refused}"
    );
    assert_eq!(post(&a).await["digest"], digest(POST).as_str());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_proposes_what_is_new_and_changes_nothing_that_is_known() {
    let ground = Ground::on_fixtures();
    let (old, new) = (variant(POST, 14), variant(POST, 15));
    let a = ground.start("a");
    assert_eq!(a.put_plugin("post", &old).await.status, 200);
    assert_eq!(a.put_plugin("post", &new).await.status, 200);
    // A late joiner serves what the fleet does with its first response, whatever lies in its folder.
    let folder = Ground::folder("b", "");
    let plugins = folder.path().join("data/plugins");
    fs::create_dir_all(&plugins).unwrap();
    fs::write(plugins.join("post.wasm"), &old).unwrap();
    let b = ground.start_in(folder);
    let first = b.get(PATH).await;
    let label = first.headers["x-plugin"].to_str().unwrap();
    assert!(label.ends_with(&digest(&new)[..8]), "{label}");
    // The same after a restart, and after a rollback of what serves.
    assert_eq!(decide(&a, "rollback").await.0, 200);
    until_serves(&[&a, &b], &old).await;
    fs::write(plugins.join("post.wasm"), &new).unwrap();
    let b = b.crash_and_restart(&ground.flags());
    let told = history(&a).await;
    let revision = ground.sql("SELECT revision FROM plugins WHERE plugin = 'post'");
    // A file that is new is proposed; that of the other plugin shows that the folder was read.
    let reel = variant(embedded::REEL, 1);
    fs::write(b.folder.path().join("data/plugins/reel.wasm"), &reel).unwrap();
    let label = format!(
        "SELECT state FROM rollouts WHERE digest = '{}'",
        digest(&reel)
    );
    ground.until_sql(&label, "serves").await;
    assert_eq!(history(&a).await, told);
    assert_eq!(
        ground.sql("SELECT revision FROM plugins WHERE plugin = 'post'"),
        revision
    );
    until_serves(&[&a, &b], &old).await;
    // Deleting a file changes nothing either.
    fs::remove_file(b.folder.path().join("data/plugins/post.wasm")).unwrap();
    b.logged("post.wasm was deleted here").await;
    until_serves(&[&a, &b], &old).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_cannot_serve_what_the_fleet_does_says_so_and_does_not_join() {
    let ground = Ground::on_fixtures();
    let a = ground.start("a");
    assert_eq!(a.put_plugin("post", &variant(POST, 16)).await.status, 200);
    let folder = Ground::folder("b", "");
    share_compiled_plugins(folder.path());
    add_impossible_case(&folder.path().join("data"));
    let output = gramhost(folder.path())
        .args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "off"])
        .args(ground.flags())
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{words}");
    assert!(
        words.contains("does not join") && words.contains("post/impossible"),
        "{words}"
    );
    assert!(output.stdout.is_empty(), "it must not have listened");
}
