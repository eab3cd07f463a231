//! Media files on disk: identifies them by their bytes, measures and converts them. Independent of Instagram.
//!
//! Pictures are processed by crates, videos and sounds by ffmpeg in a child process with limits. Without ffmpeg,
//! everything that does not need it still works.

mod abilities;
mod boxes;
mod child;
mod ffmpeg;
mod heif;
mod kind;
mod parts;
mod picture;
mod still;
#[cfg(test)]
mod tests;
mod video;
mod whole;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::{
    sync::{OnceCell, Semaphore},
    task::spawn_blocking,
};

pub use abilities::Abilities;
pub use child::limited_child;
pub use ffmpeg::{Isolation, programs};
pub use kind::{AudioFormat, ImageFormat, Type, UnknownFormat, VideoFormat, sniff};
pub use video::{Film, VideoCodec};

use self::ffmpeg::Ffmpeg;

/// Limits of conversions.
#[derive(Clone, Debug)]
pub struct Config {
    /// This program, which sets its own limits before it executes ffmpeg (`gramhost limited-child`).
    pub program: PathBuf,
    /// Whether ffmpeg can only read its inputs, write its output, and use no network, as far as this system has the
    /// means.
    pub confined: bool,
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
            confined: true,
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
    /// ffmpeg is not installed, too old, or built without a required decoder or encoder.
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
    /// The audio codec: `aac`, `he-aac`, `he-aac-v2`, `xhe-aac`, `mp3`, `opus`.
    pub audio_codec: Option<String>,
}

/// Probes and converts media files. A cheap handle.
#[derive(Clone, Debug)]
pub struct Media(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Config,
    /// Empty until it has been looked for.
    ffmpeg: OnceCell<Option<Ffmpeg>>,
    /// Permits for conversions.
    places: Arc<Semaphore>,
    /// Permits for pictures that are decoded to be checked: each is in memory meanwhile.
    checks: Semaphore,
}

/// The maximum number of pictures that are checked at once.
const CHECKS_MAX: usize = 2;

impl Media {
    /// Begins to look for ffmpeg; without it, everything else still works. Only what asks for it waits until it is
    /// found, because two runs of ffmpeg take as long as all the rest of a start.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn open(config: Config) -> Self {
        let media = Self::with(config, OnceCell::new());
        let found = media.clone();
        tokio::spawn(async move {
            found.found().await;
        });
        media
    }

    /// Behaves as if ffmpeg were not installed.
    #[must_use]
    pub fn without_ffmpeg(config: Config) -> Self {
        Self::with(config, OnceCell::from(None))
    }

    fn with(config: Config, ffmpeg: OnceCell<Option<Ffmpeg>>) -> Self {
        Self(Arc::new(Inner {
            places: Arc::new(Semaphore::new(config.conversions_max)),
            checks: Semaphore::new(CHECKS_MAX),
            config,
            ffmpeg,
        }))
    }

    /// The programs, once they have been looked for.
    async fn found(&self) -> Option<&Ffmpeg> {
        let Inner { config, ffmpeg, .. } = &*self.0;
        let found = ffmpeg.get_or_init(|| Ffmpeg::find(config)).await;
        found.as_ref()
    }

    /// How ffmpeg is kept from the network; `None` without ffmpeg.
    pub async fn isolation(&self) -> Option<&Isolation> {
        self.found().await.map(Ffmpeg::isolation)
    }

    /// What can be converted here.
    pub async fn abilities(&self) -> &Abilities {
        let found = self.found().await;
        found.map_or(&abilities::NONE, Ffmpeg::abilities)
    }

    /// Measures a file. An mp4 or a picture is read in this process, without a child process.
    ///
    /// # Errors
    /// [`Error::NotMedia`] if it is not a media file.
    pub async fn probe(&self, path: &Path) -> Result<Probe, Error> {
        let owned = path.to_owned();
        let probe = blocking(move || kind::probe(&owned)).await?;
        if probe.kind == Type::Mkv
            && let Some(ffmpeg) = self.found().await
        {
            return ffmpeg.probe(path).await;
        }
        Ok(probe)
    }

    /// Measures a file that came from elsewhere, and checks it to its end: a picture is decoded; a video must be there
    /// as a whole, with all data that it refers to.
    ///
    /// # Errors
    /// [`Error::NotMedia`] or [`Error::TooLarge`] if it must not be published.
    pub async fn verify(&self, path: &Path) -> Result<Probe, Error> {
        let probe = self.probe(path).await?;
        if !is_whole(path).await? {
            return Err(Error::NotMedia("it does not reach its own end".to_owned()));
        }
        let pixels = u64::from(probe.width.unwrap_or(1)) * u64::from(probe.height.unwrap_or(1));
        if pixels == 0 || pixels > self.0.config.pixels_max {
            return Err(Error::TooLarge(format!("{pixels} pixels")));
        }
        if ImageFormat::of(probe.kind).is_some() {
            let _place = self.0.checks.acquire().await;
            let (path, pixels_max) = (path.to_owned(), self.0.config.pixels_max);
            blocking(move || picture::check(&path, pixels_max)).await?;
        }
        Ok(probe)
    }

    async fn ffmpeg(&self) -> Result<&Ffmpeg, Error> {
        self.found().await.ok_or(Error::Unavailable)
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
        let ffmpeg = self.ffmpeg().await?;
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

/// Returns whether a media file reaches its own end: a body without a stated length may end at any byte.
///
/// # Errors
/// [`Error::NotMedia`], or [`Error::Io`] if the disk fails.
pub async fn is_whole(path: &Path) -> Result<bool, Error> {
    let path = path.to_owned();
    blocking(move || {
        let (mut file, kind) = kind::open(&path)?;
        whole::is_whole(&mut file, kind)
    })
    .await
}

/// Like [`is_whole`], for a file in memory. What is not a media file has no end to miss.
#[must_use]
pub fn is_whole_content(bytes: &[u8]) -> bool {
    let check = |kind| whole::is_whole(&mut io::Cursor::new(bytes), kind).unwrap_or(false);
    sniff(bytes).is_none_or(check)
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
