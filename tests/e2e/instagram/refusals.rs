//! Invalid requests of clients, and the errors they get.

use reqwest::Method;

use super::demo;
use crate::harness::server::Server;

async fn refused(server: &Server, path: &str) -> (u16, String) {
    let answer = server.get(path).await;
    let error = &answer.json["error"];
    for key in ["code", "message", "details", "timestamp", "request_id"] {
        assert!(
            error[key].is_string(),
            "{path} lacks {key}: {}",
            answer.text
        );
    }
    (answer.status, error["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn bad_input_gets_the_documented_code() {
    let server = demo();
    for (path, status, code) in [
        ("profile/info", 400, "INVALID_USERNAME"),
        ("profile/info?username=", 400, "INVALID_USERNAME"),
        ("profile/info?username=a%00b", 400, "INVALID_USERNAME"),
        (
            "profile/info?username=..%2f..%2fetc",
            400,
            "INVALID_USERNAME",
        ),
        ("profile/posts?username=a&limit=0", 400, "INVALID_LIMIT"),
        ("profile/posts?username=a&limit=51", 400, "INVALID_LIMIT"),
        ("profile/reels?username=a&limit=5.0", 400, "INVALID_LIMIT"),
        (
            "profile/posts?username=a&limit=1&limit=2",
            400,
            "INVALID_PARAMETER",
        ),
        ("post/info", 400, "INVALID_URL"),
        (
            "post/info?url_or_code=https://example.com/p/abc/",
            400,
            "INVALID_URL",
        ),
        (
            "post/info?url_or_code=javascript:alert(1)",
            400,
            "INVALID_URL",
        ),
        (
            "reel/info?url_or_id=http://169.254.169.254/",
            400,
            "INVALID_URL",
        ),
        ("post/stats?url_or_code=%F0%9F%92%A5", 400, "INVALID_URL"),
        ("story/info?username=an%20n", 400, "INVALID_USERNAME"),
        ("nothing/here", 404, "NOT_FOUND"),
    ] {
        let path = format!("/instagram/{path}");
        assert_eq!(
            refused(&server, &path).await,
            (status, code.to_owned()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn another_method_is_told_which_one_is_meant() {
    let server = demo();
    let answer = server.send(Method::DELETE, "/instagram/info", &[]).await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.json["error"]["code"], "METHOD_NOT_ALLOWED");
    assert_eq!(answer.headers["allow"], "GET,HEAD");
}

#[tokio::test]
async fn thirty_requests_pass_and_the_next_one_is_told_to_wait() {
    let server = Server::start(&[]);
    for _ in 0..30 {
        assert_eq!(server.get("/instagram/info").await.status, 200);
    }
    let answer = server.get("/instagram/post/info?url_or_code=x").await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.json["error"]["code"], "RATE_LIMIT");
    let wait: u64 = answer.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(server.get("/healthz").await.status, 200, "health is free");
}

#[tokio::test]
async fn another_name_for_this_machine_is_refused() {
    let server = demo();
    let answer = server
        .send(Method::GET, "/instagram/info", &[("host", "rebind.test")])
        .await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.json["error"]["code"], "FORBIDDEN_HOST");
}
