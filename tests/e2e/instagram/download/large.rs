//! Large files cost disk and time, not memory.

use std::{path::Path, process::Command, time::Instant};

use serde_json::json;

use super::{completed, start, start_at};
use crate::harness::{cdn::Cdn, server::Server, upstream::Reply};

/// Maximum growth of memory, KiB.
const GROWTH_KIB_MAX: u64 = 32 << 10;

/// Makes every video longer, to `bytes` in all, with a box at its end that players skip.
pub(super) fn long(body: &[u8], bytes: u64) -> Reply {
    long_of(body, bytes, b"")
}

/// Like [`long`], with content in the box that no other file has.
fn long_of(body: &[u8], bytes: u64, own: &[u8]) -> Reply {
    let zeros = bytes - body.len() as u64 - 16 - own.len() as u64;
    let head = format!("HTTP/1.1 200 X\r\ncontent-length: {bytes}\r\nconnection: close\r\n\r\n");
    let skipped = [
        &1_u32.to_be_bytes()[..],
        b"free",
        &(zeros + 16 + own.len() as u64).to_be_bytes(),
        own,
    ];
    Reply::Long([head.as_bytes(), body, &skipped.concat()].concat(), zeros)
}

/// Peak memory of the server so far as the system counts it, KiB.
pub(super) fn peak_kib(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn half_a_gigabyte_and_a_zip_of_one_grow_memory_by_less_than_32_mib() {
    let (cdn, server) = start(&[]).await;
    // A small download first, so that all permanent memory is allocated.
    completed(
        &server,
        "reel",
        json!({ "url": "DfF-eHzReel", "quality": "720p" }),
    )
    .await;
    completed(
        &server,
        "carousel",
        json!({ "url": "De0N5pLMixd", "quality": "high" }),
    )
    .await;
    let before = peak_kib(&server);

    cdn.misbehave(|seen, _, body| {
        seen.path
            .contains("_hd_n.mp4")
            .then(|| long(body, 500 << 20))
    });
    let began = Instant::now();
    let reel = completed(
        &server,
        "reel",
        json!({ "url": "DfF-eHzReel", "quality": "720p" }),
    )
    .await;
    let one = (began.elapsed().as_secs_f64(), peak_kib(&server) - before);
    assert_eq!(reel["files"][0]["size_mb"], 524.29, "{reel}");

    // Also pictures: zeros after a JPEG are not part of it.
    cdn.misbehave(|seen, _, body| {
        let bytes = if seen.path.contains("_hd_n.mp4") {
            500 << 20
        } else {
            250 << 20
        };
        Some(long(body, bytes))
    });
    let began = Instant::now();
    let zip = completed(
        &server,
        "carousel",
        json!({ "url": "De0N5pLMixd", "quality": "high", "include_metadata": false }),
    )
    .await;
    let all = (began.elapsed().as_secs_f64(), peak_kib(&server) - before);
    println!(
        "one file of 500 MiB: {:.1} s, memory grew by {} KiB",
        one.0, one.1
    );
    println!(
        "a ZIP of {} MB: {:.1} s, memory grew by {} KiB",
        zip["total_size_mb"], all.0, all.1
    );
    assert!(
        one.1 < GROWTH_KIB_MAX && all.1 < GROWTH_KIB_MAX,
        "{one:?} {all:?}"
    );
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_zip_of_twenty_files_of_50_mb_grows_memory_by_less_than_32_mib() {
    const COUNT: usize = 20;
    const BYTES: u64 = 50_000_000;
    let cdn = Cdn::start_with_carousels_of(COUNT).await;
    let server = start_at(&cdn, tempfile::tempdir().unwrap(), &[]);
    let carousel = || json!({ "url": "De0N5pLMixd", "quality": "high", "include_metadata": false });
    // Small downloads first, so that all permanent memory is allocated.
    completed(&server, "carousel", carousel()).await;
    let before = peak_kib(&server);

    cdn.misbehave(|seen, _, body| Some(long_of(body, BYTES, seen.path.as_bytes())));
    let began = Instant::now();
    let zip = completed(&server, "carousel", carousel()).await;
    let (seconds, grown) = (began.elapsed().as_secs_f64(), peak_kib(&server) - before);
    println!(
        "a ZIP of {COUNT} files of 50 MB, {} MB: {seconds:.1} s, memory grew by {grown} KiB",
        zip["total_size_mb"]
    );
    assert!(grown < GROWTH_KIB_MAX, "{grown} KiB");

    // Another tool reads the whole ZIP: each file is complete and occurs once.
    let name = zip["files"][0]["filename"].as_str().unwrap();
    let path = server.folder.path().join("data/files").join(name);
    assert_eq!(entries(&path), format!("{COUNT} {COUNT} [{BYTES}]"));
}

/// The number of entries in a ZIP, how many of them differ, and their lengths.
pub(super) fn entries(zip: &Path) -> String {
    let script = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; i = z.infolist(); print(len(i), len({e.CRC for e in i}), sorted({e.file_size for e in i}))";
    let output = Command::new("python3")
        .args(["-c", script])
        .arg(zip)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
