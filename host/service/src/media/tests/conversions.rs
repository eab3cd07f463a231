//! Each conversion, made by the ffmpeg of this machine and checked with its ffprobe, from an outside view.

use serde_json::Value;

use super::{program, *};

/// The properties that ffprobe reports: name and codec of the streams, pixels, seconds.
struct Seen {
    streams: Vec<(String, String)>,
    size: Option<(u64, u64)>,
    duration_s: f64,
    format: String,
}

fn seen(path: &Path) -> Seen {
    let answer = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-show_streams",
            "-show_format",
            "-of",
            "json",
        ])
        .arg(path)
        .output()
        .unwrap();
    assert!(answer.status.success(), "{answer:?}");
    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let streams = answer["streams"].as_array().unwrap();
    let video = streams.iter().find(|s| s["codec_type"] == "video");
    Seen {
        streams: streams
            .iter()
            .map(|stream| (word(&stream["codec_type"]), word(&stream["codec_name"])))
            .collect(),
        size: video.and_then(|s| s["width"].as_u64().zip(s["height"].as_u64())),
        duration_s: word(&answer["format"]["duration"]).parse().unwrap(),
        format: word(&answer["format"]["format_name"]),
    }
}

/// Checks that a file has this container and these streams, and lasts one second.
fn assert_seen(path: &Path, format: &str, streams: &[(&str, &str)]) {
    let seen = seen(path);
    let found: Vec<_> = seen
        .streams
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    assert_eq!(found, streams, "{}", path.display());
    assert!(
        seen.format.contains(format),
        "{} is {}",
        path.display(),
        seen.format
    );
    assert!((seen.duration_s - 1.0).abs() < 0.1, "{} s", seen.duration_s);
}

const H264: (&str, &str) = ("video", "h264");
const AAC: (&str, &str) = ("audio", "aac");
const VIDEOS: [(VideoFormat, &str); 3] = [
    (VideoFormat::Mp4, "mp4"),
    (VideoFormat::Mov, "mov"),
    (VideoFormat::Mkv, "matroska"),
];

#[tokio::test]
async fn a_video_and_its_sound_become_one() {
    let folder = tempfile::tempdir().unwrap();
    let media = program::media(&folder).await;
    let pieces = ["-movflags", "+frag_keyframe+empty_moov+default_base_moof"];
    let video = film(&folder, "v.mp4", &[&["-an"], &pieces[..]].concat());
    let sound = film(&folder, "a.mp4", &[&["-vn"], &pieces[..]].concat());
    for (format, name) in VIDEOS {
        let to = folder.path().join(format!("to.{name}"));
        media
            .film(&video, Some(&sound), &to, plain(format))
            .await
            .unwrap();
        assert_seen(&to, name, &[H264, AAC]);
    }
}

#[tokio::test]
async fn a_video_is_wrapped_anew_with_or_without_its_sound() {
    let folder = tempfile::tempdir().unwrap();
    let media = program::media(&folder).await;
    let from = film(&folder, "from.mp4", &["-metadata", "comment=upstream"]);
    for (format, name) in VIDEOS {
        let to = folder.path().join(format!("to.{name}"));
        media.film(&from, None, &to, plain(format)).await.unwrap();
        assert_seen(&to, name, &[H264, AAC]);
        let bytes = fs::read(&to).unwrap();
        assert!(
            !bytes.windows(8).any(|eight| eight == b"upstream"),
            "{name}"
        );
        let mute = folder.path().join(format!("mute.{name}"));
        // Convert the file that was just created, whatever its format is.
        media
            .film(
                &to,
                None,
                &mute,
                Film {
                    mute: true,
                    ..plain(format)
                },
            )
            .await
            .unwrap();
        assert_seen(&mute, name, &[H264]);
    }
}

#[tokio::test]
async fn a_streamed_video_can_begin_before_all_of_it_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let media = program::media(&folder).await;
    let from = film(&folder, "from.mp4", &[]);
    let to = folder.path().join("to.mp4");
    media
        .film(&from, None, &to, plain(VideoFormat::Mp4))
        .await
        .unwrap();
    let bytes = fs::read(&to).unwrap();
    let place = |name: &[u8]| bytes.windows(4).position(|four| four == name).unwrap();
    assert!(place(b"moov") < place(b"mdat"));
}

#[tokio::test]
async fn sound_is_copied_where_it_fits_and_encoded_where_not() {
    let folder = tempfile::tempdir().unwrap();
    let media = program::media(&folder).await;
    let from = film(&folder, "from.mp4", &[]);
    for (format, name, codec) in [
        (AudioFormat::M4a, "m4a", "aac"),
        (AudioFormat::Aac, "aac", "aac"),
        (AudioFormat::Mp3, "mp3", "mp3"),
        (AudioFormat::Wav, "wav", "pcm_s16le"),
    ] {
        let to = folder.path().join(format!("to.{name}"));
        media.sound(&from, &to, format).await.unwrap();
        assert_seen(&to, name, &[("audio", codec)]);
    }
    let copied = fs::metadata(folder.path().join("to.m4a")).unwrap().len();
    assert!(copied < fs::metadata(&from).unwrap().len());
}

#[tokio::test]
async fn a_video_without_sound_has_none_to_give() {
    let folder = tempfile::tempdir().unwrap();
    let media = program::media(&folder).await;
    let silent = film(&folder, "silent.mp4", &["-an"]);
    let to = folder.path().join("to.mp3");
    let refused = media.sound(&silent, &to, AudioFormat::Mp3).await;
    assert!(matches!(refused, Err(Error::NoSound)), "{refused:?}");
    assert!(!to.exists());
}

#[tokio::test]
async fn a_video_is_scaled_down_and_never_up() {
    let folder = tempfile::tempdir().unwrap();
    let media = program::media(&folder).await;
    let from = film(&folder, "from.mp4", &[]);
    for (side, size) in [
        (91, (160, 90)),
        (90, (160, 90)),
        (180, (320, 180)),
        (720, (320, 180)),
    ] {
        for (format, name) in VIDEOS {
            let to = folder.path().join(format!("{side}.{name}"));
            media
                .film(
                    &from,
                    None,
                    &to,
                    Film {
                        side: Some(side),
                        ..plain(format)
                    },
                )
                .await
                .unwrap();
            assert_eq!(seen(&to).size, Some(size), "{side} {name}");
            assert_seen(&to, name, &[H264, AAC]);
        }
    }
    // The video was not re-encoded: the bytes are the same as without scaling.
    let to = folder.path().join("whole.mp4");
    media
        .film(&from, None, &to, plain(VideoFormat::Mp4))
        .await
        .unwrap();
    let small = fs::read(folder.path().join("720.mp4")).unwrap();
    assert!(small == fs::read(&to).unwrap());
    let to = folder.path().join("tall.mp4");
    let tall = film(&folder, "from-tall.mp4", &["-vf", "transpose"]);
    media
        .film(
            &tall,
            None,
            &to,
            Film {
                side: Some(90),
                ..plain(VideoFormat::Mp4)
            },
        )
        .await
        .unwrap();
    assert_eq!(seen(&to).size, Some((90, 160)));
}

#[tokio::test]
async fn what_a_container_or_a_client_does_not_take_is_encoded_anew() {
    let folder = tempfile::tempdir().unwrap();
    let media = program::media(&folder).await;
    let vp9 = ["-c:v", "libvpx-vp9", "-cpu-used", "8", "-c:a", "libopus"];
    let from = film(&folder, "from.mp4", &vp9);
    let h264 = Film {
        codec: VideoCodec::H264,
        ..plain(VideoFormat::Mp4)
    };
    for (film, name, streams) in [
        (plain(VideoFormat::Mov), "mov", [H264, AAC]),
        (
            plain(VideoFormat::Mp4),
            "mp4",
            [("video", "vp9"), ("audio", "opus")],
        ),
        (
            plain(VideoFormat::Mkv),
            "matroska",
            [("video", "vp9"), ("audio", "opus")],
        ),
        (h264, "mp4", [H264, ("audio", "opus")]),
    ] {
        let to = folder.path().join("to");
        assert_eq!(
            media.is_film(&from, film).await.unwrap(),
            film == plain(VideoFormat::Mp4)
        );
        media.film(&from, None, &to, film).await.unwrap();
        assert_seen(&to, name, &streams);
        assert!(media.is_film(&to, film).await.unwrap(), "{film:?}");
    }
}

#[tokio::test]
async fn the_codec_of_a_sound_is_told_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let media = program::media(&folder).await;
    let mut bytes = fs::read(film(&folder, "from.mp4", &["-vn"])).unwrap();
    let esds = bytes.windows(4).position(|four| four == b"esds").unwrap();
    let tag = bytes[esds..].windows(2).position(|two| two == [0x05, 0x80]);
    // The configuration begins with the type of the sound, after its tag and four bytes of its length.
    let config = esds + tag.unwrap() + 5;
    for (start, codec) in [
        ([0x12, 0x08], "aac"),
        ([0x2a, 0x08], "he-aac"),
        ([0xea, 0x08], "he-aac-v2"),
        ([0xf9, 0x48], "xhe-aac"),
    ] {
        bytes[config..config + 2].copy_from_slice(&start);
        let from = put(&folder, "a.mp4", &bytes);
        let probe = media.probe(&from).await.unwrap();
        assert_eq!(probe.audio_codec.as_deref(), Some(codec));
    }
    let from = folder.path().join("a.mp4");
    let to = folder.path().join("to.mp3");
    let refused = media.sound(&from, &to, AudioFormat::Mp3).await;
    let can = media.abilities().await.decodes("xhe-aac");
    assert!(
        can || matches!(refused, Err(Error::Unavailable)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn what_only_calls_itself_a_video_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let media = program::media(&folder).await;
    let film = film(&folder, "film.mp4", &[]);
    let listed = format!("ffconcat version 1.0\nfile {}\n", film.display());
    let to = folder.path().join("to.mp4");
    for text in [
        "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n",
        &listed,
        "<html><video src=a.mp4></html>",
        "\0\0\0\x14ftypisom\0\0\0\0isom#EXTM3U\nhttp://127.0.0.1:9/a.ts\n",
        "",
    ] {
        let from = put(&folder, "from.mp4", text.as_bytes());
        let refused = media.film(&from, None, &to, plain(VideoFormat::Mp4)).await;
        let known = matches!(refused, Err(Error::NotMedia(_) | Error::Failed(_)));
        assert!(known, "{text:?}: {refused:?}");
        let refused = media.sound(&from, &to, AudioFormat::Wav).await;
        assert!(
            matches!(refused, Err(Error::NotMedia(_))),
            "{text:?}: {refused:?}"
        );
        assert!(!to.exists());
    }
}

#[tokio::test]
async fn a_name_is_never_an_option_or_a_pattern() {
    let folder = tempfile::tempdir().unwrap();
    let media = program::media(&folder).await;
    let film = film(&folder, "film.mp4", &[]);
    for name in ["-y", "%d.mp4", "a:b|c.mp4", "ü é.mp4"] {
        let (from, to) = (
            folder.path().join(name),
            folder.path().join(format!("{name}.mkv")),
        );
        fs::copy(&film, &from).unwrap();
        media
            .film(&from, None, &to, plain(VideoFormat::Mkv))
            .await
            .unwrap();
        assert_seen(&to, "matroska", &[H264, AAC]);
    }
}
