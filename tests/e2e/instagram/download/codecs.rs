//! Codecs that a container, a phone or the local ffmpeg cannot take, and pictures that no browser of old shows.

use std::{path::Path, process::Command, sync::LazyLock};

use serde_json::json;

use super::{completed, names, probed, start, start_at};
use crate::harness::{
    cdn::{Cdn, honest, media},
    server::Server,
};

const IMAGE: &str = "DfDjNmTDemo";
const REEL: &str = "DfF-eHzReel";

/// What ffmpeg makes with these arguments.
fn made(name: &str, arguments: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i"])
        .args(arguments)
        .arg(&path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    std::fs::read(path).unwrap()
}

static VP9: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let film = "testsrc=size=1080x1920:rate=5:duration=2";
    made(
        "a.mp4",
        &[
            film,
            "-pix_fmt",
            "yuv420p",
            "-c:v",
            "libvpx-vp9",
            "-cpu-used",
            "8",
            "-deadline",
            "realtime",
        ],
    )
});

static AVIF: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let picture = "color=c=red:size=1080x1350:rate=1:duration=1";
    made(
        "a.avif",
        &[
            picture,
            "-frames:v",
            "1",
            "-pix_fmt",
            "yuv420p",
            "-c:v",
            "libaom-av1",
            "-cpu-used",
            "8",
        ],
    )
});

/// The sound of the stand-in, with the type of xHE-AAC (42) in the configuration of its decoder.
static XHE_AAC: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut sound = media("/x_a64_n.mp4").to_vec();
    let esds = sound.windows(4).position(|four| four == b"esds").unwrap();
    let config = esds
        + sound[esds..]
            .windows(2)
            .position(|two| two == [0x05, 0x80])
            .unwrap();
    // 31 in five bits, then 42 - 32 in six, then what the configuration had.
    (sound[config + 5], sound[config + 6]) = (0xf9, 0x48);
    sound
});

/// A stand-in that offers the large video and the sound in other codecs.
async fn start_with(codecs: [(&'static str, &'static str); 2]) -> (Cdn, Server) {
    let cdn = Cdn::start_as(move |body| {
        let mut text = String::from_utf8_lossy(body).into_owned();
        for (from, to) in codecs {
            text = text.replace(from, to);
        }
        text.into_bytes()
    })
    .await;
    // Made before they are asked for, because that takes time.
    LazyLock::force(&VP9);
    LazyLock::force(&XHE_AAC);
    cdn.misbehave(move |seen, _, _| {
        if codecs[0].1.starts_with("vp09") && seen.path.contains("_d1080_n.mp4") {
            return Some(honest(seen, &VP9));
        }
        (codecs[1].1 == "mp4a.40.42" && seen.path.contains("_a64_n.mp4"))
            .then(|| honest(seen, &XHE_AAC))
    });
    let server = start_at(&cdn, tempfile::tempdir().unwrap(), &[]);
    (cdn, server)
}

const VP9_ONLY: (&str, &str) = ("avc1.64002A", "vp09.00.40.08");
const SAME: (&str, &str) = ("mp4a.40.5", "mp4a.40.5");

#[tokio::test(flavor = "multi_thread")]
async fn a_container_or_a_client_gets_a_codec_that_it_can_take() {
    let (_cdn, server) = start_with([VP9_ONLY, SAME]).await;
    for (body, codec, dimensions) in [
        (json!({ "output_format": "mov" }), "h264", "720x1280"),
        (
            json!({ "output_format": "mov", "quality": "1080p" }),
            "h264",
            "720x1280",
        ),
        (
            json!({ "output_format": "mov", "download_type": "video_only" }),
            "h264",
            "720x1280",
        ),
        (json!({ "output_format": "mkv" }), "vp9", "1080x1920"),
        (json!({}), "vp9", "1080x1920"),
        (json!({ "video_codec": "h264" }), "h264", "720x1280"),
    ] {
        let mut body = body;
        body["url"] = json!(REEL);
        let status = completed(&server, "reel", body.clone()).await;
        let file = &status["files"][0];
        assert_eq!(file["dimensions"], dimensions, "{body}");
        let ending = body["output_format"].as_str().unwrap_or("mp4");
        let name = file["filename"].as_str().unwrap();
        assert!(name.ends_with(ending), "{body}: {name}");
        let bytes = server.bytes(file["download_url"].as_str().unwrap()).await;
        assert_eq!(probed(&bytes, name)["video"], codec, "{body}");
    }
    let refused = server
        .post(
            "/instagram/download/reel",
            &json!({ "url": REEL, "video_codec": "vp8" }),
        )
        .await;
    assert_eq!(
        (refused.status, &refused.json["error"]["code"]),
        (400, &json!("INVALID_PARAMETER"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_that_ffmpeg_cannot_decode_comes_out_of_the_complete_video() {
    let xhe = [("avc1.64002A", "avc1.64002A"), ("mp4a.40.5", "mp4a.40.42")];
    let (_cdn, server) = start_with(xhe).await;
    for (body, name) in [
        (json!({ "audio_format": "mp3" }), "mp3"),
        (json!({ "audio_format": "aac" }), "aac"),
        (json!({ "output_format": "wav" }), "wav"),
        (json!({}), "m4a"),
    ] {
        let mut body = body;
        (body["url"], body["download_type"]) = (json!(REEL), json!("audio_only"));
        let status = completed(&server, "reel", body.clone()).await;
        let file = &status["files"][0];
        assert!(
            file["filename"].as_str().unwrap().ends_with(name),
            "{status}"
        );
        let bytes = server.bytes(file["download_url"].as_str().unwrap()).await;
        assert_eq!(
            probed(&bytes, &format!("a.{name}"))["seconds"],
            2.0,
            "{body}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_avif_is_delivered_as_it_is_and_converted_where_asked() {
    let (cdn, server) = start(&[]).await;
    // Made before it is asked for, because that takes time.
    LazyLock::force(&AVIF);
    cdn.misbehave(|seen, _, _| seen.path.contains("_n.jpg").then(|| honest(seen, &AVIF)));
    let status = completed(&server, "post", json!({ "url": IMAGE })).await;
    assert_eq!(names(&status), ["DfDjNmTDemo_image.avif"]);
    let file = &status["files"][0];
    assert_eq!(file["media_type"], "image/avif");
    assert_eq!(file["dimensions"], "1080x1350");
    let bytes = server.bytes(file["download_url"].as_str().unwrap()).await;
    assert_eq!(bytes, *AVIF);
    for (body, name, dimensions) in [
        (
            json!({ "output_format": "jpg" }),
            "DfDjNmTDemo_image.jpg",
            "1080x1350",
        ),
        (json!({ "quality": "high" }), "DfDjNmTDemo_image", "640x800"),
    ] {
        let mut body = body;
        body["url"] = json!(IMAGE);
        let status = completed(&server, "post", body).await;
        let file = &status["files"][0];
        assert!(
            names(&status)[0].starts_with(name)
                && Path::new(names(&status)[0]).extension().unwrap() == "jpg"
        );
        assert_eq!(file["dimensions"], dimensions);
    }
}
