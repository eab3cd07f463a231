//! The bodies of jobs: the keys of each state, their order, and their texts.

use serde_json::{Value, json};

use super::documents::examples;
use crate::{
    api::{
        instagram::job::{Job, ListedJob},
        progress_text,
    },
    contract::Query,
    download::{Download, Formats, Kind, Part, Quality},
    job::{Failure, JobId, Progress, Stage, StageItem, State, Status},
};

fn download() -> Download {
    Download {
        kind: Kind::Story,
        query: Some(Query::story("someone".to_owned())),
        url: "@someone".to_owned(),
        quality: Quality::Best,
        part: Part::All,
        formats: Formats::default(),
        video_codec: Default::default(),
        zip: false,
        metadata: false,
        item: None,
        items: Vec::new(),
        cover: false,
    }
}

fn job(state: State) -> Status<Download> {
    let over = state.is_final().then_some(10_000);
    Status {
        id: JobId::nil(),
        state,
        work: Some(download()),
        progress: Progress {
            stage: Stage::Downloading,
            item: Some(StageItem {
                number: 2,
                count: 3,
            }),
            percent: 40,
            bytes: Some(1),
            bytes_total: Some(2_500_000),
            bytes_per_second: Some(1_000_000.0),
            eta_s: None,
        },
        attempt: 1,
        created_at_ms: 0,
        started_at_ms: Some(1_000),
        finished_at_ms: over,
        expires_at_ms: over.map(|at| at + 60_000),
        result: (state == State::Completed).then(|| {
            json!({ "files": [{ "filename": "a.jpg", "bytes": 1_230_000, "content_type": "image/jpeg",
                "dimensions": null }], "metadata": null })
        }),
        failure: (state == State::Failed).then(|| Failure {
            code: "no-stories".to_owned(),
            details: String::new(),
            retry: false,
        }),
        children: Vec::new(),
    }
}

/// The body as text, so that the order of keys counts.
fn text(status: &Status<Download>) -> String {
    serde_json::to_string(&Job::new(status, 20_000)).unwrap()
}

const ID: &str = r#"{"job_id":"00000000-0000-0000-0000-000000000000""#;
const BEGUN: &str = r#""created_at":"1970-01-01T00:00:00Z","started_at":"1970-01-01T00:00:01Z""#;

#[test]
fn a_running_job_states_null_for_what_is_not_known() {
    let expected = format!(
        "{ID},{}{BEGUN},{}",
        r#""status":"processing","progress":40,"progress_details":{"current":40,"total":100,"stage":"downloading"},"#,
        r#""estimated_completion_seconds":null,"speed_mbps":8.0,"file_size_mb":2.5,"message":"Downloading media files (2 of 3)..."}"#
    );
    assert_eq!(text(&job(State::Running)), expected);
    let waiting = serde_json::to_value(Job::new(&job(State::Pending), 0)).unwrap();
    assert_eq!(waiting["progress_details"]["stage"], "pending");
    assert_eq!(waiting["message"], "Waiting for its turn...");
}

#[test]
fn an_ended_job_has_the_keys_of_its_state_alone() {
    let completed = format!(
        "{ID},{}{BEGUN},{}",
        r#""status":"completed","progress":100,"#,
        r#""completed_at":"1970-01-01T00:00:10Z","duration_seconds":9,"files":[{"filename":"a.jpg","size_mb":1.23,"download_url":"/instagram/download/file/a.jpg","media_type":"image/jpeg","dimensions":null}],"file_count":1,"total_size_mb":1.23,"message":"Download completed successfully.","expires_in_seconds":50}"#
    );
    assert_eq!(text(&job(State::Completed)), completed);
    let failed = format!(
        "{ID},{}{BEGUN},{}",
        r#""status":"failed","progress":40,"error":{"code":"STORIES_UNAVAILABLE","message":"Stories are not available","details":"there are no stories to download"},"#,
        r#""failed_at":"1970-01-01T00:00:10Z"}"#
    );
    assert_eq!(text(&job(State::Failed)), failed);
    let cancelled = format!(
        "{ID},{}{BEGUN},{}",
        r#""status":"cancelled","progress":40,"#,
        r#""cancelled_at":"1970-01-01T00:00:10Z","message":"Download cancelled."}"#
    );
    assert_eq!(text(&job(State::Cancelled)), cancelled);
}

#[test]
fn a_completed_job_says_which_files_are_missing() {
    let missing = json!({ "name": "a_2", "reason": "withheld" });
    let mut one = job(State::Completed);
    one.result.as_mut().unwrap()["missing"] = json!([missing]);
    let body = serde_json::to_value(Job::new(&one, 0)).unwrap();
    let message = "Download completed, but 1 file is missing.";
    assert_eq!(body["message"], message);
    assert_eq!(
        body["missing_files"],
        json!([{ "name": "a_2", "error": { "code": "STORIES_UNAVAILABLE", "message": "This file could not be delivered",
            "details": "Instagram shows no media of this item" } }])
    );
    let batch = Status {
        work: None,
        children: vec![one, job(State::Completed)],
        ..job(State::Completed)
    };
    let body = serde_json::to_value(Job::new(&batch, 0)).unwrap();
    assert_eq!(
        (&body["file_count"], &body["message"]),
        (&json!(2), &json!(message))
    );
}

#[test]
fn a_batch_counts_its_items_and_each_says_what_was_asked_for() {
    let batch = Status {
        work: None,
        children: vec![job(State::Completed), job(State::Running)],
        ..job(State::Running)
    };
    let text = text(&batch);
    assert!(text.contains(r#""message":"1 of 2 items are done.","batch_size":2,"completed_count":1,"failed_count":0,"items":[{"#), "{text}");
    assert!(
        text.ends_with(
            r#""message":"Downloading media files (2 of 3)...","url":"@someone","type":"story"}]}"#
        ),
        "{text}"
    );
}

/// instaloader#2682: a batch of missing posts is no error of the server.
#[test]
fn a_batch_that_failed_has_the_codes_of_its_items() {
    let failed = |code: &str| Status {
        failure: Some(Failure {
            code: code.to_owned(),
            details: String::new(),
            retry: false,
        }),
        ..job(State::Failed)
    };
    let error = |children: Vec<Status<Download>>| {
        let batch = Status {
            work: None,
            children,
            ..failed("login-required")
        };
        serde_json::to_value(Job::new(&batch, 0)).unwrap()["error"].clone()
    };
    let both = error(vec![failed("login-required"), failed("login-required")]);
    assert_eq!(
        both,
        json!({ "code": "LOGIN_REQUIRED", "message": "No item of the batch could be downloaded",
            "details": "2 of 2 items failed: 2 LOGIN_REQUIRED" })
    );
    let mixed = error(vec![
        failed("not-found"),
        job(State::Cancelled),
        failed("invalid-address"),
        failed("not-found"),
    ]);
    assert_eq!(mixed["code"], "PROFILE_NOT_FOUND");
    assert_eq!(
        mixed["details"],
        "3 of 4 items failed: 2 PROFILE_NOT_FOUND, 1 INVALID_USERNAME"
    );
    assert_eq!(error(vec![failed("internal")])["code"], "SERVER_ERROR");
}

#[test]
fn operators_also_see_the_attempt_and_the_stored_failure() {
    let listed = serde_json::to_value(ListedJob::new(&job(State::Failed), 0)).unwrap();
    assert_eq!(listed["type"], "story");
    assert_eq!(listed["attempt"], 1);
    assert_eq!(
        listed["failure"],
        json!({ "code": "no-stories", "message": "there are no stories to download", "details": "", "retry": false })
    );
}

#[test]
fn every_key_of_the_documented_examples_is_there() {
    let ours = [State::Completed, State::Failed, State::Running]
        .map(|state| serde_json::to_value(Job::new(&job(state), 0)).unwrap());
    // Sorted by name, as in the document.
    for (example, ours) in examples("/instagram/status/{job_id}").iter().zip(ours) {
        assert_eq!(example["status"], ours["status"]);
        for key in example.as_object().unwrap().keys() {
            // Only if `include_metadata` was set.
            assert!(
                key == "metadata" || ours.get(key).is_some(),
                "{key}: {ours}"
            );
        }
    }
}

#[test]
fn rows_of_earlier_versions_are_read() {
    let stored = |stage: &str| -> Value {
        json!({ "stage": stage, "percent": 7, "bytes": null, "bytes_total": null, "bytes_per_second": null,
            "eta_s": null, "message": "Old words..." })
    };
    for (stage, expected, text) in [
        ("", Stage::Starting, "Starting..."),
        ("resolving", Stage::Resolving, "Asking Instagram..."),
        (
            "downloading",
            Stage::Downloading,
            "Downloading media files...",
        ),
        ("processing", Stage::Processing, "Converting media files..."),
        ("publishing", Stage::Publishing, "Storing files..."),
    ] {
        let progress: Progress = serde_json::from_value(stored(stage)).unwrap();
        assert_eq!((progress.stage, progress.percent), (expected, 7));
        assert_eq!(progress_text(&progress), text);
        assert_eq!(serde_json::to_value(progress).unwrap()["stage"], stage);
    }
    let failure: Result<Failure, _> = serde_json::from_value(
        json!({ "code": "private", "message": "Old words.", "details": "", "retry": false }),
    );
    assert_eq!(failure.unwrap().code, "private");
}
