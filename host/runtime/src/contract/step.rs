//! What a plugin is given beside its query, and what it may return. Mirrors `wit/step.wit`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{exchange::Request, record::Record};

/// What every call is given beside its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Seconds since 1970, fixed for the whole extraction.
    pub now: u64,
    /// Whether the operator configured a session.
    pub session: bool,
    /// The plugin's settings, a JSON object.
    pub settings: String,
}

/// Where a plugin could not read what Instagram answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Door and JSON path.
    pub path: String,
    /// What the plugin reads there.
    pub expected: String,
    /// What it found, at most 200 characters.
    pub found: String,
}

/// Why there is no record. See `wit/step.wit` for what each of them promises.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// No such thing.
    NotFound,
    /// It belongs to a private account.
    Private,
    /// It was removed.
    Deleted,
    /// Withheld because of age.
    AgeRestricted,
    /// Withheld in this country.
    RegionBlocked,
    /// Only a session is shown it.
    LoginRequired,
    /// Instagram is rate-limiting this server: seconds to wait, where it states them.
    RateLimited(Option<u32>),
    /// Stories are switched off or hidden.
    StoriesUnavailable,
    /// Not a cursor that this plugin gave out.
    InvalidCursor,
    /// No door answered.
    Unavailable(String),
    /// This plugin cannot read the response: the only refusal that counts against it.
    Changed(Change),
}

/// How loud a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// For authors.
    Debug,
    /// For operators who look.
    Info,
    /// For operators.
    Warning,
}

/// A line for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How loud.
    pub severity: Severity,
    /// The door it is about.
    pub door: Option<String>,
    /// One line.
    pub message: String,
}

/// What a plugin wants fetched, and what it must know afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetch {
    /// To be sent together, in one round.
    pub requests: Vec<Request>,
    /// Handed to the next step as it is; the host does not look into it.
    pub memo: Bytes,
}

/// What one step of an extraction ends in.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Send these requests, then call again with their answers.
    Fetch(Fetch),
    /// The record.
    Done(Box<Record>),
    /// There is no record.
    Refuse(Refusal),
}

/// What a plugin returns from one call.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What to do next.
    pub step: Step,
    /// The door whose answer decided, where there is one.
    pub door: Option<String>,
    /// For the log: what is new since the step before.
    pub diagnostics: Vec<Diagnostic>,
}

/// What a plugin is and what it may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// `[a-z0-9-]{1,32}`.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// Host names; `*.example.com` stands for every name below it.
    pub hosts: Vec<String>,
    /// Most calls that end in a fetch.
    pub rounds: u32,
    /// Most requests over all rounds.
    pub requests: u32,
    /// Whether any of its doors uses the session.
    pub uses_session: bool,
    /// Its default settings, TOML text.
    pub settings: String,
}

impl Manifest {
    /// Whether it names this host, or a name with `*.` that this one (or all that its own `*.` stands for) is below.
    #[must_use]
    pub fn names(&self, host: &str) -> bool {
        self.hosts
            .iter()
            .any(|pattern| match pattern.strip_prefix('*') {
                Some(suffix) => host.ends_with(suffix),
                None => host == pattern,
            })
    }
}
