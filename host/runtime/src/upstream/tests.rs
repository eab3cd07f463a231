//! The client over real sockets, against a local server in place of Instagram.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    io::Write,
    time::{Duration, Instant},
};

use super::{Client, Config};
use crate::contract::{Answer, FetchError, Header, Method, Request, Response};

#[path = "../../../../tests/harness/upstream.rs"]
pub(crate) mod harness;

mod endless;
mod faults;
mod media;

use harness::{Reply, Seen, Upstream, reply};

const PAGE: &str = "https://www.instagram.com/p/x/?a=b";

fn get(url: &str) -> Request {
    Request {
        method: Method::Get,
        url: url.into(),
        headers: vec![Header {
            name: "accept".into(),
            value: "*/*".into(),
        }],
        body: None,
        session: false,
    }
}

fn config(upstream: &Upstream) -> Config {
    Config {
        origin_override: Some(upstream.origin().parse().unwrap()),
        ..Config::default()
    }
}

async fn fetch_with(client: &Client, request: &Request) -> Result<Response, FetchError> {
    let allowed = ["*.instagram.com".to_owned()];
    let deadline = Instant::now() + Duration::from_secs(20);
    match client.fetch(request.clone(), &allowed, deadline).await {
        Answer::Response(response) => Ok(response),
        Answer::Failed(error) => Err(error),
    }
}

async fn fetch(
    answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
) -> Result<Response, FetchError> {
    let upstream = Upstream::start(answer).await;
    let client = Client::new(config(&upstream)).unwrap();
    fetch_with(&client, &get(PAGE)).await
}

#[tokio::test]
async fn the_override_gets_path_query_and_original_host() {
    let answer = |_: &Seen| reply(200, &[("set-cookie", "a=b"), ("x-a", "1")], "hello");
    let upstream = Upstream::start(answer).await;
    let client = Client::new(config(&upstream)).unwrap();
    let mut request = get(PAGE);
    request.method = Method::Post;
    request.body = Some("doc_id=1".into());
    let response = fetch_with(&client, &request).await.unwrap();
    assert_eq!(
        (response.status, response.url.as_str(), &*response.body),
        (200, PAGE, &b"hello"[..])
    );
    let names: Vec<_> = response
        .headers
        .iter()
        .map(|header| header.name.as_str())
        .collect();
    assert_eq!(names, ["content-length", "connection", "x-a"]);

    let seen = &upstream.seen()[0];
    assert_eq!(
        (seen.method.as_str(), seen.host.as_str()),
        ("POST", "www.instagram.com")
    );
    assert_eq!(
        (seen.path.as_str(), seen.body.as_str()),
        ("/p/x/?a=b", "doc_id=1")
    );
    assert_eq!(seen.header("cookie"), None);
    assert_eq!(seen.header("user-agent"), None);
}

#[tokio::test]
async fn hosts_off_either_list_are_never_asked() {
    let upstream = Upstream::start(|_| reply(200, &[], "")).await;
    let mut config = config(&upstream);
    config.hosts = vec![
        "www.instagram.com".into(),
        "i.instagram.com".into(),
        "evil.test".into(),
    ];
    let client = Client::new(config).unwrap();
    for host in [
        "evil.test",
        "graph.instagram.com",
        "instagram.com",
        "127.0.0.1",
    ] {
        let request = get(&format!("https://{host}/"));
        let denied = client
            .rules()
            .permit(request.clone(), &["*.instagram.com".to_owned()])
            .unwrap_err();
        assert_eq!(
            fetch_with(&client, &request).await,
            Err(FetchError::HttpRequestDenied(denied.to_string()))
        );
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn redirects_are_followed_as_if_the_original_host_had_answered() {
    let response = fetch(|seen| match (&*seen.host, &*seen.path) {
        ("www.instagram.com", "/p/x/?a=b") => reply(302, &[("location", "../y/?c#d")], ""),
        ("www.instagram.com", "/p/y/?c") => {
            reply(301, &[("location", "https://i.instagram.com/z")], "")
        }
        ("i.instagram.com", "/z") => reply(307, &[("location", "/accounts/login/")], ""),
        ("i.instagram.com", "/accounts/login/") => reply(200, &[], "wall"),
        _ => reply(500, &[], ""),
    });
    let response = response.await.unwrap();
    assert_eq!(response.url, "https://i.instagram.com/accounts/login/");
    assert_eq!(response.status, 200);
}

#[tokio::test]
async fn redirects_are_checked_and_counted() {
    for (location, error) in [
        (PAGE, FetchError::LoopDetected),
        (
            "http://www.instagram.com/",
            FetchError::HttpRequestDenied("the scheme is \"http\", not https".into()),
        ),
        (
            "https://127.0.0.1/",
            FetchError::HttpRequestDenied("the host is not a name".into()),
        ),
        (
            "//evil.test/",
            FetchError::HttpRequestDenied("the host \"evil.test\" is not on the list".into()),
        ),
    ] {
        assert_eq!(
            fetch(move |_| reply(302, &[("location", location)], "")).await,
            Err(error)
        );
    }
}

#[tokio::test]
async fn a_redirect_to_nowhere_is_the_answer() {
    assert_eq!(fetch(|_| reply(302, &[], "x")).await.unwrap().status, 302);
}

#[tokio::test]
async fn the_session_goes_only_where_it_is_asked_for_and_belongs() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, ".instagram.com\tTRUE\t/\tTRUE\t0\tsessionid\tsecret").unwrap();
    let upstream = Upstream::start(|seen| match &*seen.host {
        "www.instagram.com" => reply(302, &[("location", "https://a.fbcdn.net/x")], ""),
        _ => reply(200, &[], ""),
    })
    .await;
    let mut config = config(&upstream);
    config.cookies = Some(file.path().to_owned());
    let client = Client::new(config).unwrap();
    assert!(client.has_session());
    let allowed = ["www.instagram.com".to_owned(), "*.fbcdn.net".to_owned()];
    let deadline = Instant::now() + Duration::from_secs(20);
    for session in [true, false] {
        let request = Request {
            session,
            ..get(PAGE)
        };
        assert!(matches!(
            client.fetch(request, &allowed, deadline).await,
            Answer::Response(_)
        ));
    }
    let seen = upstream.seen();
    let sent: Vec<_> = seen.iter().map(|seen| seen.header("cookie")).collect();
    assert_eq!(sent, [Some("sessionid=secret"), None, None, None]);
}

#[tokio::test]
async fn names_that_resolve_to_private_addresses_are_prohibited() {
    let config = Config {
        hosts: vec!["localhost".into()],
        ..Config::default()
    };
    let client = Client::with_pacing(config, false).unwrap();
    let allowed = ["localhost".to_owned()];
    let deadline = Instant::now() + Duration::from_secs(20);
    let answer = client
        .fetch(get("https://localhost/"), &allowed, deadline)
        .await;
    assert_eq!(answer, Answer::Failed(FetchError::DestinationIpProhibited));
}

#[tokio::test]
async fn the_proxy_is_asked_for_a_tunnel_with_its_credentials() {
    let proxy = Upstream::start(|_| reply(403, &[], "")).await;
    let url = proxy.origin().replace("//", "//user:secret@");
    let config = Config {
        proxy: Some(url.parse().unwrap()),
        ..Config::default()
    };
    let client = Client::with_pacing(config, false).unwrap();
    let refused = fetch_with(&client, &get(PAGE)).await;
    assert_eq!(refused, Err(FetchError::DestinationUnavailable));
    let seen = &proxy.seen()[0];
    assert_eq!(
        (&*seen.method, &*seen.path),
        ("CONNECT", "www.instagram.com:443")
    );
    assert_eq!(
        seen.header("proxy-authorization"),
        Some("Basic dXNlcjpzZWNyZXQ=")
    );
}

#[tokio::test]
async fn replay_answers_what_was_recorded_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("post/one")).unwrap();
    let har = r#"{"log":{"version":"1.2","creator":{"name":"t","version":"1"},"entries":[{
        "request":{"method":"GET","url":"https://www.instagram.com/p/x/?a=b","headers":[]},
        "response":{"status":200,"headers":[],"content":{"text":"recorded"},"_finalUrl":"https://www.instagram.com/y"}
    }]}}"#;
    std::fs::write(folder.path().join("post/one/exchange.har"), har).unwrap();
    let config = Config {
        replay: Some(folder.path().to_owned()),
        ..Config::default()
    };
    let client = Client::new(config).unwrap();
    let response = fetch_with(&client, &get(PAGE)).await.unwrap();
    assert_eq!(
        (response.url.as_str(), &*response.body),
        ("https://www.instagram.com/y", &b"recorded"[..])
    );
    let other = fetch_with(&client, &get("https://www.instagram.com/other")).await;
    assert_eq!(
        other,
        Err(FetchError::HttpRequestDenied("not recorded".into()))
    );
    let elsewhere = fetch_with(&client, &get("https://evil.test/")).await;
    assert!(
        matches!(elsewhere, Err(FetchError::HttpRequestDenied(text)) if text.contains("evil.test"))
    );
}

#[test]
fn settings_that_cannot_be_used_are_named() {
    let error = |config| Client::new(config).unwrap_err().to_string();
    let folder = tempfile::tempdir().unwrap();
    let replay = Some(folder.path().to_owned());
    assert!(
        error(Config {
            replay,
            ..Config::default()
        })
        .starts_with("replay ")
    );
    let cookies = Some(folder.path().join("none.txt"));
    assert!(
        error(Config {
            cookies,
            ..Config::default()
        })
        .starts_with("cookies ")
    );
    let origin_override = Some("http://h/path".parse().unwrap());
    assert!(
        error(Config {
            origin_override,
            ..Config::default()
        })
        .starts_with("upstream override ")
    );
}

#[test]
fn the_proxys_credentials_are_not_printed() {
    let proxy = Some("http://user:secret@proxy.test:3128".parse().unwrap());
    let printed = format!(
        "{:?}",
        Config {
            proxy,
            ..Config::default()
        }
    );
    assert!(
        printed.contains("proxy.test") && !printed.contains("secret"),
        "{printed}"
    );
}
