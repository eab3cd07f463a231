//! Answers that never end, or become very large: they are stopped by a limit of time or of bytes.
#![expect(clippy::panic, reason = "tests")]

use std::time::{Duration, Instant};

use async_compression::tokio::write::{BrotliEncoder, GzipEncoder, ZlibEncoder};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinHandle,
    time::interval,
};

use super::{
    PAGE, fetch, get,
    harness::{Reply, reply},
};
use crate::{
    contract::{Answer, FetchError},
    upstream::{Client, Config, Limits},
};

/// So many zeros in this coding.
async fn packed(coding: &str, bytes: usize) -> Vec<u8> {
    let zeros = vec![0; bytes];
    macro_rules! with {
        ($encoder:ident) => {{
            let mut encoder = $encoder::new(Vec::new());
            encoder.write_all(&zeros).await.unwrap();
            encoder.shutdown().await.unwrap();
            encoder.into_inner()
        }};
    }
    match coding {
        "gzip" => with!(GzipEncoder),
        "deflate" => with!(ZlibEncoder),
        _ => with!(BrotliEncoder),
    }
}

#[tokio::test]
async fn a_bomb_of_any_coding_is_stopped_at_the_limit() {
    for coding in ["gzip", "deflate", "br"] {
        let small = packed(coding, 1 << 20).await;
        let whole = fetch(move |_| reply(200, &[("content-encoding", coding)], &small)).await;
        assert_eq!(whole.unwrap().body.len(), 1 << 20, "{coding}");
        let bomb = packed(coding, 64 << 20).await;
        assert!(bomb.len() < 1 << 20, "{coding}: {}", bomb.len());
        let stopped = fetch(move |_| reply(200, &[("content-encoding", coding)], &bomb)).await;
        let limit = FetchError::HttpResponseBodySize(Some(8 << 20));
        assert_eq!(stopped, Err(limit), "{coding}");
        // A bomb that was cut is no whole answer either.
        let cut = packed(coding, 1 << 20).await;
        let cut = cut[..cut.len() / 2].to_vec();
        let refused = fetch(move |_| reply(200, &[("content-encoding", coding)], &cut)).await;
        assert!(refused.is_err(), "{coding}");
    }
}

#[tokio::test]
async fn codings_that_we_did_not_ask_for_are_refused_however_many_there_are() {
    let many = ["gzip"; 1_000].join(", ");
    for coding in ["zstd", "exi", &many] {
        let stated = coding.to_owned();
        let refused = fetch(move |_| reply(200, &[("content-encoding", &stated)], "x")).await;
        let error = FetchError::HttpResponseContentCoding(Some(coding.to_owned()));
        assert_eq!(refused, Err(error));
    }
}

/// A server that answers with `first`, and then sends `then` again and again, each time after a pause.
async fn endless(first: &'static str, then: &str, pause_ms: u64) -> (Config, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    // Many at once, so that a limit of bytes is reached before one of time.
    let then = then.repeat(if pause_ms == 0 { 100 } else { 1 });
    let server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let then = then.clone();
            tokio::spawn(async move {
                let _request = stream.read(&mut [0; 4096]).await;
                let mut sent = stream.write_all(first.as_bytes()).await;
                let mut ticks = interval(Duration::from_millis(pause_ms.max(1)));
                while sent.is_ok() {
                    if pause_ms > 0 {
                        ticks.tick().await;
                    }
                    sent = stream.write_all(then.as_bytes()).await;
                }
            });
        }
    });
    let limits = Limits {
        first_byte_ms_max: 300,
        idle_ms_max: 300,
        ..Limits::default()
    };
    let config = Config {
        origin_override: Some(origin.parse().unwrap()),
        limits,
        ..Config::default()
    };
    (config, server)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_ends_is_ended() {
    const BODY: &str = "HTTP/1.1 200 X\r\ncontent-length: 1000000\r\n\r\n";
    const CHUNKS: &str = "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    let late = FetchError::HttpResponseTimeout;
    let large = FetchError::HttpResponseBodySize(Some(8 << 20));
    for (what, first, then, pause_ms, error) in [
        // Each byte comes before the limit of silence; the whole has a limit, too.
        ("a body that drips", BODY, "x", 50, Some(&late)),
        ("chunks that drip", CHUNKS, "1\r\nx\r\n", 50, Some(&late)),
        (
            "a head that drips",
            "HTTP/1.1 200 X\r\na: ",
            "b",
            50,
            Some(&late),
        ),
        ("chunks without end", CHUNKS, &chunk, 0, Some(&large)),
        ("interim responses", "", "HTTP/1.1 103 X\r\n\r\n", 0, None),
        (
            "a header without end",
            "HTTP/1.1 200 X\r\na: ",
            "bbbbbbbbbbbbbbbb",
            0,
            None,
        ),
        (
            "headers without end",
            "HTTP/1.1 200 X\r\n",
            "a: bbbbbbbbbbbbbbbb\r\n",
            0,
            None,
        ),
    ] {
        let (config, server) = endless(first, then, pause_ms).await;
        let client = Client::new(config).unwrap();
        let began = Instant::now();
        let deadline = began + Duration::from_millis(1_500);
        let allowed = ["*.instagram.com".to_owned()];
        let answer = client.fetch(get(PAGE), &allowed, deadline).await;
        let took = began.elapsed();
        let Answer::Failed(failed) = answer else {
            panic!("{what}: {answer:?}");
        };
        assert!(
            error.is_none_or(|error| failed == *error),
            "{what}: {failed}"
        );
        assert!(took < Duration::from_secs(20), "{what}: {took:?}");
        server.abort();
    }
}

#[tokio::test]
async fn a_part_or_nothing_in_place_of_an_answer_is_what_the_plugin_sees() {
    // The plugin, which knows what it asked for, decides what they mean.
    for status in [200, 204, 206, 503] {
        let response = fetch(move |_| reply(status, &[], "")).await.unwrap();
        assert_eq!((response.status, response.body.len()), (status, 0));
    }
    let closed = fetch(|_| Reply::Bytes(b"HTTP/1.1 200 X\r\n\r\nall".into())).await;
    assert_eq!(&*closed.unwrap().body, b"all");
}
