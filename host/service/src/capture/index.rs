//! The index of captures, by id and by cause, in memory.

use std::collections::{BTreeMap, HashMap};

use super::{Capture, Config, ListedCapture};

/// What equal captures have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Cause {
    digest: String,
    kind: String,
    what: String,
}

impl Cause {
    pub(super) fn new(digest: &str, kind: &str, what: &str) -> Self {
        Self {
            digest: digest.to_owned(),
            kind: kind.to_owned(),
            what: what.to_owned(),
        }
    }

    fn of(capture: &Capture) -> Self {
        let what = capture.field.as_ref().unwrap_or(&capture.reason);
        Self::new(&capture.digest, &capture.kind, what)
    }
}

#[derive(Default)]
pub(super) struct Index {
    /// The captures with their sizes in bytes; ids sort by time.
    captures: BTreeMap<String, (Capture, u64)>,
    /// For each cause, its number of occurrences and the ids of its captures, oldest first.
    causes: HashMap<Cause, (u64, Vec<String>)>,
    bytes: u64,
}

impl Index {
    pub(super) fn add(&mut self, capture: Capture, bytes: u64) {
        let cause = self.causes.entry(Cause::of(&capture)).or_default();
        cause.0 += 1;
        cause.1.push(capture.id.clone());
        self.bytes += bytes;
        self.captures.insert(capture.id.clone(), (capture, bytes));
    }

    /// Returns the latest capture of a cause that already has `most` captures, and counts the occurrence.
    pub(super) fn count(&mut self, cause: &Cause, most: usize) -> Option<String> {
        let (seen, ids) = self.causes.get_mut(cause)?;
        if ids.len() < most {
            return None;
        }
        *seen += 1;
        ids.last().cloned()
    }

    /// Removes the oldest captures beyond the limits and returns them.
    pub(super) fn surplus(&mut self, config: &Config) -> Vec<Capture> {
        let mut surplus = Vec::new();
        while self.captures.len() > config.captures_max || self.bytes > config.bytes_max {
            let Some((id, (capture, bytes))) = self.captures.pop_first() else {
                break;
            };
            self.bytes -= bytes;
            let cause = Cause::of(&capture);
            if let Some((_, ids)) = self.causes.get_mut(&cause) {
                ids.retain(|kept| *kept != id);
                if ids.is_empty() {
                    self.causes.remove(&cause);
                }
            }
            surplus.push(capture);
        }
        surplus
    }

    pub(super) fn count_all(&self) -> usize {
        self.captures.len()
    }

    pub(super) fn list(&self) -> Vec<ListedCapture> {
        let newest_first = self.captures.values().rev();
        newest_first.map(|entry| self.listed(entry)).collect()
    }

    pub(super) fn get(&self, id: &str) -> Option<ListedCapture> {
        self.captures.get(id).map(|entry| self.listed(entry))
    }

    fn listed(&self, (capture, bytes): &(Capture, u64)) -> ListedCapture {
        let seen = self.causes.get(&Cause::of(capture));
        ListedCapture {
            capture: capture.clone(),
            seen: seen.map_or(1, |(seen, _)| *seen),
            bytes: *bytes,
        }
    }
}
