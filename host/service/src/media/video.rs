//! Makes videos and sounds: wraps streams anew where they fit, and encodes them only where they do not.

use std::path::Path;

use super::{AudioFormat, Error, Media, Type, VideoFormat};

/// The video codecs that a client accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VideoCodec {
    /// Whatever the container can hold.
    #[default]
    Any,
    /// Only H.264, which plays and can be edited nearly everywhere.
    H264,
}

impl VideoCodec {
    /// The choice with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "any" => Some(Self::Any),
            "h264" => Some(Self::H264),
            _ => None,
        }
    }
}

/// How a video is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Film {
    /// The container; `None`: that of the file, or mp4 for what is made of two files.
    pub format: Option<VideoFormat>,
    /// The codec.
    pub codec: VideoCodec,
    /// The shorter side that it is scaled down to, pixels. A video that is small enough is not scaled.
    pub side: Option<u32>,
    /// Whether its sound is left out.
    pub mute: bool,
}

impl Film {
    /// Returns whether a video of this codec need not be encoded anew, apart from its size. A codec that is not known is
    /// taken for H.264, which Instagram's complete files have.
    #[must_use]
    pub fn holds(&self, codec: Option<&str>) -> bool {
        let held: &[&str] = match (self.codec, self.format) {
            (VideoCodec::H264, _) => &["h264"],
            // What QuickTime plays; ffmpeg does not write VP9 or AV1 into it at all.
            (VideoCodec::Any, Some(VideoFormat::Mov)) => &["h264", "hevc"],
            (VideoCodec::Any, Some(VideoFormat::Mp4)) => &["h264", "hevc", "vp9", "av1"],
            (VideoCodec::Any, Some(VideoFormat::Mkv) | None) => return true,
        };
        codec.is_none_or(|codec| held.contains(&codec))
    }

    fn holds_sound(&self, codec: &str) -> bool {
        match self.container() {
            VideoFormat::Mov => is_aac(codec) || codec == "mp3",
            VideoFormat::Mp4 => is_aac(codec) || matches!(codec, "mp3" | "opus"),
            VideoFormat::Mkv => true,
        }
    }

    /// The container that is written.
    #[must_use]
    pub fn container(&self) -> VideoFormat {
        self.format.unwrap_or(VideoFormat::Mp4)
    }

    /// Returns whether a video of this shorter side is scaled.
    fn scales(&self, shorter: Option<u32>) -> bool {
        self.side
            .is_some_and(|side| shorter.is_none_or(|shorter| shorter > side))
    }
}

/// AAC in each of its profiles.
fn is_aac(codec: &str) -> bool {
    matches!(codec, "aac" | "he-aac" | "he-aac-v2" | "xhe-aac")
}

impl AudioFormat {
    /// Returns whether sound of this codec is put into a file of this format without decoding it.
    #[must_use]
    pub fn holds(self, codec: &str) -> bool {
        match self {
            Self::M4a => is_aac(codec),
            // The header of ADTS has no value for xHE-AAC.
            Self::Aac => is_aac(codec) && codec != "xhe-aac",
            Self::Mp3 | Self::Wav => false,
        }
    }

    /// The codec that sound is encoded to for a file of this format, if an encoder may be missing.
    #[must_use]
    pub fn codec(self) -> Option<&'static str> {
        match self {
            Self::M4a | Self::Aac => Some("aac"),
            Self::Mp3 => Some("mp3"),
            Self::Wav => None,
        }
    }

    /// The encoder options; the bitrates are those listed by `/instagram/formats`.
    fn encoder(self) -> &'static [&'static str] {
        match self {
            Self::M4a | Self::Aac => &["-c:a", "aac", "-b:a", "128k"],
            Self::Mp3 => &["-c:a", "libmp3lame", "-b:a", "192k"],
            Self::Wav => &["-c:a", "pcm_s16le"],
        }
    }
}

/// The options that keep the sound as it is.
const COPY: &[&str] = &["-c:a", "copy"];

impl Media {
    /// Makes a video from a file and, if its sound is apart, from that: streams that fit are copied, the others encoded.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::TookTooLong`], [`Error::Failed`].
    pub async fn film(
        &self,
        video: &Path,
        sound: Option<&Path>,
        to: &Path,
        film: Film,
    ) -> Result<(), Error> {
        let abilities = self.abilities().await;
        let seen = self.probe(video).await?;
        let heard = match sound {
            Some(sound) => self.probe(sound).await?.audio_codec,
            None => seen.audio_codec,
        };
        let shorter = seen
            .width
            .zip(seen.height)
            .map(|(width, height)| width.min(height));
        let codec = seen.video_codec.as_deref();
        let scaling = scaling(film.side.filter(|_| film.scales(shorter)));
        let mut options = vec!["-map", "0:v:0"];
        if film.scales(shorter) || !film.holds(codec) {
            if !abilities.encodes("h264") || codec.is_some_and(|codec| !abilities.decodes(codec)) {
                return Err(Error::Unavailable);
            }
            options.extend([
                "-vf", &scaling, "-c:v", "libx264", "-preset", "veryfast", "-crf", "23",
            ]);
        } else {
            options.extend(["-c:v", "copy"]);
            if codec == Some("hevc") && film.container() != VideoFormat::Mkv {
                // The only name of HEVC that Apple's players know.
                options.extend(["-tag:v", "hvc1"]);
            }
        }
        match (film.mute, sound) {
            (true, _) => options.push("-an"),
            (false, Some(_)) => options.extend(["-map", "1:a:0"]),
            (false, None) => options.extend(["-map", "0:a:0?"]),
        }
        let copies = film.mute || heard.as_deref().is_none_or(|codec| film.holds_sound(codec));
        if !copies && !abilities.encode_sound(AudioFormat::M4a, heard.as_deref()) {
            return Err(Error::Unavailable);
        }
        let encoder = if copies {
            COPY
        } else {
            AudioFormat::M4a.encoder()
        };
        options.extend(encoder);
        let inputs: Vec<_> = std::iter::once(video).chain(sound).collect();
        let format = film.container();
        self.convert(&inputs, &options, to, format.muxer(), format.kind())
            .await
    }

    /// Returns whether a file is already the video that [`Media::film`] would make of it.
    ///
    /// # Errors
    /// [`Error::NotMedia`] if it is not a video.
    pub async fn is_film(&self, video: &Path, film: Film) -> Result<bool, Error> {
        let seen = self.probe(video).await?;
        if !seen.kind.is_video() {
            return Err(Error::NotMedia(format!("{:?} is no video", seen.kind)));
        }
        let shorter = seen
            .width
            .zip(seen.height)
            .map(|(width, height)| width.min(height));
        let is_quiet = !film.mute || seen.kind != Type::Mkv && seen.audio_codec.is_none();
        let is_wrapped = film.format.is_none_or(|format| format.kind() == seen.kind);
        Ok(is_wrapped
            && is_quiet
            && !film.scales(shorter)
            && film.holds(seen.video_codec.as_deref()))
    }

    /// Extracts the sound of a file: copied if it fits, otherwise encoded.
    ///
    /// # Errors
    /// [`Error::NoSound`], and those of [`Media::film`].
    pub async fn sound(&self, from: &Path, to: &Path, format: AudioFormat) -> Result<(), Error> {
        let abilities = self.ffmpeg().await?.abilities();
        let codec = self.probe(from).await?.audio_codec.ok_or(Error::NoSound)?;
        let encoder = if format.holds(&codec) {
            COPY
        } else if abilities.encode_sound(format, Some(&codec)) {
            format.encoder()
        } else {
            return Err(Error::Unavailable);
        };
        let options = [&["-map", "0:a:0", "-vn"], encoder].concat();
        self.convert(&[from], &options, to, format.muxer(), format.kind())
            .await
    }
}

/// The filter that scales a video down so that its shorter side has this many pixels, rounded down to an even number.
fn scaling(side: Option<u32>) -> String {
    // yuv420p stores one colour for every two by two pixels, so sides must be even.
    let side = side.map_or(!1, |side| (side & !1).max(2));
    format!(
        "scale='if(gt(iw,ih),-2,min(trunc(iw/2)*2,{side}))':'if(gt(iw,ih),min(trunc(ih/2)*2,{side}),-2)',setsar=1,format=yuv420p"
    )
}
