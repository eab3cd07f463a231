//! Captures: the responses to an extraction that a plugin failed. They are stored redacted, in the layout of a fixture,
//! so that they can be inspected, replayed exactly, and adopted as a case. The shapes of good answers are kept beside
//! them, to explain what changed. Depends on no plugin.

mod explanation;
mod index;
mod shape;
#[cfg(test)]
mod tests;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cases::{Case, Har, Question};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use self::explanation::{Compared, Explanation, Suggestion};

use self::{
    index::{Cause, Index},
    shape::store::Shapes,
};
use crate::data::{self, Access, Folder, Links, Owner, WholeFolder};

/// What is longer is no `capture.json`, bytes.
const META_BYTES_MAX: u64 = 1 << 20;

/// The interval at which learned shapes are written.
const KEEP_EVERY: Duration = Duration::from_secs(30);

/// Limits of the captures.
#[derive(Clone, Debug)]
pub struct Config {
    /// The maximum number of captures; the oldest are deleted first.
    pub captures_max: usize,
    /// The maximum total size, bytes; the oldest are deleted first.
    pub bytes_max: u64,
    /// The maximum size of one capture, bytes; a larger one is not stored.
    pub one_bytes_max: u64,
    /// The maximum number of captures with the same cause (plugin version, kind, and what is wrong); further ones are
    /// only counted.
    pub of_one_cause_max: usize,
    /// How often the shape of a good answer of a door is learned at most, seconds; 0 never.
    pub shape_every_s: u64,
    /// The maximum number of places of the answers to one request that are kept; further ones are not learned.
    pub shape_places_max: usize,
    /// The maximum size of the sample of the answers to one request, bytes; a larger one is not kept.
    pub shape_sample_bytes_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            captures_max: 200,
            bytes_max: 256 * 1024 * 1024,
            one_bytes_max: 32 * 1024 * 1024,
            of_one_cause_max: 3,
            shape_every_s: 10,
            shape_places_max: 4_000,
            shape_sample_bytes_max: 2 * 1024 * 1024,
        }
    }
}

/// Why a capture cannot be read or adopted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No capture has this id.
    #[error("no capture is called {0:.64?}")]
    Unknown(String),
    /// It was altered or damaged.
    #[error("{0}")]
    Broken(String),
    /// The disk failed.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// How an extraction failed, and everything that is needed to run it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Capture {
    /// A UUID v7, so ids sort by time.
    pub id: String,
    /// RFC 3339.
    pub at: String,
    /// For example `post` or `profile-info`.
    pub kind: String,
    /// The query, in the JSON form of the contract.
    pub query: Value,
    /// `name@version+digest` of the plugin that failed.
    pub plugin: String,
    /// SHA-256 of its component, 64 hex digits.
    pub digest: String,
    /// `changed`, `fault` or `rules`; `drift` if there was a record, but without a field that records usually have.
    pub class: String,
    /// The reason, in words.
    pub reason: String,
    /// The field that it could not read, if it states one; the field of the record that is missing.
    pub field: Option<String>,
    /// Its settings, a JSON object.
    pub settings: Value,
    /// The limits that it ran under.
    pub limits: Limits,
    /// How many values were redacted.
    pub redacted: usize,
    /// Whether the plugin fails in the same way on the redacted exchanges.
    pub reproduced: bool,
}

/// The limits of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The duration of one call, milliseconds.
    pub call_ms_max: u64,
    /// The linear memory of one call, bytes.
    pub memory_bytes_max: usize,
}

/// A capture as `GET /captures` lists it.
#[derive(Clone, Debug, Serialize)]
pub struct ListedCapture {
    /// The capture.
    #[serde(flatten)]
    pub capture: Capture,
    /// How often its cause occurred since this process first captured it.
    pub seen: u64,
    /// Its size on disk, bytes.
    pub bytes: u64,
}

/// The captures. A cheap handle; the default has no captures and stores none.
#[derive(Clone, Default)]
pub struct Captures {
    config: Arc<Config>,
    folder: PathBuf,
    /// Only the owner of the data folder stores captures and deletes old ones.
    owner: Option<Owner>,
    index: Arc<Mutex<Index>>,
    shapes: Shapes,
}

impl Captures {
    /// Opens the captures of a data folder, to store more and to delete the oldest.
    ///
    /// # Errors
    /// If the folder cannot be read. A capture that cannot be read is left unchanged and logged.
    pub fn open(config: Config, owner: &Owner) -> Result<Self, Error> {
        Self::read_all(config, owner, Some(owner.clone()))
    }

    /// Opens the captures of a data folder for reading, also while a server owns it.
    ///
    /// # Errors
    /// As [`Captures::open`].
    pub fn visit(config: Config, folder: &Folder) -> Result<Self, Error> {
        Self::read_all(config, folder, None)
    }

    fn read_all(config: Config, data: &Folder, owner: Option<Owner>) -> Result<Self, Error> {
        let shapes = Shapes::open(data.shapes(), owner.clone())?;
        let folder = data.captures();
        let mut index = Index::default();
        if folder.exists() {
            for path in folders(&folder)? {
                match read(&path) {
                    Ok((capture, bytes)) => index.add(capture, bytes),
                    Err(error) => tracing::warn!("{}: {error}", path.display()),
                }
            }
        }
        Ok(Self {
            config: Arc::new(config),
            folder,
            owner,
            index: Arc::new(Mutex::new(index)),
            shapes,
        })
    }

    /// The id of a capture with this cause, if no more of them may be stored; the occurrence is counted.
    #[must_use]
    pub fn seen(&self, digest: &str, kind: &str, what: &str) -> Option<String> {
        let cause = Cause::new(digest, kind, what);
        self.index().count(&cause, self.config.of_one_cause_max)
    }

    /// Stores a capture atomically. Returns its id, or `None` if nothing was stored. A disk error is logged.
    pub async fn keep(&self, capture: Capture, question: Question, har: Har) -> Option<String> {
        let this = self.clone();
        spawn_blocking(move || this.write(capture, &question, &har))
            .await
            .ok()?
    }

    fn write(&self, capture: Capture, question: &Question, har: &Har) -> Option<String> {
        let owner = self.owner.as_ref()?;
        let folder = self.folder.as_path();
        let id = capture.id.clone();
        match write(folder, &capture, question, har, self.config.one_bytes_max) {
            Ok(bytes) => {
                let surplus = {
                    let mut index = self.index();
                    index.add(capture, bytes);
                    index.surplus(&self.config)
                };
                for old in surplus {
                    let path = folder.join(&old.kind).join(&old.id);
                    if let Err(error) = owner.remove_folder(&path) {
                        tracing::warn!("{} stays: {error}", path.display());
                    }
                }
                Some(id)
            }
            Err(error) => {
                tracing::warn!("{} keeps no capture: {error}", folder.display());
                None
            }
        }
    }

    /// The number of captures.
    #[must_use]
    pub fn count(&self) -> usize {
        self.index().count_all()
    }

    /// All captures, newest first.
    #[must_use]
    pub fn list(&self) -> Vec<ListedCapture> {
        self.index().list()
    }

    /// One capture.
    ///
    /// # Errors
    /// [`Error::Unknown`] if there is none with this id.
    pub fn get(&self, id: &str) -> Result<ListedCapture, Error> {
        let found = self.index().get(id);
        found.ok_or_else(|| Error::Unknown(id.to_owned()))
    }

    /// The folder of a capture: `query.json`, `exchange.har` and `capture.json`.
    ///
    /// # Errors
    /// [`Error::Unknown`] if there is none with this id.
    pub fn folder(&self, id: &str) -> Result<PathBuf, Error> {
        let capture = self.get(id)?.capture;
        Ok(self.folder.join(capture.kind).join(capture.id))
    }

    /// The contents of one of its files.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read.
    pub async fn read(&self, file: &Path) -> Result<Vec<u8>, Error> {
        let (file, bytes_max) = (file.to_owned(), self.config.one_bytes_max);
        let read = spawn_blocking(move || data::read(&file, Links::Refused, bytes_max)).await;
        Ok(read.map_err(io::Error::other)??)
    }

    /// A capture as a case that only requires that the plugin does not fail.
    ///
    /// # Errors
    /// [`Error::Unknown`] if there is none with this id, [`Error::Broken`] if it cannot be read.
    pub fn case(&self, id: &str) -> Result<Case, Error> {
        let read = |file: &Path| data::read(file, Links::Refused, self.config.one_bytes_max);
        let loaded = cases::load_with(&self.folder(id)?, &read);
        loaded.map_err(|error| Error::Broken(error.to_string()))
    }

    /// Whether it is time to learn the shape of a good answer of this door. If so, the next time is later.
    #[must_use]
    pub fn is_shape_due(&self, kind: &str, door: &str) -> bool {
        self.shapes.is_due(&self.config, kind, door)
    }

    /// Learns the shapes of the answers that a good record of `door` was read from. Keeps one of each as a redacted
    /// sample.
    pub async fn learn(&self, kind: &'static str, door: String, question: Question, mut har: Har) {
        let this = self.clone();
        let work = move || {
            har.redact();
            let Self { config, shapes, .. } = &this;
            shapes.learn(config, (kind, &door), &question, har);
        };
        // Fails only if the process ends.
        let _ended = spawn_blocking(work).await;
    }

    /// Explains a capture by the shapes of earlier good answers.
    ///
    /// # Errors
    /// [`Error::Unknown`] if there is none with this id, [`Error::Broken`] if it cannot be read.
    pub async fn explain(&self, id: &str) -> Result<Explanation, Error> {
        let (this, id) = (self.clone(), id.to_owned());
        let work = move || {
            let capture = this.get(&id)?.capture;
            let har = this.case(&id)?.har;
            let known = this.shapes.of(&capture.kind);
            Ok(explanation::explain(&capture, &har, &known))
        };
        spawn_blocking(work).await.map_err(io::Error::other)?
    }

    /// Writes the learned shapes at intervals, and once more at the end.
    pub async fn run(&self, shutdown: CancellationToken) {
        while shutdown
            .run_until_cancelled(tokio::time::sleep(KEEP_EVERY))
            .await
            .is_some()
        {
            self.shapes.kept().await;
        }
        self.shapes.kept().await;
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A new id.
#[must_use]
pub fn id() -> String {
    Uuid::now_v7().to_string()
}

/// The capture folders, `<folder>/<kind>/<id>`. A name that begins with a dot is an unfinished capture.
fn folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for kind in fs::read_dir(folder)? {
        let kind = kind?.path();
        if !kind.is_dir() {
            continue;
        }
        for capture in fs::read_dir(kind)? {
            let path = capture?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !name.starts_with('.') {
                found.push(path);
            }
        }
    }
    found.sort_by(|one, other| one.file_name().cmp(&other.file_name()));
    Ok(found)
}

fn read(folder: &Path) -> Result<(Capture, u64), Error> {
    let text = data::read(&folder.join("capture.json"), Links::Refused, META_BYTES_MAX)?;
    let capture: Capture =
        serde_json::from_slice(&text).map_err(|error| Error::Broken(error.to_string()))?;
    if folder.file_name().is_none_or(|name| *name != *capture.id) {
        return Err(Error::Broken("is not in its own folder".to_owned()));
    }
    let har = data::open(&folder.join("exchange.har"), Links::Refused)?;
    let bytes = har.metadata()?.len() + text.len() as u64;
    Ok((capture, bytes))
}

fn write(
    folder: &Path,
    capture: &Capture,
    question: &Question,
    har: &Har,
    bytes_max: u64,
) -> io::Result<u64> {
    let har = har.to_json();
    if har.len() as u64 > bytes_max {
        let reason = format!("its HAR has more than {bytes_max} bytes");
        return Err(io::Error::other(reason));
    }
    // The reader of HAR files decides what may be stored.
    Har::parse(har.as_bytes()).map_err(io::Error::other)?;
    let question = serde_json::to_string_pretty(question)? + "\n";
    let meta = serde_json::to_string_pretty(capture)? + "\n";
    let path = folder.join(&capture.kind).join(&capture.id);
    let whole = WholeFolder::create(&path, Access::Private)?;
    whole.write("query.json", question.as_bytes())?;
    whole.write("exchange.har", har.as_bytes())?;
    whole.write("capture.json", meta.as_bytes())?;
    whole.finish()?;
    Ok((har.len() + meta.len()) as u64)
}
