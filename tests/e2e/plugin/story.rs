//! The main use of the product: from a response that changes to a fix that serves, and a bad version that is rolled
//! back.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Instant,
};

use cases::har;
use serde_json::{Value, json};
use tokio::time::{Duration, interval};

use super::MOVABLE;
use crate::harness::{
    server::Server,
    upstream::{Reply, Seen, Upstream, reply},
    workshop::Workshop,
};

/// Number of extractions that a candidate runs in shadow mode.
pub(crate) const SHADOW: u32 = 5;

/// Instagram's behaviour in this test.
#[derive(Default)]
pub(crate) struct Instagram {
    /// The likes are under another key.
    pub(crate) likes_moved: AtomicBool,
    /// The caption is under another key too.
    pub(crate) caption_moved: AtomicBool,
}

impl Instagram {
    pub(crate) async fn start(self: &Arc<Self>) -> Upstream {
        let this = Arc::clone(self);
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/instagram");
        let cases = cases::load_all(&root).unwrap();
        Upstream::start(move |seen| {
            let url = format!("https://{}{}", seen.host, seen.path);
            match seen.path.strip_suffix("/?movable") {
                Some(path) => this.post(path.trim_start_matches("/p/")),
                None => recorded(&cases, seen, &url),
            }
        })
        .await
    }

    fn post(&self, code: &str) -> Reply {
        let key = |moved: &AtomicBool, now: &str, then: &str| {
            let moved = moved.load(Ordering::Relaxed);
            if moved {
                now.to_owned()
            } else {
                then.to_owned()
            }
        };
        let body = json!({
            key(&self.likes_moved, "edge_likes", "likes"): 7,
            key(&self.caption_moved, "edge_caption", "caption"): "Hello",
            // Each post has a different owner.
            "owner": code.to_lowercase(),
            "csrf_token": "a-real-secret",
        });
        reply(
            200,
            &[("content-type", "application/json")],
            body.to_string(),
        )
    }
}

fn recorded(cases: &[cases::Case], seen: &Seen, url: &str) -> Reply {
    let body = (!seen.body.is_empty()).then_some(seen.body.as_bytes());
    let entry = cases
        .iter()
        .find_map(|case| case.har.find(&seen.method, url, body));
    match entry.map(|entry| &entry.answer) {
        Some(har::Answer::Response { status, body, .. }) => reply(*status, &[], body),
        _ => reply(404, &[], ""),
    }
}

/// The server, and the number of the next post that nobody has requested yet.
pub(crate) struct Stage {
    pub(crate) server: Server,
    pub(crate) next: AtomicU32,
}

impl Stage {
    pub(crate) fn new(origin: &str) -> Self {
        Self {
            server: start(origin),
            next: AtomicU32::new(100),
        }
    }

    pub(crate) async fn ask(&self, prefix: &str) -> (u16, Value) {
        let code = format!("{prefix}{}", self.next.fetch_add(1, Ordering::Relaxed));
        let path = format!("/instagram/post/info?url_or_code={code}");
        let answer = self.server.get(&path).await;
        (answer.status, answer.json)
    }

    /// Checks that other kinds are still served, whatever happens to posts.
    async fn others_serve(&self) {
        let path = "/instagram/profile/info?username=gramhost.demo";
        let answer = self.server.get(path).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    pub(crate) async fn post_plugin(&self) -> Value {
        let plugins = self.server.admin("/plugins").await.json;
        let mut all = plugins.as_array().unwrap().iter();
        all.find(|it| it["name"] == "post").unwrap().clone()
    }

    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let mut looks = interval(Duration::from_millis(5));
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            looks.tick().await;
            let post = self.post_plugin().await;
            if holds(&post) {
                return post;
            }
            assert!(Instant::now() < deadline, "{what}: {post:#}");
        }
    }
}

impl Stage {
    /// The explanation of the first capture of this class.
    async fn explained(&self, class: &str) -> Value {
        let mut looks = interval(Duration::from_millis(5));
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            looks.tick().await;
            let captures = self.server.admin("/captures").await.json;
            let mut captures = captures.as_array().unwrap().iter();
            if let Some(capture) = captures.find(|it| it["class"] == class) {
                let id = capture["id"].as_str().unwrap();
                let path = format!("/captures/{id}/explanation");
                return self.server.admin(&path).await.json;
            }
            assert!(Instant::now() < deadline, "no capture of {class}");
        }
    }
}

fn flags(origin: &str) -> Vec<String> {
    [
        "--upstream-override",
        origin,
        "--rate-limit",
        "0",
        "--cache-ttl",
        "0",
        "--shadow",
        &SHADOW.to_string(),
    ]
    .map(str::to_owned)
    .to_vec()
}

pub(crate) fn start(origin: &str) -> Server {
    start_with(&flags(origin))
}

/// A server on which every version that passes its cases becomes the serving version at once.
pub(crate) fn start_without_shadow(origin: &str) -> Server {
    let flags = flags(origin);
    start_with(&flags[..flags.len() - 2])
}

fn start_with(flags: &[String]) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let settings = "[limits]\nupstream_spacing_ms_min = 0\n";
    std::fs::write(folder.path().join("gramhost.toml"), settings).unwrap();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    Server::start_in(folder, &flags)
}

fn step(began: &mut Instant, what: &str) {
    println!("{:>6} ms  {what}", began.elapsed().as_millis());
    *began = Instant::now();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instagram_changes_and_a_fix_serves_and_a_bad_version_goes() {
    let instagram = Arc::new(Instagram::default());
    let upstream = instagram.start().await;
    let stage = Stage::new(&upstream.origin());
    let author = Workshop::new(&stage.server, MOVABLE);
    let mut began = Instant::now();

    // The first version requests other pages than the embedded one: they cannot be compared, so a person decides.
    author.pack("");
    author.done(&["put", "post.wasm"]);
    for _ in 0..SHADOW {
        stage.ask("A").await;
    }
    let held = stage
        .until("held", |post| post["candidate"]["held"].is_string())
        .await;
    assert_eq!(held["candidate"]["shadow"]["diverged"], SHADOW);
    author.done(&["promote", "post", "--why", "our own door"]);
    step(&mut began, "the first version serves, promoted by hand");

    for _ in 0..80 {
        let (status, post) = stage.ask("A").await;
        assert_eq!((status, &post["edge_liked_by"]["count"]), (200, &json!(7)));
    }
    instagram.likes_moved.store(true, Ordering::Relaxed);
    for _ in 0..25 {
        let (status, post) = stage.ask("A").await;
        assert_eq!(
            (status, &post["edge_liked_by"]["count"]),
            (200, &Value::Null)
        );
    }
    let drifted = stage
        .until("drift", |post| post["drift"][0].is_object())
        .await;
    let drift = &drifted["drift"][0];
    assert_eq!(drift["field"], "image.like_count");
    // The window began before the change.
    let after = drift["after_percent"].as_u64().unwrap();
    assert!(drift["before_percent"] == 100 && after <= 70, "{drift}");
    let metrics = stage.server.admin("/metrics").await.text;
    let told = "gramhost_drift_percent{kind=\"post\",door=\"page\",field=\"image.like_count\"";
    assert!(metrics.contains(told), "{metrics}");
    stage.server.logged("a field is no longer stated").await;
    let explained = stage.explained("drift").await;
    let moved = &explained["suggestions"][0];
    assert_eq!(
        (&moved["was"], &moved["now"]),
        (&json!("likes"), &json!("edge_likes"))
    );
    step(
        &mut began,
        "a field drifts, clients see null, the operator a warning",
    );

    instagram.caption_moved.store(true, Ordering::Relaxed);
    let (status, error) = stage.ask("A").await;
    assert_eq!(
        (status, &error["error"]["code"]),
        (502, &json!("EXTRACTOR_FAILED"))
    );
    let details = error["error"]["details"].as_str().unwrap();
    let capture = details.rsplit(' ').next().unwrap().to_owned();
    let captures = stage.server.admin("/captures").await.json;
    assert_eq!(captures[0]["id"], capture);
    assert_eq!(
        (&captures[0]["field"], &captures[0]["reproduced"]),
        (&json!("page:.caption"), &json!(true))
    );
    let har = stage
        .server
        .admin(&format!("/captures/{capture}/exchange.har"))
        .await
        .text;
    assert!(
        har.contains("edge_caption") && !har.contains("a-real-secret"),
        "{har}"
    );
    stage.others_serve().await;
    step(
        &mut began,
        "posts fail, a capture is named and redacted, profiles serve on",
    );

    let (code, words) = author.refused(&["replay", &capture]);
    assert!(
        code == 5 && words.contains("fails as before: page:.caption"),
        "{words}"
    );
    author.done(&["adopt", &capture, "--as", "caption-moved"]);
    step(
        &mut began,
        "the capture fails again by itself, and is adopted",
    );

    author.pack("likes = [\"likes\", \"edge_likes\"]\n");
    let (code, words) = author.refused(&["put", "post.wasm"]);
    assert!(code == 5 && words.contains("post/caption-moved"), "{words}");
    assert!(
        words.contains("page:.caption: expected a string, found nothing"),
        "{words}"
    );
    step(
        &mut began,
        "a candidate without the fix is refused, the field named",
    );

    const FIXED: &str =
        "caption = [\"edge_caption\", \"caption\"]\nlikes = [\"edge_likes\", \"likes\"]\n";
    author.pack(FIXED);
    author.done(&["put", "post.wasm"]);
    for _ in 0..SHADOW {
        assert_eq!(stage.ask("A").await.0, 502);
        stage.others_serve().await;
    }
    let serves = |post: &Value| post["candidate"].is_null() && post["refused"].is_null();
    let fixed = stage.until("promoted", serves).await["digest"].clone();
    let (status, post) = stage.ask("A").await;
    assert_eq!(
        (status, &post["edge_liked_by"]["count"], &post["caption"]),
        (200, &json!(7), &json!("Hello"))
    );
    step(&mut began, "the fix is proven, compared, and serves");

    author.pack(&format!("{FIXED}broken_for = \"B\"\n"));
    author.done(&["put", "post.wasm"]);
    for _ in 0..SHADOW {
        assert_eq!(stage.ask("A").await.0, 200);
    }
    let bad = stage
        .until("the bad one serves", |post| post["digest"] != fixed)
        .await;
    let mut failed = 0;
    while stage.post_plugin().await["digest"] == bad["digest"] {
        failed += u32::from(stage.ask("B").await.0 == 502);
        stage.others_serve().await;
        // A busy machine does not compare all of them.
        assert!(failed < 600, "nothing goes back");
    }
    assert_eq!(stage.post_plugin().await["digest"], fixed);
    assert_eq!(stage.ask("B").await.0, 200);
    step(
        &mut began,
        &format!("a bad version served {failed} failures and was rolled back by itself"),
    );

    // What serves has changed a moment before the history tells it.
    let mut looks = interval(Duration::from_millis(20));
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        looks.tick().await;
        let history = author.done(&["history", "post"]);
        // The watcher may have rejected the file again meanwhile.
        let mut told = history.lines().filter(|line| !line.contains("refused"));
        let (last, before) = (told.next().unwrap(), told.next().unwrap());
        if last.contains("serves") && last.contains("gramhost") && before.contains("rolled-back") {
            assert!(before.contains("by its own fault"), "{history}");
            break;
        }
        assert!(Instant::now() < deadline, "{history}");
    }
    let origin = upstream.origin();
    let again = flags(&origin);
    let again: Vec<_> = again.iter().map(String::as_str).collect();
    let stage = Stage {
        server: stage.server.crash_and_restart(&again),
        next: AtomicU32::new(1000),
    };
    let after = stage.post_plugin().await;
    assert_eq!(after["digest"], fixed, "{after:#}");
    assert_eq!(after["refused"]["step"], "history");
    assert_eq!(stage.ask("B").await.0, 200);
    step(
        &mut began,
        "and stays away after kill -9, though its file is still in the folder",
    );
}
