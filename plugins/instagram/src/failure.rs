//! Determines what a response without a record means. Knows statuses, URLs and messages, but no door by name.
//!
//! The tests below have one row per case. A login wall, a stale doc_id, an execution error or a throttled shell is
//! never [`Closed::Missing`].

#[cfg(test)]
mod tests;

use crate::json::Value;
use memchr::memmem;
use serde::{Deserialize, Serialize};

use crate::contract::exchanges::{FetchError, Response};
use crate::contract::steps::{Change, Refusal};
use crate::read::{Body, Page, ruling};
use crate::wording::{self, Meaning};

/// Why a door returned no record. [`crate::drive`] weighs the reasons against each other.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum Closed {
    /// The response itself states why there is no record: private, or gated.
    Stated(Refusal),
    /// The response states that the content does not exist.
    Missing,
    /// Instagram asks to wait: seconds, if stated.
    Throttled(Option<u32>),
    /// Instagram requires a session.
    Login,
    /// Our root is present but unreadable, or our query is stale.
    Changed(Change),
    /// The query failed inside Instagram: temporarily, because of a cursor, or because it is stale.
    Execution(Change),
    /// Any other response that cannot be read.
    Unreadable(Change),
    /// No response: a network or server error.
    Down(String),
    /// A response that says nothing about the content.
    Nothing,
}

/// The keys of a JSON response under which Instagram states a reason as text.
const MESSAGES: [&str; 7] = [
    "message",
    "feedback_title",
    "feedback_message",
    "error_title",
    "error_message",
    "errorSummary",
    "errorDescription",
];
/// Meta's GraphQL throttle, sent with status 200.
const THROTTLE_CODE: u64 = 1_675_004;
/// Maximum number of characters of a response that a report quotes.
const QUOTED_CHARS: usize = 200;
/// Maximum length of a plain text that is read as a message, bytes.
const MESSAGE_BYTES_MAX: usize = 500;

/// The failure of a fetch that ended without a response.
pub(crate) fn failed(error: &FetchError) -> Closed {
    let name = format!("{error:?}");
    Closed::Down(name.trim_start_matches("FetchError::").to_owned())
}

/// Returns the failure that a response states, if any.
pub(crate) fn stated(response: &Response, body: &Body<'_>) -> Option<Closed> {
    if memmem::find(
        &response.body,
        br#""tracePolicy":"polaris.privatePostPage""#,
    )
    .is_some()
    {
        return Some(Closed::Stated(Refusal::Private));
    }
    if response.status == 429 {
        return Some(Closed::Throttled(retry_after(response)));
    }
    let by_body = match body {
        Body::Json(Value::Array(texts)) => texts.iter().find_map(|text| in_json(text, response)),
        Body::Json(value) => in_json(value, response),
        Body::Html(page) => in_page(page, path(&response.url)),
        Body::Other => in_text(response),
    };
    let by_place = || is_wall(path(&response.url)).then_some(Closed::Login);
    by_body.or_else(by_place).or_else(|| in_status(response))
}

/// Describes a response that is neither a page nor JSON with one of our roots, although one was expected.
pub(crate) fn unreadable(response: &Response, body: &Body<'_>) -> Change {
    let (expected, found) = match body {
        Body::Json(_) => ("a known root", quoted(response)),
        Body::Html(page) => (
            "JSON",
            format!(
                "a page: {}",
                page.title.as_deref().unwrap_or("without title")
            ),
        ),
        Body::Other => ("JSON or a page", quoted(response)),
    };
    change("", expected, &found)
}

/// The start of a body, as far as a report quotes it.
fn quoted(response: &Response) -> String {
    /// Maximum length of a character in UTF-8, bytes.
    const CHARACTER: usize = 4;
    let start = response.body.len().min(QUOTED_CHARS * CHARACTER);
    String::from_utf8_lossy(&response.body[..start]).into_owned()
}

/// The path of an absolute URL, without query and fragment.
pub(crate) fn path(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after_scheme.find('/').map_or("/", |at| &after_scheme[at..]);
    path.split(['?', '#']).next().unwrap_or(path)
}

fn change(path: &str, expected: &str, found: &str) -> Change {
    Change {
        path: path.to_owned(),
        expected: expected.to_owned(),
        found: found.chars().take(QUOTED_CHARS).collect(),
    }
}

/// Whether this is a path to which Instagram redirects guests over their limit, and sessions that it distrusts.
fn is_wall(path: &str) -> bool {
    path == "/"
        || ["/accounts/login", "/accounts/suspended", "/challenge"]
            .iter()
            .any(|wall| path.starts_with(wall))
}

/// Whether this is an API path. API paths have no pages, so an error page there is about the path, not about the
/// content.
fn is_api(path: &str) -> bool {
    ["/api/", "/graphql/", "/ajax/"]
        .iter()
        .any(|api| path.starts_with(api))
}

fn in_status(response: &Response) -> Option<Closed> {
    match response.status {
        ..=399 => None,
        401 | 403 => Some(Closed::Login),
        500.. => Some(Closed::Down(format!("HTTP {}", response.status))),
        status => Some(Closed::Unreadable(change(
            "",
            "HTTP 200",
            &format!("HTTP {status}"),
        ))),
    }
}

/// What a page states. Words about the content count more than a login form beside them, except about its absence: a
/// login page proves none.
fn in_page(page: &Page<'_>, path: &str) -> Option<Closed> {
    let notice = page.notice.filter(|_| !is_wall(path) && !is_api(path));
    match notice {
        Some(Meaning::Missing) if page.login_wall => Some(Closed::Login),
        Some(meaning) => Some(meaning.into()),
        None if page.login_wall => Some(Closed::Login),
        None => (page.error_route && !is_api(path)).then_some(Closed::Missing),
    }
}

/// What a response states that is only a short text.
fn in_text(response: &Response) -> Option<Closed> {
    let text = str::from_utf8(&response.body).ok()?;
    (text.len() <= MESSAGE_BYTES_MAX).then(|| known(text, response))?
}

fn in_json(json: &Value<'_>, response: &Response) -> Option<Closed> {
    if let Some(errors) = json["errors"]
        .as_array()
        .filter(|errors| !errors.is_empty())
    {
        return Some(in_errors(errors));
    }
    if json["require_login"] == true || json["authenticated"] == false {
        return Some(Closed::Login);
    }
    // A ruling instead of the content: gallery-dl#3011, and "get_ruling_for_content" of yt-dlp.
    if json["title"].is_string()
        && json["description"].is_string()
        && let Some(refusal) = ruling(json)
    {
        return Some(Closed::Stated(refusal));
    }
    let texts: Vec<_> = MESSAGES
        .iter()
        .filter_map(|key| json[*key].as_str())
        .collect();
    if let Some(closed) = known(&texts.join("\n"), response) {
        return Some(closed);
    }
    if let Some(code) = json["error"].as_u64() {
        let summary = json["errorSummary"].as_str();
        let summary = summary.as_deref().unwrap_or("no summary");
        return Some(match code {
            THROTTLE_CODE => Closed::Throttled(None),
            _ => Closed::Down(format!("error {code}: {summary}")),
        });
    }
    if let Some(message) = json["message"].as_str() {
        return Some(match in_status(response) {
            Some(Closed::Unreadable(_)) | None => {
                Closed::Unreadable(change("message", "an answer", &message))
            }
            Some(closed) => closed,
        });
    }
    // The response of web_profile_info to a guest if the account is hidden from guests.
    let bare = json["status"] == "ok" && json.as_object().is_some_and(|object| object.len() == 1);
    bare.then_some(Closed::Login)
}

/// The meaning of a text, if it is known.
fn known(text: &str, response: &Response) -> Option<Closed> {
    if text.to_lowercase().contains("please wait a few minutes") {
        // With status 401 it is the login gate: it appears at once, even on a fresh address, and waiting does not help.
        return Some(match response.status {
            401 => Closed::Login,
            _ => Closed::Throttled(retry_after(response)),
        });
    }
    wording::of_message(text).map(Closed::from)
}

impl From<Meaning> for Closed {
    fn from(meaning: Meaning) -> Self {
        match meaning {
            Meaning::Age => Self::Stated(Refusal::AgeRestricted),
            Meaning::Region => Self::Stated(Refusal::RegionBlocked),
            Meaning::Private => Self::Stated(Refusal::Private),
            Meaning::Missing => Self::Missing,
            Meaning::Throttled => Self::Throttled(None),
            Meaning::Login => Self::Login,
        }
    }
}

/// The meaning of GraphQL errors without data. Errors with data are partial; then the record has already been read.
fn in_errors(errors: &[Value<'_>]) -> Closed {
    if errors
        .iter()
        .any(|error| error["code"].as_u64() == Some(THROTTLE_CODE))
    {
        return Closed::Throttled(None);
    }
    let texts = errors
        .iter()
        .filter_map(|error| error["message"].as_str().or(error["summary"].as_str()));
    let messages = texts.collect::<Vec<_>>().join("; ");
    // An error that only names what it did not find is no absence: a stale query names its own document.
    if let Some(meaning) = wording::of_message(&messages).filter(|it| *it != Meaning::Missing) {
        return meaning.into();
    }
    let lower = messages.to_lowercase();
    let known = |part| lower.contains(part);
    if known("field_exception") {
        // Missing, or withheld in this country: the doors for guests can tell which.
        Closed::Down(messages)
    } else if known("was not found") || known("missing_required_variable_value") {
        Closed::Changed(change("errors", "an answer to this doc_id", &messages))
    } else {
        Closed::Execution(change("errors", "an answer to this doc_id", &messages))
    }
}

/// Parses the seconds of `Retry-After`; a date is ignored.
fn retry_after(response: &Response) -> Option<u32> {
    let field = response
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("retry-after"))?;
    field.value.trim().parse().ok()
}
