//! Bytes that two readers of HTTP may understand differently, and clients that hold connections and ask nothing.

use std::sync::atomic::AtomicUsize;

use axum::{body::Bytes, routing::any};

use super::*;

/// Much less than the time for a head, and much more than an answer takes on a busy machine.
const SOON: Duration = Duration::from_secs(5);
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// A server that reads bodies, and counts the requests for `/hidden`.
async fn counting(config: Config) -> (SocketAddr, Arc<AtomicUsize>, CancellationToken) {
    let hidden = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&hidden);
    let router = Router::new()
        .route("/", any(|_: Bytes| async { "quick" }))
        .route(
            "/hidden",
            any(move || async move {
                count.fetch_add(1, Ordering::Relaxed);
                "hidden"
            }),
        );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    tokio::spawn(serve(listener, router, config, never(), shutdown.clone()));
    (address, hidden, shutdown)
}

/// Sends bytes, closes this side, and returns everything received.
async fn told(address: SocketAddr, bytes: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _sent = stream.write_all(bytes.as_bytes()).await;
    let _closed = stream.shutdown().await;
    timeout(SOON, read(&mut stream)).await.unwrap()
}

#[tokio::test]
async fn no_request_is_hidden_in_another() {
    let (address, hidden, _shutdown) = counting(Config::default()).await;
    let long = "x".repeat(100_000);
    let body = format!("0\r\n\r\n{HIDDEN}");
    let length = body.len();
    for (headers, body) in [
        // Whoever goes by the length takes the rest for the body.
        (
            format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n"),
            body.clone(),
        ),
        (
            format!("transfer-encoding: chunked\r\ncontent-length: {length}\r\n"),
            body.clone(),
        ),
        (format!("content-length: {length}\r\n"), body.clone()),
        (
            "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n".into(),
            body.clone(),
        ),
        ("transfer-encoding: identity\r\n".into(), body.clone()),
        ("transfer-encoding: xchunked\r\n".into(), body.clone()),
        ("transfer-encoding: chunked, gzip\r\n".into(), body.clone()),
        ("transfer-encoding : chunked\r\n".into(), body.clone()),
        ("transfer-encoding:\x0bchunked\r\n".into(), body.clone()),
        (
            "x: y\r\n transfer-encoding: chunked\r\n".into(),
            body.clone(),
        ),
        ("transfer-encoding:\r\n chunked\r\n".into(), body.clone()),
        (
            "content-length: 0\r\ncontent-length: 5\r\n".into(),
            HIDDEN.into(),
        ),
        ("content-length: 0, 5\r\n".into(), HIDDEN.into()),
        ("content-length: +0\r\n".into(), HIDDEN.into()),
        ("content-length: 0x0\r\n".into(), HIDDEN.into()),
        ("content-length: -1\r\n".into(), HIDDEN.into()),
        (
            "content-length: 18446744073709551616\r\n".into(),
            HIDDEN.into(),
        ),
        ("content-length:\r\n".into(), HIDDEN.into()),
        (
            "transfer-encoding: chunked\r\n".into(),
            format!("0x0\r\n\r\n{HIDDEN}"),
        ),
        (
            "transfer-encoding: chunked\r\n".into(),
            format!("-0\r\n\r\n{HIDDEN}"),
        ),
        (
            "transfer-encoding: chunked\r\n".into(),
            format!("10000000000000000\r\n\r\n{HIDDEN}"),
        ),
        (
            "transfer-encoding: chunked\r\n".into(),
            format!("1;{long}\r\nx\r\n0\r\n\r\n{HIDDEN}"),
        ),
        (
            "transfer-encoding: chunked\r\n".into(),
            format!("1\r\nxy\r\n0\r\n\r\n{HIDDEN}"),
        ),
        (
            "transfer-encoding: chunked\r\n".into(),
            format!("0\r\nx: {long}\r\n\r\n{HIDDEN}"),
        ),
        (
            "transfer-encoding: chunked\r\n".into(),
            format!("0\r\n{}\r\n{HIDDEN}", "x: y\r\n".repeat(2000)),
        ),
        ("x: y\rcontent-length: 0\r\n".into(), HIDDEN.into()),
        ("x: y\0\r\n".into(), HIDDEN.into()),
    ] {
        let request = format!("POST / HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n{body}");
        let answer = told(address, &request).await;
        assert_eq!(hidden.load(Ordering::Relaxed), 0, "{headers:?}: {answer}");
        assert!(
            answer.matches("HTTP/1.1 ").count() <= 1,
            "{headers:?}: {answer}"
        );
    }
    // It would have been found.
    told(
        address,
        &format!("{QUICK}{HIDDEN}").replace("connection: close", "x: y"),
    )
    .await;
    assert_eq!(hidden.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn another_protocol_is_not_offered() {
    let (address, ..) = counting(Config::default()).await;
    for upgrade in ["h2c", "websocket", "TLS/1.2"] {
        let head = format!(
            "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade, http2-settings\r\nhttp2-settings: AAMAAABkAAQAoAAAAAIAAAAA\r\nupgrade: {upgrade}\r\n\r\n"
        );
        let answer = told(address, &head).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(!answer.contains("upgrade"), "{answer}");
    }
    let connect = "CONNECT evil.test:443 HTTP/1.1\r\nhost: evil.test:443\r\n\r\n";
    assert!(told(address, connect).await.starts_with("HTTP/1.1 40"));
}

#[tokio::test]
async fn a_crowd_that_sends_no_head_holds_up_neither_others_nor_the_end() {
    let config = Config {
        connections_per_client_max: 1000,
        ..Config::default()
    };
    let served = start(config).await;
    let mut crowd = Vec::new();
    for number in 0..150 {
        let mut stream = served.connect().await;
        let sent = ["", "G", "GET / HTTP/1.1\r\nhost: localhost\r\nx: "][number % 3];
        stream.write_all(sent.as_bytes()).await.unwrap();
        crowd.push(stream);
    }
    for _ in 0..10 {
        let quick = timeout(SOON, served.send(QUICK)).await.unwrap();
        assert!(quick.ends_with("quick"), "{quick}");
    }
    served.shutdown.cancel();
    timeout(SOON, served.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_body_that_arrives_during_the_shutdown_is_taken() {
    let (address, _, shutdown) = counting(Config::default()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head =
        "POST / HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server has begun to read the body.
    let mut told = [0; 25];
    stream.read_exact(&mut told).await.unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    shutdown.cancel();
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    stream.write_all(b"hello").await.unwrap();
    let answer = timeout(SOON, read(&mut stream)).await.unwrap();
    assert!(answer.ends_with("quick"), "{answer}");
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let config = Config {
        head_ms_max: 100,
        ..Config::default()
    };
    let served = start(config).await;
    let mut stream = served.connect().await;
    let quick = QUICK.replace("connection: close\r\n", "");
    stream.write_all(quick.as_bytes()).await.unwrap();
    let answer = timeout(SOON, read(&mut stream)).await.unwrap();
    assert!(answer.ends_with("quick"), "{answer}");
}
