//! Every path of the public listener against other names, other websites, other methods, other spellings and what belongs
//! to operators.

mod bodies;

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    harness::server::{Answer, Server},
    instagram::demo,
};

/// Paths that no document describes, and some that do not exist.
const OTHER_PATHS: [&str; 8] = [
    "/page/main.js",
    "/docs/swagger-ui.css",
    "/instagram/",
    "/nothing",
    "/metrics",
    "/plugins",
    "/jobs",
    "/%2e%2e/",
];

/// The documented paths with values for their parameters, and the methods of each.
async fn documented(server: &Server) -> BTreeMap<String, BTreeSet<String>> {
    let document = server.get("/openapi.json").await.json;
    let paths = document["paths"].as_object().unwrap().iter();
    let path = |path: &str| {
        path.replace("{filename}", "x.jpg")
            .replace("{job_id}", "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d")
    };
    let methods = |item: &Value| {
        let mut methods: BTreeSet<_> = item.as_object().unwrap().keys().cloned().collect();
        methods.retain(|name| name != "parameters");
        methods.iter().map(|name| name.to_uppercase()).collect()
    };
    let paths: BTreeMap<_, _> = paths
        .map(|(name, item)| (path(name), methods(item)))
        .collect();
    assert!(paths.len() > 20 && !paths.keys().any(|path| path.contains('{')));
    paths
}

fn assert_refused(answer: &Answer, status: u16, code: &str, what: &str) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text);
    // The answer to HEAD has no body.
    let is_head = answer.text.is_empty();
    assert!(is_head || answer.json["error"]["code"] == code, "{what}");
}

/// The number of jobs that a server has ever had.
async fn jobs(server: &Server) -> u64 {
    let counts = server.admin("/jobs").await.json["counts"].clone();
    let counts = counts.as_object().unwrap().values();
    counts.map(|count| count.as_u64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_answers_another_name_or_another_website() {
    let server = demo();
    let documented = documented(&server).await;
    let documented = documented.keys().map(String::as_str);
    for path in documented.chain(OTHER_PATHS) {
        for method in ["GET", "HEAD", "POST", "DELETE", "OPTIONS"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let what = format!("{method} {path}");
            for host in ["rebind.test", "rebind.test:5000", "localhost.evil.test"] {
                let answer = server.send(method.clone(), path, &[("host", host)]).await;
                assert_refused(&answer, 403, "FORBIDDEN_HOST", &what);
            }
            for headers in [
                &[("origin", "https://evil.test")][..],
                &[("origin", "null")],
                &[
                    ("origin", "https://evil.test"),
                    ("sec-fetch-site", "same-origin"),
                ],
                &[
                    ("sec-fetch-site", "cross-site"),
                    ("sec-fetch-mode", "no-cors"),
                    ("sec-fetch-dest", "image"),
                ],
                // What a browser asks before it lets a website send JSON.
                &[
                    ("origin", "https://evil.test"),
                    ("access-control-request-method", "POST"),
                    ("access-control-request-headers", "content-type"),
                ],
            ] {
                let answer = server.send(method.clone(), path, headers).await;
                assert_refused(&answer, 403, "FORBIDDEN_ORIGIN", &what);
                let mut names = answer.headers.keys();
                let is_cors = names.any(|name| name.as_str().starts_with("access-control"));
                assert!(!is_cors, "{what}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_path_has_its_methods_and_no_other_spelling() {
    let server = demo();
    for (path, methods) in documented(&server).await {
        let mut allowed = methods.clone();
        if methods.contains("GET") {
            allowed.insert("HEAD".to_owned());
        }
        for method in [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND",
        ] {
            if allowed.contains(method) {
                continue;
            }
            let sent = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = server.send(sent, &path, &[]).await;
            assert_refused(
                &answer,
                405,
                "METHOD_NOT_ALLOWED",
                &format!("{method} {path}"),
            );
            let stated = answer.headers["allow"].to_str().unwrap().split(',');
            let stated: BTreeSet<_> = stated.map(|name| name.trim().to_owned()).collect();
            assert_eq!(stated, allowed, "{path}");
        }
        if path == "/" {
            continue;
        }
        let (parent, last) = path.rsplit_once('/').unwrap();
        let slash = server.raw(&format!("{path}/")).await;
        let place = format!("\r\nlocation: {path}\r\n");
        let is_redirected = slash.starts_with("HTTP/1.1 308 ") && slash.contains(&place);
        assert!(is_redirected, "{path}/: {slash}");
        let mut spellings = vec![
            format!("{path}//"),
            format!("/{path}"),
            format!("{parent}//{last}"),
            format!("{parent}/./{last}"),
            format!("{path}/../{last}"),
            format!("{path};x=1"),
        ];
        if !parent.is_empty() {
            spellings.push(format!("{parent}%2F{last}"));
        }
        // Names of files and jobs are looked up as they are.
        if !path.contains("/file/") && !path.contains("/status/") {
            spellings.extend([path.to_uppercase(), format!("{path}%00")]);
        }
        for spelling in spellings {
            // Unlike other clients, it sends the path as it is.
            let answer = server.raw(&spelling).await;
            let code = answer.split("\"code\":\"").nth(1).unwrap_or_default();
            let is_refused = answer.starts_with("HTTP/1.1 404 ") && code.contains("NOT_FOUND\"");
            assert!(is_refused, "{spelling}: {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_routes_are_not_on_the_public_listener() {
    let server = demo();
    let token = server.folder.path().join("data/admin-token");
    let token = format!("Bearer {}", std::fs::read_to_string(token).unwrap().trim());
    let authorized = [("authorization", token.as_str())];
    for path in [
        "/plugins",
        "/plugins/history",
        "/plugins/post",
        "/plugins/post/rollback",
        "/plugins/post/promote",
        "/plugins/post/discard",
        "/captures",
        "/captures/x",
        "/captures/x/exchange.har",
        "/captures/x/explanation",
        "/drift",
        "/drift/rates",
        "/drift/accept",
        "/jobs",
        "/limits",
        "/metrics",
    ] {
        for method in [Method::GET, Method::PUT, Method::POST, Method::DELETE] {
            let answer = server.send(method.clone(), path, &authorized).await;
            assert_refused(&answer, 404, "NOT_FOUND", &format!("{method} {path}"));
        }
        // It is a path of the other listener, and of nobody without the token.
        let url = format!("http://{}{path}", server.admin);
        let status = reqwest::get(url).await.unwrap().status().as_u16();
        assert_eq!(status, 401, "{path}");
    }
    // Nor does the admin listener serve what clients use.
    for path in ["/instagram/info", "/docs", "/openapi.json"] {
        assert_eq!(server.admin(path).await.status, 404, "{path}");
    }
    assert_eq!(jobs(&server).await, 0);
    assert_eq!(
        server.get("/instagram/info").await.json["error"],
        json!(null)
    );
}
