//! The usual names of codecs, from the texts of a manifest (RFC 6381, ISO/IEC 14496-15, and the registry of mp4ra.org).

/// What a codec codes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Video,
    Sound,
}

/// The usual name of the first codec of a kind in a text such as `avc1.64001F, mp4a.40.2`. If none of them is known, the
/// first part of the first one.
pub(super) fn name(codecs: &str, kind: Kind) -> Option<String> {
    let known = each(codecs).find_map(|codec| known(codec).filter(|(_, of)| *of == kind));
    if let Some((name, _)) = known {
        return Some(name.to_owned());
    }
    let first = each(codecs).next()?.split('.').next()?;
    (!first.is_empty()).then(|| first.to_ascii_lowercase())
}

/// Returns whether one of the codecs is known to be of a kind.
pub(super) fn has(codecs: &str, kind: Kind) -> bool {
    each(codecs).any(|codec| known(codec).is_some_and(|(_, of)| of == kind))
}

/// Returns whether there are only subtitles or pictures.
pub(super) fn is_text_or_picture(codecs: &str) -> bool {
    const TEXTS_AND_PICTURES: [&str; 8] = [
        "stpp", "wvtt", "tx3g", "c608", "c708", "jpeg", "mjpg", "png",
    ];
    let mut codecs = each(codecs).peekable();
    codecs.peek().is_some()
        && codecs.all(|codec| {
            let first = codec
                .split('.')
                .next()
                .unwrap_or(codec)
                .to_ascii_lowercase();
            TEXTS_AND_PICTURES.contains(&&*first)
        })
}

fn each(codecs: &str) -> impl Iterator<Item = &str> {
    codecs
        .split(',')
        .map(str::trim)
        .filter(|codec| !codec.is_empty())
}

fn known(codec: &str) -> Option<(&'static str, Kind)> {
    let codec = codec.to_ascii_lowercase();
    let (first, rest) = codec.split_once('.').unwrap_or((&codec, ""));
    let sound = match (first, rest) {
        ("mp4a", rest) => Some(of_mpeg4(rest)),
        ("opus", _) => Some("opus"),
        ("flac", _) => Some("flac"),
        ("vorbis", _) => Some("vorbis"),
        ("ac-3", _) => Some("ac3"),
        ("ec-3", _) => Some("eac3"),
        ("mp3" | ".mp3", _) => Some("mp3"),
        _ => None,
    };
    let video = match first {
        "avc1" | "avc3" => Some("h264"),
        "hev1" | "hvc1" | "dvh1" | "dvhe" => Some("hevc"),
        "vvc1" | "vvi1" => Some("vvc"),
        "vp08" | "vp8" => Some("vp8"),
        "vp09" | "vp9" => Some("vp9"),
        "av01" => Some("av1"),
        _ => None,
    };
    let sound = sound.map(|name| (name, Kind::Sound));
    sound.or(video.map(|name| (name, Kind::Video)))
}

/// The object type of `mp4a`, and within MPEG-4 audio that of ISO/IEC 14496-3.
fn of_mpeg4(object_type: &str) -> &'static str {
    match object_type {
        "40.5" | "40.05" => "he-aac",
        "40.29" => "he-aac-v2",
        "40.42" => "xhe-aac",
        "40.34" | "69" | "6b" => "mp3",
        "a5" => "ac3",
        "a6" => "eac3",
        "ad" => "opus",
        _ => "aac",
    }
}
