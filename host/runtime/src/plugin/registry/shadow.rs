//! Shadow mode: a candidate runs on the live responses of the serving version. It sends no requests, and no client sees
//! its results.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::version::Plugin;
use crate::plugin::admission::difference::{self, Difference};

/// Maximum number of comparisons that are kept to be shown. All are counted.
pub(super) const SHOWN_MAX: usize = 20;
/// Maximum number of differences that are kept per comparison.
const DIFFERENCES_MAX: usize = 10;

/// The result of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum RunResult {
    /// A record, in the JSON form of the contract.
    Record(Value),
    /// A refusal that states a fact, in the JSON form of the contract.
    Refusal(Value),
    /// It failed by its own fault, with the reason.
    Failed(String),
    /// It sends a request that the other version did not send.
    OtherRequest(String),
}

/// The result of a comparison, from the view of the candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// No field differs.
    Same,
    /// Values differ, but none is lost.
    Differs,
    /// It reads a field that the serving version does not.
    Better,
    /// It fails, refuses, or loses a field where the serving version does not.
    Worse,
    /// It sends other requests to Instagram, so it cannot be compared.
    Diverged,
}

/// One extraction, run by both versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The query, in the JSON form of the contract.
    pub query: Value,
    /// The result.
    pub verdict: Verdict,
    /// The reason, if it is not a difference in a field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `expected` is from the serving version, `found` from the candidate; at most 10.
    pub differences: Vec<Difference>,
}

impl Comparison {
    /// Compares the results of the serving version and the candidate.
    #[must_use]
    pub fn of(query: Value, serving: &RunResult, candidate: &RunResult) -> Self {
        let (verdict, reason) = match (serving, candidate) {
            (RunResult::Record(serving), RunResult::Record(candidate))
            | (RunResult::Refusal(serving), RunResult::Refusal(candidate)) => {
                (of_values(serving, candidate), None)
            }
            (_, RunResult::OtherRequest(what)) => {
                (Verdict::Diverged, Some(format!("requests {what}")))
            }
            (RunResult::Failed(_) | RunResult::OtherRequest(_), RunResult::Failed(_)) => {
                (Verdict::Same, None)
            }
            (_, RunResult::Failed(why)) => (Verdict::Worse, Some(why.clone())),
            (RunResult::Record(_), RunResult::Refusal(refusal)) => {
                (Verdict::Worse, Some(format!("refuses: {refusal}")))
            }
            (_, RunResult::Record(_)) => (Verdict::Better, Some("returns a record".to_owned())),
            (_, RunResult::Refusal(refusal)) => {
                (Verdict::Better, Some(format!("refuses: {refusal}")))
            }
        };
        let differences = match (serving, candidate) {
            (RunResult::Record(serving), RunResult::Record(candidate))
            | (RunResult::Refusal(serving), RunResult::Refusal(candidate)) => {
                difference::between(serving, candidate, DIFFERENCES_MAX)
            }
            _ => Vec::new(),
        };
        Self {
            query,
            verdict,
            reason,
            differences,
        }
    }
}

/// Compares two values. A lost field makes the candidate worse, whatever else differs.
fn of_values(serving: &Value, candidate: &Value) -> Verdict {
    let mut verdict = Verdict::Same;
    let stated = |value: Option<&Value>| value.is_some_and(|value| !value.is_null());
    difference::walk(
        String::new(),
        Some(serving),
        Some(candidate),
        &mut |_, serving, candidate| {
            verdict = match (stated(serving), stated(candidate), verdict) {
                (true, false, _) | (_, _, Verdict::Worse) => Verdict::Worse,
                (false, true, _) | (_, _, Verdict::Better) => Verdict::Better,
                _ => Verdict::Differs,
            };
        },
    );
    verdict
}

/// A version that may serve next.
pub struct Candidate {
    pub(super) plugin: Arc<Plugin>,
    /// Why it is held for the operator. None if it runs in shadow mode.
    pub(super) held: Option<String>,
    /// How many comparisons are needed.
    wanted: u32,
    /// In a fleet: the revision with which it became the candidate.
    term: u64,
    report: Arc<Mutex<Report>>,
}

/// The comparisons so far.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The number of comparisons.
    pub compared: u32,
    /// How many had the verdict `Same`.
    pub same: u32,
    /// How many had the verdict `Differs`.
    pub differs: u32,
    /// How many had the verdict `Better`.
    pub better: u32,
    /// How many had the verdict `Worse`.
    pub worse: u32,
    /// How many had the verdict `Diverged`.
    pub diverged: u32,
    /// The first 20 that were not `Same`.
    pub shown: Vec<Comparison>,
}

impl Report {
    /// Returns why it may not serve, or none if no comparison was worse.
    pub(super) fn against(&self) -> Option<String> {
        let Self {
            worse,
            diverged,
            compared,
            ..
        } = self;
        (worse + diverged > 0).then(|| {
            format!("of {compared} live extractions {worse} were worse, and {diverged} sent other requests")
        })
    }
}

impl Candidate {
    /// A candidate that runs in shadow mode for this many extractions.
    pub(super) fn in_shadow(plugin: Plugin, wanted: u32) -> Self {
        Self {
            plugin: Arc::new(plugin),
            held: None,
            wanted,
            term: 0,
            report: Arc::default(),
        }
    }

    /// A candidate that is held for the operator.
    pub(super) fn held(plugin: Plugin, why: String) -> Self {
        Self {
            held: Some(why),
            ..Self::in_shadow(plugin, 0)
        }
    }

    /// The same candidate, held.
    pub(super) fn hold(&self, why: String) -> Self {
        Self {
            plugin: Arc::clone(&self.plugin),
            held: Some(why),
            wanted: self.wanted,
            term: self.term,
            report: Arc::clone(&self.report),
        }
    }

    /// The candidate of a fleet, which all replicas compare together.
    pub(super) fn of_fleet(
        plugin: Arc<Plugin>,
        held: Option<String>,
        (wanted, term): (u32, u64),
    ) -> Self {
        Self {
            plugin,
            held,
            wanted,
            term,
            report: Arc::default(),
        }
    }

    /// In a fleet: the revision with which it became the candidate.
    pub(super) fn term(&self) -> u64 {
        self.term
    }

    /// Shows the comparisons of all replicas.
    pub(super) fn show(&self, report: Report) {
        *self.lock() = report;
    }

    /// Its version.
    #[must_use]
    pub fn plugin(&self) -> &Arc<Plugin> {
        &self.plugin
    }

    /// The comparisons so far.
    #[must_use]
    pub fn report(&self) -> Report {
        self.lock().clone()
    }

    pub(super) fn wanted(&self) -> u32 {
        self.wanted
    }

    /// Adds a comparison. After the last one, returns why it may not serve, if there is a reason.
    pub(super) fn add(&self, comparison: Comparison) -> Option<Option<String>> {
        let mut report = self.lock();
        if report.compared >= self.wanted {
            return None;
        }
        report.compared += 1;
        *match comparison.verdict {
            Verdict::Same => &mut report.same,
            Verdict::Differs => &mut report.differs,
            Verdict::Better => &mut report.better,
            Verdict::Worse => &mut report.worse,
            Verdict::Diverged => &mut report.diverged,
        } += 1;
        if comparison.verdict != Verdict::Same && report.shown.len() < SHOWN_MAX {
            report.shown.push(comparison);
        }
        (report.compared == self.wanted).then(|| report.against())
    }

    fn lock(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    //! When a candidate is worse, and when it only differs.

    use serde_json::json;

    use super::*;

    fn verdict(serving: &RunResult, candidate: &RunResult) -> Verdict {
        Comparison::of(Value::Null, serving, candidate).verdict
    }

    fn record(value: Value) -> RunResult {
        RunResult::Record(value)
    }

    #[test]
    fn a_lost_field_is_worse_whatever_is_gained() {
        let full = record(json!({"likes": 1, "views": null, "tags": ["a", "b"]}));
        for (candidate, expected) in [
            (
                json!({"likes": 1, "views": null, "tags": ["a", "b"]}),
                Verdict::Same,
            ),
            (
                json!({"likes": 2, "views": null, "tags": ["a", "b"]}),
                Verdict::Differs,
            ),
            (
                json!({"likes": 1, "views": 7, "tags": ["a", "b"]}),
                Verdict::Better,
            ),
            (
                json!({"likes": null, "views": 7, "tags": ["a", "b"]}),
                Verdict::Worse,
            ),
            (
                json!({"likes": 1, "views": 7, "tags": ["a"]}),
                Verdict::Worse,
            ),
        ] {
            assert_eq!(
                verdict(&full, &record(candidate.clone())),
                expected,
                "{candidate}"
            );
        }
    }

    #[test]
    fn results_of_different_kinds_are_compared() {
        let (record, gone) = (record(json!({})), RunResult::Refusal(json!("NotFound")));
        let failed = RunResult::Failed("trapped".to_owned());
        let wants = RunResult::OtherRequest("GET /".to_owned());
        assert_eq!(verdict(&record, &failed), Verdict::Worse);
        assert_eq!(verdict(&record, &gone), Verdict::Worse);
        assert_eq!(verdict(&gone, &failed), Verdict::Worse);
        assert_eq!(verdict(&failed, &record), Verdict::Better);
        assert_eq!(verdict(&failed, &gone), Verdict::Better);
        assert_eq!(verdict(&gone, &record), Verdict::Better);
        assert_eq!(verdict(&failed, &failed), Verdict::Same);
        assert_eq!(verdict(&gone, &gone), Verdict::Same);
        assert_eq!(verdict(&record, &wants), Verdict::Diverged);
    }
}
