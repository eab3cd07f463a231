//! What a file is, by its first bytes alone; and the formats that clients may ask for.

use std::{
    fs::File,
    io::{Read as _, Seek as _},
    path::Path,
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use super::{Error, Probe, boxes};

/// What is read to tell, bytes.
const HEAD_BYTES: u64 = 512;

/// Every type of file that comes from Instagram or goes to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their own names")]
pub enum Type {
    Jpeg,
    Png,
    Webp,
    Heic,
    Mp4,
    Mkv,
    Mov,
    M4a,
    Aac,
    Mp3,
    Wav,
    Zip,
}

impl Type {
    /// Ending of a file name, without the dot, and content type.
    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::Jpeg => ("jpg", "image/jpeg"),
            Self::Png => ("png", "image/png"),
            Self::Webp => ("webp", "image/webp"),
            Self::Heic => ("heic", "image/heic"),
            Self::Mp4 => ("mp4", "video/mp4"),
            Self::Mkv => ("mkv", "video/x-matroska"),
            Self::Mov => ("mov", "video/quicktime"),
            Self::M4a => ("m4a", "audio/mp4"),
            Self::Aac => ("aac", "audio/aac"),
            Self::Mp3 => ("mp3", "audio/mpeg"),
            Self::Wav => ("wav", "audio/wav"),
            Self::Zip => ("zip", "application/zip"),
        }
    }

    /// Without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        self.row().0
    }

    /// As in the `Content-Type` header.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        self.row().1
    }

    /// Whether it is a picture.
    #[must_use]
    pub fn is_image(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::Webp | Self::Heic)
    }

    /// Whether it can hold a video.
    #[must_use]
    pub fn is_video(self) -> bool {
        matches!(self, Self::Mp4 | Self::Mkv | Self::Mov)
    }

    /// ffmpeg's reader of such a file, if it is one that is converted.
    pub(super) fn demuxer(self) -> Option<&'static str> {
        match self {
            Self::Mp4 | Self::Mov | Self::M4a => Some("mov"),
            Self::Mkv => Some("matroska"),
            Self::Aac => Some("aac"),
            Self::Mp3 => Some("mp3"),
            Self::Wav => Some("wav"),
            Self::Jpeg | Self::Png | Self::Webp | Self::Heic | Self::Zip => None,
        }
    }
}

/// Brands of mp4 files, most of them streamed in pieces, that `infer` does not know.
const MORE_MP4: [&[u8]; 5] = [b"iso7", b"iso8", b"iso9", b"cmfc", b"msdh"];

/// What begins with these bytes; nothing that a browser or a shell would run is any of it.
#[must_use]
pub fn sniff(head: &[u8]) -> Option<Type> {
    if head.get(4..8) == Some(b"ftyp") && head.get(8..12).is_some_and(|b| MORE_MP4.contains(&b)) {
        return Some(Type::Mp4);
    }
    Some(match infer::get(head)?.mime_type() {
        "image/jpeg" => Type::Jpeg,
        "image/png" => Type::Png,
        "image/webp" => Type::Webp,
        "image/heif" | "image/heic" => Type::Heic,
        "video/mp4" => Type::Mp4,
        "video/x-matroska" => Type::Mkv,
        "video/quicktime" => Type::Mov,
        "audio/m4a" | "audio/mp4" => Type::M4a,
        "audio/aac" => Type::Aac,
        "audio/mpeg" => Type::Mp3,
        "audio/x-wav" | "audio/wav" => Type::Wav,
        "application/zip" => Type::Zip,
        _ => return None,
    })
}

/// What a file is. Blocks.
pub(super) fn of(path: &Path) -> Result<Type, Error> {
    Ok(open(path)?.1)
}

fn open(path: &Path) -> Result<(File, Type), Error> {
    let mut file = File::open(path)?;
    let mut head = Vec::new();
    file.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
    let kind = sniff(&head).ok_or_else(|| Error::NotMedia("by its first bytes".to_owned()))?;
    file.rewind()?;
    Ok((file, kind))
}

/// Blocks.
pub(super) fn probe(path: &Path) -> Result<Probe, Error> {
    let (mut file, kind) = open(path)?;
    let nothing = Probe {
        kind,
        width: None,
        height: None,
        duration_s: None,
        video_codec: None,
        audio_codec: None,
    };
    match kind {
        Type::Mp4 | Type::Mov | Type::M4a => boxes::probe(&mut file, nothing),
        // By its header: decoders read the whole file first.
        Type::Jpeg | Type::Png | Type::Webp | Type::Heic => {
            let size = imagesize::size(path);
            let size = size.map_err(|error| Error::NotMedia(error.to_string()))?;
            Ok(Probe {
                width: u32::try_from(size.width).ok(),
                height: u32::try_from(size.height).ok(),
                ..nothing
            })
        }
        Type::Aac | Type::Mp3 | Type::Wav => Ok(Probe {
            audio_codec: Some(kind.extension().to_owned()),
            ..nothing
        }),
        Type::Mkv | Type::Zip => Ok(nothing),
    }
}

/// Not a format of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a format of this kind")]
pub struct UnknownFormat;

/// Formats of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "their own names")]
pub enum ImageFormat {
    Jpg,
    Png,
    Webp,
}

/// Formats of videos.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "their own names")]
pub enum VideoFormat {
    Mp4,
    Mkv,
    Mov,
}

/// Formats of sounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "their own names")]
pub enum AudioFormat {
    Mp3,
    M4a,
    Aac,
    Wav,
}

impl ImageFormat {
    /// The format that a file already has.
    #[must_use]
    pub fn of(kind: Type) -> Option<Self> {
        match kind {
            Type::Jpeg => Some(Self::Jpg),
            Type::Png => Some(Self::Png),
            Type::Webp => Some(Self::Webp),
            _ => None,
        }
    }

    /// Without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }
}

impl VideoFormat {
    /// What a file in this format is.
    #[must_use]
    pub fn kind(self) -> Type {
        match self {
            Self::Mp4 => Type::Mp4,
            Self::Mkv => Type::Mkv,
            Self::Mov => Type::Mov,
        }
    }

    /// Without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        self.kind().extension()
    }

    /// So that a player can begin before it has all of it.
    pub(super) fn muxer(self) -> &'static [&'static str] {
        match self {
            Self::Mp4 => &["-movflags", "+faststart", "-f", "mp4"],
            Self::Mov => &["-movflags", "+faststart", "-f", "mov"],
            Self::Mkv => &["-f", "matroska"],
        }
    }
}

impl AudioFormat {
    /// What a file in this format is.
    #[must_use]
    pub fn kind(self) -> Type {
        match self {
            Self::Mp3 => Type::Mp3,
            Self::M4a => Type::M4a,
            Self::Aac => Type::Aac,
            Self::Wav => Type::Wav,
        }
    }

    /// Without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        self.kind().extension()
    }

    pub(super) fn muxer(self) -> &'static [&'static str] {
        match self {
            Self::Mp3 => &["-f", "mp3"],
            Self::M4a => &["-movflags", "+faststart", "-f", "ipod"],
            Self::Aac => &["-f", "adts"],
            Self::Wav => &["-f", "wav"],
        }
    }

    /// The bitrates are those that `/instagram/formats` names.
    pub(super) fn encoder(self, codec: &str) -> &'static [&'static str] {
        match self {
            Self::M4a | Self::Aac if codec == "aac" => &["-c:a", "copy"],
            Self::M4a | Self::Aac => &["-c:a", "aac", "-b:a", "128k"],
            Self::Mp3 => &["-c:a", "libmp3lame", "-b:a", "192k"],
            Self::Wav => &["-c:a", "pcm_s16le"],
        }
    }
}

impl FromStr for ImageFormat {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let all = [Self::Jpg, Self::Png, Self::Webp];
        all.into_iter()
            .find(|format| format.extension() == name)
            .ok_or(UnknownFormat)
    }
}

impl FromStr for VideoFormat {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let all = [Self::Mp4, Self::Mkv, Self::Mov];
        all.into_iter()
            .find(|format| format.extension() == name)
            .ok_or(UnknownFormat)
    }
}

impl FromStr for AudioFormat {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let all = [Self::Mp3, Self::M4a, Self::Aac, Self::Wav];
        all.into_iter()
            .find(|format| format.extension() == name)
            .ok_or(UnknownFormat)
    }
}
