//! Finds where two JSON values differ, in a form for people to read.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Maximum length of a value that is shown, characters.
const SHOWN_CHARS_MAX: usize = 120;

/// One field that differs from the expected value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The path of the field, such as `.children[1].id`. Empty for the whole value.
    pub field: String,
    /// The expected value as JSON, shortened to 120 characters; `nothing` if the field should not exist.
    pub expected: String,
    /// The value that was found, in the same form; `nothing` if the field does not exist.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            expected,
            found,
        } = self;
        let field = if field.is_empty() { "all of it" } else { field };
        write!(f, "{field}: expected {expected}, found {found}")
    }
}

/// Returns the differences in the order of the expected value, at most `most` of them.
pub(crate) fn between(expected: &Value, found: &Value, most: usize) -> Vec<Difference> {
    let mut differences = Vec::new();
    walk(
        String::new(),
        Some(expected),
        Some(found),
        &mut |field, expected, found| {
            if differences.len() < most {
                differences.push(Difference {
                    field,
                    expected: show(expected),
                    found: show(found),
                });
            }
        },
    );
    differences
}

/// Calls `tell` for each field that differs, with the expected value and the one that was found.
pub(crate) fn walk(
    field: String,
    expected: Option<&Value>,
    found: Option<&Value>,
    tell: &mut impl FnMut(String, Option<&Value>, Option<&Value>),
) {
    match (expected, found) {
        (Some(Value::Object(expected)), Some(Value::Object(found))) => {
            let added = found.keys().filter(|key| !expected.contains_key(*key));
            for key in expected.keys().chain(added) {
                walk(
                    format!("{field}.{key}"),
                    expected.get(key),
                    found.get(key),
                    tell,
                );
            }
        }
        (Some(Value::Array(expected)), Some(Value::Array(found))) => {
            for i in 0..expected.len().max(found.len()) {
                walk(format!("{field}[{i}]"), expected.get(i), found.get(i), tell);
            }
        }
        // 12 and 12.0 are the same number.
        (Some(Value::Number(expected)), Some(Value::Number(found)))
            if expected.as_f64() == found.as_f64() && expected.is_f64() != found.is_f64() => {}
        (expected, found) if expected == found => {}
        (expected, found) => tell(field, expected, found),
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
