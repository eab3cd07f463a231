//! Tests of bodies, and that no response makes a reader panic, however broken it is.

use std::slice::from_ref;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::json::trees::tree;
use crate::read::samples;
use crate::read::trees::{media, posts, profile, reels, stories};

fn json_of(bytes: &[u8]) -> Option<Value> {
    match body(&Arena::default(), bytes, Renames::default()) {
        Body::Json(value) => Some(tree(&value)),
        Body::Html(_) | Body::Other => None,
    }
}

#[test]
fn json_is_told_from_pages_and_the_rest() {
    assert_eq!(
        json_of(b"\xef\xbb\xbf for (;;);{\"a\":1}"),
        Some(json!({"a": 1}))
    );
    assert_eq!(
        json_of(b"{\"a\":1}\r\n{\"b\":2}"),
        Some(json!([{"a": 1}, {"b": 2}]))
    );
    assert_eq!(
        json_of(b"for (;;);{\"a\":\"\\ud83d\"}{\"b\":\"\xf0\x9f\"}"),
        Some(json!([{"a": "\u{fffd}"}, {"b": "\u{fffd}"}]))
    );
    let arena = Arena::default();
    let page = body(&arena, b"\n<!DOCTYPE html><html>", Renames::default());
    assert!(matches!(page, Body::Html(_)));
    for other in [
        &b""[..],
        b"{\"a\":",
        b"Please wait",
        b"\"text\"",
        b"\xff\xfe",
    ] {
        assert!(
            matches!(body(&arena, other, Renames::default()), Body::Other),
            "{other:?}"
        );
    }
}

#[test]
fn roots_are_found_in_any_wrapping() {
    let post = samples::polaris_post();
    let relay = json!({"require": [["ScheduledServerJS", "handle", null, [{"__bbox": {"require": [
        ["RelayPrefetchedStreamCache", "next", [], ["x", {"__bbox": {"result": {"data": post}}}]],
    ]}}]]]});
    for wrapped in [
        json!({"data": post}),
        json!({"success": true, "response": {"data": post}}),
        json!([post]),
        relay,
    ] {
        assert!(matches!(
            media(&[wrapped], samples::CODE),
            Reading::Found(_)
        ));
    }
}

#[test]
fn common_words_are_roots_only_in_envelopes() {
    let viewer = json!({"data": {"viewer": {"user": null}, "config": {"user": null, "items": []}}});
    assert_eq!(profile(from_ref(&viewer), "ann"), Reading::Absent);
    assert_eq!(posts(from_ref(&viewer), "ann"), Reading::Absent);
}

#[test]
fn nothing_is_said_by_an_answer_without_roots() {
    for document in [
        json!({"status": "ok"}),
        json!({"data": null}),
        json!([]),
        json!(null),
        json!({"user": true}),
    ] {
        assert_eq!(media(from_ref(&document), "BN"), Reading::Absent);
        assert_eq!(profile(from_ref(&document), "ann"), Reading::Absent);
        assert_eq!(reels(from_ref(&document), "ann"), Reading::Absent);
        assert_eq!(stories(from_ref(&document), "ann"), Reading::Absent);
    }
}

/// What may replace a value in a mutated response.
fn replacement() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        Just(None),
        Just(Some(json!(null))),
        Just(Some(json!({}))),
        Just(Some(json!([]))),
        Just(Some(json!(-1.5))),
        Just(Some(json!(u64::MAX))),
        Just(Some(json!(""))),
        Just(Some(json!("é#@<MPD"))),
        Just(Some(
            json!([null, [], {"node": null, "user": 1, "media": []}])
        )),
    ]
}

/// Replaces or removes one value; `path` has one number per level.
fn mutate(value: &mut Value, path: &[usize], replacement: &Option<Value>) {
    let Some((step, rest)) = path.split_first() else {
        *value = replacement.clone().unwrap_or_default();
        return;
    };
    match value {
        Value::Object(map) => {
            let Some(key) = map.keys().nth(step % map.len().max(1)).cloned() else {
                return;
            };
            if rest.is_empty() && replacement.is_none() {
                map.remove(&key);
            } else if let Some(inner) = map.get_mut(&key) {
                mutate(inner, rest, replacement);
            }
        }
        Value::Array(list) => {
            let length = list.len().max(1);
            if let Some(inner) = list.get_mut(step % length) {
                mutate(inner, rest, replacement);
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_mutation_panics(
        sample in 0_usize..9,
        changes in prop::collection::vec((prop::collection::vec(0_usize..32, 1..9), replacement()), 1..4),
    ) {
        let mut document = samples::all().swap_remove(sample);
        for (path, replacement) in &changes {
            mutate(&mut document, path, replacement);
        }
        let documents = [document];
        if let Reading::Found(media) = media(&documents, samples::CODE) {
            prop_assert_eq!(media.shortcode.as_str(), samples::CODE);
        }
        let _ = (profile(&documents, "ann"), stories(&documents, "ann"));
        let _ = (posts(&documents, "ann"), reels(&documents, "ann"));
    }
}
