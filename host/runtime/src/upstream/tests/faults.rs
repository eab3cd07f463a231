//! Faults on the network, and the errors that they become.

use std::time::{Duration, Instant};

use super::{
    PAGE, config, fetch, fetch_with, get,
    harness::{Reply, Upstream, bomb, reply},
};
use crate::{
    contract::{Answer, FetchError, Method, Request},
    upstream::{Client, Config, Limits},
};

#[tokio::test]
async fn an_answer_larger_than_the_limit_is_refused() {
    let limit = FetchError::HttpResponseBodySize(Some(8 << 20));
    let claimed =
        fetch(|_| Reply::Bytes(b"HTTP/1.1 200 X\r\ncontent-length: 99999999\r\n\r\n".into()));
    assert_eq!(claimed.await, Err(limit.clone()));
    let chunk = [b"80000\r\n".as_slice(), &[b'x'; 0x80000], b"\r\n"]
        .concat()
        .repeat(17);
    let head = b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n".as_slice();
    let endless = [head, &chunk].concat();
    assert_eq!(
        fetch(move |_| Reply::Bytes(endless.clone())).await,
        Err(limit.clone())
    );
    let gzip = [("content-encoding", "gzip")];
    assert_eq!(
        fetch(move |_| reply(200, &gzip, bomb(9 << 20))).await,
        Err(limit)
    );
}

#[tokio::test]
async fn one_known_coding_is_undone_and_any_other_is_refused() {
    let small = fetch(|_| reply(200, &[("content-encoding", "gzip")], bomb(258)));
    // The local server's bombs have a wrong checksum.
    assert_eq!(
        small.await,
        Err(FetchError::HttpResponseContentCoding(None))
    );
    let plain = fetch(|_| reply(200, &[("content-encoding", "identity")], "x"));
    assert_eq!(&*plain.await.unwrap().body, b"x");
    for coding in ["gzip, gzip", "compress"] {
        let answer = fetch(move |_| reply(200, &[("content-encoding", coding)], "x")).await;
        assert_eq!(
            answer,
            Err(FetchError::HttpResponseContentCoding(Some(coding.into())))
        );
    }
    let packed = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x05\0\xfa\xffhello\x86\xa6\x10\x36\x05\0\0\0";
    let good = fetch(move |_| reply(200, &[("content-encoding", "gzip")], packed))
        .await
        .unwrap();
    assert_eq!(&*good.body, b"hello");
}

#[tokio::test]
async fn broken_answers_have_their_own_errors() {
    let raw = |bytes: &'static str| fetch(move |_| Reply::Bytes(bytes.into()));
    assert_eq!(raw("").await, Err(FetchError::ConnectionTerminated));
    assert_eq!(
        raw("SSH-2.0\r\n\r\n").await,
        Err(FetchError::HttpProtocolError)
    );
    assert_eq!(
        raw("HTTP/1.1 200 X\r\ncontent-length: 9\r\n\r\nx").await,
        Err(FetchError::HttpResponseIncomplete)
    );
    assert_eq!(
        raw("HTTP/1.1 200 X\r\ncontent-length: -1\r\n\r\nx").await,
        Err(FetchError::HttpProtocolError)
    );
    assert_eq!(
        raw("HTTP/1.1 200 X\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx").await,
        Err(FetchError::HttpProtocolError)
    );
    let flood: &'static str = format!("HTTP/1.1 200 X\r\n{}\r\n", "a: b\r\n".repeat(101)).leak();
    assert_eq!(raw(flood).await, Err(FetchError::HttpProtocolError));
    let long: &'static str =
        format!("HTTP/1.1 200 X\r\na: {}\r\n\r\n", "b".repeat(64 << 10)).leak();
    assert_eq!(raw(long).await, Err(FetchError::HttpProtocolError));
}

#[tokio::test]
async fn slow_answers_end_by_their_limits() {
    let answers = [
        (
            Reply::Stall(Vec::new()),
            Limits {
                first_byte_ms_max: 50,
                ..Limits::default()
            },
        ),
        (
            Reply::Stall(b"HTTP/1.1 200 X\r\ncontent-length: 9\r\n\r\nx".into()),
            Limits {
                idle_ms_max: 50,
                ..Limits::default()
            },
        ),
    ];
    for (answer, limits) in answers {
        let upstream = Upstream::start(move |_| answer.clone()).await;
        let client = Client::new(Config {
            limits,
            ..config(&upstream)
        })
        .unwrap();
        assert_eq!(
            fetch_with(&client, &get(PAGE)).await,
            Err(FetchError::HttpResponseTimeout)
        );
    }
    let upstream = Upstream::start(|_| Reply::Stall(Vec::new())).await;
    let client = Client::new(config(&upstream)).unwrap();
    let soon = Instant::now() + Duration::from_millis(50);
    let answer = client
        .fetch(get(PAGE), &["*.instagram.com".into()], soon)
        .await;
    assert_eq!(answer, Answer::Failed(FetchError::HttpResponseTimeout));
}

#[tokio::test]
async fn a_cut_before_an_answer_is_retried_once_where_the_request_only_reads() {
    for (method, path, tries) in [
        (Method::Get, "/p/x/", 2),
        (Method::Post, "/api/graphql", 2),
        (Method::Post, "/api/v1/like/", 1),
    ] {
        let upstream = Upstream::start(|_| Reply::Bytes(Vec::new())).await;
        let client = Client::new(config(&upstream)).unwrap();
        let request = Request {
            method,
            ..get(&format!("https://www.instagram.com{path}"))
        };
        assert_eq!(
            fetch_with(&client, &request).await,
            Err(FetchError::ConnectionTerminated)
        );
        assert_eq!(upstream.seen().len(), tries, "{path}");
    }
}

#[tokio::test]
async fn a_port_where_nobody_listens_refuses() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let origin_override = Some(format!("http://{gone}").parse().unwrap());
    let client = Client::new(Config {
        origin_override,
        ..Config::default()
    })
    .unwrap();
    assert_eq!(
        fetch_with(&client, &get(PAGE)).await,
        Err(FetchError::ConnectionRefused)
    );
}

#[tokio::test]
async fn a_host_that_asked_for_patience_is_not_asked_again() {
    let upstream = Upstream::start(|_| reply(429, &[("retry-after", "60")], "slow down")).await;
    let client = Client::with_pacing(config(&upstream), true).unwrap();
    let first = fetch_with(&client, &get(PAGE)).await.unwrap();
    assert_eq!(&*first.body, b"slow down");
    let second = fetch_with(&client, &get(PAGE)).await.unwrap();
    assert_eq!(
        (
            second.status,
            second.headers[0].name.as_str(),
            second.body.len()
        ),
        (429, "retry-after", 0)
    );
    assert_eq!(upstream.seen().len(), 1);
}

#[tokio::test]
async fn a_host_that_keeps_failing_is_left_alone() {
    let upstream = Upstream::start(|_| Reply::Bytes(Vec::new())).await;
    let limits = Limits {
        spacing_ms_min: 0,
        ..Limits::default()
    };
    let client = Client::with_pacing(
        Config {
            limits,
            ..config(&upstream)
        },
        true,
    )
    .unwrap();
    let mut ends = Vec::new();
    for _ in 0..3 {
        ends.push(fetch_with(&client, &get(PAGE)).await.unwrap_err());
    }
    ends.push(fetch_with(&client, &get(PAGE)).await.unwrap_err());
    // Each fetch makes two attempts. The fifth attempt opens the breaker, so the sixth is not made.
    use FetchError::{ConnectionTerminated as Cut, DestinationUnavailable as Broken};
    assert_eq!(ends, [Cut, Cut, Broken, Broken]);
    assert_eq!(upstream.seen().len(), 5);
}
