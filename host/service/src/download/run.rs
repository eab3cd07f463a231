//! Runs one download: resolve, fetch, convert, publish. All files stay staged until they are complete.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use uuid::Uuid;

use super::{
    Download, Reason, Tools, archive,
    fetch::{Fetch, LinkError},
    metadata::metadata,
    plan::{Item, Treatment, plan},
    publish::{Output, OutputFile, Ready},
};
use crate::{
    contract::Record,
    job::{Attempt, Failure, Progress, Stage, StageItem, Work},
    media::{ImageFormat, Type, VideoFormat, sniff},
    storage::{self, Staging},
};

/// The number of bytes at the beginning of a file that identify its type.
const HEAD_BYTES: usize = 512;
/// The range of the percentage that covers fetching and converting; resolving comes before it, publishing after it.
const FETCHED: (f64, f64) = (5.0, 95.0);

impl Work for Download {
    type Context = Tools;

    async fn run(self, tools: Tools, attempt: Attempt) -> Result<Value, Failure> {
        let run = Run {
            download: &self,
            tools: &tools,
            attempt: &attempt,
            began: Instant::now(),
        };
        let made = run.made().await?;
        serde_json::to_value(made).map_err(|_| Reason::Internal.into())
    }
}

struct Run<'a> {
    download: &'a Download,
    tools: &'a Tools,
    attempt: &'a Attempt,
    began: Instant,
}

impl Run<'_> {
    async fn made(&self) -> Result<Output, Reason> {
        self.report(Stage::Resolving, 0.0);
        let mut record = self.resolve(false).await?;
        let items = self.plan(&record)?;
        faults::reached("job.resolved");
        let count = if self.download.zip { 1 } else { items.len() };
        // After a crash between publishing and the end of the job, nothing is downloaded again.
        let files = match self.tools.published(self.attempt.id, count).await? {
            Some(files) => files,
            None => {
                let staging = self.tools.storage.stage()?;
                let ready = self.all(items, &mut record, &staging).await?;
                faults::reached("job.staged");
                self.report(Stage::Publishing, FETCHED.1);
                self.publish(ready, &record, &staging).await?
            }
        };
        let metadata = self
            .download
            .metadata
            .then(|| metadata(&record, &listed(&files)));
        Ok(Output { files, metadata })
    }

    async fn resolve(&self, anew: bool) -> Result<Arc<Record>, Reason> {
        let extraction = &self.tools.extraction;
        let query = self.download.query.as_ref();
        let query = query.ok_or(Reason::InvalidAddress)?;
        if anew {
            extraction.forget(query).await;
        }
        let extracted = extraction.run(query).await;
        let record = extracted
            .map_err(|failure| Reason::from(&failure.error))?
            .record;
        Ok(record)
    }

    fn plan(&self, record: &Record) -> Result<Vec<Item>, Reason> {
        plan(self.download, record, self.tools.media.can_convert())
    }

    /// Fetches every item and makes it ready to be published. For an expired link, the record is requested again, once
    /// for each item.
    async fn all(
        &self,
        mut items: Vec<Item>,
        record: &mut Arc<Record>,
        staging: &Staging,
    ) -> Result<Vec<Ready>, Reason> {
        let mut ready = Vec::with_capacity(items.len());
        for place in 0..items.len() {
            let made = match self.one(&items, place, staging).await {
                Err(LinkError::Expired) => {
                    *record = self.resolve(true).await?;
                    let again = self.plan(record)?;
                    if again.len() != items.len() {
                        return Err(Reason::Unavailable);
                    }
                    items = again;
                    self.one(&items, place, staging).await
                }
                made => made,
            };
            ready.push(made.map_err(|failed| match failed {
                LinkError::Expired => Reason::Unavailable,
                LinkError::For(reason) => reason,
            })?);
        }
        Ok(ready)
    }

    async fn one(
        &self,
        items: &[Item],
        place: usize,
        staging: &Staging,
    ) -> Result<Ready, LinkError> {
        let item = &items[place];
        let raw = self.fetch(&item.url, (place, items.len()), staging).await?;
        let file = StagedItem {
            staging,
            place,
            tools: self.tools,
        };
        let path = match item.make {
            Treatment::Image { width, format } => file.image(raw, width, format).await?,
            Treatment::Sound { format: None } => raw,
            Treatment::Sound {
                format: Some(format),
            } => {
                let to = file.path(format.extension());
                self.tools.media.sound(&raw, &to, format).await?;
                to
            }
            Treatment::Video { side, mute, format } => {
                let whole = match &item.sound {
                    None => raw,
                    Some(url) => {
                        let sound = self.fetch(url, (place, items.len()), staging).await?;
                        let to = file.path("mp4");
                        self.tools
                            .media
                            .mux(&raw, Some(&sound), &to, VideoFormat::Mp4)
                            .await?;
                        to
                    }
                };
                self.report_item(
                    Stage::Processing,
                    (place, items.len()),
                    1.0,
                    Transfer::default(),
                );
                file.video(whole, side, mute, format.unwrap_or(VideoFormat::Mp4))
                    .await?
            }
        };
        let probe = self.tools.media.probe(&path).await?;
        let kind = match item.make {
            Treatment::Sound { format: None } => Type::M4a,
            _ => probe.kind,
        };
        Ok(Ready {
            stem: item.stem.clone(),
            path,
            kind,
            size: probe.width.zip(probe.height),
        })
    }

    async fn fetch(
        &self,
        url: &str,
        place: (usize, usize),
        staging: &Staging,
    ) -> Result<PathBuf, LinkError> {
        let path = staging.file(&format!("{}.raw", Uuid::new_v4()));
        let began = Instant::now();
        let fetch = Fetch {
            upstream: &self.tools.upstream,
            storage: &self.tools.storage,
            bytes_max: self.tools.config.file_bytes_max,
            bytes_per_s_min: self.tools.config.bytes_per_s_min,
            report: |bytes: u64, total: Option<u64>| {
                let share = total.map_or(0.0, |total| bytes as f64 / total.max(1) as f64);
                let seconds = began.elapsed().as_secs_f64();
                let speed = (seconds > 0.0).then(|| bytes as f64 / seconds);
                let transfer = Transfer {
                    bytes: Some(bytes),
                    bytes_total: total,
                    bytes_per_second: speed,
                };
                self.report_item(Stage::Downloading, place, share.min(1.0), transfer);
            },
        };
        fetch.run(url, &path).await?;
        if sniffed(&path).await?.is_none() {
            return Err(LinkError::For(Reason::NotMedia));
        }
        Ok(path)
    }

    async fn publish(
        &self,
        ready: Vec<Ready>,
        record: &Record,
        staging: &Staging,
    ) -> Result<Vec<OutputFile>, Reason> {
        let ready = if self.download.zip {
            vec![self.zip(ready, record, staging).await?]
        } else {
            ready
        };
        let mut files = Vec::with_capacity(ready.len());
        for ready in &ready {
            files.push(self.tools.publish(self.attempt.id, ready).await?);
        }
        Ok(files)
    }

    async fn zip(
        &self,
        ready: Vec<Ready>,
        record: &Record,
        staging: &Staging,
    ) -> Result<Ready, Reason> {
        let listed = ready.iter().map(|ready| {
            json!({ "filename": ready.name(), "media_type": ready.kind.content_type(), "dimensions": ready.dimensions() })
        });
        let listed: Vec<_> = listed.collect();
        let described = || serde_json::to_string_pretty(&metadata(record, &listed)).ok();
        let described = self.download.metadata.then(described).flatten();
        let entries = ready
            .iter()
            .map(|ready| (ready.name(), ready.path.clone()))
            .collect();
        let path = staging.file("all.zip");
        archive::pack(&path, entries, described).await?;
        let stem = match record {
            Record::Stories(stories) => format!("{}_stories", stories.username),
            Record::Media(media) => format!("{}_carousel", media.shortcode),
            _ => return Err(Reason::ExtractorFailed),
        };
        Ok(Ready {
            stem,
            path,
            kind: Type::Zip,
            size: None,
        })
    }

    /// Reports the progress of one item: how much of it is done, and the measured transfer.
    fn report_item(
        &self,
        stage: Stage,
        (place, count): (usize, usize),
        share: f64,
        transfer: Transfer,
    ) {
        let done = (place as f64 + share) / count.max(1) as f64;
        let percent = FETCHED.0 + (FETCHED.1 - FETCHED.0) * done;
        let item = StageItem {
            number: place + 1,
            count,
        };
        self.report_progress(stage, Some(item), percent, transfer);
    }

    /// Reports a stage that has no items.
    fn report(&self, stage: Stage, percent: f64) {
        self.report_progress(stage, None, percent, Transfer::default());
    }

    fn report_progress(
        &self,
        stage: Stage,
        item: Option<StageItem>,
        percent: f64,
        transfer: Transfer,
    ) {
        // Estimates that the remaining percentage takes as long, in proportion, as the part already done.
        let seconds = self.began.elapsed().as_secs_f64();
        let eta = (percent > FETCHED.0).then(|| seconds * (100.0 - percent) / percent);
        self.attempt.progress.set(Progress {
            stage,
            item,
            percent: percent.clamp(0.0, 99.0) as u8,
            bytes: transfer.bytes,
            bytes_total: transfer.bytes_total,
            bytes_per_second: transfer.bytes_per_second,
            eta_s: eta.map(|eta| eta.ceil() as u64),
        });
    }
}

/// The measured transfer of the file that is being fetched.
#[derive(Clone, Copy, Debug, Default)]
struct Transfer {
    bytes: Option<u64>,
    bytes_total: Option<u64>,
    bytes_per_second: Option<f64>,
}

/// The staged files of one item.
struct StagedItem<'a> {
    staging: &'a Staging,
    place: usize,
    tools: &'a Tools,
}

impl StagedItem<'_> {
    fn path(&self, ending: &str) -> PathBuf {
        self.staging
            .file(&format!("{}-{}.{ending}", self.place, Uuid::new_v4()))
    }

    async fn image(
        &self,
        raw: PathBuf,
        width: Option<u32>,
        format: Option<ImageFormat>,
    ) -> Result<PathBuf, LinkError> {
        let probe = self.tools.media.probe(&raw).await?;
        if !probe.kind.is_image() {
            return Err(LinkError::For(Reason::NotMedia));
        }
        let current = ImageFormat::of(probe.kind);
        let narrower = width.filter(|wanted| probe.width.is_none_or(|width| width > *wanted));
        let as_it_is = narrower.is_none() && (format.is_none() || format == current);
        if as_it_is {
            return Ok(raw);
        }
        let format = format.or(current).unwrap_or(ImageFormat::Jpg);
        let to = self.path(format.extension());
        self.tools.media.image(&raw, &to, format, narrower).await?;
        Ok(to)
    }

    async fn video(
        &self,
        mut path: PathBuf,
        side: Option<u32>,
        mute: bool,
        format: VideoFormat,
    ) -> Result<PathBuf, LinkError> {
        if !sniffed(&path).await?.is_some_and(|kind| kind.is_video()) {
            return Err(LinkError::For(Reason::NotMedia));
        }
        let media = &self.tools.media;
        if let Some(side) = side {
            let to = self.path(format.extension());
            media.scale(&path, &to, side, format).await?;
            path = to;
        }
        if mute {
            let to = self.path(format.extension());
            media.without_sound(&path, &to, format).await?;
            path = to;
        } else if side.is_none() && format != VideoFormat::Mp4 {
            let to = self.path(format.extension());
            media.remux(&path, &to, format).await?;
            path = to;
        }
        Ok(path)
    }
}

/// The type of a staged file, from its first bytes.
async fn sniffed(path: &Path) -> Result<Option<Type>, storage::Error> {
    let file = tokio::fs::File::open(path).await?;
    let mut head = Vec::with_capacity(HEAD_BYTES);
    file.take(HEAD_BYTES as u64).read_to_end(&mut head).await?;
    Ok(sniff(&head))
}

fn listed(files: &[OutputFile]) -> Vec<Value> {
    let listed = files.iter().map(|file| {
        json!({ "filename": file.filename, "media_type": file.content_type, "dimensions": file.dimensions })
    });
    listed.collect()
}
