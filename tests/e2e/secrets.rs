//! A word that marks each secret is in no log, answer, metric or command line, whatever is logged and whatever fails.

use std::{fs, sync::Mutex};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    harness::{
        server::Server,
        upstream::{Seen, Upstream, reply},
    },
    instagram::download::ended,
};

/// In the place of every secret.
const SECRET: &str = "canary5ecret";
const INFO: &str = "/instagram/post/info?url_or_code=DfDjNmTDemo";

/// What leaves the server: its log, and what it says to a client and to the operator.
async fn told(server: &Server) -> String {
    let mut told = Vec::new();
    for path in [
        "/limits",
        "/plugins",
        "/jobs",
        "/captures",
        "/metrics",
        "/drift",
    ] {
        told.push(server.admin(path).await.text);
    }
    for path in [INFO, "/instagram/info", "/instagram/nothing"] {
        let answer = server.get(path).await;
        told.push(format!("{:?} {}", answer.headers, answer.text));
    }
    let body = json!({ "url": "https://www.instagram.com/p/DfDjNmTDemo/" });
    let job = server.post("/instagram/download/post", &body).await.json;
    if job["job_id"].is_string() {
        told.push(ended(server, &job["job_id"]).await.to_string());
    }
    #[cfg(target_os = "linux")]
    for file in ["cmdline", "comm"] {
        let path = format!("/proc/{}/{file}", server.pid());
        told.push(fs::read_to_string(path).unwrap());
    }
    told.push(server.log());
    told.join("\n")
}

fn folder(settings: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let cookies = format!(
        ".instagram.com\tTRUE\t/\tTRUE\t0\tsessionid\t{SECRET}\n\
        .instagram.com\tTRUE\t/\tTRUE\t0\tcsrftoken\t{SECRET}\n"
    );
    fs::write(folder.path().join("cookies.txt"), cookies).unwrap();
    let settings = format!("cookies = 'cookies.txt'\ncache_ttl = 0\nlog = 'trace'\n{settings}");
    fs::write(folder.path().join("gramhost.toml"), settings).unwrap();
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_told_even_if_everything_is_logged() {
    // It knows nobody without a session, and repeats what it gets.
    let sent: &Mutex<bool> = Box::leak(Box::default());
    let instagram = Upstream::start(|seen: &Seen| {
        let cookie = seen.header("cookie").unwrap_or_default().to_owned();
        *sent.lock().unwrap() |= cookie.contains(SECRET);
        let link = format!("https://a.cdninstagram.com/x.jpg?sig={SECRET}");
        let headers = [
            ("set-cookie", &*format!("a={SECRET}")),
            ("location", &*link),
        ];
        reply(
            if cookie.is_empty() { 401 } else { 302 },
            &headers,
            r#"{"require_login":true}"#,
        )
    })
    .await;
    let server = Server::start_in(folder(""), &["--upstream-override", &instagram.origin()]);
    let told = told(&server).await;
    assert!(*sent.lock().unwrap(), "the session was not used: {told}");
    assert!(!told.contains(SECRET), "{}", around(&told));

    // The operator's own token, right and wrong.
    let token = fs::read_to_string(server.folder.path().join("data/admin-token")).unwrap();
    let wrong = format!("Bearer {SECRET}");
    let headers = [
        ("authorization", &*wrong),
        ("cookie", &*wrong),
        ("x-request-id", SECRET),
    ];
    server.send(Method::GET, "/instagram/info", &headers).await;
    let log = server.log();
    assert!(!log.contains(token.trim()) && !told.contains(token.trim()));
    assert!(!log.contains(SECRET), "{}", around(&log));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_of_a_proxy_is_sent_to_the_proxy_alone() {
    let proxy = Upstream::start(|_| reply(403, &[], "no")).await;
    let url = proxy
        .origin()
        .replace("//", &format!("//{SECRET}user:{SECRET}@"));
    let server = Server::start_in(
        folder(&format!(
            "proxy = '{url}'\n[limits]\nupstream_spacing_ms_min = 0\n"
        )),
        &[],
    );
    let told = told(&server).await;
    assert!(
        proxy
            .seen()
            .iter()
            .all(|seen| seen.header("proxy-authorization").is_some())
    );
    assert!(!proxy.seen().is_empty());
    assert!(!told.contains(SECRET), "{}", around(&told));
    // Nor in its usual coding.
    assert!(!told.contains("Y2FuYXJ5NWVjcmV0"), "{told}");
}

/// The line of each place where the secret is.
fn around(text: &str) -> String {
    let lines = text.lines().filter(|line| line.contains(SECRET));
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_of_a_client_makes_a_line_of_the_log() {
    let server = Server::start(&[]);
    let forged = "%0a%0d{%22level%22:%22ERROR%22}%1b[31m%e2%80%a8";
    for path in [
        format!("/{forged}"),
        format!("{INFO}{forged}"),
        format!("/instagram/status/{forged}"),
    ] {
        let agent = ("user-agent", "{\"level\":\"ERROR\"}\t\\n");
        server.send(Method::GET, &path, &[agent]).await;
    }
    server.get("/instagram/the-last").await;
    server.logged("the-last").await;
    let log = server.log();
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        assert!(
            ["INFO", "WARN"].contains(&line["level"].as_str().unwrap()),
            "{line}"
        );
    }
    assert!(
        !log.contains('\u{1b}') && !log.contains('\u{2028}'),
        "{log}"
    );
}
