//! `gramhost migrate`: from one machine to a fleet, with everything that clients and operators know.

mod many;

use std::{
    fs,
    path::Path,
    process::Output,
    time::{SystemTime, UNIX_EPOCH},
};

use engines::Postgres;
use gramhost::{
    data::Folder,
    database::{Observation, ObservationLog},
};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::settings;
use crate::{
    cli::stdout,
    harness::{
        bucket::Place,
        cdn::Cdn,
        server::{Server, gramhost},
    },
    instagram::download::{accepted, completed, ended, jobs::hold, names, start_at},
};

const IMAGE: &str = "DfDjNmTDemo";
const REEL: &str = "DfF-eHzReel";
const CAROUSEL: &str = "De0N5pLMixd";
const INFO: &str = "/instagram/post/info?url_or_code=DfDjNmTDemo";
const STATISTICS: &str = "/instagram/post/stats?url_or_code=DfDjNmTDemo";

/// Runs the command in the folder of a replica, whose data folder is `data`.
fn migrate(folder: &Path, from: &Path, more: &[&str], variables: &[(&str, &str)]) -> Output {
    let from = from.to_str().unwrap();
    let mut command = gramhost(folder);
    command.args(["migrate", "--from", from]).args(more);
    command.envs(variables.iter().copied()).output().unwrap()
}

/// What a run that succeeds prints.
fn moved(folder: &Path, from: &Path, more: &[&str], variables: &[(&str, &str)]) -> String {
    let output = migrate(folder, from, more, variables);
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output).to_owned()
}

/// What a run that is refused says.
fn refused(folder: &Path, from: &Path, more: &[&str]) -> String {
    let output = migrate(folder, from, more, &[]);
    assert!(!output.status.success(), "{}", stdout(&output));
    stderr(&output)
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The number that the summary tells of something.
fn told(summary: &str, what: &str) -> u64 {
    let line = summary.lines().find_map(|line| line.strip_prefix(what));
    let line = line.unwrap_or_else(|| panic!("no {what}: {summary}"));
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// A replica in this folder.
fn replica(
    cdn: &Cdn,
    folder: TempDir,
    url: &str,
    more: &[&str],
    variables: &[(&str, &str)],
) -> Server {
    fs::write(folder.path().join("gramhost.toml"), settings("")).unwrap();
    let flags = cdn.flags();
    let mut flags: Vec<_> = flags.iter().map(String::as_str).collect();
    flags.extend(["--database", url]);
    flags.extend(more);
    Server::start_with(folder, variables, &flags)
}

/// The bytes of a database and of its log.
fn database(data: &Path) -> [Option<Vec<u8>>; 2] {
    ["gramhost.db", "gramhost.db-wal"].map(|name| fs::read(data.join(name)).ok())
}

async fn velocity(server: &Server) -> i64 {
    let statistics = server.get(STATISTICS).await;
    let velocity = &statistics.json["trending"]["engagement_velocity"];
    velocity
        .as_i64()
        .unwrap_or_else(|| panic!("{}", statistics.text))
}

/// An observation of two hours ago, so that the growth since then is known.
async fn observe_earlier(server: &Server) {
    let info = server.get(INFO).await;
    let id = info.json["media_id"]
        .as_str()
        .unwrap_or_else(|| panic!("{}", info.text));
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let folder = Folder::visit(server.folder.path().join("data"));
    let log = ObservationLog::visit(&folder).await.unwrap().unwrap();
    let earlier = Observation {
        observed_at: now - 7_200,
        likes: Some(0),
        comments: Some(0),
        ..Observation::default()
    };
    log.add(&[(id.to_owned(), earlier)]).await.unwrap();
}

/// A case that the operator keeps, and a capture.
fn keep_case_and_capture(data: &Path) {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/instagram/post");
    let case = Path::new(fixtures).join("age-told-by-page");
    for to in [
        "fixtures/post/mine",
        "captures/post/01a211f4-afbb-703c-9bc2-a62f5acc5fa3",
    ] {
        fs::create_dir_all(data.join(to)).unwrap();
        for file in fs::read_dir(&case).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), data.join(to).join(file.file_name())).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_machine_becomes_a_fleet_and_clients_notice_nothing() {
    let cdn = Cdn::start().await;
    let mut single = start_at(&cdn, tempfile::tempdir().unwrap(), &[]);
    observe_earlier(&single).await;
    let grows = velocity(&single).await;
    let done = completed(&single, "post", json!({ "url": IMAGE })).await;
    let file = format!("/instagram/download/file/{}", names(&done)[0]);
    let bytes = single.bytes(&file).await;
    let items = json!([{ "url": IMAGE, "type": "post" }, { "url": REEL, "type": "reel" }]);
    let batch = accepted(&single, "batch", json!({ "items": items })).await;
    let batch = ended(&single, &batch["batch_job_id"]).await;
    let rates = single.admin("/drift/rates").await.json;
    // It waits for its bytes when the machine is stopped.
    let release = hold(&cdn);
    let running = accepted(&single, "carousel", json!({ "url": CAROUSEL })).await["job_id"].clone();
    let from = single.folder.path().join("data");
    keep_case_and_capture(&from);

    let folder = tempfile::tempdir().unwrap();
    let url = Postgres::shared().database();
    let to = ["--to", url.as_str()];
    let in_use = refused(folder.path(), &from, &to);
    assert!(in_use.contains("is in use by another gramhost"), "{in_use}");
    single.signal(Signal::TERM);
    single.wait();
    let before = database(&from);
    let counted = moved(folder.path(), &from, &["--dry-run"], &[]);
    assert_eq!(told(&counted, "jobs"), 5, "{counted}");
    assert!(!folder.path().join("data").exists());
    let summary = moved(folder.path(), &from, &to, &[]);
    println!("{summary}");
    for what in ["jobs", "observations", "live files", "cases", "captures"] {
        assert_eq!(told(&summary, what), told(&counted, what), "{what}");
    }
    assert!(told(&summary, "observations") >= 2 && told(&summary, "cases") == 1);
    assert!(database(&from) == before, "it is only read");

    drop(release);
    let server = replica(&cdn, folder, &url, &[], &[]);
    assert_eq!(server.bytes(&file).await, bytes);
    let path =
        |status: &Value, id: &str| format!("/instagram/status/{}", status[id].as_str().unwrap());
    // Time passes, as before.
    let lasting = |mut status: Value| {
        let mut parts = vec![&mut status];
        while let Some(part) = parts.pop() {
            let Some(fields) = part.as_object_mut() else {
                continue;
            };
            fields.remove("expires_in_seconds");
            let lists = fields.values_mut().filter_map(Value::as_array_mut);
            parts.extend(lists.flatten());
        }
        status
    };
    let known = server.get(&path(&done, "job_id")).await.json;
    assert_eq!(lasting(known), lasting(done));
    let again = server.get(&path(&batch, "job_id")).await.json;
    assert_eq!(lasting(again), lasting(batch));
    assert_eq!(ended(&server, &running).await["status"], "completed");
    let grows_now = velocity(&server).await;
    assert!(
        grows_now.abs_diff(grows) <= grows.unsigned_abs() / 20 + 1,
        "{grows} {grows_now}"
    );
    let sum = |rates: &Value| -> u64 {
        let rates = rates.as_array().unwrap().iter();
        rates.map(|rate| rate["asked"].as_u64().unwrap()).sum()
    };
    let rates_now = server.admin("/drift/rates").await.json;
    assert!(sum(&rates_now) >= sum(&rates), "{rates_now}");
    let data = server.folder.path().join("data");
    assert!(data.join("fixtures/post/mine/query.json").is_file());
    let capture = "captures/post/01a211f4-afbb-703c-9bc2-a62f5acc5fa3/exchange.har";
    assert!(data.join(capture).is_file());

    let elsewhere = tempfile::tempdir().unwrap();
    let in_use = refused(elsewhere.path(), &from, &to);
    assert!(in_use.contains("replicas use the database"), "{in_use}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_to_the_bucket_of_the_fleet() {
    let (cdn, place) = (Cdn::start().await, Place::new());
    let mut single = start_at(&cdn, tempfile::tempdir().unwrap(), &[]);
    let done = completed(&single, "post", json!({ "url": IMAGE })).await;
    let file = format!("/instagram/download/file/{}", names(&done)[0]);
    let bytes = single.bytes(&file).await;
    // As after a power failure: what was written last is in the log beside the database.
    single.signal(Signal::KILL);
    single.wait();
    let from = single.folder.path().join("data");
    let url = Postgres::shared().database();
    let files = place.files();
    let first = tempfile::tempdir().unwrap();
    let to = ["--to", url.as_str(), "--files", files.as_str()];
    let summary = moved(first.path(), &from, &to, &place.variables());
    assert_eq!(told(&summary, "live files"), 1, "{summary}");
    for folder in [first, tempfile::tempdir().unwrap()] {
        let server = replica(&cdn, folder, &url, &["--files", &files], &place.variables());
        assert_eq!(server.bytes(&file).await, bytes, "any replica serves it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_replica_may_keep_the_data_folder_and_what_is_changed_is_not_served() {
    let cdn = Cdn::start().await;
    let mut single = start_at(&cdn, tempfile::tempdir().unwrap(), &[]);
    let done = completed(&single, "post", json!({ "url": IMAGE })).await;
    let name = names(&done)[0].to_owned();
    let file = format!("/instagram/download/file/{name}");
    let bytes = single.bytes(&file).await;
    single.signal(Signal::TERM);
    single.wait();
    let folder = std::mem::replace(&mut single.folder, tempfile::tempdir().unwrap());
    let from = folder.path().join("data");

    // Into another folder, while somebody has changed the bytes.
    let other = tempfile::tempdir().unwrap();
    let url = Postgres::shared().database();
    let mut changed = bytes.clone();
    changed[0] ^= 1;
    fs::write(from.join("files").join(&name), changed).unwrap();
    let output = migrate(other.path(), &from, &["--to", &url], &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains(&format!("{name} is not served")));
    let server = replica(&cdn, other, &url, &[], &[]);
    assert_eq!(server.get(&file).await.status, 410);
    drop(server);

    fs::write(from.join("files").join(&name), &bytes).unwrap();
    let url = Postgres::shared().database();
    moved(folder.path(), &from, &["--to", &url], &[]);
    let server = replica(&cdn, folder, &url, &[], &[]);
    assert_eq!(server.bytes(&file).await, bytes);
}

#[test]
fn what_cannot_be_moved_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = refused(
        folder.path(),
        &folder.path().join("no"),
        &["--to", "postgres://x/y"],
    );
    assert!(
        nothing.contains("is not the data folder of a server"),
        "{nothing}"
    );
    assert!(!folder.path().join("no").exists());
    fs::write(folder.path().join("gramhost.db"), "").unwrap();
    let nowhere = refused(folder.path(), folder.path(), &[]);
    assert!(nowhere.contains("--to must name the database"), "{nowhere}");
    let password = refused(
        folder.path(),
        folder.path(),
        &["--to", "postgres://me:hush@x/y"],
    );
    assert!(
        password.contains("contains a password") && !password.contains("hush"),
        "{password}"
    );
    let other = refused(folder.path(), folder.path(), &["--to", "mysql://x"]);
    assert_eq!(other.lines().count(), 1, "{other}");
}
