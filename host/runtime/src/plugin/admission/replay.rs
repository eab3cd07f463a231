//! Runs a case through a component with the driver, and compares the result with the expected one.

use std::fmt;

use cases::{Case, Expected};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::difference::{self, Difference};
use crate::{
    contract::{Change, Context, Fault, Manifest, Query, Refusal},
    driver::{self, Cause, Rules},
    plugin::{engine::store::Pace, package::settings, sandbox::Sandbox},
};

/// Maximum number of differences that are shown per case.
const DIFFERENCES_MAX: usize = 20;

/// The component that a case is run through.
pub(crate) struct Subject<'a> {
    pub(crate) sandbox: &'a Sandbox,
    manifest: &'a Manifest,
    /// Its settings as JSON. They are read once for all cases.
    settings: Result<String, String>,
    /// The same rules as in production.
    rules: &'a Rules,
}

impl<'a> Subject<'a> {
    /// `packed` are the settings that were packed with it, TOML.
    pub(crate) fn new(
        sandbox: &'a Sandbox,
        manifest: &'a Manifest,
        packed: Option<&str>,
        rules: &'a Rules,
    ) -> Self {
        Self {
            sandbox,
            manifest,
            settings: settings::over(&manifest.settings, packed),
            rules,
        }
    }
}

/// A case that did not end as expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mismatch {
    /// `<kind>/<case>`.
    pub case: String,
    /// The reason, in one line.
    pub reason: String,
    /// The fields that differ, if a record or refusal differs; at most 20.
    pub differences: Vec<Difference>,
    /// Whether it may end otherwise on a machine that is less busy.
    #[serde(skip)]
    pub(crate) passing: bool,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.case, self.reason)?;
        match self.differences.len() {
            0 | 1 => Ok(()),
            fields => write!(f, " (and {} more fields)", fields - 1),
        }
    }
}

/// Returns `<kind>/<case>`.
pub(crate) fn title(case: &Case) -> String {
    format!("{}/{}", case.kind, case.name)
}

/// Runs one case with the plugin's own settings. Returns a message for each field that the check of the record dropped.
/// Blocks.
///
/// # Errors
/// How it ended, if not as expected, in words for the plugin's author.
pub(crate) fn run(subject: &Subject<'_>, case: &Case) -> Result<Vec<String>, Mismatch> {
    let (differences, dropped) = match replayed(subject, case) {
        Err((reason, passing)) => {
            return Err(Mismatch {
                case: title(case),
                reason,
                differences: Vec::new(),
                passing,
            });
        }
        Ok((end, dropped)) => (differences(&case.expected, &end), dropped),
    };
    match differences.first() {
        None => Ok(dropped),
        Some(first) => Err(Mismatch {
            case: title(case),
            reason: first.to_string(),
            differences,
            passing: false,
        }),
    }
}

/// Runs a case and returns its result, in the JSON form of the contract. Blocks.
///
/// # Errors
/// A fault or a broken rule, in words.
pub(crate) fn end(subject: &Subject<'_>, case: &Case) -> Result<Expected, String> {
    let ended = replayed(subject, case);
    ended.map(|(end, _)| end).map_err(|(reason, _)| reason)
}

/// As [`end`], with the messages of [`run`]; an error says whether it may be due to a busy machine.
fn replayed(subject: &Subject<'_>, case: &Case) -> Result<(Expected, Vec<String>), (String, bool)> {
    let Subject {
        sandbox,
        manifest,
        settings,
        rules,
    } = subject;
    let query: Query = serde_json::from_value(case.question.query.clone())
        .map_err(|error| lasting(format!("query.json is not a query: {error}")))?;
    let context = Context {
        now: case.question.now,
        session: case.question.session,
        settings: settings.clone().map_err(lasting)?,
    };
    let ending = driver::replay(rules, manifest, &query, &case.har, |arguments| {
        sandbox.extract(Pace::Patient, &query, &context, &arguments)
    });
    let dropped = ending.dropped.into_iter().map(|dropped| dropped.message);
    let end = match ending.result {
        Ok(record) => Expected::Record(json(&*record).map_err(lasting)?),
        Err(Cause::Refused(refusal)) => Expected::Refusal(json(&refusal).map_err(lasting)?),
        Err(cause) => {
            let passing = matches!(cause, Cause::Busy | Cause::Fault(Fault::Deadline));
            return Err((cause.to_string(), passing));
        }
    };
    Ok((end, dropped.collect()))
}

fn lasting(reason: String) -> (String, bool) {
    (reason, false)
}

fn json<T: Serialize>(value: &T) -> Result<Value, String> {
    serde_json::to_value(value).map_err(|error| error.to_string())
}

fn differences(expected: &Expected, found: &Expected) -> Vec<Difference> {
    let other_end = |expected: String, found: String| {
        vec![Difference {
            field: String::new(),
            expected,
            found,
        }]
    };
    match (expected, found) {
        (Expected::Record(expected), Expected::Record(found))
        | (Expected::Refusal(expected), Expected::Refusal(found)) => {
            difference::between(expected, found, DIFFERENCES_MAX)
        }
        (Expected::Refusal(expected), Expected::Record(_)) => {
            other_end(format!("the refusal {expected}"), "a record".to_owned())
        }
        (Expected::Record(_), Expected::Refusal(found)) => match change(found) {
            Some(change) => vec![change],
            None => other_end("a record".to_owned(), format!("the refusal {found}")),
        },
        (Expected::NoFailure, Expected::Refusal(found)) => change(found).into_iter().collect(),
        (Expected::NoFailure, _) | (_, Expected::NoFailure) => Vec::new(),
    }
}

/// Returns the difference that the plugin itself reports for a field that it cannot read.
fn change(refusal: &Value) -> Option<Difference> {
    match serde_json::from_value(refusal.clone()) {
        Ok(Refusal::Changed(Change {
            path,
            expected,
            found,
        })) => Some(Difference {
            field: path,
            expected,
            found,
        }),
        _ => None,
    }
}
