//! The type of a file, from its first bytes alone; and the formats that clients may request.

use std::{
    fs::File,
    io::{BufReader, Read as _, Seek as _},
    path::Path,
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use super::{Error, Probe, boxes, heif::Still, parts};

/// The number of bytes that are read to identify a type.
const HEAD_BYTES: u64 = 512;

/// All types of files that Instagram sends or clients receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their own names")]
pub enum Type {
    Jpeg,
    Png,
    Webp,
    Heic,
    Avif,
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
    /// The file extension, without the dot, and the content type.
    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::Jpeg => ("jpg", "image/jpeg"),
            Self::Png => ("png", "image/png"),
            Self::Webp => ("webp", "image/webp"),
            Self::Heic => ("heic", "image/heic"),
            Self::Avif => ("avif", "image/avif"),
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

    /// The file extension, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        self.row().0
    }

    /// The value of the `Content-Type` header.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        self.row().1
    }

    /// Returns whether it is a picture.
    #[must_use]
    pub fn is_image(self) -> bool {
        matches!(
            self,
            Self::Jpeg | Self::Png | Self::Webp | Self::Heic | Self::Avif
        )
    }

    /// Returns whether it can contain a video.
    #[must_use]
    pub fn is_video(self) -> bool {
        matches!(self, Self::Mp4 | Self::Mkv | Self::Mov)
    }

    /// ffmpeg's demuxer for such a file, if it can be converted.
    pub(super) fn demuxer(self) -> Option<&'static str> {
        match self {
            Self::Mp4 | Self::Mov | Self::M4a => Some("mov"),
            Self::Mkv => Some("matroska"),
            Self::Aac => Some("aac"),
            Self::Mp3 => Some("mp3"),
            Self::Wav => Some("wav"),
            Self::Jpeg | Self::Png | Self::Webp | Self::Heic | Self::Avif | Self::Zip => None,
        }
    }
}

/// Brands of mp4 files that `infer` does not know; most are fragmented.
const MORE_MP4: [&[u8]; 5] = [b"iso7", b"iso8", b"iso9", b"cmfc", b"msdh"];
/// Brands of pictures in HEVC, and those that do not say which codec a picture has (ISO/IEC 23008-12, annex B).
const HEIC: [&[u8]; 9] = [
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1",
];
/// Brands of pictures in AV1.
const AVIF: [&[u8]; 2] = [b"avif", b"avis"];

/// The type of a file that begins with these bytes. None of the types can be executed by a browser or a shell.
#[must_use]
pub fn sniff(head: &[u8]) -> Option<Type> {
    if head.get(4..8) == Some(b"ftyp") && head.get(8..12).is_some_and(|b| MORE_MP4.contains(&b)) {
        return Some(Type::Mp4);
    }
    if let Some(still) = still(head) {
        return Some(still);
    }
    Some(match infer::get(head)?.mime_type() {
        "image/jpeg" => Type::Jpeg,
        "image/png" => Type::Png,
        "image/webp" => Type::Webp,
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

/// The type of a picture in the container of mp4, from the brands of its first box.
fn still(head: &[u8]) -> Option<Type> {
    let (first, rest) = head.split_at_checked(8)?;
    let &[_, _, high, low, b'f', b't', b'y', b'p'] = first else {
        return None;
    };
    let length = usize::from(u16::from_be_bytes([high, low])).saturating_sub(8);
    let brands = &rest[..length.min(rest.len())];
    let (major, compatible) = (brands.get(..4)?, brands.get(8..).unwrap_or_default());
    let is_avif = AVIF.contains(&major) || compatible.chunks(4).any(|brand| AVIF.contains(&brand));
    match (is_avif, HEIC.contains(&major) || AVIF.contains(&major)) {
        (true, true) => Some(Type::Avif),
        (false, true) => Some(Type::Heic),
        (_, false) => None,
    }
}

/// The type of a file. Blocks.
pub(super) fn of(path: &Path) -> Result<Type, Error> {
    Ok(open(path)?.1)
}

pub(super) fn open(path: &Path) -> Result<(File, Type), Error> {
    let mut file = File::open(path)?;
    let mut head = Vec::new();
    file.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
    let kind = sniff(&head).ok_or_else(|| Error::NotMedia("by its first bytes".to_owned()))?;
    file.rewind()?;
    Ok((file, kind))
}

/// Measures a file. Blocks.
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
        // Only headers are read, because decoders read the whole file first.
        Type::Jpeg | Type::Png | Type::Webp => {
            let size = imagesize::size(path);
            let size = size.map_err(|error| Error::NotMedia(error.to_string()))?;
            let outline = parts::outline(&mut BufReader::new(file), kind)?;
            // The upper half of the eight values exchanges the sides.
            let (width, height) = match outline.orientation().to_exif() {
                ..5 => (size.width, size.height),
                5.. => (size.height, size.width),
            };
            Ok(Probe {
                width: u32::try_from(width).ok(),
                height: u32::try_from(height).ok(),
                ..nothing
            })
        }
        Type::Heic | Type::Avif => {
            let (width, height) = Still::read(&mut file)?.size();
            Ok(Probe {
                width: Some(width),
                height: Some(height),
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

/// The name is not a format of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a format of this kind")]
pub struct UnknownFormat;

/// The formats of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "their own names")]
pub enum ImageFormat {
    Jpg,
    Png,
    Webp,
}

/// The formats of videos.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "their own names")]
pub enum VideoFormat {
    Mp4,
    Mkv,
    Mov,
}

/// The formats of sounds.
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
    /// The format of a file of this type, if it is one of these.
    #[must_use]
    pub fn of(kind: Type) -> Option<Self> {
        match kind {
            Type::Jpeg => Some(Self::Jpg),
            Type::Png => Some(Self::Png),
            Type::Webp => Some(Self::Webp),
            _ => None,
        }
    }

    /// The file extension, without the dot.
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
    /// The type of a file in this format.
    #[must_use]
    pub fn kind(self) -> Type {
        match self {
            Self::Mp4 => Type::Mp4,
            Self::Mkv => Type::Mkv,
            Self::Mov => Type::Mov,
        }
    }

    /// The file extension, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        self.kind().extension()
    }

    /// The muxer options, chosen so that a player can begin before it has the whole file.
    pub(super) fn muxer(self) -> &'static [&'static str] {
        match self {
            Self::Mp4 => &["-movflags", "+faststart", "-f", "mp4"],
            Self::Mov => &["-movflags", "+faststart", "-f", "mov"],
            Self::Mkv => &["-f", "matroska"],
        }
    }
}

impl AudioFormat {
    /// The type of a file in this format.
    #[must_use]
    pub fn kind(self) -> Type {
        match self {
            Self::Mp3 => Type::Mp3,
            Self::M4a => Type::M4a,
            Self::Aac => Type::Aac,
            Self::Wav => Type::Wav,
        }
    }

    /// The file extension, without the dot.
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
