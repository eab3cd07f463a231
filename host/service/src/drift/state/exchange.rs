//! What a process stores of its counts, and what it takes over from the other processes that share the database.
//!
//! A process that has the database for itself knows best, and stores its tracks as they are. Where several share it, no
//! process knows all records: each hands over what it has counted since the last time, which is added to the stored rates
//! and counted once more on top of the stored tracks, as if all records had come to one process. Then it goes on from what
//! is stored.

use std::collections::{BTreeMap, HashSet};

use super::{Field, State, VERSIONS_MAX, VersionId};
use crate::{
    database::{DriftChange, DriftRow, FillRow},
    drift::track::{Rate, Track, batch::Batch},
};

/// Kind, door and path of a field.
type Place = (String, String, String);

/// What one process has to hand over.
#[derive(Debug, Default)]
pub(in crate::drift) struct Taken {
    pub(in crate::drift) change: DriftChange,
    /// What is to be counted on top of the stored tracks, if others count too.
    fresh: BTreeMap<Place, Vec<Batch>>,
    /// Whether the rates are then accepted as usual.
    accepts: bool,
}

/// The tracks of all processes together.
#[derive(Debug, Default)]
pub(in crate::drift) struct Merged(BTreeMap<Place, Track>);

impl Taken {
    /// Counts on top of the stored tracks. Returns all tracks, and the rows of those that changed.
    pub(in crate::drift) fn merge(&self, rows: Vec<DriftRow>) -> (Merged, Vec<DriftRow>) {
        let mut tracks = BTreeMap::new();
        for row in rows {
            // One that cannot be read is learned again.
            if let Ok(track) = serde_json::from_str(&row.track) {
                tracks.insert((row.kind, row.door, row.field), track);
            }
        }
        let mut changed = HashSet::new();
        for (place, batches) in &self.fresh {
            let track: &mut Track = tracks.entry(place.clone()).or_default();
            for batch in batches {
                track.add_batch(batch);
            }
            changed.insert(place.clone());
        }
        if self.accepts {
            let ended = tracks.iter_mut().filter_map(|(place, track)| {
                let has_ended = track.accept();
                has_ended.then(|| place.clone())
            });
            changed.extend(ended);
        }
        let changed = tracks.iter().filter(|(place, _)| changed.contains(*place));
        let rows = changed.filter_map(|(place, track)| row(place.clone(), track));
        let rows = rows.collect();
        (Merged(tracks), rows)
    }
}

/// The row of a track. It contains only numbers and texts, so there always is one.
fn row((kind, door, field): Place, track: &Track) -> Option<DriftRow> {
    let track = serde_json::to_string(track).ok()?;
    Some(DriftRow {
        kind,
        door,
        field,
        track,
    })
}

impl State {
    /// Takes what was counted since the last time.
    pub(in crate::drift) fn take(&mut self) -> Taken {
        let mut taken = Taken {
            accepts: std::mem::take(&mut self.accepts),
            ..Taken::default()
        };
        taken.change.forgotten = std::mem::take(&mut self.forgotten);
        let Self {
            kinds,
            versions,
            is_shared,
            ..
        } = self;
        for (kind, doors) in kinds {
            for (door, fields) in &mut doors.fields {
                for (path, field) in fields.iter_mut().filter(|(_, field)| field.dirty) {
                    let place = || (kind.clone(), door.clone(), path.to_owned());
                    field.dirty = false;
                    match is_shared {
                        true => {
                            let fresh = std::mem::take(&mut field.fresh);
                            taken.fresh.insert(place(), fresh);
                        }
                        false => taken.change.drift.extend(row(place(), &field.track)),
                    }
                    taken.change.fill.extend(rates(field, versions, place));
                }
            }
        }
        taken
    }

    /// Takes back what could not be stored, so that it is stored the next time.
    pub(in crate::drift) fn take_back(&mut self, taken: Taken) {
        self.forgotten.extend(taken.change.forgotten);
        self.accepts |= taken.accepts;
        for row in taken.change.drift {
            if let Some(field) = self.stored(row.kind, &row.door, row.field) {
                field.dirty = true;
            }
        }
        for ((kind, door, path), mut batches) in taken.fresh {
            if let Some(field) = self.stored(kind, &door, path) {
                batches.append(&mut field.fresh);
                field.fresh = batches;
                field.dirty = true;
            }
        }
        for row in taken.change.fill {
            // Those of a version that was forgotten meanwhile are gone.
            let Some(version) = self.known_version(&row.version) else {
                continue;
            };
            if let Some(field) = self.stored(row.kind, &row.door, row.field) {
                let (tally, rate) = (field.tally(version), rate(row.stated, row.asked));
                tally.stored.subtract(rate);
                tally.fresh.add(rate);
                field.dirty = true;
            }
        }
    }

    /// Goes on from what all processes have stored. What was counted since it was taken comes on top.
    pub(in crate::drift) fn adopt(&mut self, fill: Vec<FillRow>, merged: Merged) {
        for ((kind, door, path), track) in merged.0 {
            let Some(field) = self.stored(kind.clone(), &door, path.clone()) else {
                continue;
            };
            let was_missing = std::mem::replace(&mut field.track, track).is_missing();
            for batch in &field.fresh {
                field.track.add_batch(batch);
            }
            let warning = field.track.warning(&kind, &door, &path);
            if let Some(warning) = warning.filter(|_| !was_missing) {
                tracing::warn!(
                    kind,
                    door,
                    field = path,
                    before = warning.before_percent,
                    after = warning.after_percent,
                    version = warning.version,
                    "a field is no longer stated, as all replicas together see it"
                );
            }
        }
        self.adopt_rates(fill);
    }

    fn adopt_rates(&mut self, fill: Vec<FillRow>) {
        let stored: HashSet<_> = fill.iter().map(|row| row.version.as_str()).collect();
        let fields = self.all().flat_map(|(.., field)| &field.rates);
        let counting: HashSet<_> = fields
            .filter(|(_, tally)| tally.fresh.asked > 0)
            .map(|(version, _)| *version)
            .collect();
        // Others have forgotten the rest.
        self.versions
            .retain(|(id, label)| stored.contains(label.as_str()) || counting.contains(id));
        for field in self.all_mut() {
            for (_, tally) in &mut field.rates {
                tally.stored = Rate::default();
            }
        }
        for row in fill {
            let Some(version) = self.version_of_others(&row.version) else {
                continue;
            };
            if let Some(field) = self.stored(row.kind, &row.door, row.field) {
                field.tally(version).stored = rate(row.stated, row.asked);
            }
        }
        for field in self.all_mut() {
            field.rates.retain(|(_, tally)| tally.rate().asked > 0);
        }
    }

    /// The number of a version that is known; `None` if it is not.
    fn known_version(&self, label: &str) -> Option<VersionId> {
        let known = self.versions.iter().find(|(_, known)| known == label);
        known.map(|(version, _)| *version)
    }

    /// The number of a version that other processes count. It takes the place of none that this one counts.
    fn version_of_others(&mut self, label: &str) -> Option<VersionId> {
        let known = self.known_version(label);
        if known.is_none() && self.versions.len() < VERSIONS_MAX {
            return Some(self.version(label));
        }
        known
    }
}

/// Takes the rates of a field that are to be added to the stored ones.
fn rates(
    field: &mut Field,
    versions: &[(VersionId, String)],
    place: impl Fn() -> Place,
) -> Vec<FillRow> {
    let mut rows = Vec::new();
    for (version, tally) in &mut field.rates {
        let known = versions.iter().find(|(id, _)| id == version);
        let fresh = std::mem::take(&mut tally.fresh);
        tally.stored.add(fresh);
        let Some((_, label)) = known.filter(|_| fresh.asked > 0) else {
            continue;
        };
        let (kind, door, field) = place();
        rows.push(FillRow {
            kind,
            door,
            version: label.clone(),
            field,
            stated: fresh.stated,
            asked: fresh.asked,
        });
    }
    rows
}

fn rate(stated: u64, asked: u64) -> Rate {
    Rate { stated, asked }
}
