//! The server is killed at each step of a job, and the next one on the same data folder must recover.

mod steps;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{interval, timeout},
};

pub(super) use self::steps::Step;
use self::steps::{MIXED, STEPS, asked};
use super::{PATIENCE, accepted, ended, jobs::hold, large::entries, names, probed, start_at};
use crate::harness::{
    cdn::{Cdn, media},
    server::Server,
    upstream::Reply,
};

const IMAGE: &str = "DfDjNmTDemo";
const IMAGE_FILE: &str = "DfDjNmTDemo_image.jpg";
/// Number of cases in parallel: most of a case is waiting.
const LANES: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_crash_at_any_step_loses_nothing_and_leaves_nothing() {
    let mut lanes = JoinSet::new();
    for lane in 0..LANES {
        lanes.spawn(async move {
            for step in STEPS.iter().skip(lane).step_by(LANES) {
                crash_at(step, |_| ()).await;
            }
        });
    }
    lanes.join_all().await;
}

/// Kills the server at a step and checks its successor; `lose` deletes what is lost with the process.
pub(super) async fn crash_at(&Step(kind, place, at, requests_max): &Step, lose: fn(&Path)) {
    let (path, body) = asked(kind);
    let cdn = Cdn::start().await;
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let plan = format!("crash {at} {place}");
    let folder = tempfile::tempdir().unwrap();
    let cookies = ".instagram.com\tTRUE\t/\tTRUE\t0\tsessionid\tmade-up\n";
    fs::write(folder.path().join("cookies.txt"), cookies).unwrap();
    fs::write(
        folder.path().join("gramhost.toml"),
        "cookies = 'cookies.txt'",
    )
    .unwrap();
    let mut server = Server::start_with_faults(folder, &plan, &flags);
    // No job may end before its client has the response.
    let release = hold(&cdn);
    let told = server.try_post(path, &body).await;
    drop(release);
    server.died().await;
    let data = server.folder.path().join("data");
    let seen = files(&data);
    lose(&data);
    let server = server.restart(&flags);

    let known = place != "job.insert" && place != "job.commit";
    assert!(known || told.is_none(), "{place}: {told:?}");
    if !known {
        let file = format!("/instagram/download/file/{IMAGE_FILE}");
        assert_eq!((seen.len(), server.get(&file).await.status), (0, 404));
    }
    let unknown = known && told.is_none();
    let id = match told {
        Some(told) => told.get("batch_job_id").unwrap_or(&told["job_id"]).clone(),
        None if known => {
            until_served(&server, IMAGE_FILE).await;
            // Requests the same file again, because the id of the first job is unknown.
            server.post(path, &body).await.json["job_id"].clone()
        }
        None => server.post(path, &body).await.json["job_id"].clone(),
    };
    let status = ended(&server, &id).await;
    assert_eq!(status["status"], "completed", "{kind} {place}: {status}");
    check(&server, kind, &status).await;
    let (requests, most) = (cdn.media_requests(), requests_max + usize::from(unknown));
    assert!(
        requests <= most,
        "{kind} {place}: {requests} media requests"
    );
    println!("{kind:6} {place} {at}: {requests} media requests");
}

/// Checks that everything promised is there and complete, and that nothing else is.
async fn check(server: &Server, kind: &str, status: &Value) {
    let data = server.folder.path().join("data");
    let mut promised = BTreeSet::new();
    match kind {
        "batch" => {
            assert_eq!(status["completed_count"], 50, "{status}");
            promised.insert(IMAGE_FILE.to_owned());
        }
        _ => promised.extend(names(status).into_iter().map(str::to_owned)),
    }
    // I3 and I8.
    assert_eq!(files(&data), promised, "{kind}");
    let staged = fs::read_dir(data.join("files/.staging")).unwrap();
    assert_eq!(staged.count(), 0, "{kind}");
    // I2.
    for name in &promised {
        let bytes = server
            .bytes(&format!("/instagram/download/file/{name}"))
            .await;
        match name.rsplit_once('.').unwrap().1 {
            _ if kind == "story" => assert!(probed(&bytes, name)["video"].is_string(), "{name}"),
            "zip" if kind == "stories" => {
                assert!(entries(&data.join("files").join(name)).starts_with("1 1 "));
            }
            "jpg" => assert!(bytes == media("/x_1080_n.jpg"), "{name}"),
            // Three files and their metadata; two files are the same picture.
            "zip" => assert!(entries(&data.join("files").join(name)).starts_with("4 3 ")),
            _ => assert_eq!(probed(&bytes, name)["seconds"], 2.0, "{name}"),
        }
    }
}

/// The names of published files, with or without an owner.
fn files(data: &Path) -> BTreeSet<String> {
    let Ok(files) = fs::read_dir(data.join("files")) else {
        return BTreeSet::new();
    };
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.starts_with('.')).collect()
}

async fn until_served(server: &Server, name: &str) {
    let path = format!("/instagram/download/file/{name}");
    let mut looks = interval(Duration::from_millis(10));
    let served = async {
        while server.get(&path).await.status != 200 {
            looks.tick().await;
        }
    };
    timeout(PATIENCE, served)
        .await
        .expect("a job that nobody knows runs");
}

/// F9, and a disk that lost data: the file is missing or different.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_published_file_that_is_not_what_it_was_is_fetched_anew() {
    let whole = media("/x_1080_n.jpg");
    let mut altered = whole.to_vec();
    altered[1000] ^= 1;
    for left in [None, Some(&whole[..1000]), Some(&altered)] {
        let cdn = Cdn::start().await;
        let flags = cdn.flags();
        let flags: Vec<_> = flags.iter().map(String::as_str).collect();
        let folder = tempfile::tempdir().unwrap();
        let mut server = Server::start_with_faults(folder, "crash 1 file.kept", &flags);
        let release = hold(&cdn);
        let id = accepted(&server, "post", json!({ "url": IMAGE })).await["job_id"].clone();
        drop(release);
        server.died().await;
        let path = server.folder.path().join("data/files").join(IMAGE_FILE);
        match left {
            None => fs::remove_file(path).unwrap(),
            Some(bytes) => fs::write(path, bytes).unwrap(),
        }
        let server = server.restart(&flags);
        check(&server, "post", &ended(&server, &id).await).await;
        assert_eq!(cdn.media_requests(), 2);
    }
}

/// F5: one job is interrupted at each tenth of its file by an external kill.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_each_tenth_of_a_file_ends_with_the_whole_file() {
    // A multiple of the buffer size, so that the received bytes are on the disk.
    const TENTH: usize = 512 << 10;
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("gramhost.toml"),
        "[limits]\njob_attempts_max = 100",
    )
    .unwrap();
    let cdn = Cdn::start().await;
    let mut whole = media("/x_1080_n.jpg").to_vec();
    whole.extend((whole.len()..10 * TENTH).map(|at| at as u8));
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let begin = |bytes: usize| {
        let head = format!(
            "HTTP/1.1 200 X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            whole.len()
        );
        let sent = [head.as_bytes(), &whole[..bytes]].concat();
        cdn.misbehave(move |_, _, _| Some(Reply::Stall(sent.clone())));
    };
    let mut server = start_at(&cdn, folder, &[]);
    begin(TENTH);
    let id = accepted(&server, "post", json!({ "url": IMAGE })).await["job_id"].clone();
    for tenth in 1..10 {
        until_staged(&server, (tenth * TENTH) as u64).await;
        begin((tenth + 1) * TENTH);
        server = server.crash_and_restart(&flags);
        assert_eq!(files(&server.folder.path().join("data")), BTreeSet::new());
    }
    let status = ended(&server, &id).await;
    assert_eq!(status["status"], "completed", "{status}");
    let file = format!("/instagram/download/file/{IMAGE_FILE}");
    assert!(server.bytes(&file).await == whole, "other bytes");
    let staged = fs::read_dir(server.folder.path().join("data/files/.staging")).unwrap();
    assert_eq!(staged.count(), 0);
}

/// Waits until a staged file has this many bytes, except those not written yet.
async fn until_staged(server: &Server, bytes: u64) {
    let staging = server.folder.path().join("data/files/.staging");
    let longest = || {
        let folders = fs::read_dir(&staging).ok()?;
        let files = folders.filter_map(|folder| fs::read_dir(folder.ok()?.path()).ok());
        let lengths = files
            .flatten()
            .filter_map(|file| file.ok()?.metadata().ok());
        lengths.map(|file| file.len()).max()
    };
    let mut looks = interval(Duration::from_millis(2));
    let staged = async {
        while longest().is_none_or(|longest| longest + (256 << 10) < bytes) {
            looks.tick().await;
        }
    };
    timeout(PATIENCE, staged).await.expect("the file grows");
}

/// F11: the converter dies with its server, and the next server converts again.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn no_ffmpeg_outlives_its_server() {
    let cdn = Cdn::start().await;
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start_with_endless_ffmpeg(folder, &flags);
    let body = json!({ "url": "DfF-eHzReel", "quality": "1080p" });
    let id = accepted(&server, "reel", body).await["job_id"].clone();
    let folder = server.folder.path().canonicalize().unwrap().join("data");
    let mut looks = interval(Duration::from_millis(5));
    let began = async {
        while converters(&folder).is_empty() {
            looks.tick().await;
        }
    };
    timeout(PATIENCE, began).await.expect("a conversion begins");
    server.signal(rustix::process::Signal::KILL);
    server.wait();
    let ended_too = async {
        while !converters(&folder).is_empty() {
            looks.tick().await;
        }
    };
    timeout(Duration::from_secs(2), ended_too)
        .await
        .expect("no converter is left");
    let server = server.restart(&flags);
    let status = ended(&server, &id).await;
    assert_eq!(status["status"], "completed", "{status}");
    assert_eq!(status["file_count"], 1, "{status}");
}

/// The working folders of processes that work below this folder, as converters do and no server does.
pub(super) fn converters(folder: &Path) -> Vec<PathBuf> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let links = processes.filter_map(|process| fs::read_link(process.path().join("cwd")).ok());
    links.filter(|cwd| cwd.starts_with(folder)).collect()
}

/// F15: a job that kills its server each time is abandoned, and the next job is done.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_that_kills_three_servers_has_failed_and_others_go_on() {
    let cdn = Cdn::start().await;
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start_with_faults(folder, "crash 1 fetch.flush", &flags);
    let release = hold(&cdn);
    let id = accepted(&server, "post", json!({ "url": IMAGE })).await["job_id"].clone();
    drop(release);
    server.died().await;
    for _ in 0..2 {
        Server::dies_at_start(server.folder.path(), "crash 1 fetch.flush", &flags);
    }
    let server = server.restart(&flags);
    let status = ended(&server, &id).await;
    assert_eq!(
        (&status["status"], &status["error"]["code"]),
        (&json!("failed"), &json!("SERVER_ERROR")),
        "{status}"
    );
    let again = accepted(&server, "post", json!({ "url": IMAGE })).await["job_id"].clone();
    check(&server, "post", &ended(&server, &again).await).await;
}

/// F14: a sweep is interrupted between a file and its row, and a start between two files.
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_sweep_is_finished_by_the_next_one() {
    let cdn = Cdn::start().await;
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("gramhost.toml"),
        "[limits]\nfile_retention_s = 1",
    )
    .unwrap();
    let mut server = start_at(&cdn, folder, &[]);
    accepted(&server, "post", json!({ "url": MIXED })).await;
    let file = "/instagram/download/file/De0N5pLMixd_image_1.jpg";
    let mut looks = interval(Duration::from_millis(20));
    let expired = async {
        while server.get(file).await.status != 410 {
            looks.tick().await;
        }
    };
    timeout(PATIENCE, expired).await.expect("its time is up");
    server.signal(rustix::process::Signal::KILL);
    server.wait();
    let data = server.folder.path().join("data");
    assert_eq!(files(&data).len(), 3);
    // Everything has expired: the start deletes the files, the first sweep the rows.
    Server::dies_at_start(server.folder.path(), "crash 2 file.unknown", &flags);
    assert_eq!(files(&data).len(), 2);
    Server::dies_at_start(server.folder.path(), "crash 2 sweep.deleted", &flags);
    assert_eq!(files(&data).len(), 0);
    let server = server.restart(&flags);
    let gone = server.get(file).await;
    assert_eq!(
        (gone.status, &gone.json["error"]["code"]),
        (410, &json!("FILE_EXPIRED")),
        "{}",
        gone.text
    );
}
