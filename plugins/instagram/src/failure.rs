//! Determines what a response without a record means. Knows statuses, URLs and messages, but no door by name.
//!
//! The tests below have one row per case. A login wall, a stale doc_id, an execution error or a throttled shell is
//! never [`Closed::Missing`].

#[cfg(test)]
mod tests;

use memchr::memmem;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::contract::exchanges::{FetchError, Response};
use crate::contract::steps::{Change, Refusal};
use crate::read::Body;

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

/// Parts of Instagram's `message` texts, and their meaning.
const MESSAGES: [(&str, Closed); 11] = [
    ("login_required", Closed::Login),
    ("unauthorized logged out query", Closed::Login),
    // A flagged session must stop; a guest gets these where only a session would help.
    ("checkpoint_required", Closed::Login),
    ("challenge_required", Closed::Login),
    ("feedback_required", Closed::Login),
    ("rate_limit", Closed::Throttled(None)),
    ("rate limit", Closed::Throttled(None)),
    (
        "not authorized to view user",
        Closed::Stated(Refusal::Private),
    ),
    ("media not found or unavailable", Closed::Missing),
    ("has been deleted by", Closed::Missing),
    ("user not found", Closed::Missing),
];
/// Meta's GraphQL throttle, sent with status 200.
const THROTTLE_CODE: u64 = 1_675_004;
/// Maximum number of characters of a response that a report quotes.
const QUOTED_CHARS: usize = 200;

/// The failure of a fetch that ended without a response.
pub(crate) fn failed(error: &FetchError) -> Closed {
    let name = format!("{error:?}");
    Closed::Down(name.trim_start_matches("FetchError::").to_owned())
}

/// Returns the failure that a response states, if any.
pub(crate) fn stated(response: &Response, body: &Body) -> Option<Closed> {
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
        Body::Html(page) if page.login_wall => Some(Closed::Login),
        Body::Html(page) if page.error_route && !is_api(path(&response.url)) => {
            Some(Closed::Missing)
        }
        Body::Html(_) | Body::Other => None,
    };
    let by_place = || is_wall(path(&response.url)).then_some(Closed::Login);
    by_body.or_else(by_place).or_else(|| in_status(response))
}

/// Describes a response that is neither a page nor JSON with one of our roots, although one was expected.
pub(crate) fn unreadable(response: &Response, body: &Body) -> Change {
    let (expected, found) = match body {
        Body::Json(value) => ("a known root", value.to_string()),
        Body::Html(page) => (
            "JSON",
            format!(
                "a page: {}",
                page.title.as_deref().unwrap_or("without title")
            ),
        ),
        Body::Other => (
            "JSON or a page",
            String::from_utf8_lossy(&response.body).into_owned(),
        ),
    };
    change("", expected, &found)
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

fn in_json(json: &Value, response: &Response) -> Option<Closed> {
    if let Some(errors) = json["errors"]
        .as_array()
        .filter(|errors| !errors.is_empty())
    {
        return Some(in_errors(errors));
    }
    if json["require_login"] == true || json["authenticated"] == false {
        return Some(Closed::Login);
    }
    if let Some(message) = json["message"].as_str() {
        return Some(in_message(message, response));
    }
    if let Some(code) = json["error"].as_u64() {
        let summary = json["errorSummary"].as_str().unwrap_or("no summary");
        return Some(match code {
            THROTTLE_CODE => Closed::Throttled(None),
            _ => Closed::Down(format!("error {code}: {summary}")),
        });
    }
    // The response of web_profile_info to a guest if the account is hidden from guests.
    let bare = json["status"] == "ok" && json.as_object().is_some_and(|object| object.len() == 1);
    bare.then_some(Closed::Login)
}

/// The meaning of a response that states the reason as text.
fn in_message(message: &str, response: &Response) -> Closed {
    let lower = message.to_lowercase();
    if lower.contains("please wait a few minutes") {
        // With status 401 it is the login gate: it appears at once, even on a fresh address, and waiting does not help.
        return if response.status == 401 {
            Closed::Login
        } else {
            Closed::Throttled(retry_after(response))
        };
    }
    if let Some((_, meaning)) = MESSAGES.iter().find(|(part, _)| lower.contains(part)) {
        return meaning.clone();
    }
    match in_status(response) {
        Some(Closed::Unreadable(_)) | None => {
            Closed::Unreadable(change("message", "an answer", message))
        }
        Some(closed) => closed,
    }
}

/// The meaning of GraphQL errors without data. Errors with data are partial; then the record has already been read.
fn in_errors(errors: &[Value]) -> Closed {
    if errors
        .iter()
        .any(|error| error["code"].as_u64() == Some(THROTTLE_CODE))
    {
        return Closed::Throttled(None);
    }
    let text = |error: &Value| {
        error["message"]
            .as_str()
            .or(error["summary"].as_str())
            .map(str::to_owned)
    };
    let messages = errors
        .iter()
        .filter_map(text)
        .collect::<Vec<_>>()
        .join("; ");
    let lower = messages.to_lowercase();
    let known = |part| lower.contains(part);
    if known("rate limit") {
        Closed::Throttled(None)
    } else if known("unauthorized logged out query") || known("login_required") {
        Closed::Login
    } else if known("field_exception") {
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
