//! What an answer means that holds no record. Knows statuses, URLs and messages, no door by name.
//!
//! The rows are those of the tests below; a login wall, a stale doc_id, an execution error or a throttled shell is
//! never [`Closed::Missing`].

#[cfg(test)]
mod tests;

use memchr::memmem;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::contract::exchanges::{FetchError, Response};
use crate::contract::steps::{Change, Refusal};
use crate::read::Body;

/// Why a door brought nothing. [`crate::drive`] weighs them against each other.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum Closed {
    /// The answer itself states why there is no record: private, or gated.
    Stated(Refusal),
    /// The answer states that there is no such thing.
    Missing,
    /// Asked for patience: seconds, where stated.
    Throttled(Option<u32>),
    /// Wants a session.
    Login,
    /// Our root is there and cannot be read, or our query is stale.
    Changed(Change),
    /// The query failed inside Instagram: for now, or because of a cursor, or it is stale.
    Execution(Change),
    /// Answered something else.
    Unreadable(Change),
    /// Did not answer: network or server.
    Down(String),
    /// Answered, and says nothing either way.
    Nothing,
}

/// Parts of Instagram's `message` texts, and what they mean.
const MESSAGES: [(&str, Closed); 11] = [
    ("login_required", Closed::Login),
    ("unauthorized logged out query", Closed::Login),
    // A flagged session must stop; a guest gets these where only a session would do.
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
/// Characters of an answer that a report quotes.
const QUOTED_CHARS: usize = 200;

/// A fetch that ended without an answer.
pub(crate) fn failed(error: &FetchError) -> Closed {
    let name = format!("{error:?}");
    Closed::Down(name.trim_start_matches("FetchError::").to_owned())
}

/// The failure that an answer states, if it states one.
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

/// An answer that is no page and no JSON object of ours, where there should have been one.
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

/// Where Instagram sends guests whose pages are spent, and sessions that it distrusts.
fn is_wall(path: &str) -> bool {
    path == "/"
        || ["/accounts/login", "/accounts/suspended", "/challenge"]
            .iter()
            .any(|wall| path.starts_with(wall))
}

/// Where there are no pages: an error page there is about the address, not about what was asked for.
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
    // What web_profile_info answers a guest about an account that is hidden from guests.
    let bare = json["status"] == "ok" && json.as_object().is_some_and(|object| object.len() == 1);
    bare.then_some(Closed::Login)
}

/// Of the answers that say why in words.
fn in_message(message: &str, response: &Response) -> Closed {
    let lower = message.to_lowercase();
    if lower.contains("please wait a few minutes") {
        // With 401 it is the login gate, at once and on a fresh address: no patience helps.
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

/// GraphQL errors beside no data. Beside data they are partial, and the record was read before this is asked.
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
        // Missing or withheld in this country: the doors for guests tell which.
        Closed::Down(messages)
    } else if known("was not found") || known("missing_required_variable_value") {
        Closed::Changed(change("errors", "an answer to this doc_id", &messages))
    } else {
        Closed::Execution(change("errors", "an answer to this doc_id", &messages))
    }
}

/// Seconds of `Retry-After`; a date in it is not read.
fn retry_after(response: &Response) -> Option<u32> {
    let field = response
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("retry-after"))?;
    field.value.trim().parse().ok()
}
