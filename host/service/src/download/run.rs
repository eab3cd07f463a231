//! Runs one download: resolve, fetch, convert, publish. All files stay staged until they are complete.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Download, Reason, Tools, archive,
    fetch::LinkError,
    make::Maker,
    metadata::metadata,
    plan::{Plan, plan},
    progress::Reports,
    publish::{MissingFile, Output, OutputFile, Ready},
};
use crate::{
    contract::Record,
    job::{Attempt, Failure, Work},
    media::Type,
    storage::Staging,
};

impl Work for Download {
    type Context = Tools;

    async fn run(self, tools: Tools, attempt: Attempt) -> Result<Value, Failure> {
        let run = Run {
            download: &self,
            tools: &tools,
            attempt: &attempt,
            reports: Reports::new(&attempt.progress),
        };
        let made = run.made().await?;
        serde_json::to_value(made).map_err(|_| Reason::Internal.into())
    }
}

struct Run<'a> {
    download: &'a Download,
    tools: &'a Tools,
    attempt: &'a Attempt,
    reports: Reports<'a>,
}

impl Run<'_> {
    async fn made(&self) -> Result<Output, Reason> {
        self.reports.resolving();
        let mut record = self.resolve(false).await?;
        let plan = self.plan(&record).await?;
        faults::reached("job.resolved");
        let count = if self.download.zip {
            1
        } else {
            plan.items.len()
        };
        // After a crash between publishing and the end of the job, nothing is downloaded again.
        let (files, missing) = match self.tools.published(self.attempt.id, count).await? {
            Some(files) => (files, plan.missing),
            None => {
                let staging = self.tools.storage.stage()?;
                let (ready, missing) = self.all(plan, &mut record, &staging).await?;
                faults::reached("job.staged");
                self.reports.publishing();
                let files = self.publish(ready, &missing, &record, &staging).await?;
                (files, missing)
            }
        };
        let metadata = self
            .download
            .metadata
            .then(|| metadata(&record, &listed(&files), &missing));
        Ok(Output {
            files,
            missing,
            metadata,
        })
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

    async fn plan(&self, record: &Record) -> Result<Plan, Reason> {
        plan(self.download, record, self.tools.media.abilities().await)
    }

    /// Makes every file ready to be published, and returns those that are missing. For an expired link, the record is
    /// requested again, once for each item.
    ///
    /// # Errors
    /// If no file can be made, or if another attempt may make those that are missing.
    async fn all(
        &self,
        plan: Plan,
        record: &mut Arc<Record>,
        staging: &Staging,
    ) -> Result<(Vec<Ready>, Vec<MissingFile>), Reason> {
        let Plan {
            mut items,
            mut missing,
        } = plan;
        let (mut ready, mut first) = (Vec::with_capacity(items.len()), None);
        for place in 0..items.len() {
            let maker = Maker {
                tools: self.tools,
                reports: &self.reports,
                staging,
                place: (place, items.len()),
            };
            let made = match maker.make(&items[place], false).await {
                Err(LinkError::Expired) => {
                    *record = self.resolve(true).await?;
                    let again = self.plan(record).await?.items;
                    if again.len() != items.len() {
                        return Err(Reason::Unavailable);
                    }
                    items = again;
                    maker.make(&items[place], true).await
                }
                made => made,
            };
            match made {
                Ok(made) => ready.push(made),
                Err(error) => {
                    let reason = self.missing(error)?;
                    first.get_or_insert(reason);
                    let name = items[place].stem.clone();
                    missing.push(MissingFile { name, reason });
                }
            }
        }
        match first {
            Some(reason) if ready.is_empty() => Err(reason),
            _ => Ok((ready, missing)),
        }
    }

    /// Why a file is missing for good.
    ///
    /// # Errors
    /// If the whole download fails for it, or another attempt may make the file.
    fn missing(&self, error: LinkError) -> Result<Reason, Reason> {
        match error {
            // Also the links of a new record have expired: the file is gone.
            LinkError::Expired => Ok(Reason::Unavailable),
            LinkError::For(reason) => {
                let is_over = !reason.is_transient() || self.attempt.is_last;
                if is_over && reason.is_of_file() {
                    Ok(reason)
                } else {
                    Err(reason)
                }
            }
        }
    }

    async fn publish(
        &self,
        ready: Vec<Ready>,
        missing: &[MissingFile],
        record: &Record,
        staging: &Staging,
    ) -> Result<Vec<OutputFile>, Reason> {
        let ready = if self.download.zip {
            vec![self.zip(ready, missing, record, staging).await?]
        } else {
            ready
        };
        let mut files = Vec::with_capacity(ready.len());
        for ready in &ready {
            files.push(self.tools.publish(self.attempt, ready).await?);
        }
        Ok(files)
    }

    async fn zip(
        &self,
        ready: Vec<Ready>,
        missing: &[MissingFile],
        record: &Record,
        staging: &Staging,
    ) -> Result<Ready, Reason> {
        let listed = ready.iter().map(|ready| {
            json!({ "filename": ready.name(), "media_type": ready.kind.content_type(), "dimensions": ready.dimensions() })
        });
        let listed: Vec<_> = listed.collect();
        let described = || serde_json::to_string_pretty(&metadata(record, &listed, missing)).ok();
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
            digest: None,
            size: None,
        })
    }
}

fn listed(files: &[OutputFile]) -> Vec<Value> {
    let listed = files.iter().map(|file| {
        json!({ "filename": file.filename, "media_type": file.content_type, "dimensions": file.dimensions })
    });
    listed.collect()
}
