//! Makes one file of a download: fetches a link, and converts what it gave. If one rendition does not become a file, the
//! next one is tried.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use uuid::Uuid;

use super::{
    Reason, Tools,
    fetch::{Fetch, LinkError},
    plan::{Item, Treatment, Way},
    progress::{Reports, Transfer},
    publish::Ready,
};
use crate::{
    job::Stage,
    media::{Film, ImageFormat, Type},
    storage::{FileDigest, Staging},
};

/// Makes one item of a download.
pub(super) struct Maker<'a> {
    pub(super) tools: &'a Tools,
    pub(super) reports: &'a Reports<'a>,
    pub(super) staging: &'a Staging,
    /// Its place among the items, and their number.
    pub(super) place: (usize, usize),
}

impl Maker<'_> {
    /// Makes the file by the first way that succeeds. Otherwise returns why the best one failed. An expired link ends the
    /// search, unless links were requested anew (`renewed`).
    pub(super) async fn make(&self, item: &Item, renewed: bool) -> Result<Ready, LinkError> {
        let mut first = None;
        for way in &item.ways {
            let made = self.try_way(&item.stem, way).await;
            let may_differ = match &made {
                Ok(_) => false,
                Err(LinkError::Expired) => renewed,
                Err(LinkError::For(reason)) => reason.is_of_file() && *reason != Reason::TooLarge,
            };
            match made {
                Err(error) if may_differ => {
                    tracing::info!(
                        stem = item.stem,
                        ?error,
                        "a rendition did not become a file"
                    );
                    first.get_or_insert(error);
                }
                made => return made,
            }
        }
        Err(first.unwrap_or(LinkError::For(Reason::Unavailable)))
    }

    async fn try_way(&self, stem: &str, way: &Way) -> Result<Ready, LinkError> {
        let (raw, digest) = self.fetch(&way.url).await?;
        let path = match way.make {
            Treatment::Image { width, format } => self.image(&raw, width, format).await?,
            Treatment::Sound { format: None } => None,
            Treatment::Sound {
                format: Some(format),
            } => {
                let to = self.path(format.extension());
                self.tools.media.sound(&raw, &to, format).await?;
                Some(to)
            }
            Treatment::Video(film) => {
                let sound = match &way.sound {
                    Some(url) => Some(self.fetch(url).await?.0),
                    None => None,
                };
                let transfer = Transfer::default();
                self.reports
                    .item(Stage::Processing, self.place, 1.0, transfer);
                self.video(&raw, sound, film).await?
            }
        };
        let media = &self.tools.media;
        // What a converter made was read to its end by it, and is checked there.
        let (path, digest, probe) = match path {
            Some(made) => {
                let probe = media.probe(&made).await?;
                (made, None, probe)
            }
            None => {
                let probe = media.verify(&raw).await?;
                (raw, Some(digest), probe)
            }
        };
        let is_film = matches!(probe.kind, Type::Mp4 | Type::Mov | Type::M4a);
        let kind = match way.make {
            Treatment::Sound { format: None } if is_film && probe.audio_codec.is_some() => {
                Type::M4a
            }
            Treatment::Sound { format: None } => return Err(LinkError::For(Reason::NotMedia)),
            _ => probe.kind,
        };
        Ok(Ready {
            stem: stem.to_owned(),
            path,
            kind,
            digest,
            size: probe.width.zip(probe.height),
        })
    }

    async fn fetch(&self, url: &str) -> Result<(PathBuf, FileDigest), LinkError> {
        let path = self.staging.file(&format!("{}.raw", Uuid::new_v4()));
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
                self.reports
                    .item(Stage::Downloading, self.place, share.min(1.0), transfer);
            },
        };
        let digest = fetch.run(url, &path).await?;
        Ok((path, digest))
    }

    fn path(&self, ending: &str) -> PathBuf {
        self.staging
            .file(&format!("{}-{}.{ending}", self.place.0, Uuid::new_v4()))
    }

    /// Makes the requested picture, unless the fetched one is it already.
    async fn image(
        &self,
        raw: &Path,
        width: Option<u32>,
        format: Option<ImageFormat>,
    ) -> Result<Option<PathBuf>, LinkError> {
        let media = &self.tools.media;
        let probe = media.probe(raw).await?;
        if !probe.kind.is_image() {
            return Err(LinkError::For(Reason::NotMedia));
        }
        let current = ImageFormat::of(probe.kind);
        let narrower = width.filter(|wanted| probe.width.is_none_or(|width| width > *wanted));
        let as_it_is = narrower.is_none() && (format.is_none() || format == current);
        // A size is no reason to refuse a picture that cannot be scaled here.
        if as_it_is || format.is_none() && !media.converts_image(probe.kind).await {
            return Ok(None);
        }
        let format = format.or(current).unwrap_or(ImageFormat::Jpg);
        let to = self.path(format.extension());
        media.image(raw, &to, format, narrower).await?;
        Ok(Some(to))
    }

    /// Makes the requested video, unless the fetched one is it already.
    async fn video(
        &self,
        raw: &Path,
        sound: Option<PathBuf>,
        film: Film,
    ) -> Result<Option<PathBuf>, LinkError> {
        let media = &self.tools.media;
        if media.is_film(raw, film).await? && sound.is_none() {
            return Ok(None);
        }
        let to = self.path(film.container().extension());
        media.film(raw, sound.as_deref(), &to, film).await?;
        Ok(Some(to))
    }
}
