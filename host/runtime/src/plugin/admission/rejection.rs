//! Why a component may not serve: the step of admission that failed, the reason, and the cases that ended otherwise.

use std::fmt;

use serde::Serialize;

use super::replay::Mismatch;

/// The steps of admission, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AdmissionStep {
    /// A regular file of a size that is taken.
    File,
    /// Signed by a trusted key, where there are any.
    Signature,
    /// A well-formed component.
    Validation,
    /// Asks for nothing that plugins may not have.
    Imports,
    /// Implements the contract of the plugin that it is to be.
    World,
    /// Compiles, within limits.
    Compile,
    /// Says of itself what the host accepts.
    Describe,
    /// Carries fixtures and settings that can be read and are its own.
    Package,
    /// Yields what the recorded cases expect.
    Replay,
    /// Does as well as the version that serves, on the same live answers.
    Shadow,
    /// Was not rolled back from before.
    History,
}

/// Why a component may not serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{step}: {reason}")]
pub struct Rejection {
    /// Where it failed.
    pub step: AdmissionStep,
    /// Why, in words for the plugin's author.
    pub reason: String,
    /// At the replay: each case that ended otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<Mismatch>,
}

impl Rejection {
    pub(crate) fn new(step: AdmissionStep, reason: impl fmt::Display) -> Self {
        Self {
            step,
            reason: reason.to_string(),
            cases: Vec::new(),
        }
    }

    pub(super) fn replay(cases: Vec<Mismatch>) -> Option<Self> {
        let first = cases.first()?;
        let reason = match cases.len() {
            1 => first.to_string(),
            failed => format!("{first}; and {} more cases", failed - 1),
        };
        Some(Self {
            step: AdmissionStep::Replay,
            reason,
            cases,
        })
    }
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
        })
    }
}
