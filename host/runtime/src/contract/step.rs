//! The input of a plugin besides its query, and what it may return. Mirrors `wit/step.wit`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{exchange::Request, record::Record};

/// The input of every call besides its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Seconds since 1970, fixed for the whole extraction.
    pub now: u64,
    /// Whether the operator configured a session.
    pub session: bool,
    /// The plugin's settings, a JSON object.
    pub settings: String,
}

/// A place where a plugin could not read a response of Instagram.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The door and the JSON path.
    pub path: String,
    /// What the plugin expects there.
    pub expected: String,
    /// What it found, at most 200 characters.
    pub found: String,
}

/// Why there is no record. See `wit/step.wit` for the exact meaning of each refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// It does not exist.
    NotFound,
    /// It belongs to a private account.
    Private,
    /// It was removed.
    Deleted,
    /// It is withheld because of age.
    AgeRestricted,
    /// It is withheld in this country.
    RegionBlocked,
    /// It is only shown with a session.
    LoginRequired,
    /// Instagram is rate-limiting this server. The value is the seconds to wait, if it states them.
    RateLimited(Option<u32>),
    /// Stories are switched off or hidden.
    StoriesUnavailable,
    /// It is not a cursor that this plugin issued.
    InvalidCursor,
    /// No door answered.
    Unavailable(String),
    /// This plugin cannot read the response: the only refusal that counts against it.
    Changed(Change),
}

/// The severity of a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// For plugin authors.
    Debug,
    /// For operators who look for it.
    Info,
    /// For operators.
    Warning,
}

/// A log message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its severity.
    pub severity: Severity,
    /// The door it is about.
    pub door: Option<String>,
    /// One line.
    pub message: String,
}

/// The requests of a plugin, and what it must know afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetch {
    /// The requests, sent together in one round.
    pub requests: Vec<Request>,
    /// Passed to the next step unchanged. The host does not read it.
    pub memo: Bytes,
}

/// The result of one step of an extraction.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Send these requests, then call the plugin again with the answers.
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
    /// The door whose answer decided the result, if there is one.
    pub door: Option<String>,
    /// Messages for the log that are new since the previous step.
    pub diagnostics: Vec<Diagnostic>,
}

/// What a plugin is and what it may request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// `[a-z0-9-]{1,32}`.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// Host names; `*.example.com` stands for every name below it.
    pub hosts: Vec<String>,
    /// Maximum number of calls that end in a fetch.
    pub rounds: u32,
    /// Maximum number of requests over all rounds.
    pub requests: u32,
    /// Whether any of its doors uses the session.
    pub uses_session: bool,
    /// Its default settings, TOML text.
    pub settings: String,
}

impl Manifest {
    /// Returns whether it names this host, or a `*.` name that covers it. `host` may be a `*.` pattern itself; then
    /// all the names that it stands for must be covered.
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
