//! The shapes that are known, in memory and in the data folder: one for each request that a kind of record comes from,
//! each with one redacted sample. They are learned seldom, off the path of requests, and written more seldom.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use cases::{
    Har, Question,
    har::{Answer, Entry},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::task::spawn_blocking;

use super::{Shape, documents::documents, request::described};
use crate::{
    capture::Config,
    data::{self, Access, Links, Owner},
};

/// Maximum number of requests whose answers are known; those that come later are not learned.
const KNOWN_MAX: usize = 128;
/// A sample is replaced by a later answer that has everything usual after so long.
const SAMPLE_EVERY: Duration = Duration::from_secs(3_600);
/// What is longer is no file of a shape, bytes.
const SHAPE_BYTES_MAX: u64 = 16 << 20;

/// What is known of the answers to one request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::capture) struct Known {
    /// For example `post`.
    pub(in crate::capture) kind: String,
    /// The door that the plugin named.
    pub(in crate::capture) door: String,
    /// The request, as described without its target.
    pub(in crate::capture) request: String,
    /// When the latest answer was learned, RFC 3339.
    pub(in crate::capture) at: String,
    pub(in crate::capture) shape: Shape,
}

/// One good answer, redacted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::capture) struct Sample {
    pub(in crate::capture) question: Question,
    /// A HAR with the one exchange.
    har: Value,
}

impl Sample {
    fn new(question: Question, entry: Entry) -> Self {
        let har = Har {
            entries: vec![entry],
        };
        let har = serde_json::from_str(&har.to_json()).unwrap_or_default();
        Self { question, har }
    }

    /// The documents of the answer.
    pub(in crate::capture) fn documents(&self) -> Vec<Value> {
        let har = Har::parse(self.har.to_string().as_bytes());
        let entries = har.map(|har| har.entries).unwrap_or_default();
        entries.iter().flat_map(answered).collect()
    }
}

/// The documents of an exchange, if it was answered well.
pub(in crate::capture) fn answered(entry: &Entry) -> Vec<Value> {
    match &entry.answer {
        Answer::Response {
            status: 200, body, ..
        } => documents(body),
        _ => Vec::new(),
    }
}

/// The shapes. A cheap handle; the default learns nothing.
#[derive(Clone, Default)]
pub(in crate::capture) struct Shapes {
    folder: PathBuf,
    /// Only the owner of the data folder learns.
    owner: Option<Owner>,
    known: Arc<Mutex<ByRequest>>,
    /// Apart from the shapes, because every extraction asks for it.
    last: Arc<Mutex<Vec<Last>>>,
}

/// When an answer of a kind and a door was last learned.
struct Last {
    kind: String,
    door: String,
    at: Instant,
}

/// What is known, by kind and request.
type ByRequest = BTreeMap<(String, String), Learned>;

struct Learned {
    known: Known,
    /// A sample that is not written yet.
    sample: Option<Sample>,
    sampled: Option<Instant>,
    dirty: bool,
}

impl Shapes {
    /// Reads what is known; the owner may learn more.
    ///
    /// # Errors
    /// If the folder cannot be read. A file that cannot be read is ignored and learned again.
    pub(in crate::capture) fn open(folder: PathBuf, owner: Option<Owner>) -> io::Result<Self> {
        let mut by_request = ByRequest::new();
        for known in all(&folder)? {
            let key = (known.kind.clone(), known.request.clone());
            let learned = Learned {
                known,
                sample: None,
                sampled: None,
                dirty: false,
            };
            by_request.insert(key, learned);
        }
        Ok(Self {
            folder,
            owner,
            known: Arc::new(Mutex::new(by_request)),
            last: Arc::default(),
        })
    }

    /// Whether it is time to learn an answer of this door again. If so, the next time is later.
    pub(in crate::capture) fn is_due(&self, config: &Config, kind: &str, door: &str) -> bool {
        if self.owner.is_none() || config.shape_every_s == 0 {
            return false;
        }
        let every = Duration::from_secs(config.shape_every_s);
        let mut all = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_it = |it: &&mut Last| it.kind == kind && it.door == door;
        if let Some(last) = all.iter_mut().find(is_it) {
            let is_due = now.duration_since(last.at) >= every;
            if is_due {
                last.at = now;
            }
            return is_due;
        }
        let is_room = all.len() < KNOWN_MAX;
        if is_room {
            all.push(Last {
                kind: kind.to_owned(),
                door: door.to_owned(),
                at: now,
            });
        }
        is_room
    }

    /// Learns good answers. Blocks.
    pub(in crate::capture) fn learn(
        &self,
        config: &Config,
        (kind, door): (&str, &str),
        question: &Question,
        har: Har,
    ) {
        for entry in har.entries {
            let found = answered(&entry);
            if found.is_empty() {
                continue;
            }
            let request = described(&entry, &question.query);
            let key = (kind.to_owned(), request);
            let mut known = self.known();
            if known.len() >= KNOWN_MAX && !known.contains_key(&key) {
                continue;
            }
            let learned = known.entry(key).or_insert_with_key(|(kind, request)| {
                let known = Known {
                    kind: kind.clone(),
                    door: door.to_owned(),
                    request: request.clone(),
                    at: String::new(),
                    shape: Shape::default(),
                };
                Learned {
                    known,
                    sample: None,
                    sampled: None,
                    dirty: true,
                }
            });
            learned.learn(config, door, &found, || {
                Sample::new(question.clone(), entry)
            });
        }
    }

    /// Writes what was learned. A disk error is logged; it is tried again the next time. Blocks.
    pub(in crate::capture) fn keep(&self) {
        if self.owner.is_none() {
            return;
        }
        let due: Vec<_> = {
            let mut known = self.known();
            let dirty = known.values_mut().filter(|learned| learned.dirty);
            dirty
                .map(|learned| {
                    learned.dirty = false;
                    (learned.known.clone(), learned.sample.take())
                })
                .collect()
        };
        for (known, sample) in due {
            if let Err(error) = write(&self.folder, &known, sample.as_ref()) {
                tracing::warn!("{} keeps no shape: {error}", self.folder.display());
                let key = (known.kind, known.request);
                if let Some(learned) = self.known().get_mut(&key) {
                    learned.dirty = true;
                    learned.sample = learned.sample.take().or(sample);
                }
            }
        }
    }

    /// As [`Shapes::keep`], without blocking.
    pub(in crate::capture) async fn kept(&self) {
        let this = self.clone();
        // Fails only if the process ends.
        let _ended = spawn_blocking(move || this.keep()).await;
    }

    /// What is known of a kind, with the samples. Blocks.
    pub(in crate::capture) fn of(&self, kind: &str) -> Vec<(Known, Option<Sample>)> {
        let known: Vec<_> = {
            let known = self.known();
            let of_kind = known.values().filter(|it| it.known.kind == kind);
            of_kind
                .map(|it| (it.known.clone(), it.sample.clone()))
                .collect()
        };
        known
            .into_iter()
            .map(|(known, new)| {
                let sample = new.or_else(|| read(&sample_file(&self.folder, &known)).ok());
                (known, sample)
            })
            .collect()
    }

    fn known(&self) -> MutexGuard<'_, ByRequest> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Learned {
    fn learn(
        &mut self,
        config: &Config,
        door: &str,
        found: &[Value],
        sample: impl FnOnce() -> Sample,
    ) {
        self.known.shape.learn(found, config.shape_places_max);
        door.clone_into(&mut self.known.door);
        let now = OffsetDateTime::now_utc().format(&Rfc3339);
        self.known.at = now.unwrap_or_default();
        self.dirty = true;
        let is_time = self.sampled.is_none_or(|at| at.elapsed() >= SAMPLE_EVERY);
        if is_time && self.is_whole(found) {
            let sample = sample();
            if sample.har.to_string().len() <= config.shape_sample_bytes_max {
                self.sample = Some(sample);
                self.sampled = Some(Instant::now());
            }
        }
    }

    /// Whether an answer has everything that is usual. What is missing now must stay in the sample.
    fn is_whole(&self, found: &[Value]) -> bool {
        let mut own = Shape::default();
        own.learn(found, usize::MAX);
        let known = &self.known.shape;
        let mut usual = known.places.keys().filter(|path| {
            let around = super::parent(path);
            known.is_usual(path) && own.places.contains_key(around)
        });
        usual.all(|path| own.places.contains_key(path))
    }
}

/// Every shape in the folder.
fn all(folder: &Path) -> io::Result<Vec<Known>> {
    let mut known = Vec::new();
    if !folder.is_dir() {
        return Ok(known);
    }
    for kind in fs::read_dir(folder)? {
        let kind = kind?.path();
        if !kind.is_dir() {
            continue;
        }
        for file in fs::read_dir(kind)? {
            let path = file?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with('.') || !name.ends_with(SHAPE) || known.len() >= KNOWN_MAX {
                continue;
            }
            match read(&path) {
                Ok(shape) => known.push(shape),
                Err(error) => tracing::warn!("{}: {error}", path.display()),
            }
        }
    }
    Ok(known)
}

/// The endings of the two files of a shape.
const SHAPE: &str = ".shape.json";
const SAMPLE: &str = ".sample.json";

/// The path of the files of a shape, without their endings. The request is long, and has slashes.
fn stem(folder: &Path, known: &Known) -> String {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(known.request.as_bytes());
    let short: String = digest[..4]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let path = folder.join(&known.kind).join(short);
    path.to_string_lossy().into_owned()
}

fn sample_file(folder: &Path, known: &Known) -> PathBuf {
    (stem(folder, known) + SAMPLE).into()
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> io::Result<T> {
    let bytes = data::read(path, Links::Refused, SHAPE_BYTES_MAX)?;
    serde_json::from_slice(&bytes).map_err(io::Error::other)
}

fn write(folder: &Path, known: &Known, sample: Option<&Sample>) -> io::Result<()> {
    data::make_folder(&folder.join(&known.kind), Access::Private)?;
    let put = |path: PathBuf, text: serde_json::Result<String>| {
        data::write_atomically(&path, text?.as_bytes(), Access::Private)
    };
    if let Some(sample) = sample {
        put(sample_file(folder, known), serde_json::to_string(sample))?;
    }
    let shape = (stem(folder, known) + SHAPE).into();
    put(shape, serde_json::to_string_pretty(known))
}
