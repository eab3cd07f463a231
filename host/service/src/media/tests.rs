//! Files that are not media are rejected before anything runs on them; measured values agree with ffprobe.
#![expect(clippy::unwrap_used, reason = "tests")]

mod conversions;
mod fuzz;
mod hostile;
mod limits;
mod pictures;
mod program;
mod stills;
mod whole;

use std::{fs, io::Cursor, process::Command};

use image::{ImageFormat as Format, RgbImage};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

fn media() -> Media {
    Media::without_ffmpeg(Config::new(PathBuf::from("/nonexistent")))
}

/// A video in this container, otherwise unchanged.
fn plain(format: VideoFormat) -> Film {
    Film {
        format: Some(format),
        codec: VideoCodec::Any,
        side: None,
        mute: false,
    }
}

fn put(folder: &TempDir, name: &str, contents: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, contents).unwrap();
    path
}

fn picture(width: u32, height: u32, format: Format) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 7]))
        .write_to(&mut bytes, format)
        .unwrap();
    bytes.into_inner()
}

/// The checksum at the end of a PNG chunk.
fn crc32(bytes: &[u8]) -> u32 {
    let bit = |sum: u32| (sum >> 1) ^ (0xedb8_8320 * (sum & 1));
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| bit(sum))
    })
}

fn film(folder: &TempDir, name: &str, more: &[&str]) -> PathBuf {
    let path = folder.path().join(name);
    let arguments = [
        "-nostdin",
        "-loglevel",
        "error",
        "-f",
        "lavfi",
        "-i",
        "testsrc=size=320x180:rate=25:duration=1",
        "-f",
        "lavfi",
        "-i",
        "sine=duration=1",
        "-pix_fmt",
        "yuv420p",
        "-shortest",
    ];
    let made = Command::new("ffmpeg")
        .args(arguments)
        .args(more)
        .arg(&path)
        .status();
    assert!(
        made.unwrap().success(),
        "ffmpeg, which `make setup` installs"
    );
    path
}

#[tokio::test]
async fn pictures_are_scaled_down_and_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let from = put(&folder, "a.jpg", &picture(400, 500, Format::Jpeg));
    for (format, width, kind, size) in [
        (ImageFormat::Webp, Some(200), Type::Webp, (200, 250)),
        (ImageFormat::Png, None, Type::Png, (400, 500)),
        (ImageFormat::Jpg, Some(4000), Type::Jpeg, (400, 500)),
    ] {
        let to = folder.path().join("to");
        media().image(&from, &to, format, width).await.unwrap();
        let probe = media().probe(&to).await.unwrap();
        assert_eq!(
            (probe.kind, probe.width.zip(probe.height)),
            (kind, Some(size))
        );
    }
}

#[tokio::test]
async fn a_picture_of_too_many_pixels_is_refused_by_its_header() {
    let folder = tempfile::tempdir().unwrap();
    let mut bomb = picture(8, 8, Format::Png);
    // Set the width and height in the header chunk, and its checksum, so that only the size is wrong.
    bomb[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    let checksum = crc32(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&checksum.to_be_bytes());
    let from = put(&folder, "a.png", &bomb);
    let to = folder.path().join("to");
    let refused = media().image(&from, &to, ImageFormat::Png, None).await;
    assert!(matches!(refused, Err(Error::TooLarge(_))), "{refused:?}");
    assert!(!to.exists());
    let config = Config {
        pixels_max: 100,
        ..Config::new(PathBuf::new())
    };
    let from = put(&folder, "b.png", &picture(20, 20, Format::Png));
    let refused = Media::without_ffmpeg(config)
        .image(&from, &to, ImageFormat::Jpg, None)
        .await;
    assert!(matches!(refused, Err(Error::TooLarge(_))), "{refused:?}");
}

#[test]
fn only_media_are_media() {
    for text in [
        "<html>",
        "<svg xmlns='x'/>",
        "#EXTM3U\n",
        "ffconcat version 1.0",
        "MZ\0\0\0",
        "\x7fELF",
        "#!/bin/sh",
        "",
    ] {
        assert_eq!(sniff(text.as_bytes()), None, "{text:?}");
    }
    assert_eq!(sniff(&picture(1, 1, Format::Png)), Some(Type::Png));
    for brand in [
        "isom", "iso5", "iso6", "iso8", "iso9", "dash", "cmfc", "msdh", "mp42",
    ] {
        let head = format!("\0\0\0\x18ftyp{brand}\0\0\0\0");
        assert_eq!(sniff(head.as_bytes()), Some(Type::Mp4), "{brand}");
    }
}

#[tokio::test]
async fn without_ffmpeg_conversions_say_so_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let from = film(&folder, "a.mp4", &[]);
    let to = folder.path().join("to.mkv");
    assert!(!media().abilities().await.converts());
    for refused in [
        media()
            .film(&from, None, &to, plain(VideoFormat::Mkv))
            .await,
        media().sound(&from, &to, AudioFormat::Mp3).await,
        media()
            .film(
                &from,
                None,
                &to,
                Film {
                    side: Some(90),
                    ..plain(VideoFormat::Mp4)
                },
            )
            .await,
    ] {
        assert!(matches!(refused, Err(Error::Unavailable)), "{refused:?}");
    }
    let probe = media().probe(&from).await.unwrap();
    assert_eq!(probe.width.zip(probe.height), Some((320, 180)));
}

#[tokio::test]
async fn the_boxes_of_an_mp4_say_what_ffprobe_says() {
    let folder = tempfile::tempdir().unwrap();
    for (name, more) in [
        ("plain.mp4", &[][..]),
        ("fast.mp4", &["-movflags", "+faststart"]),
        (
            "pieces.mp4",
            &["-g", "5", "-movflags", "+frag_keyframe+empty_moov"],
        ),
        (
            "dash.mp4",
            &["-g", "5", "-movflags", "+frag_keyframe+empty_moov+dash"],
        ),
        (
            "one-index.mp4",
            &[
                "-g",
                "5",
                "-movflags",
                "+frag_keyframe+empty_moov+dash+global_sidx",
            ],
        ),
        ("a.mov", &[]),
    ] {
        let path = film(&folder, name, more);
        let probe = media().probe(&path).await.unwrap();
        assert_eq!(probe.width.zip(probe.height), Some((320, 180)), "{name}");
        assert_eq!(probe.video_codec.as_deref(), Some("h264"), "{name}");
        assert_eq!(probe.audio_codec.as_deref(), Some("aac"), "{name}");
        // In this file, only the fragments state the duration.
        let known = name != "pieces.mp4";
        assert_eq!(probe.duration_s.is_some(), known, "{name}");
        let wrong = probe.duration_s.map_or(0.0, |s| (s - 1.0).abs());
        assert!(wrong < 0.1, "{name}: {:?}", probe.duration_s);
    }
    let silent = film(&folder, "silent.mp4", &["-an"]);
    assert_eq!(media().probe(&silent).await.unwrap().audio_codec, None);
}

#[tokio::test]
async fn a_truncated_mp4_is_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let pieces = ["-movflags", "+frag_keyframe+empty_moov+dash"];
    for more in [&["-movflags", "+faststart"][..], &pieces] {
        let whole = fs::read(film(&folder, "a.mp4", &[more, &["-y"]].concat())).unwrap();
        for length in (0..whole.len()).step_by(64) {
            let path = put(&folder, "cut.mp4", &whole[..length]);
            // Both results are fine; it only has to return.
            let _ = media().probe(&path).await;
        }
    }
}

#[test]
fn a_video_in_pieces_may_say_how_long_all_of_them_are() {
    let boxed = |name: &[u8; 4], body: &[u8]| {
        let size = u32::try_from(8 + body.len()).unwrap();
        [&size.to_be_bytes(), &name[..], body].concat()
    };
    let mut mvhd = [0; 100];
    mvhd[12..16].copy_from_slice(&1000_u32.to_be_bytes());
    let mehd = boxed(b"mehd", &[0, 0, 0, 0, 0, 0, 0x09, 0xc4]);
    let moov = [boxed(b"mvhd", &mvhd), boxed(b"mvex", &mehd)].concat();
    let mut file = Cursor::new(boxed(b"moov", &moov));
    let probe = boxes::probe(&mut file, nothing()).unwrap();
    assert_eq!(probe.duration_s, Some(2.5));
}

fn nothing() -> Probe {
    Probe {
        kind: Type::Mp4,
        width: None,
        height: None,
        duration_s: None,
        video_codec: None,
        audio_codec: None,
    }
}

proptest! {
    #[test]
    fn garbage_boxes_are_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut file = vec![0, 0, 0, 16, b'f', b't', b'y', b'p', 0, 0, 0, 0, 0, 0, 0, 0];
        for name in [b"sidx", b"moov"] {
            let size = u32::try_from(8 + bytes.len()).unwrap();
            file.extend(size.to_be_bytes());
            file.extend(name);
            file.extend(&bytes);
        }
        let _ = boxes::probe(&mut Cursor::new(file), nothing());
    }

    #[test]
    fn a_film_with_wrong_bytes_is_no_panic(wrong in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..40)) {
        static FILM: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
            let folder = tempfile::tempdir().unwrap();
            fs::read(film(&folder, "a.mp4", &["-movflags", "+faststart"])).unwrap()
        });
        let mut file = FILM.clone();
        // Only the part of the file that contains the boxes is altered.
        for (index, byte) in wrong {
            file[index.index(4096)] = byte;
        }
        let _ = boxes::probe(&mut Cursor::new(file), nothing());
    }
}
