//! Why a component may not serve: the step of admission that failed, the reason, and the cases that did not end as
//! expected.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::replay::Mismatch;

/// The steps of admission, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AdmissionStep {
    /// It is a regular file that is not too large.
    File,
    /// It is signed by a trusted key, if there are any.
    Signature,
    /// It is a well-formed component.
    Validation,
    /// It imports nothing that plugins may not have.
    Imports,
    /// It implements the contract of its plugin.
    World,
    /// It compiles within the limits.
    Compile,
    /// Its manifest is one that the host accepts.
    Describe,
    /// It carries cases and settings that can be read and that belong to it.
    Package,
    /// It yields what the recorded cases expect.
    Replay,
    /// It does as well as the serving version, on the same live responses.
    Shadow,
    /// It was not rolled back before.
    History,
    /// Every replica of the fleet says that it may serve.
    Fleet,
}

/// Why a component may not serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{step}: {reason}{}", on(replica.as_deref()))]
pub struct Rejection {
    /// The step that failed.
    pub step: AdmissionStep,
    /// The reason, in words for the plugin's author.
    pub reason: String,
    /// At the replay: each case that did not end as expected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<Mismatch>,
    /// Whether the cause may pass although the component stays the same: a busy machine, a full disk, a case of the
    /// operator. Such a component is tried again.
    pub passing: bool,
    /// In a fleet: the name of the replica that rejects it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replica: Option<String>,
}

impl Rejection {
    pub(crate) fn new(step: AdmissionStep, reason: impl fmt::Display) -> Self {
        Self {
            step,
            reason: reason.to_string(),
            cases: Vec::new(),
            passing: false,
            replica: None,
        }
    }

    /// As [`Self::new`], for a cause that may pass.
    pub(crate) fn passing(step: AdmissionStep, reason: impl fmt::Display) -> Self {
        Self {
            passing: true,
            ..Self::new(step, reason)
        }
    }

    /// `passing`: whether one of the failures may be due to something other than the component.
    pub(super) fn replay(cases: Vec<Mismatch>, passing: bool) -> Option<Self> {
        let first = cases.first()?;
        let reason = match cases.len() {
            1 => first.to_string(),
            failed => format!("{first}; and {} more cases", failed - 1),
        };
        Some(Self {
            step: AdmissionStep::Replay,
            reason,
            cases,
            passing,
            replica: None,
        })
    }
}

fn on(replica: Option<&str>) -> String {
    replica.map_or_else(String::new, |name| format!(" (on the replica {name})"))
}

impl fmt::Display for AdmissionStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "file",
            Self::Signature => "signature",
            Self::Validation => "validation",
            Self::Imports => "imports",
            Self::World => "world",
            Self::Compile => "compile",
            Self::Describe => "describe",
            Self::Package => "package",
            Self::Replay => "replay",
            Self::Shadow => "shadow",
            Self::History => "history",
            Self::Fleet => "fleet",
        })
    }
}
