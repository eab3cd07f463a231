//! Tests over real sockets: limits of connections and heads, and graceful shutdown.
#![expect(clippy::unwrap_used, reason = "tests")]

mod raw;

use std::sync::atomic::{AtomicBool, Ordering};

use axum::routing::get;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Notify,
    task::JoinHandle,
};

use super::*;

/// A server whose `/slow` responds when told to.
struct Served {
    address: SocketAddr,
    slow: Arc<Notify>,
    reached: Arc<Notify>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

/// A server that is not about to stop.
fn never() -> Draining {
    Arc::new(|| false)
}

async fn start(config: Config) -> Served {
    start_draining(config, never()).await
}

async fn start_draining(config: Config, draining: Draining) -> Served {
    let (slow, reached) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handler = {
        let (slow, reached) = (Arc::clone(&slow), Arc::clone(&reached));
        move || async move {
            reached.notify_one();
            slow.notified().await;
            "slow"
        }
    };
    let router = Router::new()
        .route("/", get(|| async { "quick" }))
        .route("/slow", get(handler));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(serve(listener, router, config, draining, shutdown.clone()));
    Served {
        address,
        slow,
        reached,
        shutdown,
        task,
    }
}

impl Served {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes and returns everything received until the server closes the connection.
    async fn send(&self, bytes: &str) -> String {
        let mut stream = self.connect().await;
        // A rejected client finds the connection closed, at this step or the next.
        let _sent = stream.write_all(bytes.as_bytes()).await;
        read(&mut stream).await
    }
}

async fn read(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset after the response counts as an end too.
    let _ended = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

const QUICK: &str = "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
const SLOW: &str = "GET /slow HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn a_slow_or_silent_head_is_cut_off() {
    let config = Config {
        head_ms_max: 50,
        ..Config::default()
    };
    let served = start(config).await;
    for head in ["", "GET / HTTP/1.1\r\nhost: loc"] {
        assert!(!served.send(head).await.contains("quick"));
    }
    assert!(served.send(QUICK).await.ends_with("quick"));
}

/// A body that notifies when it is dropped.
struct DropNotice(Arc<Notify>);

impl Drop for DropNotice {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_cut_off() {
    let gone = Arc::new(Notify::new());
    let told = Arc::clone(&gone);
    let endless = move || async move {
        let told = DropNotice(told);
        let pieces = futures_util::stream::repeat_with(move || {
            let _held = &told;
            Ok::<_, Infallible>(bytes::Bytes::from_static(&[0; 65_536]))
        });
        axum::body::Body::from_stream(pieces)
    };
    let router = Router::new().route("/", get(endless));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = Config {
        stall_ms_max: 100,
        ..Config::default()
    };
    tokio::spawn(serve(
        listener,
        router,
        config,
        never(),
        CancellationToken::new(),
    ));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(QUICK.as_bytes()).await.unwrap();
    let cut_off = timeout(Duration::from_secs(20), gone.notified()).await;
    assert!(cut_off.is_ok());
}

/// Clients that keep their connections would otherwise stay with this replica until it is gone.
#[tokio::test]
async fn a_draining_server_ends_each_connection_with_its_next_answer() {
    const KEPT: &str = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let draining = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&draining);
    let asked: Draining = Arc::new(move || flag.load(Ordering::Relaxed));
    let served = start_draining(Config::default(), asked).await;
    let mut stream = served.connect().await;
    for round in 0..2 {
        draining.store(round == 1, Ordering::Relaxed);
        stream.write_all(KEPT.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"quick") {
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0);
        }
        let answer = String::from_utf8(answer).unwrap();
        assert_eq!(answer.contains("connection: close"), round == 1, "{answer}");
    }
    assert_eq!(read(&mut stream).await, "");
}

#[tokio::test]
async fn too_many_or_too_large_headers_are_refused() {
    let served = start(Config::default()).await;
    let many = "a: b\r\n".repeat(65);
    let large = format!("a: {}\r\n", "b".repeat(17 * 1024));
    for headers in [many, large] {
        let head = format!("GET / HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
        refused(&served.send(&head).await, 431);
    }
}

/// Checks a refusal that hyper writes by itself: it is like all others.
fn refused(answer: &str, status: u16) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{answer}"
    );
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains("\r\ncontent-type: application/json\r\n"),
        "{head}"
    );
    assert!(
        head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())),
        "{head}"
    );
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        body["error"]["code"],
        if status == 414 {
            "URI_TOO_LONG"
        } else {
            "INVALID_REQUEST"
        }
    );
    let id = body["error"]["request_id"].as_str().unwrap();
    assert!(
        head.contains(&format!("\r\nx-request-id: {id}\r\n")),
        "{head}"
    );
}

#[tokio::test]
async fn every_head_that_cannot_be_read_is_refused_in_json() {
    let config = Config {
        head_bytes_max: 128 * 1024,
        ..Config::default()
    };
    let served = start(config).await;
    for line in [
        "GET / HTTP/1.1\r\nno colon",
        "G\0T / HTTP/1.1",
        "GET /\x7f HTTP/1.1",
        "GET / HTTP/9.9",
        "\x16\x03\x01\x02",
    ] {
        refused(&served.send(&format!("{line}\r\n\r\n")).await, 400);
    }
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(70 * 1024));
    refused(&served.send(&long).await, 414);
    // Also behind an answer on the same connection.
    let quick = QUICK.replace("connection: close", "connection: keep-alive");
    let answer = served.send(&format!("{quick}nonsense\r\n\r\n")).await;
    let (first, second) = answer.split_once("quick").unwrap();
    assert!(first.starts_with("HTTP/1.1 200"), "{first}");
    refused(second, 400);
}

#[tokio::test]
async fn a_client_that_has_closed_its_side_gets_its_answer() {
    let served = start(Config::default()).await;
    for (request, answer) in [(QUICK, "quick"), (SLOW, "slow")] {
        let mut stream = served.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        if answer == "slow" {
            served.reached.notified().await;
            served.slow.notify_one();
        }
        assert!(read(&mut stream).await.ends_with(answer), "{answer}");
    }
}

/// A client may read only after it has sent everything, as many libraries do.
#[tokio::test]
async fn a_refusal_reaches_a_client_that_still_sends() {
    let served = start(Config::default()).await;
    for head in [
        "POST /nothing HTTP/1.1\r\nhost: localhost\r\n",
        "no head at all\r\n",
    ] {
        let mut stream = served.connect().await;
        let body = vec![b'x'; 8 << 20];
        let head = format!("{head}content-length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 40"), "{answer}");
    }
}

#[tokio::test]
async fn ambiguous_framing_is_refused() {
    let served = start(Config::default()).await;
    for headers in [
        "content-length: 1\r\ncontent-length: 2\r\n",
        "transfer-encoding: xchunked\r\n",
        "host : localhost\r\n",
        "content-length: 5, 5\r\ntransfer-encoding: chunked, identity\r\n",
    ] {
        let head = format!("GET / HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
        refused(&served.send(&head).await, 400);
    }
    let http2 = served.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert!(!http2.contains("200"), "{http2}");
}

#[tokio::test]
async fn an_address_has_so_many_connections() {
    let config = Config {
        connections_per_client_max: 2,
        ..Config::default()
    };
    let served = start(config).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = served.connect().await;
        stream.write_all(SLOW.as_bytes()).await.unwrap();
        served.reached.notified().await;
        held.push(stream);
    }
    assert_eq!(served.send(QUICK).await, "");
    for stream in &mut held {
        served.slow.notify_one();
        assert!(read(stream).await.ends_with("slow"));
    }
    // The permits are free again as soon as the server has noticed that the connections ended.
    while !served.send(QUICK).await.ends_with("quick") {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_last_place_is_waited_for() {
    let config = Config {
        connections_max: 1,
        ..Config::default()
    };
    let served = start(config).await;
    let mut first = served.connect().await;
    first.write_all(SLOW.as_bytes()).await.unwrap();
    served.reached.notified().await;
    let (_, second) = tokio::join!(async { served.slow.notify_one() }, served.send(QUICK));
    assert!(second.ends_with("quick"));
}

#[tokio::test]
async fn shutdown_lets_requests_finish_and_takes_no_new_ones() {
    let served = start(Config::default()).await;
    let mut stream = served.connect().await;
    stream.write_all(SLOW.as_bytes()).await.unwrap();
    served.reached.notified().await;
    served.shutdown.cancel();
    while TcpStream::connect(served.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    served.slow.notify_one();
    assert!(read(&mut stream).await.ends_with("slow"));
    served.task.await.unwrap();
}

#[tokio::test]
async fn shutdown_does_not_wait_longer_than_the_drain_time() {
    let config = Config {
        drain_ms_max: 20,
        ..Config::default()
    };
    let served = start(config).await;
    let mut stream = served.connect().await;
    stream.write_all(SLOW.as_bytes()).await.unwrap();
    served.reached.notified().await;
    served.shutdown.cancel();
    served.task.await.unwrap();
    assert_eq!(read(&mut stream).await, "");
}
