//! What is suggested, and what is not. `tests/e2e/plugin/explain.rs` has breakages of whole answers.
#![expect(clippy::unwrap_used, reason = "tests")]

use cases::{Har, Question, har::Entry};
use serde_json::{Value, json};

use super::*;
use crate::{
    capture::{self, Captures, Limits},
    data::Folder,
};

fn har(body: &Value) -> Har {
    let url = "https://www.instagram.com/api/graphql".to_owned();
    Har {
        entries: vec![Entry {
            method: "POST".to_owned(),
            url: url.clone(),
            request_headers: Vec::new(),
            request_body: Some(b"doc_id=77".to_vec()),
            answer: Answer::Response {
                status: 200,
                url,
                headers: Vec::new(),
                body: body.to_string().into_bytes(),
            },
        }],
    }
}

fn question(code: &str) -> Question {
    Question {
        now: 0,
        session: false,
        query: json!({"kind": "post", "target": {"shortcode": code}}),
    }
}

/// What is suggested for an answer about `asked` after good answers about the post `AbcdeGood`.
async fn explained(good: &[Value], asked: &str, answer: &Value, field: &str) -> Explanation {
    let folder = tempfile::tempdir().unwrap();
    let owner = Folder::own(folder.path()).unwrap();
    let captures = Captures::open(capture::Config::default(), &owner).unwrap();
    for answer in good {
        let (question, har) = (question("AbcdeGood"), har(answer));
        captures
            .learn("post", "graphql".to_owned(), question, har)
            .await;
    }
    let question = question(asked);
    let capture = Capture {
        id: capture::id(),
        at: "2026-11-25T09:06:18Z".to_owned(),
        kind: "post".to_owned(),
        query: question.query.clone(),
        plugin: "post@1.0.0+00000000".to_owned(),
        digest: "00".to_owned(),
        class: "changed".to_owned(),
        reason: "why".to_owned(),
        field: Some(field.to_owned()),
        settings: json!({"door": {"graphql": {"doc_id": "77"}}}),
        limits: Limits {
            call_ms_max: 500,
            memory_bytes_max: 1,
        },
        redacted: 0,
        reproduced: true,
    };
    let id = captures.keep(capture, question, har(answer)).await.unwrap();
    // What is known survives a restart.
    captures.shapes.keep();
    drop(captures);
    let captures = Captures::visit(capture::Config::default(), &owner).unwrap();
    captures.explain(&id).await.unwrap()
}

fn rename(explanation: &Explanation) -> Option<(&str, &str)> {
    let first = explanation.suggestions.first()?.rename.as_ref()?;
    Some((first.0.as_str(), first.1.as_str()))
}

#[tokio::test]
async fn a_value_that_was_asked_for_is_found_under_any_name() {
    let good = json!({"post": {"code": "AbcdeGood", "kind": "image"}});
    let now = json!({"post": {"x": "AbcdeOther", "kind": "image", "y": "AbcdeWrong"}});
    let explained = explained(&[good], "AbcdeOther", &now, "graphql:post.code").await;
    assert_eq!(rename(&explained), Some(("post.code", "post.x")));
    assert!(
        explained.suggestions[0]
            .why
            .contains(&"the same value".to_owned())
    );
}

#[tokio::test]
async fn the_very_value_of_the_same_post_decides() {
    let good = json!({"post": {"likes": 4_711, "code": "AbcdeGood"}});
    let now = json!({"post": {"code": "AbcdeGood", "a": 1_234, "b": 4_711}});
    let explained = explained(&[good], "AbcdeGood", &now, "graphql:post.likes").await;
    assert_eq!(rename(&explained), Some(("post.likes", "post.b")));
}

#[tokio::test]
async fn the_paths_of_a_draft_begin_at_the_items_of_a_list() {
    let item = |key: &str| json!({key: "https://cdn/a.jpg", "width": 640});
    let good = json!({"data": {"items": [item("url"), item("url")]}});
    let now = json!({"data": {"items": [item("uri"), item("uri")]}});
    let explained = explained(&[good], "AbcdeOther", &now, "url").await;
    assert_eq!(rename(&explained), Some(("url", "uri")));
    assert_eq!(explained.suggestions[0].now, "data.items[0].uri");
}

#[tokio::test]
async fn what_only_some_answers_state_is_not_gone() {
    let with = json!({"post": {"place": {"name": "Harbour"}, "code": "AbcdeGood"}});
    let without = json!({"post": {"place": null, "code": "AbcdeGood"}});
    let good = [without.clone(), with, without.clone()];
    let explained = explained(&good, "AbcdeGood", &without, "post.place").await;
    assert_eq!(explained.answers[0].gone, []);
    assert_eq!(explained.suggestions, []);
}

#[tokio::test]
async fn errors_in_the_place_of_data_are_a_stale_query() {
    let good = json!({"data": {"post": {"code": "AbcdeGood"}}});
    let now = json!({"data": null, "errors": [{"message": "The document 77 was not found"}]});
    let explained = explained(&[good], "AbcdeOther", &now, "graphql:errors").await;
    assert_eq!(explained.suggestions[0].now, "door.graphql.doc_id");
    assert!(explained.suggestions[0].is_of_a_request());
}

#[tokio::test]
async fn without_a_good_answer_nothing_is_compared() {
    let explained = explained(&[], "AbcdeOther", &json!({"a": 1}), "a").await;
    assert_eq!(explained.answers, []);
    assert_eq!(explained.unknown, ["POST www.instagram.com/api/graphql"]);
}
