//! Media files on disk: identifies them by their bytes, measures and converts them. Independent of Instagram.
//!
//! Pictures are processed by crates, videos and sounds by ffmpeg in a child process with limits. Without ffmpeg,
//! everything that does not need it still works.

mod boxes;
mod child;
mod ffmpeg;
mod kind;
mod picture;
#[cfg(test)]
mod tests;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::{sync::Semaphore, task::spawn_blocking};

pub use child::limited_child;
pub use kind::{AudioFormat, ImageFormat, Type, UnknownFormat, VideoFormat, sniff};

use self::ffmpeg::Ffmpeg;

/// Limits of conversions.
#[derive(Clone, Debug)]
pub struct Config {
    /// This program, which sets its own limits before it executes ffmpeg (`gramhost limited-child`).
    pub program: PathBuf,
    /// The number of conversions that run at once.
    pub conversions_max: usize,
    /// The maximum duration of one conversion, seconds.
    pub wall_s_max: u64,
    /// The maximum number of pixels of a picture that is decoded.
    pub pixels_max: u64,
    /// The maximum number of bytes that a conversion may write.
    pub output_bytes_max: u64,
}

impl Config {
    /// The defaults: two concurrent conversions of three minutes each, pictures of 40 megapixels, files of 500 MB.
    #[must_use]
    pub fn new(program: PathBuf) -> Self {
        Self {
            program,
            conversions_max: 2,
            wall_s_max: 180,
            pixels_max: 40_000_000,
            output_bytes_max: 500 << 20,
        }
    }
}

/// Why a file cannot be measured or converted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// ffmpeg is not installed, too old, or built without a required encoder.
    #[error("ffmpeg is not installed, or not with all that this needs")]
    Unavailable,
    /// There is no sound in it.
    #[error("there is no sound in it")]
    NoSound,
    /// The file is not of the expected type.
    #[error("not a media file: {0}")]
    NotMedia(String),
    /// More pixels or bytes than allowed.
    #[error("too large: {0}")]
    TooLarge(String),
    /// The conversion exceeded its maximum duration.
    #[error("the conversion took too long")]
    TookTooLong,
    /// The conversion failed, with the message of the converter.
    #[error("the conversion failed: {0}")]
    Failed(String),
    /// The disk failed.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// The measured properties of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// The type, from its bytes.
    pub kind: Type,
    /// The displayed width, pixels.
    pub width: Option<u32>,
    /// The displayed height, pixels.
    pub height: Option<u32>,
    /// The duration, seconds.
    pub duration_s: Option<f64>,
    /// The video codec: `h264`, `vp9`, `av1`, `hevc`.
    pub video_codec: Option<String>,
    /// The audio codec: `aac`, `mp3`, `opus`.
    pub audio_codec: Option<String>,
}

/// Probes and converts media files. A cheap handle.
#[derive(Clone, Debug)]
pub struct Media(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Config,
    ffmpeg: Option<Ffmpeg>,
    /// Permits for conversions.
    places: Arc<Semaphore>,
}

impl Media {
    /// Looks for ffmpeg once; without it, everything else still works.
    pub async fn open(config: Config) -> Self {
        let ffmpeg = Ffmpeg::find(&config).await;
        Self::with(config, ffmpeg)
    }

    /// Behaves as if ffmpeg were not installed.
    #[must_use]
    pub fn without_ffmpeg(config: Config) -> Self {
        Self::with(config, None)
    }

    fn with(config: Config, ffmpeg: Option<Ffmpeg>) -> Self {
        Self(Arc::new(Inner {
            places: Arc::new(Semaphore::new(config.conversions_max)),
            config,
            ffmpeg,
        }))
    }

    /// Returns whether ffmpeg and ffprobe are available.
    #[must_use]
    pub fn can_convert(&self) -> bool {
        self.0.ffmpeg.is_some()
    }

    /// Measures a file. An mp4 or a picture is read in this process, without a child process.
    ///
    /// # Errors
    /// [`Error::NotMedia`] if it is not a media file.
    pub async fn probe(&self, path: &Path) -> Result<Probe, Error> {
        let owned = path.to_owned();
        let probe = blocking(move || kind::probe(&owned)).await?;
        match (&self.0.ffmpeg, probe.kind) {
            (Some(ffmpeg), Type::Mkv) => ffmpeg.probe(path).await,
            _ => Ok(probe),
        }
    }

    /// Converts a picture to another format, or scales it down to a width in pixels.
    ///
    /// # Errors
    /// [`Error::NotMedia`], [`Error::TooLarge`], or [`Error::Io`] if the disk fails.
    pub async fn image(
        &self,
        from: &Path,
        to: &Path,
        format: ImageFormat,
        width: Option<u32>,
    ) -> Result<(), Error> {
        let place = Arc::clone(&self.0.places).acquire_owned().await;
        let (from, to, pixels) = (from.to_owned(), to.to_owned(), self.0.config.pixels_max);
        blocking(move || {
            // The permit moves into the task, because the task continues when the caller is dropped.
            let _place = place;
            picture::convert(&from, &to, format, width, pixels)
        })
        .await
    }

    /// Merges a video and its sound into one file without re-encoding.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::TookTooLong`], [`Error::Failed`].
    pub async fn mux(
        &self,
        video: &Path,
        audio: Option<&Path>,
        to: &Path,
        format: VideoFormat,
    ) -> Result<(), Error> {
        let inputs: Vec<_> = std::iter::once(video).chain(audio).collect();
        let sound: &[&str] = match audio {
            Some(_) => &["-map", "1:a:0"],
            None => &["-map", "0:a:0?"],
        };
        let options = [&["-map", "0:v:0"], sound, &["-c", "copy"]].concat();
        self.convert(&inputs, &options, to, format.muxer(), format.kind())
            .await
    }

    /// Moves a video into another container without re-encoding.
    ///
    /// # Errors
    /// As [`Media::mux`].
    pub async fn remux(&self, from: &Path, to: &Path, format: VideoFormat) -> Result<(), Error> {
        self.mux(from, None, to, format).await
    }

    /// Removes the sound of a video without re-encoding.
    ///
    /// # Errors
    /// As [`Media::mux`].
    pub async fn without_sound(
        &self,
        from: &Path,
        to: &Path,
        format: VideoFormat,
    ) -> Result<(), Error> {
        let options = ["-map", "0:v:0", "-an", "-c", "copy"];
        self.convert(&[from], &options, to, format.muxer(), format.kind())
            .await
    }

    /// Extracts the sound of a file: copied if it is AAC and AAC is requested, otherwise encoded.
    ///
    /// # Errors
    /// [`Error::NoSound`], and those of [`Media::mux`].
    pub async fn sound(&self, from: &Path, to: &Path, format: AudioFormat) -> Result<(), Error> {
        self.ffmpeg()?;
        let codec = self.probe(from).await?.audio_codec.ok_or(Error::NoSound)?;
        let options = [&["-map", "0:a:0", "-vn"], format.encoder(&codec)].concat();
        self.convert(&[from], &options, to, format.muxer(), format.kind())
            .await
    }

    /// Scales a video down so that its shorter side has this many pixels, rounded down to an even number; its sound is
    /// copied. A video that is small enough is not re-encoded.
    ///
    /// # Errors
    /// As [`Media::mux`].
    pub async fn scale(
        &self,
        from: &Path,
        to: &Path,
        side_px: u32,
        format: VideoFormat,
    ) -> Result<(), Error> {
        self.ffmpeg()?;
        let probe = self.probe(from).await?;
        let shorter = probe.width.zip(probe.height).map(|(w, h)| w.min(h));
        if shorter.is_some_and(|shorter| shorter <= side_px) {
            return self.remux(from, to, format).await;
        }
        // yuv420p stores one colour for every two by two pixels, so sides must be even.
        let side = (side_px & !1).max(2);
        let filter = format!(
            "scale='if(gt(iw,ih),-2,min(trunc(iw/2)*2,{side}))':'if(gt(iw,ih),min(trunc(ih/2)*2,{side}),-2)',setsar=1,format=yuv420p"
        );
        let options = [
            "-map", "0:v:0", "-map", "0:a:0?", "-vf", &filter, "-c:v", "libx264", "-preset",
            "veryfast", "-crf", "23", "-c:a", "copy",
        ];
        self.convert(&[from], &options, to, format.muxer(), format.kind())
            .await
    }

    fn ffmpeg(&self) -> Result<&Ffmpeg, Error> {
        self.0.ffmpeg.as_ref().ok_or(Error::Unavailable)
    }

    /// Runs ffmpeg, and accepts its output only after checking it; otherwise the output is deleted.
    async fn convert(
        &self,
        inputs: &[&Path],
        options: &[&str],
        to: &Path,
        muxer: &[&str],
        kind: Type,
    ) -> Result<(), Error> {
        let ffmpeg = self.ffmpeg()?;
        if ffmpeg.lacks(options) {
            return Err(Error::Unavailable);
        }
        let mut demuxed = Vec::with_capacity(inputs.len());
        for input in inputs {
            demuxed.push((*input, demuxer(input).await?));
        }
        let _place = self.0.places.acquire().await;
        let config = &self.0.config;
        let unfinished = Unfinished(Some(to));
        ffmpeg.run(config, &demuxed, options, muxer, to).await?;
        self.check(to, kind).await?;
        unfinished.keep();
        Ok(())
    }

    /// Checks that the output is complete, because ffmpeg also exits successfully if it writes nothing or stops early.
    async fn check(&self, made: &Path, kind: Type) -> Result<(), Error> {
        let bytes = tokio::fs::metadata(made).await.map_or(0, |file| file.len());
        if bytes >= self.0.config.output_bytes_max {
            return Err(Error::TooLarge(format!("more than {bytes} bytes")));
        }
        let found = match self.probe(made).await {
            Ok(probe) => probe.kind,
            Err(error) => return Err(Error::Failed(format!("it made no {kind:?}: {error}"))),
        };
        // An m4a is an mp4 without video.
        let same = found == kind || found == Type::Mp4 && matches!(kind, Type::M4a | Type::Mov);
        same.then_some(())
            .ok_or_else(|| Error::Failed(format!("it made {found:?}, not {kind:?}")))
    }
}

/// ffmpeg's demuxer for a file, according to its bytes.
async fn demuxer(input: &Path) -> Result<&'static str, Error> {
    let input = input.to_owned();
    let kind = blocking(move || kind::of(&input)).await?;
    kind.demuxer()
        .ok_or_else(|| Error::NotMedia(format!("{kind:?} has no sound and no video")))
}

/// A file that is deleted unless it is kept, also when the caller is dropped.
struct Unfinished<'a>(Option<&'a Path>);

impl Unfinished<'_> {
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(path) = self.0 {
            // The file may never have been created.
            let _ = std::fs::remove_file(path);
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Error::Failed(error.to_string())))
}
