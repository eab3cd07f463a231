//! The page as served: complete, from this server alone, under its policy, and with a text for every refusal.

use std::collections::BTreeSet;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
};
use serde_json::{Value, json};

use super::{Answered, ask, fetch, request, router};
use crate::api::Config;

/// The files that a text refers to by `"/page/…"` or, in a script, by `"./…"`.
fn named(text: &str) -> BTreeSet<String> {
    let absolute = text.split("\"/page/").skip(1);
    let relative = text.split("from \"./").skip(1);
    absolute
        .chain(relative)
        .filter_map(|rest| rest.split('"').next())
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn everything_that_the_page_loads_comes_from_here() {
    let page = fetch("/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let mut seen = BTreeSet::new();
    let mut next = named(&page.body);
    while let Some(file) = next.pop_first() {
        let answered = fetch(&format!("/page/{file}")).await;
        assert_eq!(answered.status, StatusCode::OK, "{file}");
        // Facts about the server are no asset.
        if file.ends_with(".json") {
            seen.insert(file);
            continue;
        }
        assert!(answered.header("content-security-policy").is_some());
        if file.ends_with(".png") {
            seen.insert(file);
            continue;
        }
        let outside = answered.body.replace("http://www.w3.org/2000/svg", "");
        let outside = outside.replace("https://www.instagram.com/", "");
        assert!(!outside.contains("url("), "{file}");
        assert!(answered.body.lines().count() <= 400, "{file}");
        if file.ends_with(".js") {
            assert!(
                answered.body.starts_with("// "),
                "{file} says what it is for"
            );
            assert!(!answered.body.contains("innerHTML"), "{file}");
        }
        seen.insert(file);
        next.extend(named(&answered.body).difference(&seen).cloned());
    }
    assert!(
        seen.contains("main.js") && seen.contains("de.js") && seen.contains("page.webmanifest")
    );
    assert_eq!(fetch("/page/other.js").await.code(), "NOT_FOUND");
}

#[tokio::test]
async fn nothing_inline_and_nothing_from_elsewhere_runs() {
    let page = fetch("/").await;
    let policy = page.header("content-security-policy").unwrap();
    for rule in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self'",
        "manifest-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ] {
        assert!(policy.contains(rule), "{rule}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("http"));
    assert!(!page.body.contains("<style") && !page.body.contains("style="));
    assert!(
        page.body
            .split("<script")
            .skip(1)
            .all(|rest| rest.contains("src=\"/page/"))
    );
}

#[tokio::test]
async fn an_unchanged_file_is_not_sent_again() {
    let page = fetch("/page/main.js").await;
    let tag = page.header("etag").unwrap();
    let mut again = request("GET", "/page/main.js");
    let tag = HeaderValue::from_str(tag).unwrap();
    again.headers_mut().insert(header::IF_NONE_MATCH, tag);
    let answered = ask(&router(&Config::default(), 30), again).await;
    assert_eq!(answered.status, StatusCode::NOT_MODIFIED);
    assert!(answered.body.is_empty());
}

#[tokio::test]
async fn the_page_is_free_of_the_limit() {
    let router = router(&Config::default(), 1);
    for _ in 0..3 {
        for path in ["/", "/page/main.js"] {
            let answered = ask(&router, request("GET", path)).await;
            assert_eq!(answered.status, StatusCode::OK);
            assert!(answered.header("ratelimit").is_none());
        }
    }
}

#[tokio::test]
async fn the_page_asks_the_server_what_lines_name() {
    let texts = [
        "https://www.instagram.com/accounts/login/?next=%2Fp%2FDdEo7DPG8x2%2F%3Fimg_index%3D2",
        "summer_2024",
        "https://www.instagram.com/stories/some.user/1/",
        "https://example.com/p/DdEo7DPG8x2/",
    ];
    let told = read(&json!({ "texts": texts })).await.json();
    let targets = told["targets"].as_array().unwrap();
    let post = json!({
        "kind": "post",
        "address": "https://www.instagram.com/p/DdEo7DPG8x2/?img_index=2",
        "username": null,
        "item": 2,
    });
    assert_eq!(
        targets[0],
        json!({ "text": texts[0], "meanings": [post], "details": null, "reason": null })
    );
    let kinds = targets[1]["meanings"].as_array().unwrap().iter();
    let kinds: Vec<_> = kinds.map(|meaning| meaning["kind"].clone()).collect();
    assert_eq!(kinds, ["profile", "post", "reel"]);
    let story = &targets[2]["meanings"][0];
    assert_eq!(
        (&story["kind"], &story["username"]),
        (&json!("story"), &json!("some.user"))
    );
    assert_eq!(targets[3]["meanings"], json!([]));
    let details = targets[3]["details"].as_str().unwrap();
    assert!(
        details.starts_with("That is not an address of Instagram. Paste"),
        "{details}"
    );
    assert_eq!(targets[3]["reason"], json!("foreign"));
    for body in [
        json!({ "texts": [] }),
        json!({ "texts": vec![""; 1001] }),
        json!({ "texts": 1 }),
    ] {
        assert_eq!(read(&body).await.code(), "INVALID_PARAMETER");
    }
}

/// Asks more often than the limit allows, because it does not apply.
async fn read(body: &Value) -> Answered {
    let router = router(&Config::default(), 1);
    let asked = || {
        let mut asked = request("POST", "/targets");
        let json = HeaderValue::from_static("application/json");
        asked.headers_mut().insert(header::CONTENT_TYPE, json);
        *asked.body_mut() = Body::from(body.to_string());
        asked
    };
    ask(&router, asked()).await;
    ask(&router, asked()).await
}

#[tokio::test]
async fn every_address_of_a_text_is_found_once() {
    let text = "look: https://www.instagram.com/p/DdEo7DPG8x2/ and (https://www.instagram.com/reel/DdEo7DPG8x3/), \
        https://www.tiktok.com/@a/video/1 or again instagram.com/p/DdEo7DPG8x2";
    let told = read(&json!({ "texts": [text, "@some.user"] })).await.json();
    let targets = told["targets"].as_array().unwrap().iter();
    let found = targets.map(|target| {
        let kind = target["meanings"][0]["kind"].as_str();
        kind.or(target["reason"].as_str()).unwrap().to_owned()
    });
    assert_eq!(
        found.collect::<Vec<_>>(),
        ["post", "reel", "foreign", "profile"]
    );
}
