//! The headers of responses in the OpenAPI document: each is described once, and responses refer to it.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::{
    Ref, RefOr,
    header::{Header, HeaderBuilder},
    path::Operation,
    schema::{ObjectBuilder, Type},
};

use crate::api::http::error::Code;

const REQUEST_ID: &str = "X-Request-Id";
const RATE_LIMIT: [&str; 2] = ["RateLimit", "RateLimit-Policy"];
const RETRY_AFTER: &str = "Retry-After";
const LOCATION: &str = "Location";
const ETAG: &str = "ETag";
const ORIGIN: [&str; 3] = ["Age", "X-Cache", "X-Plugin"];

/// Every header: its name, what it says, and an example.
fn table() -> [(&'static str, &'static str, Value); 9] {
    [
        (
            REQUEST_ID,
            "Names the request in the log of the server",
            "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d".into(),
        ),
        (
            RATE_LIMIT[0],
            "How many requests are left (r), and after how many seconds the oldest one no longer counts (t). Not there if there is no limit, or for a stream that was opened again",
            "\"default\";r=29;t=60".into(),
        ),
        (
            RATE_LIMIT[1],
            "How many requests (q) are allowed in how many seconds (w)",
            "\"default\";q=30;w=60".into(),
        ),
        (RETRY_AFTER, "How long to wait, seconds", 12.into()),
        (
            LOCATION,
            "Where to go on: the path of the status of a job, or the link to a file",
            "/instagram/status/a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d".into(),
        ),
        (
            ETAG,
            "Names this version, for If-None-Match",
            "\"0c7009e6a5a1fa6b\"".into(),
        ),
        (ORIGIN[0], "How old the record is, seconds", 20.into()),
        (
            ORIGIN[1],
            "Whether the record came from the cache: hit or miss",
            "hit".into(),
        ),
        (
            ORIGIN[2],
            "The plugin that read the content, with its version",
            "post@1.0.0+618fa679".into(),
        ),
    ]
}

/// The descriptions, by name.
pub(super) fn described() -> BTreeMap<String, RefOr<Header>> {
    let header = |text: &str, example: Value| {
        let kind = match example.is_u64() {
            true => Type::Integer,
            false => Type::String,
        };
        HeaderBuilder::new()
            .description(Some(text))
            .schema(Some(ObjectBuilder::new().schema_type(kind)))
            .example(Some(example))
            .build()
    };
    table()
        .into_iter()
        .map(|(name, text, example)| (name.to_owned(), header(text, example).into()))
        .collect()
}

/// Adds to each response of an operation the headers that it has. `errors` are all codes of the operation.
pub(super) fn state(operation: &mut Operation, errors: &[Code]) {
    let responses = &mut operation.responses.responses;
    let is_limited = errors.contains(&Code::RateLimit);
    let is_extracted = errors.contains(&Code::ExtractorFailed);
    let has_versions = responses.contains_key("304");
    for (status, response) in responses {
        let RefOr::T(response) = response else {
            continue;
        };
        let is_success = status.starts_with(['2', '3']);
        let mut names = vec![REQUEST_ID];
        if is_limited && (is_success || status == "429") {
            names.extend(RATE_LIMIT);
        }
        if is_extracted && status == "200" {
            names.extend(ORIGIN);
        }
        if has_versions && is_success && status != "302" {
            names.push(ETAG);
        }
        match &**status {
            "202" | "302" => names.push(LOCATION),
            "429" | "503" => names.push(RETRY_AFTER),
            _ => {}
        }
        for name in names {
            let place = Ref::new(format!("#/components/headers/{name}"));
            response.headers.insert(name.to_owned(), RefOr::Ref(place));
        }
    }
}
