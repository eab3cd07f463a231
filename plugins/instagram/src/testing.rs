//! Helpers for the unit tests of requests: a context, answers, and a run from the first request to the end.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

use serde_json::Value;

use crate::contract::exchanges::{Answer, Exchange, Header, Method, Request, Response};
use crate::contract::steps::{Context, Refusal};
use crate::{Outcome, ROUNDS_MAX, Step};

/// The current time in every test.
pub(crate) const NOW: u64 = 1_795_000_000;

/// A guest's context with these default settings.
pub(crate) fn guest(settings: &str) -> Context {
    Context {
        now: NOW,
        session: false,
        settings: json(settings).to_string(),
    }
}

/// Like [`guest`], but with a session of the operator.
pub(crate) fn member(settings: &str) -> Context {
    Context {
        session: true,
        ..guest(settings)
    }
}

pub(crate) fn json(settings: &str) -> Value {
    toml::from_str(settings).unwrap()
}

pub(crate) fn response(status: u16, url: &str, body: impl ToString) -> Response {
    Response {
        status,
        url: url.to_owned(),
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    }
}

/// The name of a request in these tests: its GraphQL operation, or its path.
pub(crate) fn label(request: &Request) -> String {
    let operation = request
        .headers
        .iter()
        .find(|header| header.name == "x-fb-friendly-name");
    operation.map_or_else(
        || crate::failure::path(&request.url).to_owned(),
        |header| header.value.clone(),
    )
}

/// A variable of a GraphQL request, or a field of its form.
pub(crate) fn form(request: &Request) -> String {
    String::from_utf8(request.body.clone().unwrap_or_default()).unwrap()
}

/// Runs the fold until the end; returns the result and the requests. Unless stated otherwise, the URL of a response is
/// that of its request.
pub(crate) fn run<T>(
    extract: impl Fn(&[u8], &[Exchange]) -> Outcome<T>,
    answer: impl Fn(&Request) -> Response,
) -> (Step<T>, Vec<Request>) {
    let (mut outcomes, asked) = steps(extract, answer);
    match outcomes.pop() {
        Some(outcome) => (outcome.step, asked),
        None => panic!("no step"),
    }
}

/// Like [`run`], but returns the outcome of every step.
pub(crate) fn steps<T>(
    extract: impl Fn(&[u8], &[Exchange]) -> Outcome<T>,
    answer: impl Fn(&Request) -> Response,
) -> (Vec<Outcome<T>>, Vec<Request>) {
    let (mut memo, mut answers, mut asked) = (Vec::new(), Vec::new(), Vec::new());
    let mut outcomes = Vec::new();
    for _ in 0..=ROUNDS_MAX {
        let outcome = extract(&memo, &answers);
        let is_over = match &outcome.step {
            Step::Fetch(fetch) => {
                assert!(!fetch.requests.is_empty(), "a fetch of nothing");
                asked.extend(fetch.requests.iter().cloned());
                memo.clone_from(&fetch.memo);
                let requests = fetch.requests.iter();
                answers = requests.map(|it| answered(it, &answer)).collect();
                false
            }
            Step::Done(_) | Step::Refuse(_) => true,
        };
        outcomes.push(outcome);
        if is_over {
            return (outcomes, asked);
        }
    }
    panic!("no end after {ROUNDS_MAX} rounds");
}

fn answered(request: &Request, answer: impl Fn(&Request) -> Response) -> Exchange {
    let mut response = answer(request);
    if response.url.is_empty() {
        response.url.clone_from(&request.url);
    }
    Exchange {
        request: request.clone(),
        answer: Answer::Response(response),
    }
}

pub(crate) fn refusal<T: std::fmt::Debug>(step: Step<T>) -> Refusal {
    match step {
        Step::Refuse(refusal) => refusal,
        other => panic!("no refusal: {other:?}"),
    }
}

pub(crate) fn record<T: std::fmt::Debug>(step: Step<T>) -> T {
    match step {
        Step::Done(record) => record,
        other => panic!("no record: {other:?}"),
    }
}

/// The login wall that guests usually get.
pub(crate) fn login_gate() -> Response {
    response(
        401,
        "",
        r#"{"message":"Please wait a few minutes before you try again.","require_login":true}"#,
    )
}

pub(crate) fn header(name: &str, value: &str) -> Header {
    Header {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

pub(crate) fn is_post(request: &Request) -> bool {
    matches!(request.method, Method::Post)
}
