//! The page as served: complete, from this server alone, under its policy, and with a text for every refusal.

use std::collections::BTreeSet;

use axum::http::{HeaderValue, StatusCode, header};

use super::{ask, fetch, request, router};
use crate::api::{Config, http::error::Code};

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
        assert!(answered.header("content-security-policy").is_some());
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
    assert!(seen.contains("main.js") && seen.contains("words.js"));
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
async fn the_page_has_words_for_every_refusal() {
    let words = fetch("/page/words.js").await.body;
    // The lines of the table itself, so that no code is forgotten here either.
    let table = include_str!("../http/error/code.rs").lines();
    let rows = table.filter(|line| line.contains(" => ("));
    let names: BTreeSet<_> = rows.filter_map(|row| row.split('"').nth(1)).collect();
    assert!(names.contains(Code::StorageFull.name()) && names.len() > 30);
    // Codes of the admin listener only.
    let operators = [Code::NoSuchVersion, Code::PluginRefused].map(Code::name);
    for name in names.into_iter().filter(|name| !operators.contains(name)) {
        assert!(words.contains(&format!("\n  {name}: [\"")), "{name}");
    }
}
