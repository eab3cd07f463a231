//! Every kind with every part, quality and format: names, types, and the content of the files.

use std::{fs, process::Command};

use serde_json::{Value, json};

use super::{completed, names, probed, start, start_at};
use crate::harness::cdn::{Cdn, media};

const IMAGE: &str = "DfDjNmTDemo";
const CAROUSEL: &str = "De0N5pLMixd";
const REEL: &str = "DfF-eHzReel";

#[tokio::test(flavor = "multi_thread")]
async fn an_image_arrives_byte_for_byte() {
    let (_cdn, server) = start(&[]).await;
    let answer = super::accepted(
        &server,
        "post",
        json!({ "url": format!("https://www.instagram.com/p/{IMAGE}/") }),
    )
    .await;
    assert_eq!(answer["status"], "pending");
    assert_eq!(answer["post_info"]["content_type"], "image");
    let url = answer["status_url"].as_str().unwrap();
    let status = super::ended(&server, &answer["job_id"]).await;
    assert_eq!(status["job_id"], url.rsplit('/').next().unwrap());
    assert_eq!(names(&status), ["DfDjNmTDemo_image.jpg"]);
    let file = &status["files"][0];
    assert_eq!(
        (&file["media_type"], &file["dimensions"]),
        (&json!("image/jpeg"), &json!("1080x1350"))
    );
    let left = status["expires_in_seconds"].as_u64().unwrap();
    assert!((1_700..=1_800).contains(&left), "{left}");
    assert_eq!(status["metadata"]["owner"]["username"], "gramhost.demo");
    let path = file["download_url"].as_str().unwrap();
    let bytes = server.bytes(path).await;
    assert_eq!(bytes, media("/x_1080_n.jpg"));

    let head = server.send(reqwest::Method::HEAD, path, &[]).await;
    assert_eq!(
        head.headers["content-length"],
        bytes.len().to_string().as_str()
    );
    assert_eq!(
        head.headers["content-disposition"],
        "attachment; filename=\"DfDjNmTDemo_image.jpg\""
    );
    assert_eq!(head.headers["cache-control"], "no-cache");
    let part = server
        .send(reqwest::Method::GET, path, &[("range", "bytes=5-9")])
        .await;
    assert_eq!(part.status, 206);
    assert_eq!(part.headers["content-length"], "5");
    assert_eq!(
        part.headers["content-range"],
        format!("bytes 5-9/{}", bytes.len()).as_str()
    );
    let beyond = server
        .send(reqwest::Method::GET, path, &[("range", "bytes=99999999-")])
        .await;
    assert_eq!(
        (beyond.status, &beyond.json["error"]["code"]),
        (416, &json!("RANGE_NOT_SATISFIABLE"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_in_every_quality_and_format() {
    let (_cdn, server) = start(&[]).await;
    for (quality, output, name, dimensions) in [
        ("high", None, "DfDjNmTDemo_image.jpg", "640x800"),
        ("medium", Some("png"), "DfDjNmTDemo_image.png", "480x600"),
        ("low", Some("webp"), "DfDjNmTDemo_image.webp", "320x400"),
        ("best", Some("webp"), "DfDjNmTDemo_image", "1080x1350"),
    ] {
        let body = json!({ "url": IMAGE, "quality": quality, "output_format": output });
        let status = completed(&server, "post", body).await;
        let file = &status["files"][0];
        assert!(
            file["filename"].as_str().unwrap().starts_with(name),
            "{status}"
        );
        assert_eq!(file["dimensions"], dimensions, "{status}");
        let bytes = server.bytes(file["download_url"].as_str().unwrap()).await;
        let (width, height) = dimensions.split_once('x').unwrap();
        let found = probed(&bytes, file["filename"].as_str().unwrap());
        assert_eq!(
            found["size"],
            json!([
                width.parse::<u32>().unwrap(),
                height.parse::<u32>().unwrap()
            ])
        );
    }
    let parts =
        |kind: &str| json!({ "url": CAROUSEL, "download_type": kind, "include_metadata": false });
    let all = completed(&server, "post", parts("media")).await;
    assert_eq!(
        names(&all),
        [
            "De0N5pLMixd_image_1.jpg",
            "De0N5pLMixd_video_2.mp4",
            "De0N5pLMixd_image_3.jpg"
        ]
    );
    assert_eq!(all["metadata"], Value::Null);
    assert_eq!(all["file_count"], 3);
    let videos = completed(&server, "post", parts("video_only")).await;
    assert_eq!(names(&videos).len(), 1);
    let images = completed(&server, "post", parts("image_only")).await;
    assert_eq!(names(&images).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reel_in_every_part_quality_and_format() {
    let (_cdn, server) = start(&[]).await;
    for (body, ending, video, audio, size) in [
        (json!({}), "mp4", "h264", "aac", [1080, 1920]),
        (
            json!({ "quality": "1080p" }),
            "mp4",
            "h264",
            "aac",
            [1080, 1920],
        ),
        (
            json!({ "quality": "720p" }),
            "mp4",
            "h264",
            "aac",
            [720, 1280],
        ),
        (
            json!({ "quality": "480p" }),
            "mp4",
            "h264",
            "aac",
            [480, 854],
        ),
        (
            json!({ "quality": "360p", "output_format": "mkv" }),
            "mkv",
            "h264",
            "aac",
            [360, 640],
        ),
        (
            json!({ "output_format": "mov" }),
            "mov",
            "h264",
            "aac",
            [1080, 1920],
        ),
        (
            json!({ "download_type": "video_only" }),
            "mp4",
            "h264",
            "",
            [1080, 1920],
        ),
        (
            json!({ "download_type": "audio_only" }),
            "m4a",
            "",
            "aac",
            [0, 0],
        ),
        (
            json!({ "download_type": "audio_only", "audio_format": "m4a" }),
            "m4a",
            "",
            "aac",
            [0, 0],
        ),
        (
            json!({ "download_type": "audio_only", "audio_format": "aac" }),
            "aac",
            "",
            "aac",
            [0, 0],
        ),
        (
            json!({ "download_type": "audio_only", "audio_format": "mp3" }),
            "mp3",
            "",
            "mp3",
            [0, 0],
        ),
        (
            json!({ "download_type": "audio_only", "output_format": "wav" }),
            "wav",
            "",
            "pcm_s16le",
            [0, 0],
        ),
    ] {
        let mut body = body;
        body["url"] = json!(REEL);
        let status = completed(&server, "reel", body.clone()).await;
        let file = &status["files"][0];
        let name = file["filename"].as_str().unwrap();
        let what = if video.is_empty() { "audio" } else { "video" };
        assert!(
            name.starts_with(&format!("{REEL}_{what}")) && name.ends_with(ending),
            "{body}: {name}"
        );
        let bytes = server.bytes(file["download_url"].as_str().unwrap()).await;
        let found = probed(&bytes, name);
        let codec = |name: &str| {
            if name.is_empty() {
                Value::Null
            } else {
                json!(name)
            }
        };
        assert_eq!(
            (&found["video"], &found["audio"]),
            (&codec(video), &codec(audio)),
            "{body}"
        );
        assert_eq!(found["seconds"], 2.0, "{body}");
        if size[0] > 0 {
            assert_eq!(found["size"], json!(size), "{body}");
            assert_eq!(
                file["dimensions"],
                format!("{}x{}", size[0], size[1]),
                "{body}"
            );
        } else {
            assert_eq!(file["dimensions"], Value::Null);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carousel_is_a_zip_that_other_tools_open() {
    let (_cdn, server) = start(&[]).await;
    let answer = super::accepted(
        &server,
        "carousel",
        json!({ "url": CAROUSEL, "quality": "medium" }),
    )
    .await;
    assert_eq!(
        answer["carousel_info"],
        json!({ "post_id": CAROUSEL, "item_count": 3, "output_format": "zip" })
    );
    let status = super::ended(&server, &answer["job_id"]).await;
    assert_eq!(names(&status), ["De0N5pLMixd_carousel.zip"], "{status}");
    let bytes = server
        .bytes(status["files"][0]["download_url"].as_str().unwrap())
        .await;
    let entries = entries(&bytes);
    assert_eq!(
        entries,
        [
            "De0N5pLMixd_image_1.jpg",
            "De0N5pLMixd_video_2.mp4",
            "De0N5pLMixd_image_3.jpg",
            "metadata.json"
        ]
    );
    let bare = completed(
        &server,
        "carousel",
        json!({ "url": CAROUSEL, "include_metadata": false }),
    )
    .await;
    let bytes = server
        .bytes(bare["files"][0]["download_url"].as_str().unwrap())
        .await;
    assert_eq!(self::entries(&bytes).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn stories_come_one_by_one_or_as_a_zip() {
    let cdn = Cdn::start().await;
    let home = tempfile::tempdir().unwrap();
    let cookies = ".instagram.com\tTRUE\t/\tTRUE\t0\tsessionid\tmade-up\n";
    fs::write(home.path().join("cookies.txt"), cookies).unwrap();
    let server = start_at(&cdn, home, &["--cookies", "cookies.txt"]);
    let body = |format: &str| json!({ "username": "story.legacy", "format": format, "include_expired": true });
    let answer = super::accepted(&server, "story", body("individual")).await;
    let count = answer["story_info"]["active_stories_count"]
        .as_u64()
        .unwrap();
    assert_eq!(answer["story_info"]["format"], "individual");
    let status = super::ended(&server, &answer["job_id"]).await;
    assert_eq!(status["file_count"], count, "{status}");
    assert!(
        names(&status)
            .iter()
            .all(|name| name.starts_with("story.legacy_story_")),
        "{status}"
    );
    let zip = completed(&server, "story", body("zip")).await;
    assert_eq!(names(&zip), ["story.legacy_stories.zip"]);
    let bytes = server
        .bytes(zip["files"][0]["download_url"].as_str().unwrap())
        .await;
    assert_eq!(entries(&bytes).len() as u64, count);
}

#[tokio::test(flavor = "multi_thread")]
async fn videos_of_posts_and_stories_in_every_quality() {
    let cdn = Cdn::start().await;
    let home = tempfile::tempdir().unwrap();
    let cookies = ".instagram.com\tTRUE\t/\tTRUE\t0\tsessionid\tmade-up\n";
    fs::write(home.path().join("cookies.txt"), cookies).unwrap();
    let server = start_at(&cdn, home, &["--cookies", "cookies.txt"]);
    for (quality, size) in [
        ("best", "1080x1920"),
        ("720p", "720x1280"),
        ("480p", "480x854"),
        ("360p", "360x640"),
    ] {
        let body = json!({ "url": CAROUSEL, "download_type": "video_only", "quality": quality });
        let status = completed(&server, "post", body).await;
        assert_eq!(status["files"][0]["dimensions"], size, "{quality}");
    }
    for (quality, video, image) in [
        ("best", "1080x1920", "1080x1350"),
        ("high", "720x1280", "720x900"),
        ("medium", "540x960", "540x675"),
        ("low", "360x640", "360x450"),
    ] {
        let body = json!({ "username": "story.xdt", "quality": quality });
        let status = completed(&server, "story", body).await;
        for file in status["files"].as_array().unwrap() {
            let is_video = file["media_type"] == "video/mp4";
            assert_eq!(
                file["dimensions"],
                if is_video { video } else { image },
                "{status}"
            );
        }
    }
}

/// The names in a ZIP as Python's `zipfile` reads them, after it has checked every byte.
fn entries(bytes: &[u8]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    fs::write(&path, bytes).unwrap();
    let script = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print('\\n'.join(z.namelist()))";
    let output = Command::new("python3")
        .args(["-c", script])
        .arg(&path)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}
