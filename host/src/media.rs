//! What is done to a media file on disk: told by its own bytes, measured, converted. Knows no Instagram.
//!
//! Pictures are worked on by crates, videos and sounds by ffmpeg in a child process with limits; without ffmpeg
//! everything that needs none still works.

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
    /// This program, which limits itself before it becomes ffmpeg (`gramhost limited-child`).
    pub program: PathBuf,
    /// Conversions at once.
    pub conversions_max: usize,
    /// Longest time of one conversion, seconds.
    pub wall_s_max: u64,
    /// Most pixels of a picture that is decoded.
    pub pixels_max: u64,
    /// Most bytes that a conversion may write.
    pub output_bytes_max: u64,
}

impl Config {
    /// Two conversions at once of three minutes each, pictures of 40 megapixels, files of 500 MB.
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
    /// ffmpeg is not installed, too old, or built without what this needs.
    #[error("ffmpeg is not installed, or not with all that this needs")]
    Unavailable,
    /// There is no sound in it.
    #[error("there is no sound in it")]
    NoSound,
    /// Not what it should be.
    #[error("not a media file: {0}")]
    NotMedia(String),
    /// More pixels or bytes than are taken.
    #[error("too large: {0}")]
    TooLarge(String),
    /// Longer than a conversion may take.
    #[error("the conversion took too long")]
    TookTooLong,
    /// The converter's own words.
    #[error("the conversion failed: {0}")]
    Failed(String),
    /// The disk.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// What a file is, measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// By its own bytes.
    pub kind: Type,
    /// Pixels, as it is shown.
    pub width: Option<u32>,
    /// Pixels, as it is shown.
    pub height: Option<u32>,
    /// Seconds.
    pub duration_s: Option<f64>,
    /// As the field names it: `h264`, `vp9`, `av1`, `hevc`.
    pub video_codec: Option<String>,
    /// As the field names it: `aac`, `mp3`, `opus`.
    pub audio_codec: Option<String>,
}

/// A cheap handle.
#[derive(Clone, Debug)]
pub struct Media(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Config,
    ffmpeg: Option<Ffmpeg>,
    /// Places for conversions.
    places: Arc<Semaphore>,
}

impl Media {
    /// Looks for ffmpeg once; without it the rest still works.
    pub async fn open(config: Config) -> Self {
        let ffmpeg = Ffmpeg::find(&config).await;
        Self::with(config, ffmpeg)
    }

    /// As if ffmpeg were not installed.
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

    /// Whether ffmpeg and ffprobe are there.
    #[must_use]
    pub fn can_convert(&self) -> bool {
        self.0.ffmpeg.is_some()
    }

    /// What the file is. An mp4 or picture is read here, without a child process.
    ///
    /// # Errors
    /// [`Error::NotMedia`].
    pub async fn probe(&self, path: &Path) -> Result<Probe, Error> {
        let owned = path.to_owned();
        let probe = blocking(move || kind::probe(&owned)).await?;
        match (&self.0.ffmpeg, probe.kind) {
            (Some(ffmpeg), Type::Mkv) => ffmpeg.probe(path).await,
            _ => Ok(probe),
        }
    }

    /// A picture in another format, or scaled down to a width in pixels.
    ///
    /// # Errors
    /// [`Error::NotMedia`], [`Error::TooLarge`], or the disk's.
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
            // Its own, because nothing stops it when whoever asked has gone.
            let _place = place;
            picture::convert(&from, &to, format, width, pixels)
        })
        .await
    }

    /// A video and its sound in one file, neither encoded again.
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

    /// A video in another wrapping, not encoded again.
    ///
    /// # Errors
    /// As [`Media::mux`].
    pub async fn remux(&self, from: &Path, to: &Path, format: VideoFormat) -> Result<(), Error> {
        self.mux(from, None, to, format).await
    }

    /// A video without its sound, not encoded again.
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

    /// The sound of a file: copied where it is AAC and AAC is asked for, else encoded.
    ///
    /// # Errors
    /// [`Error::NoSound`]; as [`Media::mux`].
    pub async fn sound(&self, from: &Path, to: &Path, format: AudioFormat) -> Result<(), Error> {
        self.ffmpeg()?;
        let codec = self.probe(from).await?.audio_codec.ok_or(Error::NoSound)?;
        let options = [&["-map", "0:a:0", "-vn"], format.encoder(&codec)].concat();
        self.convert(&[from], &options, to, format.muxer(), format.kind())
            .await
    }

    /// A video scaled down so that its shorter side has so many pixels, rounded down to an even number; its sound is
    /// copied. One that is small enough is not encoded again.
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
        // yuv420p has one colour for two by two pixels.
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

    /// Runs ffmpeg, and believes it only when the output is what it should be; otherwise nothing is left of it.
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

    /// Whether ffmpeg has made all of what it was asked for: it ends well, too, when it makes nothing or stops early.
    async fn check(&self, made: &Path, kind: Type) -> Result<(), Error> {
        let bytes = tokio::fs::metadata(made).await.map_or(0, |file| file.len());
        if bytes >= self.0.config.output_bytes_max {
            return Err(Error::TooLarge(format!("more than {bytes} bytes")));
        }
        let found = match self.probe(made).await {
            Ok(probe) => probe.kind,
            Err(error) => return Err(Error::Failed(format!("it made no {kind:?}: {error}"))),
        };
        // An m4a is an mp4 that holds no video.
        let same = found == kind || found == Type::Mp4 && matches!(kind, Type::M4a | Type::Mov);
        same.then_some(())
            .ok_or_else(|| Error::Failed(format!("it made {found:?}, not {kind:?}")))
    }
}

/// ffmpeg's reader for what the file is by its own bytes.
async fn demuxer(input: &Path) -> Result<&'static str, Error> {
    let input = input.to_owned();
    let kind = blocking(move || kind::of(&input)).await?;
    kind.demuxer()
        .ok_or_else(|| Error::NotMedia(format!("{kind:?} has no sound and no video")))
}

/// A file that goes away unless it is kept, also when whoever waits for it goes away.
struct Unfinished<'a>(Option<&'a Path>);

impl Unfinished<'_> {
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(path) = self.0 {
            // It may not have come to be.
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
