//! Requests as no client of ours sends them, to a real server: damaged heads, and damaged bodies of every route that takes
//! one. Whatever comes in, it is answered or hung up on, and nothing is the server's fault.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::{Value, json};

use crate::harness::server::Server;

/// Longer than a server may take for anything here.
const PATIENCE: Duration = Duration::from_secs(8);

/// What the server says when the machine, or the recorded answers, lack something.
const NOT_OURS: [&str; 3] = [
    "CONVERSION_UNAVAILABLE",
    "SERVER_BUSY",
    "UPSTREAM_UNAVAILABLE",
];

/// A server that asks nobody, and limits nobody.
fn server() -> Server {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");
    Server::start(&["--replay", fixtures, "--rate-limit", "0"])
}

/// Sends bytes, and nothing more if they are `all`, and returns what comes back until the server hangs up.
fn said(address: SocketAddr, bytes: &[u8], all: bool) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // A server may hang up before it has read everything.
    let _refused = stream.write_all(bytes);
    if all {
        let _closed = stream.shutdown(Shutdown::Write);
    }
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("it hangs"),
        _ => answer,
    }
}

/// The status of the first response; `None` if the server hung up without one.
fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    std::str::from_utf8(line).ok()?.parse().ok()
}

#[test]
fn damaged_heads() {
    let server = server();
    let host = format!("Host: {}\r\n", server.address);
    let seeds = [
        format!("GET /healthz HTTP/1.1\r\n{host}\r\n"),
        format!(
            "GET /instagram/post/info?url_or_code=CnU4zIh9x_F HTTP/1.1\r\n{host}Accept: */*\r\n\r\n"
        ),
        format!(
            "GET /instagram/profile/posts?username=a.b&limit=50&cursor=eyJ HTTP/1.0\r\n{host}\r\n"
        ),
        format!(
            "POST /instagram/download/post HTTP/1.1\r\n{host}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
        ),
        format!(
            "POST /instagram/download/post HTTP/1.1\r\n{host}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n"
        ),
        format!(
            "GET /instagram/download/file/a_image.jpg HTTP/1.1\r\n{host}Range: bytes=0-1,5-\r\nIf-None-Match: \"x\", W/\"y\"\r\n\r\n"
        ),
        format!(
            "OPTIONS * HTTP/1.1\r\n{host}Origin: https://evil.test\r\nExpect: 100-continue\r\nUpgrade: h2c\r\n\r\n"
        ),
    ];
    let seeds = seeds.map(String::into_bytes);
    ::fuzz::target("heads", &seeds, |input| {
        let answer = said(server.address, input, true);
        let status = status(&answer);
        // Only what the replayed answers lack is nobody's fault.
        let is_ours = |status| status < 500 || status == 502 || status == 503;
        assert!(
            status.is_none_or(is_ours),
            "{}",
            String::from_utf8_lossy(&answer)
        );
    });
}

#[test]
fn damaged_bodies() {
    let server = server();
    let routes = ["post", "reel", "story", "carousel", "batch"];
    let seeds = [
        json!({"url": "https://www.instagram.com/p/x/", "quality": "720p", "download_type": "media", "item": 1, "output_format": "mp4"}),
        json!({"url": "https://www.instagram.com/reel/x/", "video_codec": "h264", "audio_format": "mp3", "include_metadata": true}),
        json!({"username": "some.user", "story_id": "1", "quality": "best"}),
        json!({"url": "x", "include_all": true, "create_zip": true, "selected_items": [1, 2]}),
        json!({"items": [{"type": "post", "url": "https://www.instagram.com/p/x/"}, {"type": "reel", "url": "y"}], "continue_on_error": true}),
    ];
    // The first byte chooses the route.
    let numbered = (0..).zip(seeds);
    let seeds: Vec<_> = numbered
        .map(|(number, body)| [&[number][..], body.to_string().as_bytes()].concat())
        .collect();
    ::fuzz::target("bodies", &seeds, |input| {
        let Some((number, body)) = input.split_first() else {
            return;
        };
        let route = routes[usize::from(*number) % routes.len()];
        let head = format!(
            "POST /instagram/download/{route} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            server.address,
            body.len()
        );
        let answer = said(server.address, &[head.as_bytes(), body].concat(), false);
        let status = status(&answer).unwrap();
        let text = String::from_utf8_lossy(&answer);
        let (_, document) = text.split_once("\r\n\r\n").unwrap();
        let document: Value = serde_json::from_str(document).unwrap();
        if status != 202 {
            // One of the documented refusals, never a fault of the server.
            let code = document["error"]["code"].as_str().unwrap();
            assert!(status < 500 || NOT_OURS.contains(&code), "{text}");
        }
    });
}
