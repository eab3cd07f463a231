//! Names of files and ids of jobs that nobody was given, and what a client gets of a file that is its own.

use std::fs;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{accepted, completed, ended, names, start, start_at};
use crate::harness::cdn::Cdn;

const IMAGE: &str = "DfDjNmTDemo";
const IMAGE_FILE: &str = "DfDjNmTDemo_image.jpg";

#[tokio::test(flavor = "multi_thread")]
async fn no_other_spelling_leads_to_a_file_or_to_another_one() {
    let (_cdn, server) = start(&[]).await;
    completed(&server, "post", json!({ "url": IMAGE })).await;
    let long = format!("{}.jpg", "a".repeat(5_000));
    let names = [
        "",
        ".",
        "..",
        "...",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/gramhost.db",
        "%2e%2e%2fgramhost.db",
        "..%5c..%5cgramhost.db",
        "....//gramhost.db",
        "%252e%252e%252fgramhost.db",
        "//etc/passwd",
        "%2fetc%2fpasswd",
        "C:%5Cwindows.jpg",
        "%00",
        ".staging",
        "%2estaging",
        long.as_str(),
        "%c0%af.jpg",
        "%ff.jpg",
        "%",
        "%zz.jpg",
        "caf%C3%A9.jpg",
        "cafe%CC%81.jpg",
        // Beside a file that is there.
        "DfDjNmTDemo_image.jpg.",
        "DfDjNmTDemo_image.jpg%20",
        "%20DfDjNmTDemo_image.jpg",
        "DfDjNmTDemo_image.jpg%00",
        "DfDjNmTDemo_image.jpg%00.png",
        "DfDjNmTDemo_image.jpg%0a",
        "DfDjNmTDemo_image.jpg/.",
        "./DfDjNmTDemo_image.jpg",
        "x/../DfDjNmTDemo_image.jpg",
        "%2e%2fDfDjNmTDemo_image.jpg",
        "..%2ffiles%2fDfDjNmTDemo_image.jpg",
        "dfdjnmtdemo_image.jpg",
        "DfDjNmTDemo_image.JPG",
        "DfDjNmTDemo_image%EF%BC%8Ejpg",
        "DfDjNmTDemo_image.jpg;x",
        "DfDjNmTDemo_image.*",
        "DfDjNmTDemo_image",
    ];
    for name in names {
        let answer = server
            .raw(&format!("/instagram/download/file/{name}"))
            .await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap();
        let error: Value = serde_json::from_str(body).unwrap();
        let code = error["error"]["code"].as_str().unwrap();
        let known = [
            ("404", "FILE_NOT_FOUND"),
            ("404", "NOT_FOUND"),
            ("400", "INVALID_REQUEST"),
        ];
        assert!(known.contains(&(status, code)), "{name}: {answer}");
        assert!(
            !body.contains("data/") && !body.contains("passwd"),
            "{body}"
        );
    }
    // A slash too many leads there, as for every path.
    let path = format!("/instagram/download/file/{IMAGE_FILE}");
    let sent = server.raw(&format!("{path}/")).await;
    assert!(sent.starts_with("HTTP/1.1 308 "), "{sent}");
    assert!(sent.contains(&format!("location: {path}\r\n")), "{sent}");
    let found = server.raw(&path).await;
    assert!(found.starts_with("HTTP/1.1 200 "), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_id_of_a_job_is_random_and_has_one_form() {
    let (_cdn, server) = start(&[]).await;
    let item = json!({ "url": IMAGE, "type": "post" });
    let batch = accepted(&server, "batch", json!({ "items": [item, item] })).await;
    let mut ids = vec![batch["batch_job_id"].clone()];
    let items = batch["items"].as_array().unwrap().iter();
    ids.extend(items.map(|item| item["job_id"].clone()));
    for id in &ids {
        let text = id.as_str().unwrap();
        // Version 4 and its variant; everything else is random.
        let is_random = text.len() == 36 && &text[14..15] == "4" && "89ab".contains(&text[19..20]);
        assert!(is_random, "{text}");
        ended(&server, id).await;
    }
    let own = ids[0].as_str().unwrap();
    let mut next = own.to_owned();
    next.replace_range(35.., if own.ends_with('0') { "1" } else { "0" });
    for other in [
        next.as_str(),
        &own[1..],
        &own[..35],
        &"a".repeat(5_000),
        "job_1",
        "1",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "c232ab00-9414-11ec-b3c8-9f6bdeced846",
        &format!("%7B{own}%7D"),
        &format!("urn:uuid:{own}"),
        &format!("{own}%00"),
        &format!("{own}'--"),
        "%c3%a9",
        "..",
    ] {
        for (method, end) in [
            (Method::GET, ""),
            (Method::DELETE, ""),
            (Method::GET, "/events"),
        ] {
            let path = format!("/instagram/status/{other}{end}");
            let answer = server.send(method.clone(), &path, &[]).await;
            let code = answer.json["error"]["code"].as_str().unwrap();
            // The client makes a path of its own of two dots.
            let known = ["JOB_NOT_FOUND", "NOT_FOUND"].contains(&code);
            assert!(
                answer.status == 404 && known,
                "{method} {other}: {}",
                answer.text
            );
        }
    }
    let known = server.get(&format!("/instagram/status/{own}")).await;
    assert_eq!(known.status, 200);
}

/// No file is a page of this server, and no text of Instagram is in a header.
#[tokio::test(flavor = "multi_thread")]
async fn every_file_is_an_attachment_that_no_browser_runs() {
    let (_cdn, server) = start(&[]).await;
    for (kind, body, content_type) in [
        ("post", json!({ "url": IMAGE }), "image/jpeg"),
        (
            "post",
            json!({ "url": IMAGE, "output_format": "webp", "quality": "low" }),
            "image/webp",
        ),
        ("reel", json!({ "url": "DfF-eHzReel" }), "video/mp4"),
        (
            "reel",
            json!({ "url": "DfF-eHzReel", "download_type": "audio_only" }),
            "audio/mp4",
        ),
        (
            "carousel",
            json!({ "url": "De0N5pLMixd" }),
            "application/zip",
        ),
    ] {
        let status = completed(&server, kind, body).await;
        let path = status["files"][0]["download_url"].as_str().unwrap();
        let name = status["files"][0]["filename"].as_str().unwrap();
        let whole = server.bytes(path).await.len().to_string();
        for method in [Method::GET, Method::HEAD] {
            let coded = [("accept-encoding", "gzip, br, zstd")];
            let answer = server.send(method.clone(), path, &coded).await;
            let header = |name: &str| answer.headers.get(name).map(|it| it.to_str().unwrap());
            assert_eq!(answer.status, 200);
            for (field, value) in [
                ("content-type", Some(content_type)),
                ("content-length", Some(whole.as_str())),
                ("content-encoding", None),
                (
                    "content-disposition",
                    Some(format!("attachment; filename=\"{name}\"").as_str()),
                ),
                ("x-content-type-options", Some("nosniff")),
                (
                    "content-security-policy",
                    Some("sandbox; default-src 'none'"),
                ),
                ("cross-origin-resource-policy", Some("same-origin")),
                ("accept-ranges", Some("bytes")),
            ] {
                assert_eq!(header(field), value, "{method} {name}: {field}");
            }
        }
    }
}

/// Starts a server for any number of requests at once, lets `clients` ask for one post, and returns the number of
/// requests for pages that the answers took.
async fn pages_for(clients: usize) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let settings = "[limits]\nconnections_per_client_max = 1000\nin_flight_per_client_max = 256\n\
                    jobs_waiting_per_client_max = 1000";
    fs::write(folder.path().join("gramhost.toml"), settings).unwrap();
    let cdn = Cdn::start().await;
    let server = start_at(&cdn, folder, &[]);
    let asking = (0..clients).map(|_| accepted(&server, "post", json!({ "url": IMAGE })));
    for told in join_all(asking).await {
        let status = ended(&server, &told["job_id"]).await;
        assert_eq!(names(&status), [IMAGE_FILE]);
    }
    let files = fs::read_dir(server.folder.path().join("data/files")).unwrap();
    let names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "the file and the staging folder: {names:?}");
    assert!(cdn.media_requests() <= clients);
    cdn.other_requests()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_clients_of_one_post_share_its_page_and_its_file() {
    assert_eq!(pages_for(100).await, pages_for(1).await);
}
