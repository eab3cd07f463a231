//! The history of one field: its usual rate, its recent rate, and whether the difference is worth a warning.

use serde::{Deserialize, Serialize};

pub(super) mod batch;

use batch::Batch;

/// The number of records in a window. Records that replicas count together come in batches, which may make it longer.
pub(super) const WINDOW: u64 = 50;
/// The number of windows whose rates are kept for a chart.
const WINDOWS_MAX: usize = 24;
/// The minimum number of recent records for a warning.
const RECENT_MIN: u64 = 20;
/// The minimum number of records behind the usual rate for a warning.
const USUAL_MIN: u64 = 50;
/// The usual rate is based on about this many records at most, so that it can change.
const USUAL_MAX: u64 = 1_000;
/// The minimum drop in the share of records that state the field.
const DROP_MIN: f64 = 0.3;
/// The minimum drop in standard errors: by chance, it occurs once in some 30,000 windows.
const SIGMAS_MIN: f64 = 4.0;
/// The minimum number of different accounts with records that lack the field: a single account that hides its counts
/// says nothing about Instagram.
const ACCOUNTS_MIN: usize = 5;
/// A warning ends when the share is within this distance of the usual one.
const BACK: f64 = 0.1;

/// How often a field was stated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// The number of records that state it.
    pub stated: u64,
    /// The number of records.
    pub asked: u64,
}

impl Rate {
    pub(super) fn add(&mut self, other: Self) {
        self.stated += other.stated;
        self.asked += other.asked;
    }

    pub(super) fn subtract(&mut self, other: Self) {
        self.stated = self.stated.saturating_sub(other.stated);
        self.asked = self.asked.saturating_sub(other.asked);
    }

    /// The share, 0 to 1.
    #[must_use]
    pub fn share(self) -> f64 {
        if self.asked == 0 {
            return 0.0;
        }
        self.stated as f64 / self.asked as f64
    }

    fn percent(self) -> u64 {
        (self.share() * 100.0).round() as u64
    }
}

/// A field that used to be stated and no longer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// For example `post`.
    pub kind: String,
    /// The door that answers.
    pub door: String,
    /// The path of the field.
    pub field: String,
    /// The percentage of records that stated it before.
    pub before_percent: u64,
    /// The percentage of records that state it now.
    pub after_percent: u64,
    /// When the first of these records was read, seconds since 1970.
    pub since: u64,
    /// `name@version+digest` of the plugin that produced them.
    pub version: String,
}

/// The rates before and after, in percent, of a field that raises a warning.
pub(super) struct Rates {
    pub(super) before: u64,
    pub(super) after: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Track {
    usual: Rate,
    recent: Rate,
    /// When the window began, seconds since 1970.
    since: u64,
    /// The plugin version that last produced it.
    version: String,
    /// Hashes of accounts whose records lack it, up to the number that is needed.
    without: Vec<u64>,
    /// The percentages of the latest windows, oldest first.
    #[serde(default)]
    windows: Vec<u64>,
    /// Since when it has been missing, and its rate in the latest window.
    missing: Option<(u64, Rate)>,
}

impl Track {
    /// Counts one record. Returns the rates before and after if this record raises a warning.
    pub(super) fn add(
        &mut self,
        rate: Rate,
        (version, account): (&str, u64),
        now_s: u64,
    ) -> Option<Rates> {
        if self.recent.asked == 0 {
            self.since = now_s;
        }
        if self.version != version {
            version.clone_into(&mut self.version);
        }
        self.recent.add(rate);
        if rate.stated < rate.asked {
            note(&mut self.without, account);
        }
        self.judge()
    }

    /// Counts the records of a batch, as [`Track::add`] counts one.
    pub(super) fn add_batch(&mut self, batch: &Batch) -> Option<Rates> {
        if self.recent.asked == 0 {
            self.since = batch.since;
        }
        self.version.clone_from(&batch.version);
        self.recent.add(batch.rate);
        for account in &batch.without {
            note(&mut self.without, *account);
        }
        self.judge()
    }

    /// Raises a warning if one is due, and ends the window if it is full.
    fn judge(&mut self) -> Option<Rates> {
        let mut raised = None;
        if self.missing.is_none() && self.has_dropped() {
            self.missing = Some((self.since, self.recent));
            raised = Some(Rates {
                before: self.usual.percent(),
                after: self.recent.percent(),
            });
        }
        if self.recent.asked >= WINDOW {
            self.turn();
        }
        raised
    }

    fn has_dropped(&self) -> bool {
        let (usual, recent) = (self.usual, self.recent);
        if usual.asked < USUAL_MIN || recent.asked < RECENT_MIN || self.without.len() < ACCOUNTS_MIN
        {
            return false;
        }
        let drop = usual.share() - recent.share();
        let (n, m) = (usual.asked as f64, recent.asked as f64);
        let both = (usual.stated + recent.stated) as f64 / (n + m);
        let error = (both * (1.0 - both) * (1.0 / n + 1.0 / m)).sqrt();
        drop >= DROP_MIN && drop >= SIGMAS_MIN * error
    }

    /// Ends a window: its rate becomes part of the usual one, unless the warning is about it.
    fn turn(&mut self) {
        let window = std::mem::take(&mut self.recent);
        self.without.clear();
        self.windows.push(window.percent());
        if self.windows.len() > WINDOWS_MAX {
            self.windows.remove(0);
        }
        if let Some((since, _)) = self.missing
            && self.usual.share() - window.share() > BACK
        {
            self.missing = Some((since, window));
            return;
        }
        self.missing = None;
        self.learn(window);
    }

    fn learn(&mut self, window: Rate) {
        self.usual.add(window);
        if self.usual.asked > USUAL_MAX {
            self.usual.stated /= 2;
            self.usual.asked /= 2;
        }
    }

    /// Makes the present rate the usual one; returns whether this ended a warning.
    pub(super) fn accept(&mut self) -> bool {
        let Some((_, seen)) = self.missing.take() else {
            return false;
        };
        self.usual = Rate::default();
        self.learn(seen);
        self.recent = Rate::default();
        self.without.clear();
        true
    }

    /// Whether there is a warning.
    pub(super) fn is_missing(&self) -> bool {
        self.missing.is_some()
    }

    /// The percentages of the latest windows of 50 records, oldest first, and of the current one.
    pub(super) fn windows(&self) -> Vec<u64> {
        let now = (self.recent.asked > 0).then(|| self.recent.percent());
        self.windows.iter().copied().chain(now).collect()
    }

    pub(super) fn warning(&self, kind: &str, door: &str, field: &str) -> Option<Warning> {
        let (since, seen) = self.missing?;
        Some(Warning {
            kind: kind.to_owned(),
            door: door.to_owned(),
            field: field.to_owned(),
            before_percent: self.usual.percent(),
            after_percent: seen.percent(),
            since,
            version: self.version.clone(),
        })
    }
}

/// Remembers an account whose record lacks the field, if more are needed.
pub(super) fn note(without: &mut Vec<u64>, account: u64) {
    if without.len() < ACCOUNTS_MIN && !without.contains(&account) {
        without.push(account);
    }
}
