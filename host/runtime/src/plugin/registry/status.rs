//! The status of plugins for operators: `GET /plugins` and `gramhost plugin list`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    shadow::{Candidate, Report},
    version::Plugin,
};
use crate::{
    database::{RolloutRow, VoteRow},
    driver::Class,
    plugin::admission::rejection::Rejection,
};

/// One entry of `GET /plugins`: a plugin, or a file that is not named after one.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// `profile`, `post`, `reel` or `story`, or else the name of the file.
    pub name: String,
    /// The serving version. Files that are not named after a plugin have none.
    #[serde(flatten)]
    pub serving: Option<Serving>,
    /// The versions that served before and can come back, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Brief>,
    /// The version that would serve next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidate: Option<Candidacy>,
    /// The last file that was rejected.
    pub refused: Option<RejectedFile>,
    /// In a fleet: the version that the replicas are checking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Checking>,
    /// In a fleet: why this replica does not do what the fleet does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind: Option<String>,
}

/// A version that the replicas of a fleet are checking.
#[derive(Clone, Debug, Serialize)]
pub struct Checking {
    /// Its own version number, such as `1.0.0`.
    pub version: String,
    /// SHA-256 of its component, 64 hex digits.
    pub digest: String,
    /// The replica that it was put on.
    pub replica: String,
    /// The replicas that have admitted it so far.
    pub admitted_by: Vec<String>,
}

/// A version.
#[derive(Clone, Debug, Serialize)]
pub struct Brief {
    /// Its own version number, such as `1.0.0`.
    pub version: String,
    /// SHA-256 of its component, 64 hex digits.
    pub digest: String,
    /// `embedded`, or the name of its file in the plugin folder.
    pub source: String,
    /// When it was loaded, RFC 3339.
    pub since: String,
}

/// A version that does not serve yet.
#[derive(Clone, Debug, Serialize)]
pub struct Candidacy {
    /// The version.
    #[serde(flatten)]
    pub version: Brief,
    /// Why it is held for the operator. None if it runs in shadow mode.
    pub held: Option<String>,
    /// How many live extractions it is compared on before it serves.
    pub wanted: u32,
    /// The comparisons so far.
    pub shadow: Report,
}

/// The serving version.
#[derive(Clone, Debug, Serialize)]
pub struct Serving {
    /// Its own version number, such as `1.0.0`.
    pub version: String,
    /// SHA-256 of its component, 64 hex digits.
    pub digest: String,
    /// `embedded`, or the name of its file in the plugin folder.
    pub source: String,
    /// When it was loaded, RFC 3339.
    pub since: String,
    /// Plugin calls so far. An extraction makes one for each round.
    pub calls: u64,
    /// The results of extractions on it.
    pub endings: BTreeMap<Class, u64>,
    /// Records from which the host's check dropped a field.
    pub trimmed: u64,
    /// Where its settings come from.
    pub settings: Settings,
}

/// Where a plugin's settings come from.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Whether `<name>.toml` exists.
    pub file: bool,
    /// Why that file is not in use.
    pub error: Option<String>,
}

/// A file that was rejected.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RejectedFile {
    /// Its name in the plugin folder.
    pub file: String,
    /// Whether it is in the plugin folder. If not, it was put there by a request, and rejected before that.
    pub in_folder: bool,
    /// SHA-256, 64 hex digits, if it could be read.
    pub digest: Option<String>,
    /// When it was rejected, RFC 3339.
    pub at: String,
    /// The rejection.
    #[serde(flatten)]
    pub refused: Rejection,
}

impl Status {
    pub(super) fn unknown_file(file: &RejectedFile) -> Self {
        Self {
            name: file.file.clone(),
            serving: None,
            earlier: Vec::new(),
            candidate: None,
            refused: Some(file.clone()),
            rollout: None,
            behind: None,
        }
    }
}

impl Checking {
    pub(super) fn of(row: RolloutRow, votes: Vec<VoteRow>) -> Self {
        let admitted = votes.into_iter().filter(|vote| vote.refused.is_none());
        Self {
            version: row.version,
            digest: row.digest,
            replica: row.replica,
            admitted_by: admitted.map(|vote| vote.name).collect(),
        }
    }
}

impl Brief {
    pub(super) fn of(plugin: &Plugin) -> Self {
        Self {
            version: plugin.manifest().version.clone(),
            digest: plugin.digest().to_owned(),
            source: plugin.source().to_owned(),
            since: rfc3339(plugin.since()),
        }
    }
}

impl Candidacy {
    pub(super) fn of(candidate: &Candidate) -> Self {
        Self {
            version: Brief::of(candidate.plugin()),
            held: candidate.held.clone(),
            wanted: candidate.wanted(),
            shadow: candidate.report(),
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
            trimmed: plugin.trimmed(),
            settings: Settings { file, error },
        }
    }
}

impl RejectedFile {
    /// A file in the plugin folder.
    pub(super) fn new(file: &str, digest: Option<String>, refused: Rejection) -> Self {
        Self {
            file: file.to_owned(),
            in_folder: true,
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
