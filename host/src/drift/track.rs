//! What is usual for one field, what was seen lately, and when the difference is worth a warning.

use serde::{Deserialize, Serialize};

use super::Rates;

/// Records of one window of what was seen lately.
const WINDOW: u64 = 50;
/// Windows whose shares are remembered, to be drawn.
const WINDOWS_MAX: usize = 24;
/// Nothing is said on fewer records seen lately.
const RECENT_MIN: u64 = 20;
/// Nor on fewer records in which the field was usual.
const USUAL_MIN: u64 = 50;
/// What is usual is remembered from about so many records, so that it can change.
const USUAL_MAX: u64 = 1_000;
/// By how much the share of records that state the field must have dropped.
const DROP_MIN: f64 = 0.3;
/// By how many standard errors it must have dropped: by chance once in some 30,000 windows.
const SIGMAS_MIN: f64 = 4.0;
/// How many different accounts must have records without it: one that hides its counts says nothing of Instagram.
const ACCOUNTS_MIN: usize = 5;
/// A warning ends when the share is back within so much.
const BACK: f64 = 0.1;

/// How often a field was stated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Records that state it.
    pub stated: u64,
    /// Records.
    pub asked: u64,
}

impl Rate {
    pub(super) fn add(&mut self, other: Self) {
        self.stated += other.stated;
        self.asked += other.asked;
    }

    /// 0 to 1.
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
    /// As in `post`.
    pub kind: String,
    /// The door that answers.
    pub door: String,
    /// Its path.
    pub field: String,
    /// Percent of records that stated it.
    pub before_percent: u64,
    /// Percent of records that state it now.
    pub after_percent: u64,
    /// When the first record of those was read, seconds since 1970.
    pub since: u64,
    /// `name@version+digest` of the plugin that read them.
    pub version: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Track {
    usual: Rate,
    recent: Rate,
    /// When the window began, seconds since 1970.
    since: u64,
    /// The plugin that read it last.
    version: String,
    /// Hashes of accounts whose records lack it, as many as count.
    without: Vec<u64>,
    /// Percent of the latest windows, oldest first.
    #[serde(default)]
    windows: Vec<u64>,
    /// Since when it has been missing, and how often it is stated meanwhile.
    missing: Option<(u64, Rate)>,
}

impl Track {
    /// Counts one record; the shares, when it is the one that raises a warning.
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
        let lacks = rate.stated < rate.asked;
        if lacks && self.without.len() < ACCOUNTS_MIN && !self.without.contains(&account) {
            self.without.push(account);
        }
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

    /// The end of a window: what was seen becomes usual, unless it is what the warning is about.
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

    /// What is seen now is usual from now on; whether that changes anything.
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

    /// Percent of records that state it: the latest windows of 50 records, oldest first, and the one that is not full.
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
