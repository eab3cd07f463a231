//! What is known of the fields of every kind and door, in memory.

mod exchange;

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    DriftSample, Fill, Rates, Warning,
    fields::{Field, Fields, Origin, VersionId},
    track::Rate,
    walk,
};
use crate::database::{DriftRow, FillRow};

pub(super) use exchange::{Merged, Taken};

/// The maximum number of places in the records of one kind that are counted, over all doors; the contract has a few
/// hundred. A plugin that makes up new names uses up only those of its own kinds.
pub(super) const PLACES_MAX: usize = 5_000;
/// The maximum number of doors of one kind that are counted. Plugins name them.
pub(super) const DOORS_MAX: usize = 32;
/// The maximum number of versions whose rates are kept; those seen most recently are kept.
pub(super) const VERSIONS_MAX: usize = 24;

/// The counts.
#[derive(Default)]
pub(super) struct State {
    kinds: BTreeMap<String, Doors>,
    /// The labels of the versions, in the order in which they were last seen.
    versions: Vec<(VersionId, String)>,
    /// How many versions were ever seen.
    versions_seen: VersionId,
    /// Versions whose rows must be deleted from the database.
    forgotten: Vec<String>,
    /// Whether other processes count into the same rows.
    is_shared: bool,
    /// Whether the usual states that they share have yet to be accepted.
    accepts: bool,
}

/// The fields of one kind, by door.
#[derive(Default)]
struct Doors {
    fields: BTreeMap<String, Fields>,
    /// The number of places that its records were found to have.
    places: usize,
}

impl Doors {
    /// The fields from this door; `None` if it is new and there is no room for it.
    fn of(&mut self, door: &str) -> Option<&mut Fields> {
        if !self.fields.contains_key(door) && self.fields.len() >= DOORS_MAX {
            return None;
        }
        Some(self.fields.entry(door.to_owned()).or_default())
    }

    /// The field of a stored row; `None` if there is no room for it.
    fn stored(&mut self, door: &str, path: String) -> Option<&mut Field> {
        let (places, room) = (self.places, self.places < PLACES_MAX);
        let fields = self.of(door)?;
        let is_new = !fields.has(&path);
        if is_new && !room {
            return None;
        }
        self.places = places + usize::from(is_new);
        self.of(door).map(|fields| fields.field(path))
    }
}

impl State {
    /// Restores the counts from stored rows, which other processes may share. A row that cannot be read is ignored and
    /// learned again.
    pub(super) fn restore(fill: Vec<FillRow>, drift: Vec<DriftRow>, is_shared: bool) -> Self {
        let mut state = Self {
            is_shared,
            ..Self::default()
        };
        for row in drift {
            if let Ok(track) = serde_json::from_str(&row.track)
                && let Some(field) = state.stored(row.kind, &row.door, row.field)
            {
                field.track = track;
            }
        }
        for row in fill {
            let version = state.version(&row.version);
            let rate = Rate {
                stated: row.stated,
                asked: row.asked,
            };
            if let Some(field) = state.stored(row.kind, &row.door, row.field) {
                field.tally(version).stored = rate;
            }
        }
        state
    }

    /// Counts a record. Returns whether it raises a warning.
    pub(super) fn add<R: Serialize>(
        &mut self,
        sample: DriftSample<'_, R>,
        account: u64,
        now_s: u64,
    ) -> bool {
        let origin = Origin {
            version: (self.version(sample.version), sample.version),
            account,
            now_s,
            is_shared: self.is_shared,
        };
        let doors = self.kinds.entry(sample.kind.to_owned()).or_default();
        let room = PLACES_MAX.saturating_sub(doors.places);
        let Some(fields) = doors.of(sample.door) else {
            return false;
        };
        fields.room = room;
        walk::count(sample.record, fields);
        let added = room - fields.room;
        let mut raises = false;
        for (field, Rates { before, after }) in fields.learn(origin) {
            let DriftSample {
                kind,
                door,
                version,
                ..
            } = sample;
            raises = true;
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
        doors.places += added;
        raises
    }

    /// The field of a stored row; `None` if there is no room for it.
    fn stored(&mut self, kind: String, door: &str, path: String) -> Option<&mut Field> {
        self.kinds.entry(kind).or_default().stored(door, path)
    }

    /// The number of a version, which becomes the one seen most recently.
    fn version(&mut self, label: &str) -> VersionId {
        if let Some(at) = self.versions.iter().position(|(_, known)| known == label) {
            self.versions[at..].rotate_left(1);
        } else {
            if self.versions.len() >= VERSIONS_MAX {
                let (oldest, label) = self.versions.remove(0);
                for field in self.all_mut() {
                    field.rates.retain(|(version, _)| *version != oldest);
                }
                self.forgotten.push(label);
            }
            self.versions.push((self.versions_seen, label.to_owned()));
            self.versions_seen += 1;
        }
        self.versions.last().map_or(0, |(version, _)| *version)
    }

    /// Every field with its kind, door and path, in this order.
    fn all(&self) -> impl Iterator<Item = (&str, &str, &str, &Field)> {
        self.kinds.iter().flat_map(|(kind, doors)| {
            doors.fields.iter().flat_map(move |(door, fields)| {
                let each = fields.iter();
                each.map(move |(path, field)| (kind.as_str(), door.as_str(), path, field))
            })
        })
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Field> {
        let doors = self.kinds.values_mut();
        let fields = doors.flat_map(|doors| doors.fields.values_mut());
        fields.flat_map(Fields::all_mut)
    }

    pub(super) fn warnings(&self) -> Vec<Warning> {
        let each = self.all();
        each.filter_map(|(kind, door, path, field)| field.track.warning(kind, door, path))
            .collect()
    }

    pub(super) fn rates(&self) -> Vec<Fill> {
        let label = |version: VersionId| {
            let known = self.versions.iter().find(|(id, _)| *id == version);
            known.map_or("", |(_, label)| label)
        };
        let each = self.all().flat_map(|(kind, door, path, field)| {
            let mut rates: Vec<_> = field
                .rates
                .iter()
                .map(|(id, tally)| (label(*id), tally.rate()))
                .collect();
            rates.sort_by_key(|(label, _)| *label);
            rates
                .into_iter()
                .map(|(version, rate)| Fill {
                    kind: kind.to_owned(),
                    door: door.to_owned(),
                    version: version.to_owned(),
                    field: path.to_owned(),
                    rate,
                    windows: field.track.windows(),
                })
                .collect::<Vec<_>>()
        });
        each.collect()
    }

    /// Makes the present rates the usual ones.
    pub(super) fn accept(&mut self) {
        self.accepts = self.is_shared;
        for field in self.all_mut() {
            field.dirty |= field.track.accept();
        }
    }
}
