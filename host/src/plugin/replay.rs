//! A recorded extraction, run through a component: each request is answered from the recording, nothing else is there.

use std::{borrow::Cow, path::Path};

use fixtures::{Case, Expected};
use include_dir::{Dir, include_dir};
use serde_json::Value;

use super::{difference, sandbox::Sandbox, settings};
use crate::contract::{Context, Exchange, Kind, Manifest, Query, Request, Step, recorded};

/// The cases that ship with this program.
static CASES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../fixtures/instagram");

/// The embedded cases of the plugin `name`, in the order of their folders.
///
/// # Errors
/// One of them cannot be read; the message names it.
pub(super) fn embedded(name: &str) -> Result<Vec<Case>, fixtures::Error> {
    let folders = kinds(name).filter_map(|kind| CASES.get_dir(kind));
    let mut cases = Vec::new();
    for (folder, case) in folders.flat_map(|folder| folder.dirs().map(move |case| (folder, case))) {
        cases.push(Case::parse(&last(folder), &last(case), |file| {
            let file = case.get_file(case.path().join(file))?;
            Some(Cow::Borrowed(file.contents()))
        })?);
    }
    Ok(cases)
}

/// The cases for the plugin `name` in a folder that an author keeps.
///
/// # Errors
/// As [`embedded`].
pub(super) fn kept(name: &str, folder: &Path) -> Result<Vec<Case>, fixtures::Error> {
    let mut cases = fixtures::cases(folder)?;
    cases.retain(|case| kinds(name).any(|kind| kind == case.kind));
    Ok(cases)
}

/// `<kind>/<case>`.
pub(super) fn title(case: &Case) -> String {
    format!("{}/{}", case.kind, case.name)
}

/// The names of the kinds that the plugin `name` answers.
fn kinds(name: &str) -> impl Iterator<Item = &'static str> {
    let kinds = Kind::ALL
        .into_iter()
        .filter(move |kind| kind.plugin() == name);
    kinds.map(Kind::name)
}

fn last<'a>(folder: &Dir<'a>) -> Cow<'a, str> {
    folder
        .path()
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
}

/// Runs one case with the plugin's own default settings. Blocks.
///
/// # Errors
/// How it ended instead of as it should, in words for the plugin's author.
pub(super) fn run(sandbox: &Sandbox, manifest: &Manifest, case: &Case) -> Result<(), String> {
    let query: Query = serde_json::from_value(case.question.query.clone())
        .map_err(|error| format!("query.json is not a query: {error}"))?;
    let context = Context {
        now: case.question.now,
        session: case.question.session,
        settings: settings::over(&manifest.settings, None)?,
    };
    let mut exchanges = Vec::new();
    for _ in 0..=manifest.rounds {
        let outcome = sandbox
            .extract(&query, &context, &exchanges)
            .map_err(|fault| fault.to_string())?;
        let requests = match (outcome.step, &case.expected) {
            (Step::Fetch(requests), _) => requests,
            (Step::Done(record), Expected::Record(expected)) => {
                return compare(expected, without_kind(&json(&record)?));
            }
            (Step::Refuse(refusal), Expected::Refusal(expected)) => {
                return compare(expected, &json(&refusal)?);
            }
            (Step::Done(_), Expected::Refusal(expected)) => {
                return Err(format!("expected the refusal {expected}, found a record"));
            }
            (Step::Refuse(refusal), Expected::Record(_)) => {
                let found = json(&refusal)?;
                return Err(format!("expected a record, found the refusal {found}"));
            }
        };
        for request in requests {
            exchanges.push(answered(manifest, case, request)?);
        }
        if exchanges.len() > manifest.requests as usize {
            let requests = manifest.requests;
            return Err(format!("sends more than its {requests} requests"));
        }
    }
    Err(format!("fetches more than its {} times", manifest.rounds))
}

fn json<T: serde::Serialize>(value: &T) -> Result<Value, String> {
    serde_json::to_value(value).map_err(|error| error.to_string())
}

/// `{"Post": {…}}` is kept as `{…}`, because the folder says which kind it is.
fn without_kind(record: &Value) -> &Value {
    let kinds = record.as_object().and_then(|kinds| kinds.values().next());
    kinds.unwrap_or(record)
}

fn compare(expected: &Value, found: &Value) -> Result<(), String> {
    match difference::first(expected, found) {
        None => Ok(()),
        Some(difference) => Err(difference.to_string()),
    }
}

fn answered(manifest: &Manifest, case: &Case, request: Request) -> Result<Exchange, String> {
    let (method, url) = (request.method.name(), &request.url);
    if !allowed(manifest, url) {
        return Err(format!(
            "asks for {url}, whose host its manifest does not name"
        ));
    }
    let answer = recorded::answer(&case.har, &request)
        .ok_or_else(|| format!("asks for {method} {url}, which is not recorded"))?;
    Ok(Exchange { request, answer })
}

fn allowed(manifest: &Manifest, url: &str) -> bool {
    let url = url::Url::parse(url).ok();
    let host = url
        .as_ref()
        .and_then(url::Url::host_str)
        .unwrap_or_default();
    manifest
        .hosts
        .iter()
        .any(|pattern| match pattern.strip_prefix('*') {
            Some(suffix) => host.ends_with(suffix),
            None => host == pattern,
        })
}
