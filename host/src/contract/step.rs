//! What a plugin is told beside its query, and what it may answer. Mirrors `wit/step.wit`.

use serde::{Deserialize, Serialize};

use super::{exchange::Request, record::Record};

/// What every call is told beside its query.
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

/// Why there will be no record. See `wit/step.wit` for what each one promises.
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
    /// Wants a session.
    LoginRequired,
    /// Wants patience: seconds, where stated.
    RateLimited(Option<u32>),
    /// Stories are switched off or hidden.
    StoriesUnavailable,
    /// Not a cursor that this plugin gave out.
    InvalidCursor,
    /// No door answered.
    Unavailable(String),
    /// Unreadable for this plugin: the only refusal that blames it.
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

/// What a plugin answers to one call.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Send these and call again.
    Fetch(Vec<Request>),
    /// The record.
    Done(Box<Record>),
    /// No record.
    Refuse(Refusal),
}

/// A step with what explains it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What to do next.
    pub step: Step,
    /// The door whose answer decided.
    pub door: Option<String>,
    /// For the log.
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
