//! Clients' view of plugins that are swapped in the folder of a running server, and of plugins that misbehave.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{task::block_in_place, time::interval};

use super::{MISBEHAVING, POST, replace, variant};
use crate::harness::{
    cdn::Cdn,
    server::{Server, gramhost},
    upstream::reply,
};

/// The path of repeated requests: the demo post of the fixtures.
const PATH: &str = "/instagram/post/info?url_or_code=DfDjNmTDemo";
/// The duration of the load.
const LOAD: Duration = Duration::from_secs(30);
/// Maximum time from the file of a new plugin to its first response, under load.
const SERVES_WITHIN: Duration = Duration::from_secs(3);

fn start() -> Server {
    Server::start_on_fixtures(tempfile::tempdir().unwrap())
}

impl Server {
    /// Replaces a version of a plugin.
    fn put(&self, name: &str, contents: &[u8]) {
        replace(&self.folder.path().join("data/plugins"), name, contents);
    }

    /// The entry of `post` in `GET /plugins`.
    async fn post_plugin(&self) -> Value {
        let plugins = self.admin("/plugins").await.json;
        let all = plugins.as_array().unwrap();
        all.iter().find(|it| it["name"] == "post").unwrap().clone()
    }

    /// Waits until the entry of `post` in `GET /plugins` satisfies a condition.
    async fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let mut looks = interval(Duration::from_millis(10));
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            looks.tick().await;
            let post = self.post_plugin().await;
            if holds(&post) {
                return post;
            }
            assert!(Instant::now() < deadline, "{what}: {post}");
        }
    }
}

/// One client that sends requests until it is told to stop; records the version of each response, in order.
async fn client(server: Arc<Server>, stop: Arc<AtomicBool>, seen: Arc<Mutex<Vec<String>>>) -> u32 {
    let mut answers = 0;
    while !stop.load(Ordering::Relaxed) {
        let answer = server.get(PATH).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json["shortcode"], "DfDjNmTDemo");
        let version = answer.headers["x-plugin"].to_str().unwrap().to_owned();
        assert!(version.starts_with("post@1.0.0+"), "{version}");
        let mut seen = seen.lock().unwrap();
        if !seen.contains(&version) {
            seen.push(version);
        }
        answers += 1;
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_swaps_a_second_under_load_fail_no_request() {
    let server = Arc::new(start());
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            tokio::spawn(client(
                Arc::clone(&server),
                Arc::clone(&stop),
                Arc::clone(&seen),
            ))
        })
        .collect();
    let began = Instant::now();
    let mut every = interval(Duration::from_millis(200));
    for swap in 0_u32.. {
        every.tick().await;
        if began.elapsed() >= LOAD {
            break;
        }
        // Six versions in turn, and between them components that must never serve.
        match swap % 8 {
            6 => server.put("post.wasm", &POST[..POST.len() / 2]),
            7 => server.put("post.wasm", b"garbage"),
            version => server.put("post.wasm", &variant(POST, 100 + version as u8)),
        }
    }
    let put = Instant::now();
    server.put("post.wasm", &variant(POST, 99));
    let before = server.get(PATH).await.headers["x-plugin"].clone();
    let mut looks = interval(Duration::from_millis(10));
    while server.get(PATH).await.headers["x-plugin"] == before {
        assert!(
            put.elapsed() < SERVES_WITHIN,
            "{}",
            server.post_plugin().await
        );
        looks.tick().await;
    }
    println!(
        "under load, from a new file to its first answer: {:?}",
        put.elapsed()
    );
    stop.store(true, Ordering::Relaxed);
    let mut answers = 0;
    for client in clients {
        answers += client.await.unwrap();
    }
    let versions = seen.lock().unwrap().len();
    println!("{answers} answers of {versions} versions, none failed");
    assert!(versions >= 6, "only {versions} versions served");
    let last = server.post_plugin().await;
    assert_eq!(last["source"], "post.wasm");
    let endings = last["endings"].as_object().unwrap();
    let failed = |(ending, count): (&String, &Value)| ending != "record" && *count != 0;
    assert!(!endings.iter().any(failed), "{last}");
}

#[tokio::test]
async fn what_may_not_serve_is_named_and_the_last_good_one_goes_on() {
    let server = start();
    server.put("post.wasm", &variant(POST, 98));
    let good = server
        .until("serves", |post| post["source"] == "post.wasm")
        .await;
    let core_module = b"\0asm\x01\0\0\0";
    let half = &POST[..POST.len() / 2];
    for (contents, step) in [
        (half, "validation"),
        (b"garbage", "validation"),
        (core_module, "validation"),
        (&POST[..8], "world"),
    ] {
        server.put("post.wasm", contents);
        let refused = server
            .until("refused", |post| {
                post["refused"]["digest"] == digest(contents).as_str()
            })
            .await;
        assert_eq!(refused["refused"]["step"], step, "{refused}");
        assert_eq!(refused["refused"]["file"], "post.wasm");
        assert!(
            refused["refused"]["reason"]
                .as_str()
                .is_some_and(|reason| !reason.is_empty())
        );
        assert_eq!(refused["digest"], good["digest"]);
        assert_eq!(server.get(PATH).await.status, 200);
    }
}

fn digest(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    let bytes = Sha256::digest(bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_command_beside_the_server_leaves_it_the_versions_it_can_go_back_to() {
    let server = start();
    for version in [variant(POST, 1), variant(POST, 2)] {
        server.put("post.wasm", &version);
        let wanted = digest(&version);
        server
            .until("it serves", |post| post["digest"] == wanted)
            .await;
    }
    let data = server.folder.path().join("data");
    let kept = || {
        let names = fs::read_dir(data.join("components")).unwrap();
        let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = kept();
    assert_eq!(before.len(), 2);
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let output = gramhost(server.folder.path())
        .args(["extract", "post", "DfDjNmTDemo", "--replay"])
        .arg(fixtures)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(kept(), before);
}

#[tokio::test]
async fn a_plugin_that_misbehaves_costs_its_caller_alone() {
    let folder = tempfile::tempdir().unwrap();
    // Otherwise it would be rolled back before the last of its faults.
    let settings = "[limits]\nrollback_failures_min = 10000\n";
    fs::write(folder.path().join("gramhost.toml"), settings).unwrap();
    let server = Server::start_on_fixtures(folder);
    server.put("post.wasm", MISBEHAVING);
    server
        .until("serves", |post| post["source"] == "post.wasm")
        .await;
    for wrong in [
        "spin",
        "hoard",
        "recurse",
        "trap",
        "exit",
        "flood",
        "fanout",
        "forever",
        "forbidden",
        "own-address",
        "other-post",
    ] {
        let path = format!("/instagram/post/info?url_or_code={wrong}");
        let reel = "/instagram/reel/info?url_or_id=DfF-eHzReel";
        let (evil, reel) = tokio::join!(server.get(&path), server.get(reel));
        assert_eq!(evil.status, 502, "{wrong}: {}", evil.text);
        assert_eq!(evil.json["error"]["code"], "EXTRACTOR_FAILED", "{wrong}");
        assert!(
            !evil.text.contains("misbehaving/src"),
            "{wrong}: {}",
            evil.text
        );
        assert_eq!(reel.status, 200, "{wrong}: {}", reel.text);
        assert_eq!(server.get(PATH).await.status, 200, "after {wrong}");
    }
    let endings = server.post_plugin().await["endings"].clone();
    assert_eq!(
        (&endings["fault"], &endings["rules"]),
        (&6.into(), &5.into()),
        "{endings}"
    );
    // It states no duration rather than one that is none.
    let liar = server.get("/instagram/post/info?url_or_code=liar").await;
    assert_eq!(liar.status, 200, "{}", liar.text);
    assert_eq!(server.post_plugin().await["trimmed"], 1);
    server.logged("duration dropped: out of range").await;
    fs::remove_file(server.folder.path().join("data/plugins/post.wasm")).unwrap();
    server
        .until("embedded again", |post| post["source"] == "embedded")
        .await;
}

/// Makes media requests wait until the sender is dropped, and lets each link expire once. The flag is set when one was
/// requested.
fn hold_and_expire(cdn: &Cdn) -> (mpsc::Sender<()>, Arc<AtomicBool>) {
    let (release, released) = mpsc::channel::<()>();
    let (released, asked) = (Mutex::new(released), Arc::new(AtomicBool::new(false)));
    let flag = Arc::clone(&asked);
    let held = AtomicBool::new(true);
    cdn.misbehave(move |_, _, _| {
        flag.store(true, Ordering::Relaxed);
        let _free = block_in_place(|| released.lock().unwrap().recv());
        held.swap(false, Ordering::Relaxed)
            .then(|| reply(403, &[], "URL signature expired"))
    });
    (release, asked)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_goes_on_when_its_plugin_is_swapped_or_taken_away() {
    let cdn = Cdn::start().await;
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let server = Server::start(&flags);
    let serves = |bytes: &[u8]| {
        let digest = digest(bytes);
        move |post: &Value| post["digest"] == digest.as_str()
    };
    server.put("post.wasm", &variant(POST, 97));
    server.until("serves", serves(&variant(POST, 97))).await;
    for swapped in [true, false] {
        let (release, asked) = hold_and_expire(&cdn);
        let body = json!({ "url": "DfDjNmTDemo" });
        let job = server.post("/instagram/download/post", &body).await.json;
        let mut looks = interval(Duration::from_millis(5));
        while !asked.load(Ordering::Relaxed) {
            looks.tick().await;
        }
        // Between the record that the job has and the one that it requests when its link has expired.
        if swapped {
            server.put("post.wasm", &variant(POST, 96));
            server.until("swapped", serves(&variant(POST, 96))).await;
        } else {
            fs::remove_file(server.folder.path().join("data/plugins/post.wasm")).unwrap();
            server.until("taken away", serves(POST)).await;
        }
        drop(release);
        let path = format!("/instagram/status/{}", job["job_id"].as_str().unwrap());
        let status = loop {
            looks.tick().await;
            let status = server.get(&path).await.json;
            if status["status"] != "pending" && status["status"] != "processing" {
                break status;
            }
        };
        assert_eq!(status["status"], "completed", "{status}");
        // The new version was used.
        let post = server.post_plugin().await;
        assert_ne!(post["endings"]["record"], 0, "{post}");
    }
}
