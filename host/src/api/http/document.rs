//! The OpenAPI document: paths and schemas from the handlers and views, examples and refusals from here.

pub(super) mod bodies;

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::{
    OpenApi,
    openapi::{
        Content, ContentBuilder, Ref, RefOr, Response, ResponseBuilder,
        example::{Example, ExampleBuilder},
        path::Operation,
    },
};
use uuid::Uuid;

use super::{
    about, docs, download,
    error::{ApiError, Code, Envelope},
    file, health, info, page, picture, statistics, status,
};

/// When the examples of refusals happened, seconds since 1970: the specification's 2021-12-20T12:00:00Z.
const EXAMPLE_TIME: u64 = 1_640_001_600;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Instagram Downloader & Info API",
        version = "1.0.0",
        description = "Publicly available Instagram content only. A value that Instagram does not state is null.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        info::profile,
        info::posts,
        info::reels,
        info::post,
        info::reel,
        info::story,
        download::post,
        download::reel,
        download::story,
        download::carousel,
        download::batch,
        status::status,
        status::cancel,
        status::events,
        file::file,
        statistics::post,
        statistics::reel,
        about::formats,
        about::info,
        health::alive,
        health::ready,
        docs::document,
        docs::page,
        page::page,
        picture::picture
    ),
    components(schemas(Envelope))
)]
struct Document;

/// The document as indented JSON; also `gramhost openapi`.
pub fn openapi() -> String {
    let mut document = Document::openapi();
    for (path, item) in &mut document.paths.paths {
        for operation in [&mut item.get, &mut item.post, &mut item.delete]
            .into_iter()
            .flatten()
        {
            show_examples(operation, examples(path));
            list_refusals(operation, &refusals(path));
        }
    }
    document.to_pretty_json().unwrap_or_default()
}

/// The documented bodies, by name.
pub(super) fn examples(path: &str) -> &'static [(&'static str, &'static str)] {
    match path {
        "/instagram/profile/info" => &[("profile", include_str!("examples/profile_info.json"))],
        "/instagram/profile/posts" => &[("posts", include_str!("examples/profile_posts.json"))],
        "/instagram/profile/reels" => &[("reels", include_str!("examples/profile_reels.json"))],
        "/instagram/post/info" => &[
            ("image", include_str!("examples/post_info_image.json")),
            ("carousel", include_str!("examples/post_info_carousel.json")),
        ],
        "/instagram/reel/info" => &[("reel", include_str!("examples/reel_info.json"))],
        "/instagram/story/info" => &[
            ("active", include_str!("examples/story_info.json")),
            ("none", include_str!("examples/story_info_none.json")),
        ],
        "/instagram/download/post" => &[("started", include_str!("examples/download_post.json"))],
        "/instagram/download/reel" => &[("started", include_str!("examples/download_reel.json"))],
        "/instagram/download/story" => &[("started", include_str!("examples/download_story.json"))],
        "/instagram/download/carousel" => {
            &[("started", include_str!("examples/download_carousel.json"))]
        }
        "/instagram/download/batch" => &[("started", include_str!("examples/download_batch.json"))],
        "/instagram/status/{job_id}" => &[
            (
                "processing",
                include_str!("examples/status_processing.json"),
            ),
            ("completed", include_str!("examples/status_completed.json")),
            ("failed", include_str!("examples/status_failed.json")),
        ],
        "/instagram/post/stats" => &[("post", include_str!("examples/post_stats.json"))],
        "/instagram/reel/stats" => &[("reel", include_str!("examples/reel_stats.json"))],
        "/instagram/formats" => &[("formats", include_str!("examples/formats.json"))],
        "/instagram/info" => &[("info", include_str!("examples/info.json"))],
        _ => &[],
    }
}

/// Every code that a path can refuse with.
pub(super) fn refusals(path: &str) -> Vec<Code> {
    use Code::*;
    let own: &[Code] = match path {
        "/instagram/profile/info" => &[InvalidUsername, AccountPrivate, ProfileNotFound],
        "/instagram/profile/posts" | "/instagram/profile/reels" => &[
            InvalidUsername,
            InvalidLimit,
            AccountPrivate,
            ProfileNotFound,
        ],
        "/instagram/story/info" => &[
            InvalidUsername,
            AccountPrivate,
            StoriesDisabled,
            ProfileNotFound,
        ],
        "/instagram/post/info" | "/instagram/post/stats" => {
            &[InvalidUrl, PostPrivate, PostDeleted, PostNotFound]
        }
        "/instagram/reel/info" | "/instagram/reel/stats" => {
            &[InvalidUrl, ReelPrivate, ReelNotFound]
        }
        "/instagram/download/post" | "/instagram/download/carousel" => &[
            InvalidUrl,
            InvalidQuality,
            PostPrivate,
            PostDeleted,
            PostNotFound,
        ],
        "/instagram/download/reel" => &[InvalidUrl, InvalidQuality, ReelPrivate, ReelNotFound],
        "/instagram/download/story" => &[
            InvalidUsername,
            InvalidQuality,
            AccountPrivate,
            StoriesDisabled,
            StoriesUnavailable,
            ProfileNotFound,
        ],
        _ => &[],
    };
    let extracted: &[Code] = if own.is_empty() {
        &[]
    } else {
        &[
            InvalidParameter,
            AgeRestricted,
            LoginRequired,
            RegionBlocked,
            UpstreamUnavailable,
            ExtractorFailed,
            UpstreamRateLimited,
        ]
    };
    let stored: &[Code] = match path {
        "/instagram/download/batch" => &[
            InvalidUrl,
            InvalidUsername,
            InvalidQuality,
            InvalidParameter,
            EmptyBatch,
            InvalidRequest,
            NotJson,
        ],
        "/instagram/download/file/{filename}" => &[FileNotFound, FileExpired, RangeNotSatisfiable],
        "/picture" => &[
            InvalidUrl,
            InvalidParameter,
            FileNotFound,
            FileTooLarge,
            RateLimit,
            UpstreamUnavailable,
            ServerBusy,
        ],
        path if path.starts_with("/instagram/download/") => {
            &[InvalidRequest, NotJson, ConversionUnavailable, StorageFull]
        }
        path if path.starts_with("/instagram/status/") => &[JobNotFound],
        _ => &[],
    };
    let limited: &[Code] = if path.starts_with("/instagram/") {
        &[RateLimit, ServerBusy]
    } else if path == "/readyz" {
        &[ServerBusy]
    } else {
        &[]
    };
    let every = &[
        ForbiddenHost,
        ForbiddenOrigin,
        PayloadTooLarge,
        UriTooLong,
        ServerError,
    ];
    [own, extracted, stored, limited, every].concat()
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

/// One response a status, one example a code.
fn list_refusals(operation: &mut Operation, codes: &[Code]) {
    let mut by_status: BTreeMap<String, Vec<Code>> = BTreeMap::new();
    for code in codes {
        let status = code.status().as_str().to_owned();
        by_status.entry(status).or_default().push(*code);
    }
    for (status, codes) in by_status {
        operation
            .responses
            .responses
            .insert(status, refusal(&codes).into());
    }
}

fn refusal(codes: &[Code]) -> Response {
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
