//! The end of an extraction: its result, the exchanges, and who is responsible for a failure.

use std::sync::Arc;

use serde::Serialize;

use crate::contract::{Change, Diagnostic, Exchange, Fault, Record, Refusal};

/// An extraction that has ended.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The record, or why there is none.
    pub result: Result<Arc<Record>, Cause>,
    /// The exchanges, round by round.
    pub rounds: Vec<Arc<Vec<Exchange>>>,
    /// For each round, the door that the plugin named when it had read its answers.
    pub doors: Vec<Option<String>>,
    /// The door whose answer decided the result.
    pub door: Option<String>,
    /// What the check of the record dropped from it.
    pub dropped: Vec<Diagnostic>,
}

impl Ending {
    /// Returns the exchanges, in order.
    pub fn exchanges(&self) -> impl Iterator<Item = &Exchange> {
        self.rounds.iter().flat_map(|round| round.iter())
    }

    /// Returns the exchanges of the rounds whose door decided the result.
    pub fn decisive(&self) -> impl Iterator<Item = &Exchange> {
        let rounds = self.rounds.iter().zip(&self.doors);
        let decisive = rounds.filter(|(_, door)| **door == self.door);
        decisive.flat_map(|(round, _)| round.iter())
    }

    /// The class under which a plugin version counts it. None if the plugin had no chance to run.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        match &self.result {
            Ok(_) => Some(Class::Record),
            Err(cause) => cause.class(),
        }
    }
}

/// Why an extraction ended without a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The plugin refused, or the host did: private content is refused whatever the plugin says.
    #[error("{}", words(.0))]
    Refused(Refusal),
    /// The plugin's call failed.
    #[error("{0}")]
    Fault(Fault),
    /// The plugin broke a rule: too many rounds or requests, a forbidden request, a record that fails its check.
    #[error("{0}")]
    Violation(String),
    /// There was no record in time.
    #[error("no record in time")]
    Late,
    /// Too many other extractions are running.
    #[error("too many other extractions are running")]
    Busy,
    /// The recording has no answer to this request.
    #[error("the request {0} is not recorded")]
    Unrecorded(String),
}

impl Cause {
    /// See [`Ending::class`].
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        match self {
            Self::Refused(Refusal::Changed(_)) => Some(Class::Changed),
            Self::Refused(
                Refusal::LoginRequired | Refusal::RateLimited(_) | Refusal::Unavailable(_),
            )
            | Self::Late => Some(Class::Upstream),
            Self::Refused(_) => Some(Class::Refused),
            Self::Fault(_) => Some(Class::Fault),
            Self::Violation(_) => Some(Class::Rules),
            Self::Busy | Self::Unrecorded(_) => None,
        }
    }
}

impl From<Fault> for Cause {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Busy => Self::Busy,
            fault => Self::Fault(fault),
        }
    }
}

fn words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Changed(Change {
            path,
            expected,
            found,
        }) => format!("{path}: expected {expected}, found {found}"),
        refusal => serde_json::to_string(refusal).unwrap_or_default(),
    }
}

/// The class of an ending, used by the counters of a plugin version, its health and the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// It ended with a record.
    Record,
    /// It ended with a refusal that states a fact about the target.
    Refused,
    /// Upstream failed: login wall, rate limit, network, time.
    Upstream,
    /// The plugin refused with `changed`.
    Changed,
    /// Trap, deadline, memory, stack, output.
    Fault,
    /// The plugin broke a rule of the host.
    Rules,
}

impl Class {
    /// Every class, in the order of the enum.
    pub const ALL: [Self; 6] = [
        Self::Record,
        Self::Refused,
        Self::Upstream,
        Self::Changed,
        Self::Fault,
        Self::Rules,
    ];

    /// Its name in JSON and in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Refused => "refused",
            Self::Upstream => "upstream",
            Self::Changed => "changed",
            Self::Fault => "fault",
            Self::Rules => "rules",
        }
    }

    /// Returns whether it is the plugin's own failure.
    #[must_use]
    pub fn is_own_failure(self) -> bool {
        matches!(self, Self::Changed | Self::Fault | Self::Rules)
    }
}

#[cfg(test)]
mod tests {
    //! Each failure is attributed to the right party.

    use super::*;

    #[test]
    fn a_class_blames_the_right_party() {
        let change = Change {
            path: "p".into(),
            expected: "e".into(),
            found: "f".into(),
        };
        for (cause, class) in [
            (Cause::Refused(Refusal::NotFound), Some(Class::Refused)),
            (Cause::Refused(Refusal::InvalidCursor), Some(Class::Refused)),
            (
                Cause::Refused(Refusal::LoginRequired),
                Some(Class::Upstream),
            ),
            (
                Cause::Refused(Refusal::RateLimited(None)),
                Some(Class::Upstream),
            ),
            (
                Cause::Refused(Refusal::Unavailable(String::new())),
                Some(Class::Upstream),
            ),
            (Cause::Late, Some(Class::Upstream)),
            (
                Cause::Refused(Refusal::Changed(change)),
                Some(Class::Changed),
            ),
            (Fault::Memory.into(), Some(Class::Fault)),
            (Fault::Busy.into(), None),
        ] {
            assert_eq!(cause.class(), class, "{cause:?}");
        }
    }
}
