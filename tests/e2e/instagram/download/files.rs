//! Finished files over sockets: ranges of a large one, clients that leave or stop reading, files that end while they are
//! read, and what somebody else puts in their place.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};

use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{interval, timeout},
};

use super::{PATIENCE, completed, large::long, names, start, start_at};
use crate::harness::{
    cdn::Cdn,
    server::{Answer, Server},
};

const IMAGE: &str = "DfDjNmTDemo";
const IMAGE_URL: &str = "/instagram/download/file/DfDjNmTDemo_image.jpg";
/// More than the buffers of two sockets hold.
const LARGE_BYTES: u64 = 24 << 20;

/// A server with a large published file: its path on the disk and in the API.
async fn with_large_file(settings: &str) -> (Cdn, Server, PathBuf, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("gramhost.toml"), settings).unwrap();
    let cdn = Cdn::start().await;
    let server = start_at(&cdn, folder, &[]);
    cdn.misbehave(|_, _, body| Some(long(body, LARGE_BYTES)));
    let reel = json!({ "url": "DfF-eHzReel", "quality": "720p" });
    let status = completed(&server, "reel", reel).await;
    let name = names(&status)[0].to_owned();
    let path = server.folder.path().join("data/files").join(&name);
    (
        cdn,
        server,
        path,
        format!("/instagram/download/file/{name}"),
    )
}

/// Whether the server has this file open.
#[cfg(target_os = "linux")]
fn has_open(server: &Server, path: &Path) -> bool {
    let path = fs::canonicalize(path).unwrap();
    let open = fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap();
    open.flatten()
        .any(|fd| fs::read_link(fd.path()).is_ok_and(|file| file == path))
}

/// Requests a file on a connection of its own and reads the first bytes of the response.
async fn begin(server: &Server, url: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!("GET {url} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut first = [0; 1024];
    stream.read_exact(&mut first).await.unwrap();
    assert!(first.starts_with(b"HTTP/1.1 200"));
    stream
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_or_stops_reading_ends_the_reading() {
    let settings = "[limits]\nresponse_stall_ms_max = 100";
    let (_cdn, server, path, url) = with_large_file(settings).await;
    let leaving = begin(&server, &url).await;
    let stalled = begin(&server, &url).await;
    drop(leaving);
    // Ends when both are gone, and the second one still holds its connection.
    let mut looks = interval(Duration::from_millis(10));
    while has_open(&server, &path) {
        looks.tick().await;
    }
    drop(stalled);
    assert_eq!(server.bytes(&url).await.len() as u64, LARGE_BYTES);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_replaced_or_deleted_is_read_to_its_end() {
    let (_cdn, server, path, url) = with_large_file("").await;
    let content = fs::read(&path).unwrap();
    for what in ["replaced", "deleted"] {
        let mut stream = begin(&server, &url).await;
        match what {
            "replaced" => {
                let other = path.with_extension("part");
                fs::write(&other, vec![1; content.len()]).unwrap();
                fs::rename(&other, &path).unwrap();
            }
            _ => fs::remove_file(&path).unwrap(),
        }
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        let last = 1 << 20;
        let expected = &content[content.len() - last..];
        assert!(rest[rest.len() - last..] == *expected, "{what}");
        // Other bytes are not served to whoever comes later, though there are as many.
        assert_eq!(server.get(&url).await.status, 410, "{what}");
        fs::write(&path, &content).unwrap();
        assert_eq!(server.get(&url).await.status, 200, "{what}");
    }
}

/// Nobody who has begun is cut off, and nobody begins later, also not with the rest.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_expires_while_it_is_read_is_read_to_its_end() {
    let settings = "[limits]\nfile_retention_s = 4";
    let (_cdn, server, path, url) = with_large_file(settings).await;
    let content = fs::read(&path).unwrap();
    let mut stream = begin(&server, &url).await;
    let mut looks = interval(Duration::from_millis(20));
    let expired = async {
        while server.send(Method::HEAD, &url, &[]).await.status != 410 {
            looks.tick().await;
        }
    };
    timeout(PATIENCE, expired).await.expect("the file expires");
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    let last = content.len() - (1 << 20);
    assert!(rest.ends_with(&content[last..]));
    for headers in [
        &[][..],
        &[("range", "bytes=1000-")],
        &[("if-none-match", "*")],
    ] {
        let late = server.send(Method::GET, &url, headers).await;
        let found = (late.status, &late.json["error"]["code"]);
        assert_eq!(found, (410, &json!("FILE_EXPIRED")), "{headers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_ranges_or_none_that_can_be_are_one_answer() {
    let (_cdn, server) = start(&[]).await;
    completed(&server, "post", json!({ "url": IMAGE })).await;
    let whole = server.bytes(IMAGE_URL).await.len();
    let thousand = format!("bytes={}", vec!["0-0,1-1"; 500].join(","));
    for (range, status) in [
        (thousand.as_str(), 200),
        ("bytes=0-9,20-29", 200),
        ("bytes=5-2", 200),
        ("bytes=-0", 416),
        ("bytes=99999999-", 416),
        ("bytes=99999999999999999999-", 416),
        ("bytes=x", 200),
        ("items=0-1", 200),
        ("bytes=0-0", 206),
    ] {
        let answer = server
            .send(Method::GET, IMAGE_URL, &[("range", range)])
            .await;
        assert_eq!(answer.status, status, "{range:.40}");
        let length = answer.headers["content-length"].to_str().unwrap();
        match status {
            200 => assert_eq!(length, whole.to_string(), "{range:.40}"),
            206 => assert_eq!(length, "1"),
            _ => assert_eq!(
                answer.headers["content-range"],
                format!("bytes */{whole}").as_str()
            ),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_are_exact_wherever_a_piece_of_the_disk_ends() {
    let (_cdn, server, path, url) = with_large_file("").await;
    let content = fs::read(&path).unwrap();
    let whole = content.len();
    let piece = 128 << 10;
    for (range, start, end) in [
        ("0-0".to_owned(), 0, 1),
        (format!("{}-{}", piece - 1, piece), piece - 1, piece + 1),
        (format!("{piece}-{}", 2 * piece - 1), piece, 2 * piece),
        (format!("{}-", whole - 1), whole - 1, whole),
        (format!("-{}", piece + 1), whole - piece - 1, whole),
        (format!("{}-{}", whole - 9, whole + 9), whole - 9, whole),
        (format!("7-{}", 5 * piece), 7, 5 * piece + 1),
    ] {
        let address = format!("http://{}{url}", server.address);
        let request = reqwest::Client::new().get(address);
        let request = request.header("range", format!("bytes={range}"));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 206, "{range}");
        let stated = format!("bytes {start}-{}/{whole}", end - 1);
        assert_eq!(response.headers()["content-range"], stated.as_str());
        assert!(
            response.bytes().await.unwrap() == content[start..end],
            "{range}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn something_else_in_the_place_of_a_file_is_not_served_and_blocks_nobody() {
    let (_cdn, server) = start(&[]).await;
    let path = server
        .folder
        .path()
        .join("data/files/DfDjNmTDemo_image.jpg");
    let elsewhere = server.folder.path().join("elsewhere.jpg");
    for what in ["fifo", "link", "folder"] {
        completed(&server, "post", json!({ "url": IMAGE })).await;
        fs::rename(&path, &elsewhere).unwrap();
        match what {
            "fifo" => {
                let mode = rustix::fs::Mode::RUSR;
                rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).unwrap();
            }
            "link" => symlink(&elsewhere, &path).unwrap(),
            _ => fs::create_dir(&path).unwrap(),
        }
        let asking = futures_util::future::join_all((0..40).map(|_| server.get(IMAGE_URL)));
        for answer in timeout(PATIENCE, asking).await.expect(what) {
            assert_eq!(
                (answer.status, &answer.json["error"]["code"]),
                (404, &json!("FILE_NOT_FOUND")),
                "{what}"
            );
        }
        match what {
            "folder" => fs::remove_dir(&path).unwrap(),
            _ => fs::remove_file(&path).unwrap(),
        }
    }
    completed(&server, "post", json!({ "url": IMAGE })).await;
    assert_eq!(server.get(IMAGE_URL).await.status, 200);
}

/// The response to a request for the picture.
async fn handed(server: &Server, headers: &[(&str, &str)]) -> Answer {
    server.send(Method::GET, IMAGE_URL, headers).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_sends_files_itself_is_told_which() {
    let settings = "trusted_proxies = ['127.0.0.1']\nfile_delivery = 'x-accel-redirect:/files/'";
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("gramhost.toml"), settings).unwrap();
    let cdn = Cdn::start().await;
    let server = start_at(&cdn, folder, &[]);
    completed(&server, "post", json!({ "url": IMAGE })).await;
    let redirect = "x-accel-redirect";

    // nginx sends what is asked for, and whole files for several ranges.
    for headers in [
        &[][..],
        &[("range", "bytes=0-9")],
        &[("range", "bytes=0-1,3-4")],
    ] {
        let answer = handed(&server, headers).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""));
        assert_eq!(
            answer.headers[redirect], "/files/DfDjNmTDemo_image.jpg",
            "{headers:?}"
        );
        assert_eq!(answer.headers["content-type"], "image/jpeg");
        assert!(answer.headers.contains_key("etag"));
        assert!(answer.headers.contains_key("content-security-policy"));
        assert!(!answer.headers.contains_key("content-range"));
    }
    let tag = handed(&server, &[]).await.headers["etag"].clone();
    let tag = tag.to_str().unwrap();

    // This server decides everything else.
    for (name, value, status) in [
        ("if-none-match", tag, 304),
        ("if-match", "\"other\"", 412),
        ("range", "bytes=99999999-", 416),
    ] {
        let answer = handed(&server, &[(name, value)]).await;
        assert_eq!(answer.status, status, "{name}");
        assert!(!answer.headers.contains_key(redirect), "{name}");
    }
    // nginx would compare the list with a tag of its own.
    let answer = handed(&server, &[("if-match", tag), ("range", "bytes=0-9")]).await;
    assert_eq!(answer.status, 206);
    assert!(!answer.headers.contains_key(redirect));
    assert_eq!(
        server
            .get("/instagram/download/file/other.jpg")
            .await
            .status,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_without_that_proxy_get_the_bytes() {
    let settings = "trusted_proxies = ['192.0.2.1']\nfile_delivery = 'x-accel-redirect:/files/'";
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("gramhost.toml"), settings).unwrap();
    let cdn = Cdn::start().await;
    let server = start_at(&cdn, folder, &[]);
    completed(&server, "post", json!({ "url": IMAGE })).await;
    let answer = server.get(IMAGE_URL).await;
    assert!(!answer.headers.contains_key("x-accel-redirect"));
    assert!(!answer.text.is_empty());
}
