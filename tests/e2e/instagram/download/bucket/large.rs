//! Large files pass through a server without being in its memory.
#![cfg(target_os = "linux")]

use std::time::Instant;

use serde_json::json;

use super::{super::large::peak_kib, *};

const BYTES: u64 = 210_000_000;
/// Two parts of 8 MiB, what hashing and sending them needs, and what one download needs in any case, KiB.
const GROWTH_KIB_MAX: u64 = 64 << 10;

#[tokio::test(flavor = "multi_thread")]
async fn files_of_210_mb_grow_memory_by_less_than_64_mib() {
    let (cdn, place) = (Cdn::start().await, Place::new());
    let server = place.serve(&cdn);
    let reel = || json!({ "url": "DfF-eHzReel", "quality": "720p" });
    // A small one first, so that all permanent memory is allocated.
    let small = completed(&server, "reel", reel()).await;
    server.bytes(&url_of(&small)).await;
    let before = peak_kib(&server);
    cdn.misbehave(|_, _, body| Some(long(body, BYTES)));
    let began = Instant::now();
    let status = completed(&server, "reel", reel()).await;
    let downloaded = began.elapsed().as_secs_f64();
    let published_kib = peak_kib(&server) - before;
    let began = Instant::now();
    let mut response = server.stream(&url_of(&status)).await;
    let mut read = 0;
    while let Some(piece) = response.chunk().await.unwrap() {
        read += piece.len() as u64;
    }
    let served = began.elapsed().as_secs_f64();
    let grown = peak_kib(&server) - before;
    let mb = BYTES as f64 / 1e6;
    println!(
        "210 MB: download and upload {downloaded:.2} s ({:.0} MB/s), memory grew by {published_kib} KiB; \
         served in {served:.2} s ({:.0} MB/s), {grown} KiB in all; peak {} KiB",
        mb / downloaded,
        mb / served,
        peak_kib(&server)
    );
    assert_eq!(read, BYTES);
    assert!(grown < GROWTH_KIB_MAX, "{grown} KiB");
}

/// Neither the whole file nor much of it is held for somebody who does not read it.
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_stop_reading_hold_only_a_few_pieces() {
    const CLIENTS: usize = 16;
    let (cdn, place) = (Cdn::start().await, Place::new());
    let server = place.serve(&cdn);
    cdn.misbehave(|_, _, body| Some(long(body, BYTES)));
    let reel = json!({ "url": "DfF-eHzReel", "quality": "720p" });
    let url = url_of(&completed(&server, "reel", reel).await);
    drop(server.stream(&url).await);
    let before = peak_kib(&server);
    let mut stalled = Vec::new();
    for _ in 0..CLIENTS {
        let mut response = server.stream(&url).await;
        response.chunk().await.unwrap().unwrap();
        stalled.push(response);
    }
    // Until nothing more is taken from the store.
    let (mut looks, mut peaks) = (interval(Duration::from_millis(100)), vec![before]);
    while peaks.len() < 10
        || peaks[peaks.len() - 10..]
            .iter()
            .any(|peak| *peak != peaks[peaks.len() - 1])
    {
        looks.tick().await;
        peaks.push(peak_kib(&server));
    }
    let grown = peak_kib(&server) - before;
    println!("{CLIENTS} clients that stall: memory grew by {grown} KiB");
    assert!(grown < 32 << 10, "{grown} KiB");
    drop(stalled);
}
