//! What the unit tests of the asking half share: a context, answers, and a run from first question to last.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

use serde_json::Value;

use crate::contract::exchanges::{Answer, Exchange, Header, Method, Request, Response};
use crate::contract::steps::{Context, Refusal};
use crate::{Outcome, ROUNDS_MAX, Step};

/// The time of every test.
pub(crate) const NOW: u64 = 1_795_000_000;

/// A guest's context with these default settings.
pub(crate) fn guest(settings: &str) -> Context {
    Context {
        now: NOW,
        session: false,
        settings: json(settings).to_string(),
    }
}

/// The same where the operator has a session.
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

/// Asks until the end; gives it and what was asked on the way. Unless told otherwise, an answer comes from where it was
/// asked.
pub(crate) fn run<T>(
    extract: impl Fn(&[Exchange]) -> Outcome<T>,
    answer: impl Fn(&Request) -> Response,
) -> (Step<T>, Vec<Request>) {
    let mut exchanges: Vec<Exchange> = Vec::new();
    for _ in 0..=ROUNDS_MAX {
        match extract(&exchanges).step {
            Step::Fetch(requests) => {
                assert!(!requests.is_empty(), "a fetch of nothing");
                exchanges.extend(requests.into_iter().map(|request| {
                    let mut response = answer(&request);
                    if response.url.is_empty() {
                        response.url.clone_from(&request.url);
                    }
                    Exchange {
                        request,
                        answer: Answer::Response(response),
                    }
                }));
            }
            end => {
                return (
                    end,
                    exchanges
                        .into_iter()
                        .map(|exchange| exchange.request)
                        .collect(),
                );
            }
        }
    }
    panic!("no end after {ROUNDS_MAX} rounds");
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

/// The wall that guests mostly meet.
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
