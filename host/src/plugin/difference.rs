//! Where two JSON values first differ, for people.

use std::fmt;

use serde_json::Value;

/// Longest value that is shown, characters.
const SHOWN_CHARS_MAX: usize = 120;

/// One field that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    path: String,
    expected: String,
    found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            expected,
            found,
        } = self;
        let path = if path.is_empty() { "all of it" } else { path };
        write!(f, "{path}: expected {expected}, found {found}")
    }
}

/// The first difference in the order of the expected value, or none.
pub(super) fn first(expected: &Value, found: &Value) -> Option<Difference> {
    at(String::new(), Some(expected), Some(found))
}

fn at(path: String, expected: Option<&Value>, found: Option<&Value>) -> Option<Difference> {
    match (expected, found) {
        (Some(Value::Object(expected)), Some(Value::Object(found))) => {
            let added = found.keys().filter(|key| !expected.contains_key(*key));
            expected
                .keys()
                .chain(added)
                .find_map(|key| at(format!("{path}.{key}"), expected.get(key), found.get(key)))
        }
        (Some(Value::Array(expected)), Some(Value::Array(found))) => {
            (0..expected.len().max(found.len()))
                .find_map(|i| at(format!("{path}[{i}]"), expected.get(i), found.get(i)))
        }
        // 12 and 12.0 are one number.
        (Some(Value::Number(expected)), Some(Value::Number(found)))
            if expected.as_f64() == found.as_f64() && expected.is_f64() != found.is_f64() =>
        {
            None
        }
        (expected, found) if expected == found => None,
        (expected, found) => Some(Difference {
            path,
            expected: show(expected),
            found: show(found),
        }),
    }
}

fn show(value: Option<&Value>) -> String {
    let text = value.map_or_else(|| "nothing".to_owned(), Value::to_string);
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests;
