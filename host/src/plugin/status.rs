//! What operators are shown: `GET /plugins` and `gramhost plugin list`.

use std::collections::BTreeMap;

use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Ending, Plugin, admission::Refused};

/// One line of `GET /plugins`: a plugin, or a file that names none.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// `profile`, `post`, `reel` or `story`; else the name of the file.
    pub name: String,
    /// What serves; only files that name no plugin have none.
    #[serde(flatten)]
    pub serving: Option<Serving>,
    /// The last file that was refused.
    pub refused: Option<Candidate>,
}

/// The version that serves.
#[derive(Clone, Debug, Serialize)]
pub struct Serving {
    /// Its own, such as `1.0.0`.
    pub version: String,
    /// SHA-256 of its component, 64 hex digits.
    pub digest: String,
    /// `embedded`, or the name of its file in the plugin folder.
    pub source: String,
    /// When it was loaded, RFC 3339.
    pub since: String,
    /// Plugin calls so far: an extraction has one a round.
    pub calls: u64,
    /// How extractions on it ended.
    pub endings: BTreeMap<Ending, u64>,
    /// Where its settings come from.
    pub settings: Settings,
}

/// Where a plugin's settings come from.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Whether `<name>.toml` is there.
    pub file: bool,
    /// Why that file is not in force.
    pub error: Option<String>,
}

/// A file that was refused.
#[derive(Clone, Debug, Serialize)]
pub struct Candidate {
    /// Its name in the plugin folder.
    pub file: String,
    /// SHA-256, 64 hex digits, where it could be read.
    pub digest: Option<String>,
    /// When, RFC 3339.
    pub at: String,
    /// Where and why.
    #[serde(flatten)]
    pub refused: Refused,
}

impl Status {
    pub(super) fn stranger(candidate: &Candidate) -> Self {
        Self {
            name: candidate.file.clone(),
            serving: None,
            refused: Some(candidate.clone()),
        }
    }
}

impl Serving {
    pub(super) fn of(plugin: &Plugin, file: bool, error: Option<String>) -> Self {
        Self {
            version: plugin.manifest().version.clone(),
            digest: plugin.digest().to_owned(),
            source: plugin.source().to_owned(),
            since: rfc3339(plugin.since()),
            calls: plugin.calls(),
            endings: plugin.endings(),
            settings: Settings { file, error },
        }
    }
}

impl Candidate {
    pub(super) fn new(file: &str, digest: Option<String>, refused: Refused) -> Self {
        Self {
            file: file.to_owned(),
            digest,
            at: rfc3339(OffsetDateTime::now_utc()),
            refused,
        }
    }
}

fn rfc3339(time: OffsetDateTime) -> String {
    // Fails only for years beyond 9999.
    time.format(&Rfc3339).unwrap_or_default()
}
