//! Adds examples of bodies, headers and error codes to the OpenAPI document of an endpoint.

mod headers;

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::{
    OpenApi,
    openapi::{
        self, Content, ContentBuilder, Ref, RefOr, Response, ResponseBuilder,
        example::{Example, ExampleBuilder},
        path::Operation,
    },
};
use utoipa_axum::router::UtoipaMethodRouter;
use uuid::Uuid;

use super::error::{ApiError, Code, Envelope};

/// The time in the examples of errors, seconds since 1970: the specification's 2021-12-20T12:00:00Z.
const EXAMPLE_TIME: u64 = 1_640_001_600;

/// The codes that any extraction may end with, whatever its subject.
pub(in crate::api) const EXTRACTION_ERRORS: &[Code] = &[
    Code::InvalidParameter,
    Code::AgeRestricted,
    Code::LoginRequired,
    Code::RegionBlocked,
    Code::UpstreamUnavailable,
    Code::ExtractorFailed,
    Code::UpstreamRateLimited,
];

/// The codes of the limits around the API's own endpoints.
pub(in crate::api) const LIMIT_ERRORS: &[Code] = &[Code::RateLimit, Code::ServerBusy];

/// The codes that the response to any request may have.
const EVERY_REQUEST_ERRORS: &[Code] = &[
    Code::ForbiddenHost,
    Code::ForbiddenOrigin,
    Code::SlowBody,
    Code::PayloadTooLarge,
    Code::UriTooLong,
    Code::HeadTooLarge,
    Code::ServerError,
];

/// What an endpoint adds to its part of the OpenAPI document.
#[derive(Clone, Copy, Debug)]
pub(in crate::api) struct Endpoint {
    /// Documented bodies by name, as JSON.
    pub(in crate::api) examples: &'static [(&'static str, &'static str)],
    /// Its own error codes, in groups; those of every request are added.
    pub(in crate::api) errors: &'static [&'static [Code]],
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Instagram Downloader & Info API",
        version = "1.0.0",
        description = "Publicly available Instagram content only. A value that Instagram does not state is null.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    servers((url = "/", description = "The server that this document came from")),
    tags(
        (name = "Profile & User Information", description = "An account, its posts and its reels"),
        (name = "Content Information", description = "One post or reel, and the active stories of an account"),
        (name = "Download Operations", description = "Start a download, which is a job"),
        (name = "Job Management", description = "Follow or cancel a job"),
        (name = "File Download", description = "Fetch the files of a finished job"),
        (name = "Statistics & Metrics", description = "What a post or reel counts, and how it grows"),
        (name = "Utility", description = "What this API offers"),
        (name = "Page", description = "What the web page of this server asks for"),
        (name = "Documentation", description = "This document, for programs and for people"),
        (name = "Health", description = "For whoever watches the server")
    ),
    components(schemas(Envelope))
)]
struct Document;

/// The document without any endpoint.
pub(in crate::api) fn empty() -> openapi::OpenApi {
    let mut document = Document::openapi();
    // Nobody has to say who they are.
    document.security = Some(Vec::new());
    let components = document.components.get_or_insert_default();
    components.headers = headers::described();
    document
}

/// The route of an endpoint, with its examples and error codes in the document.
pub(in crate::api) fn described<S>(
    (schemas, mut paths, router): UtoipaMethodRouter<S>,
    endpoint: Endpoint,
) -> UtoipaMethodRouter<S> {
    let errors = [endpoint.errors, &[EVERY_REQUEST_ERRORS]].concat().concat();
    for item in paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            show_examples(operation, endpoint.examples);
            list_errors(operation, &errors);
            headers::state(operation, &errors);
        }
    }
    (schemas, paths, router)
}
fn show_examples(operation: &mut Operation, bodies: &[(&str, &str)]) {
    let responses = &mut operation.responses.responses;
    let status = if responses.contains_key("202") {
        "202"
    } else {
        "200"
    };
    let Some(RefOr::T(answer)) = responses.get_mut(status) else {
        return;
    };
    let Some(RefOr::T(content)) = answer.content.get_mut("application/json") else {
        return;
    };
    for (name, body) in bodies {
        let value: Option<Value> = serde_json::from_str(body).ok();
        let example = ExampleBuilder::new().value(value).build();
        content.examples.insert((*name).to_owned(), example.into());
    }
}

/// Lists one response per status, with one example per code.
fn list_errors(operation: &mut Operation, codes: &[Code]) {
    let mut by_status: BTreeMap<String, Vec<Code>> = BTreeMap::new();
    for code in codes {
        let status = code.status().as_str().to_owned();
        by_status.entry(status).or_default().push(*code);
    }
    for (status, codes) in by_status {
        operation
            .responses
            .responses
            .insert(status, error_response(&codes).into());
    }
}

fn error_response(codes: &[Code]) -> Response {
    let schema = Ref::from_schema_name("Envelope");
    let examples = codes.iter().map(|code| (code.name(), envelope(*code)));
    let content: Content = ContentBuilder::new()
        .schema(Some(schema))
        .examples_from_iter(examples)
        .build();
    let names: Vec<_> = codes
        .iter()
        .map(|code| format!("`{}`: {}", code.name(), code.message()))
        .collect();
    ResponseBuilder::new()
        .description(names.join("; "))
        .content("application/json", content)
        .build()
}

fn envelope(code: Code) -> Example {
    let body = ApiError::from(code).envelope(Uuid::nil(), EXAMPLE_TIME);
    let value = serde_json::to_value(body).ok();
    ExampleBuilder::new().value(value).build()
}
