//! Finds the fields that a record states. The type of a medium is part of the path, because a picture has no duration.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Rate;

/// The key in a record that states the type of a medium.
const TYPE: &str = "media_type";

/// Counts how often each field is stated, by its path, for example `video.duration` or
/// `carousel.children[](image).width`.
pub(super) fn count(record: &Value) -> BTreeMap<String, Rate> {
    let mut counts = BTreeMap::new();
    walk(String::new(), record, &mut counts);
    counts
}

fn walk(path: String, value: &Value, counts: &mut BTreeMap<String, Rate>) {
    match value {
        Value::Object(fields) => {
            let path = match fields.get(TYPE).and_then(name) {
                Some(name) if path.is_empty() => name,
                Some(name) => format!("{path}({name})"),
                None => path,
            };
            for (key, value) in fields {
                let separator = if path.is_empty() { "" } else { "." };
                let path = format!("{path}{separator}{key}");
                add(counts, &path, value);
                walk(path, value, counts);
            }
        }
        Value::Array(items) => {
            for item in items {
                walk(format!("{path}[]"), item, counts);
            }
        }
        _ => {}
    }
}

fn add(counts: &mut BTreeMap<String, Rate>, path: &str, value: &Value) {
    let stated = match value {
        Value::Null => false,
        // An empty list counts as absent.
        Value::Array(items) => !items.is_empty(),
        _ => true,
    };
    let rate = Rate {
        stated: u64::from(stated),
        asked: 1,
    };
    counts.entry(path.to_owned()).or_default().add(rate);
}

/// The name of a type: `"Image"`, or `{"Other": …}`.
fn name(media_type: &Value) -> Option<String> {
    let name = match media_type {
        Value::String(name) => name,
        Value::Object(other) => other.keys().next()?,
        _ => return None,
    };
    Some(name.to_ascii_lowercase())
}
