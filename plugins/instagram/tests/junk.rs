//! Junk in a side field of an answer: in the answers of every case, each field that neither identifies the content nor
//! steers the extraction is replaced by junk, and the record still comes, with all of its items.
#![expect(clippy::panic, reason = "tests")]

#[path = "drive/native.rs"]
#[expect(dead_code, reason = "shared with the other tests")]
mod drive;

use std::collections::HashSet;
use std::path::Path;

use cases::har::Answer;
use cases::{Case, Expected};
use serde_json::{Value, json};

/// Fields that identify content, are the content, or say how the extraction goes on.
const NOT_SIDE: [&str; 37] = [
    "__typename",
    "carousel_media_count",
    "category",
    "category_name",
    "code",
    "count",
    "display_uri",
    "display_url",
    "end_cursor",
    "error_code",
    "fail",
    "fbid",
    "fbid_v2",
    "gating_type",
    "has_next_page",
    "id",
    "is_private",
    "latest_reel_media",
    "max_id",
    "media_count",
    "media_type",
    "message",
    "more_available",
    "next_max_id",
    "owner_id",
    "pk",
    "pk_id",
    "product_type",
    "require_login",
    "shortcode",
    "src",
    "status",
    "thumbnail_src",
    "url",
    "user_id",
    "username",
    "video_url",
];

/// Larger answers are pages of the same fields.
const BODY_BYTES_MAX: usize = 30_000;

/// JSON pointers to the values that are neither lists nor objects; of several that differ only in the place in a list,
/// the first.
fn leaves(
    value: &Value,
    place: &str,
    keys: &str,
    seen: &mut HashSet<String>,
    found: &mut Vec<String>,
) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                if !NOT_SIDE.contains(&key.as_str()) {
                    let escaped = key.replace('~', "~0").replace('/', "~1");
                    let (place, keys) = (format!("{place}/{escaped}"), format!("{keys}.{key}"));
                    leaves(inner, &place, &keys, seen, found);
                }
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                leaves(inner, &format!("{place}/{index}"), keys, seen, found);
            }
        }
        _ if seen.insert(keys.to_owned()) => found.push(place.to_owned()),
        _ => {}
    }
}

/// What identifies a record, and how many items it has.
fn identity(end: &Expected) -> Value {
    let Expected::Record(record) = end else {
        return Value::Null;
    };
    let count = |name: &str| record[name].as_array().map(Vec::len);
    json!([
        record["shortcode"],
        record["media_id"],
        record["user_id"],
        record["username"],
        record["owner"]["username"],
        count("items"),
        count("children"),
    ])
}

fn run(case: &Case) -> Result<Expected, String> {
    let answer = |request: &_| -> Result<_, String> {
        let drive_request: &instagram::contract::exchanges::Request = request;
        let method = drive::method(drive_request);
        let body = drive_request.body.as_deref();
        let found = case.har.find(method, &drive_request.url, body);
        let entry = found.ok_or_else(|| format!("asks for {}", drive_request.url))?;
        Ok(drive::answer(&entry.answer))
    };
    drive::drive(&case.question, answer).map(|(_, end)| end)
}

/// Replaces each side field of one answer of a case. Returns how many values were tried.
fn survives(
    case: &Case,
    entry: usize,
    seen: &mut HashSet<String>,
    lost: &mut Vec<String>,
) -> usize {
    let Answer::Response { body, .. } = &case.har.entries[entry].answer else {
        return 0;
    };
    let Ok(document) = serde_json::from_slice::<Value>(body) else {
        return 0;
    };
    let mut places = Vec::new();
    if body.len() <= BODY_BYTES_MAX {
        leaves(&document, "", "", seen, &mut places);
    }
    let mut tried = 0;
    for place in places {
        for junk in [
            json!(null),
            json!("http://images.ak.instagram.com/profiles/anonymousUser.jpg"),
            json!(-1.5),
            json!([7, null]),
        ] {
            let mut changed = document.clone();
            if let Some(value) = changed.pointer_mut(&place) {
                *value = junk.clone();
            }
            let mut other = case.clone();
            if let Answer::Response { body, .. } = &mut other.har.entries[entry].answer {
                *body = changed.to_string().into_bytes();
            }
            tried += 1;
            let end = run(&other);
            if end.as_ref().map(identity) != Ok(identity(&case.expected)) {
                let end = end.map(|end| identity(&end));
                lost.push(format!(
                    "{}/{}: {junk} at {place}: {end:?}",
                    case.kind, case.name
                ));
            }
        }
    }
    tried
}

#[test]
fn junk_in_a_side_field_costs_no_record_and_no_item() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/instagram");
    let cases = cases::load_all(&root).unwrap_or_else(|error| panic!("{error}"));
    let (mut seen, mut lost, mut tried) = (HashSet::new(), Vec::new(), 0);
    for case in &cases {
        if matches!(case.expected, Expected::Record(_)) {
            for entry in 0..case.har.entries.len() {
                tried += survives(case, entry, &mut seen, &mut lost);
            }
        }
    }
    assert!(
        lost.is_empty(),
        "{} of {tried}:\n{}",
        lost.len(),
        lost.join("\n")
    );
    assert!(tried > 500, "{tried}");
}
