//! `/docs`, `/openapi.json`, `/instagram/formats`, `/instagram/info`, and the list of routes agree.

use std::collections::BTreeSet;

use axum::Router;
use serde_json::{Value, json};

use super::{StatusCode, fetch};
use crate::{
    api::{
        DOCUMENT, free_routes,
        http::error::{Code, Subject},
        limited_routes, picture_routes, video_routes,
    },
    extraction::Error,
};

fn document() -> Value {
    serde_json::from_str(&DOCUMENT).unwrap()
}

/// The documented bodies of the response of a path, in the order of their names.
pub(super) fn examples(path: &str) -> Vec<Value> {
    let document = document();
    let item = &document["paths"][path];
    let operation = item.get("get").unwrap_or(&item["post"]);
    let responses = &operation["responses"];
    let answer = responses.get("202").unwrap_or(&responses["200"]);
    let examples = answer["content"]["application/json"]["examples"].as_object();
    let examples = examples.unwrap_or_else(|| panic!("{path} has no examples"));
    examples
        .values()
        .map(|example| example["value"].clone())
        .collect()
}

/// The error codes of a path; checks that each is listed under its own status.
fn codes(document: &Value, path: &str) -> BTreeSet<String> {
    let item = document["paths"][path].as_object().unwrap();
    let responses = item
        .values()
        .flat_map(|operation| operation["responses"].as_object().unwrap().values());
    let examples = responses
        .filter_map(|response| response["content"]["application/json"]["examples"].as_object());
    examples
        .flat_map(|examples| examples.values())
        .filter_map(|example| Some(example["value"]["error"]["code"].as_str()?.to_owned()))
        .collect()
}

/// Every path that a router accepts. axum shows them only in its debug output.
fn routed<S>(router: &Router<S>) -> BTreeSet<String> {
    let text = format!("{router:?}");
    let paths = text.split("RouteId(").skip(1);
    let paths = paths.filter_map(|rest| {
        let (_, path) = rest.split_once("): \"")?;
        Some(path.split('"').next()?.to_owned())
    });
    // The fallback of a router has a route of its own.
    paths.filter(|path| !path.contains("__private")).collect()
}

#[test]
fn the_document_describes_every_route_and_no_other() {
    let routers = [
        limited_routes(),
        free_routes(),
        picture_routes(),
        video_routes(),
    ];
    let routed = routers.map(|routes| routed(&Router::from(routes)));
    let routed: BTreeSet<_> = routed.into_iter().flatten().collect();
    assert!(routed.contains("/docs/{file}"), "{routed:?}");
    // The assets of the pages are not part of the interface.
    let routed: BTreeSet<_> = routed
        .into_iter()
        .filter(|path| !path.contains("{file}"))
        .collect();
    let document = document();
    let described: BTreeSet<_> = document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(routed, described);
    assert_eq!(document["openapi"], "3.1.0");
}

/// Every operation, with its path.
fn operations(document: &Value) -> Vec<(String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let methods = paths.iter().flat_map(|(path, item)| {
        let methods = ["get", "post", "delete"].iter();
        methods.filter_map(move |method| Some((path.clone(), item.get(*method)?.clone())))
    });
    methods.collect()
}

#[test]
fn every_route_shows_its_answers_and_errors() {
    let document = document();
    for (path, operation) in operations(&document) {
        let responses = operation["responses"].as_object().unwrap();
        let answer = responses.get("202").unwrap_or_else(|| &responses["200"]);
        let content = &answer["content"]["application/json"];
        let shown = content["examples"].as_object();
        let has_examples = path.starts_with("/instagram/") || path == "/readyz";
        assert_eq!(
            shown.is_some_and(|examples| !examples.is_empty()),
            content.is_object() && has_examples,
            "{path}"
        );
        // An example that is not valid JSON would appear empty.
        for example in shown.into_iter().flat_map(|examples| examples.values()) {
            assert!(example["value"].is_object(), "{path}");
        }
        for (status, response) in responses {
            let examples = response["content"]["application/json"]["examples"].as_object();
            let errors = examples
                .into_iter()
                .flatten()
                .filter(|(_, example)| example["value"]["error"]["timestamp"].is_string());
            for (code, example) in errors.filter(|_| status.as_str() >= "400") {
                let error = &example["value"]["error"];
                assert_eq!(error["code"], **code);
                // A fixed time, so that the document is always the same.
                assert_eq!(error["timestamp"], "2021-12-20T12:00:00Z");
            }
        }
        for code in ["FORBIDDEN_HOST", "PAYLOAD_TOO_LARGE", "SERVER_ERROR"] {
            assert!(codes(&document, &path).contains(code), "{path} {code}");
        }
    }
}

/// Walks through the parameters and bodies of requests.
#[test]
fn every_text_of_a_request_has_its_limits() {
    let document = document();
    let mut texts = 0;
    let mut check = |name: &str, schema: &Value| {
        // Of a choice that may be null, what it is otherwise.
        let schema = schema["oneOf"].get(0).unwrap_or(schema);
        let is_text = schema["type"] == "string"
            || schema["type"]
                .as_array()
                .is_some_and(|types| types.contains(&"string".into()));
        if is_text {
            texts += 1;
            let limited = schema["enum"].is_array()
                || schema["maxLength"].is_u64()
                || schema["minLength"].is_u64() && name == "url";
            assert!(limited, "{name}: {schema}");
        }
        if schema["type"] == "array" {
            assert_eq!(
                (&schema["minItems"], schema["maxItems"].is_u64()),
                (&1.into(), true)
            );
        }
    };
    for (_, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if parameter["in"] == "query" {
                check(parameter["name"].as_str().unwrap(), &parameter["schema"]);
            }
        }
    }
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let bodies = [
        "PostBody",
        "ReelBody",
        "StoryBody",
        "CarouselBody",
        "BatchBody",
        "BatchItem",
        "TargetsBody",
    ];
    for body in bodies {
        for (name, schema) in schemas[body]["properties"].as_object().unwrap() {
            check(name, schema);
        }
    }
    assert!(texts > 30, "{texts}");
}

#[test]
fn operations_have_names_of_their_own_as_a_client_would_like_them() {
    let operations = operations(&document());
    let names: BTreeSet<_> = operations
        .iter()
        .map(|(_, operation)| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), operations.len());
    for name in &names {
        let is_plain = name.bytes().all(|byte| byte.is_ascii_alphabetic());
        assert!(is_plain && name.starts_with(char::is_lowercase), "{name}");
    }
    for name in [
        "getPostInfo",
        "listProfilePosts",
        "downloadReel",
        "getJobStatus",
    ] {
        assert!(names.contains(name), "{name}");
    }
}

/// `redocly lint` (`tests/clients/run`) finds the rest.
#[test]
fn a_client_learns_the_server_the_headers_and_that_nobody_logs_in() {
    let document = document();
    assert_eq!(document["servers"][0]["url"], "/");
    assert_eq!(document["security"], json!([]));
    for (path, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let has = |name: &str| response["headers"][name].is_object();
            assert!(has("X-Request-Id"), "{path} {status}");
            let leads_on = ["202", "302"].contains(&&**status);
            assert_eq!(has("Location"), leads_on, "{path} {status}");
            assert_eq!(
                has("Retry-After"),
                ["429", "503"].contains(&&**status),
                "{path} {status}"
            );
            let is_limited = operation["responses"]["429"].is_object();
            let tells_limit = is_limited && (status == "429" || status < &"400".to_owned());
            assert_eq!(has("RateLimit"), tells_limit, "{path} {status}");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let (name, place) = (&parameter["name"], &parameter["in"]);
            let needs_one = parameter["required"] == true && name != "url";
            assert!(
                !needs_one || !parameter["example"].is_null(),
                "{path} {name} {place}"
            );
        }
        let body = &operation["requestBody"]["content"]["application/json"];
        assert_eq!(body.is_object(), body["example"].is_object(), "{path}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let text = document.to_string();
    let references: BTreeSet<_> = text
        .split("\"$ref\":\"#")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(references.len() > 10);
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

/// Every refusal that an extraction can end with.
fn endings() -> Vec<Error> {
    vec![
        Error::NotFound,
        Error::Private,
        Error::Deleted,
        Error::AgeRestricted,
        Error::RegionBlocked,
        Error::LoginRequired,
        Error::RateLimited {
            retry_after_s: None,
        },
        Error::Unavailable(String::new()),
        Error::ExtractorFailed {
            why: String::new(),
            capture: None,
        },
        Error::InvalidCursor,
        Error::Busy,
    ]
}

#[test]
fn every_ending_of_an_extraction_is_documented() {
    let document = document();
    for (path, subject) in [
        ("/instagram/profile/info", Subject::Account),
        ("/instagram/profile/posts", Subject::Account),
        ("/instagram/profile/reels", Subject::Account),
        ("/instagram/post/info", Subject::Post),
        ("/instagram/reel/info", Subject::Reel),
        ("/instagram/story/info", Subject::Story),
        ("/instagram/post/stats", Subject::Post),
        ("/instagram/reel/stats", Subject::Reel),
    ] {
        for ending in endings() {
            let code = subject.code(&ending);
            assert!(
                codes(&document, path).contains(code.name()),
                "{path} {ending:?} {code:?}"
            );
        }
    }
    let code = Subject::Story.code(&Error::StoriesUnavailable);
    assert!(codes(&document, "/instagram/story/info").contains(code.name()));
}

#[test]
fn codes_have_the_documented_status() {
    for (subject, ending, status, name) in [
        (Subject::Account, Error::Private, 403, "ACCOUNT_PRIVATE"),
        (Subject::Post, Error::Private, 403, "POST_PRIVATE"),
        (Subject::Reel, Error::Private, 403, "REEL_PRIVATE"),
        (Subject::Story, Error::Private, 403, "ACCOUNT_PRIVATE"),
        (Subject::Account, Error::NotFound, 404, "PROFILE_NOT_FOUND"),
        (Subject::Post, Error::NotFound, 404, "POST_NOT_FOUND"),
        (Subject::Reel, Error::NotFound, 404, "REEL_NOT_FOUND"),
        (Subject::Story, Error::NotFound, 404, "PROFILE_NOT_FOUND"),
        (Subject::Post, Error::Deleted, 403, "POST_DELETED"),
        (
            Subject::Story,
            Error::StoriesUnavailable,
            403,
            "STORIES_DISABLED",
        ),
        (Subject::Post, Error::AgeRestricted, 403, "AGE_RESTRICTED"),
        (Subject::Post, Error::RegionBlocked, 403, "REGION_BLOCKED"),
        (Subject::Post, Error::LoginRequired, 403, "LOGIN_REQUIRED"),
        (
            Subject::Post,
            Error::RateLimited {
                retry_after_s: None,
            },
            503,
            "UPSTREAM_RATE_LIMITED",
        ),
        (
            Subject::Post,
            Error::Unavailable(String::new()),
            502,
            "UPSTREAM_UNAVAILABLE",
        ),
        (
            Subject::Post,
            Error::ExtractorFailed {
                why: String::new(),
                capture: None,
            },
            502,
            "EXTRACTOR_FAILED",
        ),
        (Subject::Post, Error::Busy, 503, "SERVER_BUSY"),
        (
            Subject::Account,
            Error::InvalidCursor,
            400,
            "INVALID_PARAMETER",
        ),
    ] {
        let code: Code = subject.code(&ending);
        assert_eq!(
            (code.status().as_u16(), code.name()),
            (status, name),
            "{ending:?}"
        );
    }
}

#[tokio::test]
async fn the_page_and_what_it_loads_come_from_here() {
    let page = fetch("/docs").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("//"), "an outside address");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    let loaded = page.body.split("\"/docs/").skip(1);
    let loaded: Vec<_> = loaded.map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(loaded.len(), 5);
    for file in loaded {
        let answered = fetch(&format!("/docs/{file}")).await;
        assert_eq!(answered.status, StatusCode::OK, "{file}");
        assert!(!answered.body.is_empty());
    }
    let initializer = fetch("/docs/swagger-initializer.js").await.body;
    assert!(
        initializer.contains("/openapi.json") && !initializer.contains("http"),
        "{initializer}"
    );
}

#[tokio::test]
async fn formats_and_info_are_as_documented() {
    let formats = fetch("/instagram/formats").await;
    assert_eq!(formats.header("content-type"), Some("application/json"));
    let videos = &formats.json()["supported_output_formats"]["video"];
    assert_eq!(*videos, json!(["mp4", "mkv", "mov"]));
    let info = fetch("/instagram/info").await.json();
    assert_eq!(info["limits"]["rate_limit_requests_per_minute"], 30);
    assert_eq!(info["limits"]["max_carousel_items"], 20);
    assert_eq!(info["api"]["documentation_url"], "/docs");
}
