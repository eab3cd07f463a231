//! Shutdown: a signal ends the process with exit code 0 after requests in progress have finished; a second signal ends
//! it at once.

use std::sync::{Mutex, mpsc};

use rustix::process::Signal;
use tokio::{
    io::AsyncWriteExt, net::TcpStream, sync::mpsc::unbounded_channel, task::block_in_place,
};

use crate::harness::{
    server::Server,
    upstream::{Reply, Upstream, reply},
};

const REQUEST: &str = "/instagram/profile/info?username=gramhost";

#[test]
fn a_signal_ends_a_server_with_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = Server::start(&[]);
        server.signal(signal);
        assert_eq!(server.wait().code(), Some(0), "{}", server.log());
    }
}

/// Lines are gathered before they are written.
#[tokio::test]
async fn the_last_lines_of_the_log_are_written_before_the_server_ends() {
    let mut server = Server::start(&[]);
    for number in 0..20 {
        assert_eq!(server.get(&format!("/nothing/{number}")).await.status, 404);
    }
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
    // The line after those of the requests.
    server.logged("stopping").await;
    let log = server.log();
    for number in 0..20 {
        let path = format!("\"path\":\"/nothing/{number}\"");
        assert_eq!(log.matches(&path).count(), 1, "{path} {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_at_work_is_answered_before_the_server_ends() {
    let (asked, mut was_asked) = unbounded_channel();
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let instagram = Upstream::start(move |_| {
        let _over = asked.send(());
        // Returns with an error, and so continues, once the sender is dropped.
        let _free = block_in_place(|| released.lock().unwrap().recv());
        reply(429, &[], "")
    })
    .await;
    let mut server = Server::start(&["--upstream-override", &instagram.origin()]);
    let stop = async {
        was_asked.recv().await.unwrap();
        server.signal(Signal::TERM);
        server.logged("stopping").await;
        drop(release);
    };
    let (answer, ()) = tokio::join!(server.get(REQUEST), stop);
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert_eq!(answer.json["error"]["code"], "UPSTREAM_RATE_LIMITED");
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
}

#[tokio::test]
async fn a_second_signal_does_not_wait_for_requests_at_work() {
    let (asked, mut was_asked) = unbounded_channel();
    let instagram = Upstream::start(move |_| {
        let _over = asked.send(());
        Reply::Stall(Vec::new())
    })
    .await;
    let mut server = Server::start(&["--upstream-override", &instagram.origin()]);
    // Held open until the end: the server would not wait for a client that has disconnected.
    let mut client = TcpStream::connect(server.address).await.unwrap();
    let request = format!("GET {REQUEST} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.write_all(request.as_bytes()).await.unwrap();
    was_asked.recv().await.unwrap();
    server.signal(Signal::TERM);
    server.logged("stopping").await;
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(130), "{}", server.log());
}
