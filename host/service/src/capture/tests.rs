//! Captures are stored, counted, limited, and written atomically.
#![expect(clippy::unwrap_used, reason = "tests")]

use cases::{Expected, har};
use serde_json::json;
use tempfile::TempDir;

use super::*;

fn captures(folder: &TempDir, change: impl FnOnce(&mut Config)) -> Captures {
    let mut config = Config::default();
    change(&mut config);
    let owner = Folder::own(folder.path()).unwrap();
    Captures::open(config, &owner).unwrap()
}

fn capture(field: &str) -> Capture {
    Capture {
        id: id(),
        at: "2026-11-25T00:00:00Z".to_owned(),
        kind: "post".to_owned(),
        query: json!({"kind": "post"}),
        plugin: "post@1.0.0+abcdef01".to_owned(),
        digest: "ab".repeat(32),
        class: "changed".to_owned(),
        reason: "in words".to_owned(),
        field: Some(field.to_owned()),
        settings: json!({}),
        limits: Limits {
            call_ms_max: 500,
            memory_bytes_max: 1,
        },
        redacted: 0,
        reproduced: true,
    }
}

fn question() -> Question {
    Question {
        now: 7,
        session: false,
        query: json!({"kind": "post"}),
    }
}

fn har(body: &[u8]) -> Har {
    Har {
        entries: vec![har::Entry {
            method: "GET".to_owned(),
            url: "https://www.instagram.com/p/x/".to_owned(),
            request_headers: Vec::new(),
            request_body: None,
            answer: har::Answer::Response {
                status: 200,
                url: "https://www.instagram.com/p/x/".to_owned(),
                headers: Vec::new(),
                body: body.to_vec(),
            },
        }],
    }
}

async fn keep(captures: &Captures, field: &str) -> Option<String> {
    captures.keep(capture(field), question(), har(b"{}")).await
}

#[tokio::test]
async fn what_is_kept_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let id = keep(&captures(&folder, |_| ()), ".likes").await.unwrap();
    let again = captures(&folder, |_| ());
    let listed = again.get(&id).unwrap();
    assert_eq!(
        (listed.capture.field.as_deref(), listed.seen),
        (Some(".likes"), 1)
    );
    let case = again.case(&id).unwrap();
    assert_eq!((case.kind.as_str(), case.question), ("post", question()));
    assert_eq!((case.har, case.expected), (har(b"{}"), Expected::NoFailure));
}

#[tokio::test]
async fn one_cause_is_kept_a_few_times_and_then_counted() {
    let folder = tempfile::tempdir().unwrap();
    let captures = captures(&folder, |config| config.of_one_cause_max = 2);
    let seen = || captures.seen(&"ab".repeat(32), "post", ".likes");
    assert_eq!(seen(), None);
    keep(&captures, ".likes").await.unwrap();
    assert_eq!(seen(), None);
    let last = keep(&captures, ".likes").await.unwrap();
    assert_eq!((seen(), seen()), (Some(last.clone()), Some(last.clone())));
    assert_eq!(captures.get(&last).unwrap().seen, 4);
    assert_eq!(captures.seen(&"ab".repeat(32), "reel", ".likes"), None);
}

#[tokio::test]
async fn the_oldest_go_first() {
    let folder = tempfile::tempdir().unwrap();
    let captures = captures(&folder, |config| config.captures_max = 2);
    let mut ids = Vec::new();
    for field in ["a", "b", "c"] {
        ids.push(keep(&captures, field).await.unwrap());
    }
    let left: Vec<_> = captures
        .list()
        .into_iter()
        .map(|it| it.capture.id)
        .collect();
    assert_eq!(left, [ids[2].clone(), ids[1].clone()]);
    assert!(!folder.path().join("captures/post").join(&ids[0]).exists());
    assert!(matches!(captures.get(&ids[0]), Err(Error::Unknown(_))));
}

#[tokio::test]
async fn bytes_are_bounded_too() {
    let folder = tempfile::tempdir().unwrap();
    let captures = captures(&folder, |config| config.bytes_max = 5_000);
    for field in ["a", "b", "c", "d", "e"] {
        keep(&captures, field).await.unwrap();
    }
    let bytes: u64 = captures.list().iter().map(|it| it.bytes).sum();
    assert!((1..=5_000).contains(&bytes), "{bytes}");
}

#[tokio::test]
async fn what_holds_a_secret_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let captures = captures(&folder, |_| ());
    let secret = har(br#"{"csrf_token": "abc"}"#);
    assert_eq!(captures.keep(capture("a"), question(), secret).await, None);
    assert!(captures.list().is_empty());
}

#[tokio::test]
async fn one_that_is_too_large_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let captures = captures(&folder, |config| config.one_bytes_max = 2_000);
    let kept = |body: &[u8]| captures.keep(capture("a"), question(), har(body));
    assert!(kept(b"{}").await.is_some());
    assert_eq!(kept(&[b'x'; 2_000]).await, None);
    assert_eq!(captures_on_disk(&folder), 1);
}

#[tokio::test]
async fn what_was_not_finished_is_swept() {
    let folder = tempfile::tempdir().unwrap();
    keep(&captures(&folder, |_| ()), "a").await.unwrap();
    let half = folder.path().join("captures/post/.half");
    fs::create_dir(&half).unwrap();
    fs::write(half.join("query.json"), "{}").unwrap();
    assert_eq!(captures(&folder, |_| ()).list().len(), 1);
    assert!(!half.exists());
}

#[tokio::test]
async fn a_visitor_sees_what_is_kept_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let owner = captures(&folder, |_| ());
    let id = keep(&owner, "a").await.unwrap();
    let half = folder.path().join("captures/post/.half");
    fs::create_dir(&half).unwrap();
    let config = Config {
        captures_max: 0,
        ..Config::default()
    };
    let visitor = Captures::visit(config, &Folder::visit(folder.path())).unwrap();
    assert_eq!(visitor.list().len(), 1);
    assert_eq!(visitor.case(&id).unwrap().question, question());
    assert_eq!(keep(&visitor, "b").await, None);
    assert!(half.exists());
    assert_eq!(captures_on_disk(&folder), 2);
}

/// Counts finished and unfinished captures.
fn captures_on_disk(folder: &TempDir) -> usize {
    let captures = fs::read_dir(folder.path().join("captures/post"));
    captures.unwrap().count()
}

#[tokio::test]
async fn without_a_folder_nothing_is_kept() {
    assert_eq!(keep(&Captures::default(), "a").await, None);
}

#[tokio::test]
async fn something_else_in_the_place_of_a_file_is_left_out_and_blocks_nobody() {
    for file in ["capture.json", "exchange.har", "query.json"] {
        let folder = tempfile::tempdir().unwrap();
        let id = keep(&captures(&folder, |_| ()), ".likes").await.unwrap();
        let path = folder.path().join("captures/post").join(&id).join(file);
        fs::remove_file(&path).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let captures = captures(&folder, |_| ());
        assert_eq!(captures.count(), usize::from(file == "query.json"));
        assert!(captures.case(&id).is_err(), "{file}");
        assert!(captures.read(&path).await.is_err(), "{file}");
    }
}
