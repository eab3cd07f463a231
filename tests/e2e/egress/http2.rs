//! What a server of HTTP/2 may send without end, and what that costs: a moment, and little memory.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::yield_now;

use super::{
    PUBLIC, SHORT_MS, World,
    certificates::GOOD,
    namespace::entered,
    origin::{Encrypted, encrypted},
};

/// What all floods together may cost at any moment; they send gigabytes. The most are interim responses that one task has
/// read and another one has not yet thrown away.
const MEMORY_BYTES_MAX: u64 = 256 << 20;
/// How long the longest may take: the limits of an extraction, and a busy machine.
const TIME_MAX: Duration = Duration::from_secs(30);

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_HEADERS: u8 = 4;
/// The header block of `:status: 200`.
const OK: [u8; 1] = [0x88];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = (payload.len() as u32).to_be_bytes();
    [&length[..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header block with a long header that is kept, and then named again and again: a byte each.
fn bomb() -> Vec<u8> {
    let value = vec![b'a'; 4_000];
    // A literal with indexing: a name of one byte, and a value whose length takes three.
    let kept = [&[0x88, 0x40, 1, b'x', 0x7f, 0xa1, 0x1e][..], &value].concat();
    [kept, vec![0xbe; 12_000]].concat()
}

/// What is sent once, and what is then sent again and again.
struct Flood {
    name: &'static str,
    first: Vec<u8>,
    then: Vec<u8>,
}

fn floods() -> Vec<Flood> {
    let flood = |name, first: Vec<u8>, then: Vec<u8>| Flood { name, first, then };
    // A literal that is never kept: a name of one byte, and a value of 100.
    let header = [&[0x10, 1, b'y', 100][..], &[b'a'; 100]].concat();
    let response = frame(HEADERS, END_HEADERS, 1, &OK);
    let nothing = Vec::new();
    vec![
        flood(
            "headers without an end",
            frame(HEADERS, 0, 1, &OK),
            frame(CONTINUATION, 0, 1, &header.repeat(100)),
        ),
        flood(
            "empty continuations",
            frame(HEADERS, 0, 1, &OK),
            frame(CONTINUATION, 0, 1, &[]),
        ),
        flood(
            "a bomb of headers",
            frame(HEADERS, END_HEADERS, 1, &bomb()),
            nothing.clone(),
        ),
        flood(
            "interim responses",
            nothing.clone(),
            frame(HEADERS, END_HEADERS, 1, b"\x08\x03103"),
        ),
        flood("empty data", response.clone(), frame(DATA, 0, 1, &[])),
        flood(
            "a byte at a time with padding",
            response.clone(),
            frame(DATA, 8, 1, &[10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ),
        flood(
            "more data than there is room for",
            response.clone(),
            frame(DATA, 0, 1, &[0; 16_000]),
        ),
        flood(
            "resets",
            response.clone(),
            frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]),
        ),
        flood(
            "resets of what was never opened",
            nothing.clone(),
            frame(RST_STREAM, 0, 99, &[0, 0, 0, 8]),
        ),
        flood(
            "settings",
            nothing.clone(),
            frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 9]),
        ),
        flood("pings", nothing.clone(), frame(PING, 0, 0, &[7; 8])),
        flood(
            "priorities",
            nothing.clone(),
            frame(PRIORITY, 0, 1, &[0, 0, 0, 3, 1]),
        ),
        flood(
            "window updates",
            nothing.clone(),
            frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]),
        ),
        flood(
            "unknown frames",
            nothing.clone(),
            frame(0xfa, 0, 1, &[0; 1000]),
        ),
        flood(
            "promises",
            nothing.clone(),
            frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2, 0x82]),
        ),
        flood(
            "a frame that is too long",
            vec![0xff, 0xff, 0xff, DATA, 0, 0, 0, 0, 1],
            vec![0; 16_000],
        ),
        flood(
            "what is no frame",
            b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
            nothing.clone(),
        ),
        flood(
            "no window",
            frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]),
            nothing.clone(),
        ),
        flood("no body", response, nothing.clone()),
        flood(
            "goodbye",
            frame(GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 0]),
            nothing,
        ),
    ]
}

/// Speaks HTTP/2 as a flood does, until the other side has had enough.
fn speak(mut stream: Encrypted, flood: &Flood, requests: &AtomicUsize) -> io::Result<()> {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface)?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[]))?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        io::copy(&mut (&mut stream).take(length.into()), &mut io::sink())?;
        if head[3] == HEADERS {
            break;
        }
    }
    requests.fetch_add(1, Ordering::Relaxed);
    stream.write_all(&flood.first)?;
    stream.flush()?;
    if flood.then.is_empty() {
        // Until it is closed.
        return io::copy(&mut stream, &mut io::sink()).map(drop);
    }
    let many = flood.then.repeat(64_000 / flood.then.len());
    loop {
        stream.write_all(&many)?;
    }
}

/// The most memory that the server has had so far.
fn memory(world: &World) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", world.server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse::<u64>()
        .unwrap()
        << 10
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_sends_without_end_costs_a_moment() {
    if !entered("egress::http2::what_a_server_sends_without_end_costs_a_moment") {
        return;
    }
    let world = World::start(SHORT_MS, &[]).await;
    world.serves("the start").await;
    let before = memory(&world);
    let config = world.authority.server(GOOD, &["h2"]);
    for flood in floods() {
        let (name, flood) = (flood.name, Arc::new(flood));
        let [requests, ends]: [Arc<AtomicUsize>; 2] = Default::default();
        let (config, begun, ended) = (
            Arc::clone(&config),
            Arc::clone(&requests),
            Arc::clone(&ends),
        );
        world.origin.treat(move |stream| {
            // Either side may leave.
            let _left = encrypted(stream, &config).and_then(|it| speak(it, &flood, &begun));
            ended.fetch_add(1, Ordering::Relaxed);
        });
        world.names.lead_to(&[PUBLIC]);
        let began = Instant::now();
        world.is_refused(name, "not fetched").await;
        let took = began.elapsed();
        assert!(took < TIME_MAX, "{name}: {took:?}");
        let more = memory(&world).saturating_sub(before);
        assert!(more < MEMORY_BYTES_MAX, "{name}: {} MiB", more >> 20);
        world.serves(name).await;
        // No connection is left to go on for ever.
        let began = Instant::now();
        while ends.load(Ordering::Relaxed) < requests.load(Ordering::Relaxed) {
            assert!(
                began.elapsed() < TIME_MAX,
                "{name}: {ends:?} of {requests:?} have ended"
            );
            yield_now().await;
        }
        println!(
            "{name}: {took:?}, {} MiB more, {requests:?} requests",
            more >> 20
        );
    }
}
