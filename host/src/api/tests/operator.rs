//! The operator's page as served: complete, from this listener alone, under the page's policy, and without a token.

use std::collections::BTreeSet;

use axum::{Router, http::StatusCode};

use super::{Answered, ask, request};
use crate::api::{
    Config, Traffic, free_admin_routes, http::layers, undocumented, web::operator::FILES,
};

fn listener() -> Router {
    layers::every_request(
        undocumented(free_admin_routes()),
        &Traffic::default(),
        &Config::default(),
    )
}

async fn fetch(path: &str) -> Answered {
    ask(&listener(), request("GET", path)).await
}

/// The paths of the files that a file in `folder` refers to.
fn named(folder: &str, text: &str) -> BTreeSet<String> {
    let places = [
        ("\"/page/", "/page/"),
        ("\"/operator/", "/operator/"),
        ("from \"./", folder),
    ];
    let found = places.iter().flat_map(|(mark, folder)| {
        let rest = text.split(mark).skip(1);
        let names = rest.filter_map(|rest| rest.split('"').next());
        names.map(move |name| format!("{folder}{name}"))
    });
    found.collect()
}

#[tokio::test]
async fn everything_that_the_operators_page_loads_comes_from_its_listener() {
    let page = fetch("/").await;
    assert_eq!(page.status, StatusCode::OK);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'self'") && policy.contains("trusted-types 'none'"));
    assert!(!policy.contains("unsafe"));
    assert!(!page.body.contains("<style") && !page.body.contains("style="));
    let mut seen = BTreeSet::new();
    let mut next = named("/", &page.body);
    while let Some(path) = next.pop_first() {
        let answered = fetch(&path).await;
        assert_eq!(answered.status, StatusCode::OK, "{path}");
        assert!(answered.header("content-security-policy").is_some());
        assert!(!answered.body.contains("url("), "{path}");
        assert!(answered.body.lines().count() <= 400, "{path}");
        if path.ends_with(".js") {
            assert!(answered.body.starts_with("// "), "{path}");
            for sink in [
                "innerHTML",
                "eval(",
                "localStorage.setItem(\"gramhost.token",
            ] {
                assert!(!answered.body.contains(sink), "{path}: {sink}");
            }
        }
        let folder = path.rsplit_once('/').map_or("/", |(folder, _)| folder);
        let more = named(&format!("{folder}/"), &answered.body);
        seen.insert(path);
        next.extend(more.difference(&seen).cloned());
    }
    let own = seen.iter().filter(|path| path.starts_with("/operator/"));
    assert_eq!(own.count(), FILES.len(), "{seen:?}");
    assert_eq!(fetch("/operator/other.js").await.code(), "NOT_FOUND");
}
