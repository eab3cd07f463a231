//! Drives the native plugins as the host would, with answers from a closure instead of the network.

use cases::{Expected, Question, har};
use instagram::contract::exchanges::{
    Answer, Exchange, FetchError, Header, Method, Request, Response,
};
use instagram::contract::queries::Target;
use instagram::contract::steps::Context;
use instagram::{Outcome, Step};
use instagram::{post, profile_info, profile_posts, profile_reels, reel, settings, story};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// More rounds than the host grants any plugin.
const ROUNDS: usize = 16;

/// One whole extraction: what was exchanged, and how it ended.
///
/// # Errors
/// A question that makes no sense, a request without an answer, or a plugin that does not come to an end.
pub(crate) fn drive(
    question: &Question,
    mut answer: impl FnMut(&Request) -> Result<Answer, String>,
) -> Result<(Vec<Exchange>, Expected), String> {
    let kind = question.query["kind"].as_str().unwrap_or_default();
    let context = context(question, kind)?;
    match kind {
        "profile-info" => {
            let query = query(question)?;
            rounds(
                |memo, answers| profile_info::extract(&query, &context, memo, answers),
                &mut answer,
            )
        }
        "profile-posts" => {
            let query = query(question)?;
            rounds(
                |memo, answers| profile_posts::extract(&query, &context, memo, answers),
                &mut answer,
            )
        }
        "profile-reels" => {
            let query = query(question)?;
            rounds(
                |memo, answers| profile_reels::extract(&query, &context, memo, answers),
                &mut answer,
            )
        }
        "post" => {
            let query = post::Query {
                target: target(&question.query["target"])?,
            };
            rounds(
                |memo, answers| post::extract(&query, &context, memo, answers),
                &mut answer,
            )
        }
        "reel" => {
            let query = reel::Query {
                target: target(&question.query["target"])?,
            };
            rounds(
                |memo, answers| reel::extract(&query, &context, memo, answers),
                &mut answer,
            )
        }
        "story" => {
            let query = query(question)?;
            rounds(
                |memo, answers| story::extract(&query, &context, memo, answers),
                &mut answer,
            )
        }
        other => Err(format!("there is no kind {other:?}")),
    }
}

/// The recorded form of an exchange.
pub(crate) fn entry(exchange: &Exchange, answer: har::Answer) -> har::Entry {
    let request = &exchange.request;
    har::Entry {
        method: method(request).to_owned(),
        url: request.url.clone(),
        request_headers: request
            .headers
            .iter()
            .map(|header| (header.name.clone(), header.value.clone()))
            .collect(),
        request_body: request.body.clone(),
        answer,
    }
}

/// `GET` or `POST`.
pub(crate) fn method(request: &Request) -> &'static str {
    match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
    }
}

/// A recorded answer as a plugin is given it.
pub(crate) fn answer(recorded: &har::Answer) -> Answer {
    match recorded {
        har::Answer::Failed(name) => Answer::Failed(failure(name)),
        har::Answer::Response {
            status,
            url,
            headers,
            body,
        } => Answer::Response(Response {
            status: *status,
            url: url.clone(),
            headers: headers
                .iter()
                .map(|(name, value)| Header {
                    name: name.clone(),
                    value: value.clone(),
                })
                .collect(),
            body: body.clone(),
        }),
    }
}

fn failure(name: &str) -> FetchError {
    match name {
        "dns-error" => FetchError::DnsError,
        "destination-ip-prohibited" => FetchError::DestinationIpProhibited,
        "destination-unavailable" => FetchError::DestinationUnavailable,
        "connection-refused" => FetchError::ConnectionRefused,
        "connection-terminated" => FetchError::ConnectionTerminated,
        "connection-timeout" => FetchError::ConnectionTimeout,
        "tls-protocol-error" => FetchError::TlsProtocolError,
        "http-request-denied" => FetchError::HttpRequestDenied(String::new()),
        "http-response-timeout" => FetchError::HttpResponseTimeout,
        "http-response-body-size" => FetchError::HttpResponseBodySize(None),
        "http-response-incomplete" => FetchError::HttpResponseIncomplete,
        "http-response-content-coding" => FetchError::HttpResponseContentCoding(None),
        "http-protocol-error" => FetchError::HttpProtocolError,
        "loop-detected" => FetchError::LoopDetected,
        _ => FetchError::InternalError(None),
    }
}

fn rounds<T: Serialize>(
    extract: impl Fn(&[u8], &[Exchange]) -> Outcome<T>,
    answer: &mut impl FnMut(&Request) -> Result<Answer, String>,
) -> Result<(Vec<Exchange>, Expected), String> {
    let json = |value| serde_json::to_value(value).map_err(|error| error.to_string());
    let mut exchanges = Vec::new();
    let (mut memo, mut new) = (Vec::new(), 0);
    for _ in 0..ROUNDS {
        let answers = &exchanges[exchanges.len() - new..];
        match extract(&memo, answers).step {
            Step::Done(record) => {
                let record = serde_json::to_value(record).map_err(|error| error.to_string())?;
                return Ok((exchanges, Expected::Record(as_the_host_writes(record))));
            }
            Step::Refuse(refusal) => return Ok((exchanges, Expected::Refusal(json(refusal)?))),
            Step::Fetch(fetch) => {
                (memo, new) = (fetch.memo, fetch.requests.len());
                for request in fetch.requests {
                    let answer = answer(&request)?;
                    exchanges.push(Exchange { request, answer });
                }
            }
        }
    }
    Err(format!("no end after {ROUNDS} rounds"))
}

/// The host writes `more` as an object of values, and leaves out an empty one.
fn as_the_host_writes(value: Value) -> Value {
    let pairs = |list: Vec<Value>| -> Value {
        let pairs = list.into_iter().filter_map(|pair| {
            let (name, text): (String, String) = serde_json::from_value(pair).ok()?;
            Some((name, serde_json::from_str(&text).unwrap_or(Value::Null)))
        });
        Value::Object(pairs.collect())
    };
    let field = |(name, value): (String, Value)| match value {
        Value::Array(list) if name == "more" && list.is_empty() => None,
        Value::Array(list) if name == "more" => Some((name, pairs(list))),
        value => Some((name, as_the_host_writes(value))),
    };
    match value {
        Value::Object(map) => Value::Object(map.into_iter().filter_map(field).collect()),
        Value::Array(list) => Value::Array(list.into_iter().map(as_the_host_writes).collect()),
        other => other,
    }
}

fn context(question: &Question, kind: &str) -> Result<Context, String> {
    let settings = match kind {
        "post" | "reel" => settings::MEDIA,
        "story" => settings::STORY,
        _ => settings::PROFILE,
    };
    let settings: Value = toml::from_str(settings).map_err(|error| error.to_string())?;
    Ok(Context {
        now: question.now,
        session: question.session,
        settings: settings.to_string(),
    })
}

fn query<Q: DeserializeOwned>(question: &Question) -> Result<Q, String> {
    serde_json::from_value(question.query.clone()).map_err(|error| error.to_string())
}

/// The host writes the case of a target in lower case.
fn target(target: &Value) -> Result<Target, String> {
    match (target["shortcode"].as_str(), target["share"].as_str()) {
        (Some(code), None) => Ok(Target::Shortcode(code.to_owned())),
        (None, Some(url)) => Ok(Target::Share(url.to_owned())),
        _ => Err(format!("{target} is no target")),
    }
}
