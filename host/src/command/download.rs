//! `gramhost download TARGET -o DIR`: downloads with the engine of the server, without a server.

use std::{
    fs,
    io::{IsTerminal as _, Write as _, stderr},
    path::PathBuf,
};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use futures_util::TryStreamExt as _;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Exit, fail, print};
use crate::{
    api::{FailureBody, progress_text, reason_text},
    clock::Clock,
    config::Config,
    contract::{Query, target},
    data::{Access, Folder, WholeFile},
    database::Database,
    download::{Download, Downloads, Formats, Kind, Output, Part, Quality, Reason, wanted_item},
    job::{Progress, Stage, State, Status},
    media::{AudioFormat, ImageFormat, Media, VideoCodec, VideoFormat},
    plugin::Registry,
    server,
};

const EXAMPLES: &str = "\
Examples:
  gramhost download https://www.instagram.com/p/CnU4zIh9x_F/ -o pictures
  gramhost download CnU4zIh9x_F --as reel --audio mp3
  gramhost download CnU4zIh9x_F --as carousel
  gramhost download CnU4zIh9x_F --as reel --format mov --video-codec h264
  gramhost download instagram --as story --cookies cookies.txt
  gramhost download CnU4zIh9x_F --json | jq -r '.files[].path'";

/// Arguments of `gramhost download`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct DownloadArguments {
    /// A URL, shortcode or numeric id; a username for stories
    target: String,
    /// The folder for the files; created if it is missing
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    output: PathBuf,
    /// The type of the target; a carousel becomes one ZIP
    #[arg(long = "as", value_enum, default_value_t = As::Post)]
    kind: As,
    /// best, high, medium, low, 1080p, 720p, 480p or 360p
    #[arg(long, default_value = "best")]
    quality: String,
    /// Only the audio of a reel or post, as m4a, aac, mp3 or wav
    #[arg(long, value_name = "FORMAT")]
    audio: Option<String>,
    /// Convert to jpg, png, webp, mp4, mkv or mov [default: the original format]
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
    /// The codec of videos: any, or h264, which plays and can be edited nearly everywhere
    #[arg(long, value_name = "CODEC", default_value = "any")]
    video_codec: String,
    /// Only this item of a carousel, 1 for the first; 0 for all [default: the img_index of the URL, or all]
    #[arg(long, value_name = "N")]
    item: Option<u32>,
    /// Also the cover pictures of videos
    #[arg(long)]
    cover: bool,
    /// Print the files, or the error, as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum As {
    Post,
    Reel,
    Story,
    Carousel,
}

impl DownloadArguments {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<Exit> {
        let download = match self.download() {
            Ok(download) => download,
            Err(why) => return Ok(fail(Exit::Misused, &why)),
        };
        // A separate data folder, so that a server that uses the configured one is not disturbed, and nothing else.
        let mut config = config;
        config.storage.files = None;
        let scratch = Scratch::make(&self.output)?;
        let database = Database::open(&Folder::own(&scratch.0)?).await?;
        let plugins = Registry::open(config.plugin.clone(), None).await?;
        let media = Media::open(config.media.clone());
        let extraction = server::observed_extraction(&config, plugins).await?;
        let downloads =
            server::downloads(&config, database, Clock::system(), extraction, media).await?;
        let stop = CancellationToken::new();
        let status = tokio::select! {
            ended = watch(&downloads, download) => ended?,
            () = downloads.run(stop.clone()) => anyhow::bail!("the queue stopped"),
            _ = tokio::signal::ctrl_c() => {
                return Ok(fail(Exit::Interrupted, &"interrupted"));
            }
        };
        match status.state {
            State::Completed => {
                let made: Output = serde_json::from_value(status.result.unwrap_or_default())?;
                self.keep(&downloads, &made).await.map(|()| Exit::Done)
            }
            _ => {
                if self.json {
                    let failure = status.failure.as_ref().map(FailureBody::from);
                    let error = json!({ "error": failure });
                    print(&serde_json::to_string_pretty(&error)?);
                }
                let failure = status.failure.as_ref();
                let reason = failure.map_or(Reason::Internal, Reason::of);
                Ok(fail(exit(reason), &reason_text(reason)))
            }
        }
    }

    fn download(&self) -> Result<Download, String> {
        let kind = match self.kind {
            As::Post => Kind::Post,
            As::Reel => Kind::Reel,
            As::Story => Kind::Story,
            As::Carousel => Kind::Carousel,
        };
        let (query, of_url) = self.query(kind)?;
        let audio = self
            .audio
            .as_deref()
            .map(str::parse::<AudioFormat>)
            .transpose();
        let audio = audio.map_err(|_| "--audio must be m4a, aac, mp3 or wav")?;
        let quality = Quality::parse(kind, &self.quality);
        Ok(Download {
            kind,
            query: Some(query),
            url: self.target.clone(),
            quality: quality.ok_or("this quality does not exist for this type of download")?,
            part: if audio.is_some() {
                Part::Sound
            } else {
                Part::All
            },
            formats: self.formats(audio)?,
            video_codec: VideoCodec::parse(&self.video_codec)
                .ok_or("--video-codec must be any or h264")?,
            zip: kind == Kind::Carousel,
            metadata: kind == Kind::Carousel,
            item: wanted_item(self.item, of_url),
            items: Vec::new(),
            cover: self.cover,
        })
    }

    /// The query, and the item of a carousel that the URL chooses.
    fn query(&self, kind: Kind) -> Result<(Query, Option<u32>), String> {
        match kind {
            Kind::Post | Kind::Carousel => target::item(&self.target)
                .map(|(target, item)| (Query::post(target), item))
                .map_err(|error| error.to_string()),
            Kind::Reel => target::media(&self.target)
                .map(|target| (Query::reel(target), None))
                .map_err(|error| error.to_string()),
            Kind::Story => target::username(&self.target)
                .map(|username| (Query::story(username), None))
                .map_err(|error| error.to_string()),
        }
    }

    fn formats(&self, audio: Option<AudioFormat>) -> Result<Formats, String> {
        let Some(name) = &self.format else {
            return Ok(Formats {
                audio,
                ..Formats::default()
            });
        };
        let formats = Formats {
            image: name.parse::<ImageFormat>().ok(),
            video: name.parse::<VideoFormat>().ok(),
            audio,
        };
        let known = formats.image.is_some() || formats.video.is_some();
        known
            .then_some(formats)
            .ok_or_else(|| "--format must be jpg, png, webp, mp4, mkv or mov".to_owned())
    }

    /// Copies the files to the output folder under their documented names, replacing files of the same name.
    async fn keep(&self, downloads: &Downloads, made: &Output) -> anyhow::Result<()> {
        let mut kept = Vec::new();
        for file in &made.files {
            let found = downloads.file(&file.filename).await?;
            let mut bytes = downloads.read(&found, 0..found.row.bytes).await?;
            let path = self.output.join(&file.filename);
            let shown = || path.display().to_string();
            let mut to = WholeFile::create(&path, Access::Umask).with_context(shown)?;
            while let Some(piece) = bytes.try_next().await? {
                to.write_all(&piece)?;
            }
            to.finish().with_context(shown)?;
            if !self.json {
                print(&path.display().to_string());
            }
            let mut file = serde_json::to_value(file)?;
            file["path"] = json!(path.display().to_string());
            kept.push(file);
        }
        for file in &made.missing {
            eprintln!("{} is missing: {}", file.name, reason_text(file.reason));
        }
        if self.json {
            let mut kept = json!({ "files": kept });
            if !made.missing.is_empty() {
                kept["missing"] = json!(made.missing);
            }
            print(&serde_json::to_string_pretty(&kept)?);
        }
        Ok(())
    }
}

/// A hidden folder in the output folder that is deleted when dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn make(output: &std::path::Path) -> anyhow::Result<Self> {
        let path = output.join(format!(".gramhost-{}", Uuid::new_v4()));
        fs::create_dir_all(&path).with_context(|| output.display().to_string())?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A failure leaves a hidden folder behind, which does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Starts the job and shows its progress until it ends: a bar on a terminal, else one line per stage.
async fn watch(downloads: &Downloads, download: Download) -> anyhow::Result<Status<Download>> {
    let mut changes = downloads.queue().changes();
    let id = downloads.start("here".into(), download).await?.id;
    let bar = stderr().is_terminal().then(bar);
    let mut said = String::new();
    loop {
        changes.mark_seen();
        let status = downloads.status(id).await?.context("the job is gone")?;
        if status.state.is_final() {
            if let Some(bar) = bar {
                bar.finish_and_clear();
            }
            return Ok(status);
        }
        show(bar.as_ref(), &status.progress, &mut said);
        changes.next().await;
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos:>3}%  {msg}");
    ProgressBar::new(100).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn show(bar: Option<&ProgressBar>, progress: &Progress, said: &mut String) {
    match bar {
        Some(bar) => {
            let speed = progress
                .bytes_per_second
                .map(|bytes| format!("  {:.1} MB/s", bytes / 1e6));
            bar.set_position(u64::from(progress.percent));
            let text = progress_text(progress);
            bar.set_message(format!("{text}{}", speed.unwrap_or_default()));
        }
        None if progress.stage == Stage::Starting => {}
        None => {
            let text = progress_text(progress);
            if *said != text {
                eprintln!("{text}");
                *said = text;
            }
        }
    }
}

/// The exit code distinguishes: content that is not available, no response from Instagram, wrong usage, and our own
/// failures.
fn exit(reason: Reason) -> Exit {
    match reason {
        Reason::NotFound
        | Reason::Private
        | Reason::Deleted
        | Reason::AgeRestricted
        | Reason::RegionBlocked
        | Reason::LoginRequired
        | Reason::NoStories => Exit::NotShown,
        Reason::RateLimited | Reason::Unavailable | Reason::NotMedia | Reason::Withheld => {
            Exit::Upstream
        }
        Reason::ExtractorFailed => Exit::Extractor,
        Reason::InvalidAddress
        | Reason::NotACarousel
        | Reason::NoVideo
        | Reason::NoImage
        | Reason::NoSound
        | Reason::NoItem => Exit::Misused,
        Reason::Busy
        | Reason::NoConverter
        | Reason::Conversion
        | Reason::TooLarge
        | Reason::Full
        | Reason::Internal => Exit::Failed,
    }
}
