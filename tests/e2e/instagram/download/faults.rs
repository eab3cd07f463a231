//! Media servers that disconnect, lie, stall or send different content.

use serde_json::json;

use super::{completed, failed, names, start};
use crate::harness::{
    cdn::{honest, media},
    upstream::{Reply, reply},
};

const IMAGE: &str = "DfDjNmTDemo";

/// An honest response, truncated after this many bytes of its body.
fn cut(reply: Reply, body: usize, after: usize) -> Reply {
    let (Reply::Bytes(mut bytes) | Reply::Stall(mut bytes) | Reply::Long(mut bytes, _)) = reply;
    let head = bytes.len() - body;
    bytes.truncate(head + after);
    Reply::Bytes(bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_is_read_on_from_where_it_broke() {
    let (cdn, server) = start(&[]).await;
    cdn.misbehave(|seen, before, body| {
        let whole = honest(seen, body);
        (before == 0).then(|| cut(whole, body.len(), body.len() / 2))
    });
    let status = completed(&server, "post", json!({ "url": IMAGE })).await;
    let bytes = server
        .bytes(status["files"][0]["download_url"].as_str().unwrap())
        .await;
    assert_eq!(bytes, media("/x_1080_n.jpg"));
    assert_eq!(cdn.media_requests(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changed_in_between_is_not_mixed() {
    let (cdn, server) = start(&[]).await;
    cdn.misbehave(|seen, before, body| {
        // The first part of another file; when asked to continue, the server starts over.
        let other = vec![7; body.len()];
        let first = reply(200, &[("etag", "\"other\"")], &other);
        (before == 0)
            .then(|| cut(first, other.len(), other.len() / 2))
            .or_else(|| {
                Some(reply(
                    200,
                    &[("etag", seen.header("x").unwrap_or("\"v2\""))],
                    body,
                ))
            })
    });
    let status = completed(&server, "post", json!({ "url": IMAGE })).await;
    let bytes = server
        .bytes(status["files"][0]["download_url"].as_str().unwrap())
        .await;
    assert_eq!(bytes, media("/x_1080_n.jpg"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_has_expired_is_asked_for_anew() {
    let (cdn, server) = start(&[]).await;
    cdn.misbehave(|_, before, _| (before == 0).then(|| reply(403, &[], "URL signature expired")));
    let status = completed(&server, "post", json!({ "url": IMAGE })).await;
    assert_eq!(names(&status), ["DfDjNmTDemo_image.jpg"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_media_never_becomes_a_file() {
    for body in [
        "<!DOCTYPE html><html></html>",
        "#EXTM3U\n#EXTINF:1\nhttp://127.0.0.1/",
        "MZ\0\0",
        "<svg xmlns='http://www.w3.org/2000/svg'/>",
        "",
    ] {
        let (cdn, server) = start(&[]).await;
        cdn.misbehave(move |_, _, _| Some(reply(200, &[("content-type", "image/jpeg")], body)));
        assert_eq!(
            failed(&server, "post", json!({ "url": IMAGE })).await,
            "UPSTREAM_UNAVAILABLE",
            "{body}"
        );
        let files = std::fs::read_dir(server.folder.path().join("data/files")).unwrap();
        let visible = files.filter(|file| {
            !file
                .as_ref()
                .unwrap()
                .file_name()
                .to_str()
                .unwrap()
                .starts_with('.')
        });
        assert_eq!(visible.count(), 0, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_too_large_is_stopped_whatever_it_announces() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("gramhost.toml"),
        "[limits]\nfile_bytes_max = 1000",
    )
    .unwrap();
    let cdn = crate::harness::cdn::Cdn::start().await;
    let server = super::start_at(&cdn, folder, &[]);
    assert_eq!(
        failed(&server, "post", json!({ "url": IMAGE })).await,
        "FILE_TOO_LARGE"
    );
    cdn.misbehave(|_, _, body| {
        // Without a length, the body ends when the connection closes.
        Some(Reply::Bytes(
            [b"HTTP/1.1 200 X\r\nconnection: close\r\n\r\n", body].concat(),
        ))
    });
    assert_eq!(
        failed(&server, "post", json!({ "url": IMAGE })).await,
        "FILE_TOO_LARGE"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stalls_costs_one_job_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let file = "[limits]\nupstream_idle_ms_max = 200\njob_attempts_max = 1\n";
    std::fs::write(folder.path().join("gramhost.toml"), file).unwrap();
    let cdn = crate::harness::cdn::Cdn::start().await;
    let server = super::start_at(&cdn, folder, &[]);
    cdn.misbehave(|seen, _, body| {
        let stalls = seen.path.contains("demo_demo");
        stalls.then(|| match honest(seen, body) {
            Reply::Bytes(bytes) | Reply::Stall(bytes) | Reply::Long(bytes, _) => {
                Reply::Stall(bytes[..bytes.len() - body.len()].to_vec())
            }
        })
    });
    let (stalled, other) = tokio::join!(
        failed(&server, "post", json!({ "url": IMAGE })),
        completed(
            &server,
            "post",
            json!({ "url": "De0N5pLMixd", "download_type": "image_only" })
        ),
    );
    assert_eq!(stalled, "UPSTREAM_UNAVAILABLE");
    assert_eq!(other["file_count"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_store_is_said_before_there_is_a_job() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("gramhost.toml"),
        "[limits]\ndisk_free_bytes_min = 1000000000000000",
    )
    .unwrap();
    let cdn = crate::harness::cdn::Cdn::start().await;
    let server = super::start_at(&cdn, folder, &[]);
    let answer = server
        .post("/instagram/download/post", &json!({ "url": IMAGE }))
        .await;
    assert_eq!(
        (answer.status, &answer.json["error"]["code"]),
        (503, &json!("STORAGE_FULL")),
        "{}",
        answer.text
    );
    assert!(answer.headers.contains_key("retry-after"));
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_up_fails_its_job_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    // Without a minimum of free space: the disk itself reports that it is full, in the middle of a write.
    std::fs::write(
        folder.path().join("gramhost.toml"),
        "[limits]\ndisk_free_bytes_min = 0",
    )
    .unwrap();
    let cdn = crate::harness::cdn::Cdn::start().await;
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let server = crate::harness::server::Server::start_on_disk_of(4, folder, &flags);
    cdn.misbehave(|_, _, body| {
        // Without an announced length, so that the body cannot be rejected before it arrives.
        let head = b"HTTP/1.1 200 X\r\nconnection: close\r\n\r\n";
        Some(Reply::Long([head, body].concat(), 64 << 20))
    });
    let full = failed(&server, "post", json!({ "url": IMAGE })).await;
    assert_eq!(full, "STORAGE_FULL");
    cdn.misbehave(|_, _, _| None);
    let status = completed(&server, "post", json!({ "url": IMAGE })).await;
    let bytes = server
        .bytes(status["files"][0]["download_url"].as_str().unwrap())
        .await;
    assert_eq!(bytes, media("/x_1080_n.jpg"));
}

/// Each looks like what was asked for, and is not.
#[tokio::test(flavor = "multi_thread")]
async fn junk_is_never_published() {
    let (cdn, server) = start(&[]).await;
    let png = |width: u32| {
        let width = width.to_be_bytes();
        let header = [b"IHDR", &width[..], &width, b"\x08\x02\0\0\0"].concat();
        let chunk = |body: &[u8]| {
            let length = u32::try_from(body.len() - 4).unwrap().to_be_bytes();
            [&length[..], body, &crc32(body).to_be_bytes()].concat()
        };
        let chunks = [
            header,
            b"IDATx\x9c\x03\0\0\0\0\x01".to_vec(),
            b"IEND".to_vec(),
        ];
        let chunks = chunks.iter().flat_map(|body| chunk(body));
        b"\x89PNG\r\n\x1a\n"
            .iter()
            .copied()
            .chain(chunks)
            .collect::<Vec<u8>>()
    };
    let stub = b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x08moov\0\0\0\x08mdat";
    for (what, kind, address, junk) in [
        ("the shell of a video", "reel", "DfF-eHzReel", stub.to_vec()),
        ("the header of a bomb", "post", IMAGE, png(60_000)),
        ("a picture without pixels", "post", IMAGE, png(64)),
        (
            "the shell of a WebP",
            "post",
            IMAGE,
            b"RIFF\x04\0\0\0WEBP".to_vec(),
        ),
        (
            "a ZIP",
            "post",
            IMAGE,
            b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(),
        ),
        ("a sound", "post", IMAGE, b"ID3\x03\0\0\0\0\0\0".repeat(20)),
        (
            "a page",
            "post",
            IMAGE,
            b"<!doctype html><title>x</title>".to_vec(),
        ),
    ] {
        cdn.misbehave(move |_, _, _| Some(reply(200, &[], &junk)));
        let code = failed(&server, kind, json!({ "url": address })).await;
        assert!(
            code != "SERVER_ERROR" && code != "EXTRACTOR_FAILED",
            "{what}: {code}"
        );
        let files = std::fs::read_dir(server.folder.path().join("data/files")).unwrap();
        assert_eq!(files.count(), 1, "{what}: more than the staging folder");
    }
}

/// The checksum of a PNG chunk.
fn crc32(bytes: &[u8]) -> u32 {
    let bit = |sum: u32| (sum >> 1) ^ (0xedb8_8320 * (sum & 1));
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| bit(sum))
    })
}
