//! Counts how often each field of a record is stated. This shows when Instagram no longer states a field, or a plugin
//! no longer finds it, before clients notice. Depends on no plugin.
//!
//! A field is only compared with itself: in the same kind of record, from the same door, and of the same type of media.
//! The usual rate is learned. A warning requires a large drop, over enough records of enough different accounts.

mod fields;
#[cfg(test)]
mod tests;
mod track;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Serialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use self::track::{Rate, Warning};

use self::track::Track;
use crate::{
    clock::Clock,
    database::{self, Database, DriftRow, FillRow},
};

/// The maximum number of fields that are tracked, over all kinds, doors and versions; the contract has a few hundred.
const FIELDS_MAX: usize = 20_000;
/// The interval at which learned rates are stored, seconds.
const KEEP_EVERY_S: u64 = 30;
/// The maximum number of versions whose rates are kept; those seen most recently are kept.
const VERSIONS_MAX: usize = 24;

/// A record to be counted.
#[derive(Clone, Copy, Debug)]
pub struct DriftSample<'a> {
    /// For example `post`.
    pub kind: &'a str,
    /// The door that answered.
    pub door: &'a str,
    /// `name@version+digest` of the plugin that produced it.
    pub version: &'a str,
    /// The account that it belongs to. Fields that a single account hides are not drift.
    pub account: &'a str,
    /// The record in the JSON form of the contract.
    pub record: &'a Value,
}

/// How often one version stated one field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fill {
    /// For example `post`.
    pub kind: String,
    /// The door that answered.
    pub door: String,
    /// `name@version+digest`.
    pub version: String,
    /// The path of the field.
    pub field: String,
    /// The rate.
    #[serde(flatten)]
    pub rate: Rate,
    /// The rate over time, in percent, from all versions together: windows of 50 records, oldest first. At most 24 full
    /// windows and the current one.
    pub windows: Vec<u64>,
}

/// A field of a kind from a door.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    kind: String,
    door: String,
    field: String,
}

#[derive(Default)]
struct State {
    tracks: BTreeMap<Key, Track>,
    /// The rates by version, in the order in which the versions were last seen.
    versions: Vec<(String, HashMap<Key, Rate>)>,
    /// What changed since it was last stored.
    dirty: HashSet<Key>,
    /// Versions whose rows must be deleted from the database.
    forgotten: Vec<String>,
}

/// The drift counts. A cheap handle; the default stores nothing.
#[derive(Clone)]
pub struct Drift {
    known: Arc<Mutex<State>>,
    database: Option<Database>,
    clock: Clock,
}

impl Default for Drift {
    fn default() -> Self {
        Self {
            known: Arc::default(),
            database: None,
            clock: Clock::system(),
        }
    }
}

impl Drift {
    /// Opens the counts with the rates that were stored before, if there is a database.
    ///
    /// # Errors
    /// If the database fails. A row that cannot be read is ignored and learned again.
    pub async fn open(database: Option<Database>, clock: Clock) -> Result<Self, database::Error> {
        let mut known = State::default();
        if let Some(database) = &database {
            let (fill, drift) = database.drift().await?;
            for row in drift {
                if let Ok(track) = serde_json::from_str(&row.track) {
                    let DriftRow {
                        kind, door, field, ..
                    } = row;
                    known.tracks.insert(Key { kind, door, field }, track);
                }
            }
            for row in fill {
                known.restore(row);
            }
        }
        Ok(Self {
            known: Arc::new(Mutex::new(known)),
            database,
            clock,
        })
    }

    /// Counts a record.
    pub fn observe(&self, seen: DriftSample<'_>) {
        let now_s = self.clock.now_ms() / 1000;
        let mut account = DefaultHasher::new();
        seen.account.hash(&mut account);
        let account = account.finish();
        let counts = fields::count(seen.record);
        let mut known = self.known();
        for (field, rate) in counts {
            let key = Key {
                kind: seen.kind.to_owned(),
                door: seen.door.to_owned(),
                field,
            };
            known.add(key, rate, (seen.version, account), now_s);
        }
    }

    /// The fields that used to be stated and no longer are.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        let known = self.known();
        let tracks = known.tracks.iter();
        tracks
            .filter_map(|(key, track)| track.warning(&key.kind, &key.door, &key.field))
            .collect()
    }

    /// How often every version stated every field.
    #[must_use]
    pub fn rates(&self) -> Vec<Fill> {
        let known = self.known();
        let mut rates: Vec<_> = known
            .versions
            .iter()
            .flat_map(|(version, rates)| rates.iter().map(move |(key, rate)| (version, key, rate)))
            .map(|(version, key, rate)| Fill {
                kind: key.kind.clone(),
                door: key.door.clone(),
                version: version.clone(),
                field: key.field.clone(),
                rate: *rate,
                windows: known
                    .tracks
                    .get(key)
                    .map(Track::windows)
                    .unwrap_or_default(),
            })
            .collect();
        rates.sort_by(|a, b| {
            (&a.kind, &a.door, &a.field, &a.version).cmp(&(&b.kind, &b.door, &b.field, &b.version))
        });
        rates
    }

    /// Accepts the present rates as usual, because the operator knows about the change.
    pub fn accept(&self) {
        let mut known = self.known();
        let State { tracks, dirty, .. } = &mut *known;
        for (key, track) in tracks {
            if track.accept() {
                dirty.insert(key.clone());
            }
        }
    }

    /// Stores what was learned at intervals, and once more at the end.
    pub async fn run(&self, shutdown: CancellationToken) {
        let every = Duration::from_secs(KEEP_EVERY_S);
        while shutdown
            .run_until_cancelled(tokio::time::sleep(every))
            .await
            .is_some()
        {
            self.keep().await;
        }
        self.keep().await;
    }

    /// Stores what was learned. If the database fails, this is logged and tried again next time.
    pub async fn keep(&self) {
        let Some(database) = &self.database else {
            return;
        };
        let (fill, drift, forgotten) = self.known().rows();
        let kept = async {
            database.keep_drift(&fill, &drift).await?;
            for version in &forgotten {
                database.forget_fill_rates(version).await?;
            }
            Ok::<_, database::Error>(())
        };
        if let Err(error) = kept.await {
            tracing::warn!(%error, "fill rates cannot be kept");
            let mut known = self.known();
            known.forgotten.extend(forgotten);
            known.dirty.extend(drift.into_iter().map(|row| Key {
                kind: row.kind,
                door: row.door,
                field: row.field,
            }));
        }
    }

    fn known(&self) -> MutexGuard<'_, State> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn restore(&mut self, row: FillRow) {
        let FillRow {
            kind,
            door,
            version,
            field,
            stated,
            asked,
        } = row;
        let rates = self.version(&version);
        rates.insert(Key { kind, door, field }, Rate { stated, asked });
    }

    /// The rates of a version, which becomes the one seen most recently.
    fn version(&mut self, version: &str) -> &mut HashMap<Key, Rate> {
        let at = self.versions.iter().position(|(name, _)| name == version);
        let entry = match at {
            Some(at) => self.versions.remove(at),
            None => (version.to_owned(), HashMap::new()),
        };
        if self.versions.len() >= VERSIONS_MAX {
            let (oldest, _) = self.versions.remove(0);
            self.forgotten.push(oldest);
        }
        self.versions.push(entry);
        let latest = self.versions.len() - 1;
        &mut self.versions[latest].1
    }

    fn add(&mut self, key: Key, rate: Rate, (version, account): (&str, u64), now_s: u64) {
        if self.tracks.len() >= FIELDS_MAX && !self.tracks.contains_key(&key) {
            return;
        }
        self.version(version)
            .entry(key.clone())
            .or_default()
            .add(rate);
        let track = self.tracks.entry(key.clone()).or_default();
        if let Some(warning) = track.add(rate, (version, account), now_s) {
            let Key { kind, door, field } = &key;
            let Rates { before, after } = warning;
            tracing::warn!(
                kind,
                door,
                field,
                before,
                after,
                version,
                "a field is no longer stated"
            );
        }
        self.dirty.insert(key);
    }

    fn rows(&mut self) -> (Vec<FillRow>, Vec<DriftRow>, Vec<String>) {
        let dirty = std::mem::take(&mut self.dirty);
        let mut fill = Vec::new();
        for (version, rates) in &self.versions {
            let changed = rates.iter().filter(|(key, _)| dirty.contains(key));
            fill.extend(changed.map(|(key, rate)| FillRow {
                kind: key.kind.clone(),
                door: key.door.clone(),
                version: version.clone(),
                field: key.field.clone(),
                stated: rate.stated,
                asked: rate.asked,
            }));
        }
        let tracks = dirty.into_iter().filter_map(|key| {
            // It contains only numbers and strings.
            let track = serde_json::to_string(self.tracks.get(&key)?).ok()?;
            let Key { kind, door, field } = key;
            Some(DriftRow {
                kind,
                door,
                field,
                track,
            })
        });
        let tracks = tracks.collect();
        (fill, tracks, std::mem::take(&mut self.forgotten))
    }
}

/// Rates in percent, for a log line.
struct Rates {
    before: u64,
    after: u64,
}
