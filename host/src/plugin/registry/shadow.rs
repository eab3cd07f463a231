//! A candidate beside the version that serves, on the same live answers: no traffic of its own, no answer of its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::Value;

use super::version::Plugin;
use crate::plugin::admission::difference::{self, Difference};

/// Most comparisons that are kept to be shown, beside the numbers of all.
const SHOWN_MAX: usize = 20;
/// Most differences of one of them.
const DIFFERENCES_MAX: usize = 10;

/// How one of the two ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ran {
    /// With a record, in the JSON form of the contract.
    Record(Value),
    /// With a refusal that states a fact, in the JSON form of the contract.
    Refusal(Value),
    /// By its own fault: in words.
    Failed(String),
    /// It wants an answer that the other did not ask for.
    Wants(String),
}

/// What a comparison says of the candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Not a field differs.
    Same,
    /// Other values, none lost.
    Differs,
    /// Reads what the other does not.
    Better,
    /// Fails, refuses, or loses a field where the other does not.
    Worse,
    /// Asks Instagram something else, so that nobody can tell.
    Diverged,
}

/// One extraction, done by both.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// What was asked, in the JSON form of the contract.
    pub query: Value,
    /// What it says.
    pub verdict: Verdict,
    /// Why, where no field does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `expected` is what serves, `found` the candidate's; at most 10.
    pub differences: Vec<Difference>,
}

impl Comparison {
    /// Of what serves and the candidate.
    #[must_use]
    pub fn of(query: Value, serving: &Ran, candidate: &Ran) -> Self {
        let (verdict, reason) = match (serving, candidate) {
            (Ran::Record(serving), Ran::Record(candidate))
            | (Ran::Refusal(serving), Ran::Refusal(candidate)) => {
                (of_values(serving, candidate), None)
            }
            (_, Ran::Wants(what)) => (Verdict::Diverged, Some(format!("wants {what}"))),
            (Ran::Failed(_) | Ran::Wants(_), Ran::Failed(_)) => (Verdict::Same, None),
            (_, Ran::Failed(why)) => (Verdict::Worse, Some(why.clone())),
            (Ran::Record(_), Ran::Refusal(refusal)) => {
                (Verdict::Worse, Some(format!("refuses: {refusal}")))
            }
            (_, Ran::Record(_)) => (Verdict::Better, Some("has a record".to_owned())),
            (_, Ran::Refusal(refusal)) => (Verdict::Better, Some(format!("says {refusal}"))),
        };
        let differences = match (serving, candidate) {
            (Ran::Record(serving), Ran::Record(candidate))
            | (Ran::Refusal(serving), Ran::Refusal(candidate)) => {
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

/// A field that was stated and is no longer is worse, whatever else there is.
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

/// A version that would serve next.
pub struct Candidate {
    pub(super) plugin: Arc<Plugin>,
    /// Why it waits for the operator's word; none: it runs beside the other.
    pub(super) held: Option<String>,
    /// How many comparisons it takes.
    wanted: u32,
    report: Arc<Mutex<Report>>,
}

/// What the comparisons said so far.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// How many there were.
    pub compared: u32,
    /// By verdict.
    pub same: u32,
    /// As above.
    pub differs: u32,
    /// As above.
    pub better: u32,
    /// As above.
    pub worse: u32,
    /// As above.
    pub diverged: u32,
    /// Those that were not the same, the first 20.
    pub shown: Vec<Comparison>,
}

impl Report {
    /// Why it may not serve; none: nothing is worse.
    fn against(&self) -> Option<String> {
        let Self {
            worse,
            diverged,
            compared,
            ..
        } = self;
        (worse + diverged > 0).then(|| {
            format!("of {compared} live extractions {worse} were worse and {diverged} wanted another request")
        })
    }
}

impl Candidate {
    /// Runs beside what serves for so many extractions.
    pub(super) fn beside(plugin: Plugin, wanted: u32) -> Self {
        Self {
            plugin: Arc::new(plugin),
            held: None,
            wanted,
            report: Arc::default(),
        }
    }

    /// Waits for the operator's word.
    pub(super) fn held(plugin: Plugin, why: String) -> Self {
        Self {
            held: Some(why),
            ..Self::beside(plugin, 0)
        }
    }

    /// As it was, but waiting.
    pub(super) fn hold(&self, why: String) -> Self {
        Self {
            plugin: Arc::clone(&self.plugin),
            held: Some(why),
            wanted: self.wanted,
            report: Arc::clone(&self.report),
        }
    }

    /// The version, to run it.
    #[must_use]
    pub fn plugin(&self) -> &Arc<Plugin> {
        &self.plugin
    }

    /// How it fares.
    #[must_use]
    pub fn report(&self) -> Report {
        self.lock().clone()
    }

    pub(super) fn wanted(&self) -> u32 {
        self.wanted
    }

    /// Adds a comparison. When it was the last one: why it may not serve, or none.
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
    //! What is worse, and what is only other.

    use serde_json::json;

    use super::*;

    fn verdict(serving: &Ran, candidate: &Ran) -> Verdict {
        Comparison::of(Value::Null, serving, candidate).verdict
    }

    fn record(value: Value) -> Ran {
        Ran::Record(value)
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
    fn ends_are_weighed() {
        let (record, gone) = (record(json!({})), Ran::Refusal(json!("NotFound")));
        let failed = Ran::Failed("trapped".to_owned());
        let wants = Ran::Wants("GET /".to_owned());
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
