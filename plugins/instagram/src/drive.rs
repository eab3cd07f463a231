//! The engine of all kinds: tries one door after another, one round at a time. It knows no kind and no door by name. A
//! door is one request that may return the content.
//!
//! Every step repeats the same walk from the start, but parses only new responses: results of earlier steps come from
//! the memo, and the results of the last round from the answers. The walk stops at the first request that has no answer
//! yet. If no door returned the content, the `verdict` decides the refusal.

mod door;
mod memo;
#[cfg(test)]
mod tests;
mod verdict;

use std::collections::VecDeque;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::contract::exchanges::{Exchange, Request};
use crate::contract::steps::{Context, Diagnostic, Fetch, Refusal, Report, Severity};
pub(crate) use crate::drive::door::Answered;
use crate::drive::memo::{DoorResult, MEMO_BYTES_MAX, Memo};
use crate::drive::verdict::Verdict;
use crate::failure::Closed;
use crate::json::Arena;
use crate::read::{Part, Reading};
use crate::request::{Values, request};
use crate::settings::{NamedDoor, Settings};

/// Maximum number of steps of one extraction that end in a fetch; the limit of the host.
pub const ROUNDS_MAX: u32 = 8;
/// Maximum number of requests of one extraction; the limit of the host.
pub const REQUESTS_MAX: u32 = 12;

/// Every host that a door may use.
pub const HOSTS: [&str; 2] = ["www.instagram.com", "i.instagram.com"];

/// What to do next. The components convert it to the step of their kind.
#[derive(Debug, PartialEq)]
pub enum Step<T> {
    /// Send the requests, then call again with the memo and the answers to them.
    Fetch(Fetch),
    /// The record.
    Done(T),
    /// There is no record.
    Refuse(Refusal),
}

/// A step and its report.
#[derive(Debug, PartialEq)]
pub struct Outcome<T> {
    /// The door whose response decided, and a diagnostic for every door that failed in this step.
    pub report: Report,
    /// What to do next.
    pub step: Step<T>,
}

/// Why a walk ends without a record.
#[derive(Debug)]
pub(crate) enum Stop {
    Fetch(Vec<Request>),
    Refuse(Refusal),
}

/// One walk: the memo of earlier steps, the answers of the last round, and the report.
pub(crate) struct Walk<'a> {
    pub(crate) context: &'a Context,
    settings: Settings<'a>,
    memo: Memo<'a>,
    answers: &'a [Exchange],
    rounds: u32,
    requests: u32,
    report: Report,
}

/// Runs `find` over the memo and the answers.
pub(crate) fn run<T>(
    context: &Context,
    memo: &[u8],
    answers: &[Exchange],
    find: impl FnOnce(&mut Walk<'_>) -> Result<T, Stop>,
) -> Outcome<T> {
    let report = Report {
        door: None,
        diagnostics: Vec::new(),
    };
    let arena = Arena::default();
    let settings = Settings::parse(&arena, &context.settings);
    let (settings, memo) = match (settings, Memo::new(memo)) {
        (Ok(settings), Ok(memo)) => (settings, memo),
        (Err(text), _) | (_, Err(text)) => {
            let step = Step::Refuse(Refusal::Unavailable(text));
            return Outcome { report, step };
        }
    };
    let mut walk = Walk {
        context,
        settings,
        memo,
        answers,
        rounds: 0,
        requests: 0,
        report,
    };
    let step = match find(&mut walk) {
        Ok(record) => Step::Done(record),
        Err(Stop::Fetch(requests)) => Step::Fetch(Fetch {
            requests,
            memo: walk.memo.into_bytes(),
        }),
        Err(Stop::Refuse(refusal)) => Step::Refuse(refusal),
    };
    Outcome {
        report: walk.report,
        step,
    }
}

impl<'a> Walk<'a> {
    /// Returns the doors for a purpose that can be used here.
    pub(crate) fn doors(&self, purpose: &str) -> Result<Vec<NamedDoor<'a>>, Stop> {
        let doors = self.settings.doors(purpose).map_err(unusable)?;
        Ok(doors
            .into_iter()
            .filter(|named| self.context.session || !named.door.session)
            .collect())
    }

    /// Returns the door of this name.
    pub(crate) fn door(&self, name: &str) -> Result<NamedDoor<'a>, Stop> {
        self.settings.door(name).map_err(unusable)
    }

    /// Whether another round of one request is within the limits.
    pub(crate) fn can_ask(&self) -> bool {
        self.rounds < ROUNDS_MAX
            && self.requests < REQUESTS_MAX
            && self.memo.size() <= MEMO_BYTES_MAX
    }

    /// Adds a diagnostic to the report, unless an earlier step did.
    pub(crate) fn note(&mut self, severity: Severity, door: Option<&str>, message: String) {
        // While there are unread answers, the walk repeats an earlier step.
        if self.answers.is_empty() {
            self.report.diagnostics.push(Diagnostic {
                severity,
                door: door.map(str::to_owned),
                message,
            });
        }
    }

    /// Returns the results of these doors, all requested in one round.
    fn ask<T: Serialize + DeserializeOwned>(
        &mut self,
        asked: Vec<(NamedDoor<'a>, Request)>,
        values: &Values,
        read: impl Fn(&Answered<'_>) -> Reading<T>,
    ) -> Result<Vec<DoorResult<T>>, Stop> {
        self.rounds += 1;
        let count = u32::try_from(asked.len()).unwrap_or(u32::MAX);
        self.requests = self.requests.saturating_add(count);
        if !self.memo.is_used_up() {
            let said = asked.iter().map(|(named, _)| self.memo.take(named.name));
            return said.collect::<Result<_, _>>().map_err(unusable);
        }
        let answers = std::mem::take(&mut self.answers);
        if answers.is_empty() {
            let requests = asked.into_iter().map(|(_, request)| request);
            return Err(Stop::Fetch(requests.collect()));
        }
        if answers.len() != asked.len() {
            let (got, wanted) = (answers.len(), asked.len());
            return Err(unusable(format!("{got} answers to {wanted} requests")));
        }
        let said = asked.iter().zip(answers).map(|((named, _), exchange)| {
            let said = door::open(*named, exchange, values, self.settings.renames, &read);
            self.memo.add(named.name, &said).map(|()| said)
        });
        said.collect::<Result<_, _>>().map_err(unusable)
    }

    /// Tries one door after another until one returns the whole of what `read` looks for. If none does, the parts that
    /// they returned have to do; otherwise refuses, see `verdict`.
    ///
    /// Collects the user id on the way, which some doors need.
    pub(crate) fn knock<T: Part + Serialize + DeserializeOwned>(
        &mut self,
        doors: &[NamedDoor<'a>],
        values: &mut Values,
        read: impl Fn(&Answered<'_>) -> Reading<T>,
    ) -> Result<(T, NamedDoor<'a>), Stop> {
        let mut verdict = Verdict::new(values.cursor.is_some());
        let mut best: Option<(T, NamedDoor<'a>)> = None;
        let mut doors = doors.iter().copied();
        // The doors that are asked once another one says that there is no such content, whichever that is.
        let mut waiting = VecDeque::new();
        while !verdict.is_settled() && self.can_ask() {
            let due = if verdict.missing > 0 {
                waiting.pop_front()
            } else {
                None
            };
            let Some(named) = due.or_else(|| doors.next()) else {
                break;
            };
            if named.door.when_missing && verdict.missing == 0 {
                waiting.push_back(named);
                continue;
            }
            let Some(request) = request(named, values) else {
                continue;
            };
            let said = self.ask(vec![(named, request)], values, &read)?;
            for DoorResult { result, user_id } in said {
                self.report.door = Some(named.name.to_owned());
                match result {
                    Ok(record) => {
                        let (record, first) = match best.take() {
                            Some((known, first)) => (known.joined(record), first),
                            None => (record, named),
                        };
                        if record.is_whole() {
                            return Ok((record, named));
                        }
                        self.note(Severity::Info, Some(named.name), "only a part".to_owned());
                        verdict.exists = true;
                        best = Some((record, first));
                    }
                    Err(closed) => {
                        self.note(closed.severity(), Some(named.name), format!("{closed:?}"));
                        verdict.hear(named, closed);
                    }
                }
                verdict.exists |= user_id.is_some();
                values.user_id = user_id.or(values.user_id.take());
            }
        }
        match best {
            Some((record, first)) if !verdict.is_private() => {
                self.report.door = Some(first.name.to_owned());
                Ok((record, first))
            }
            _ => Err(Stop::Refuse(verdict.refusal())),
        }
    }

    /// Returns what each of these doors adds, all requested in one round; a door that fails adds nothing.
    pub(crate) fn ask_all<T: Serialize + DeserializeOwned>(
        &mut self,
        doors: &[NamedDoor<'a>],
        values: &Values,
        read: impl Fn(&Answered<'_>) -> Reading<T>,
    ) -> Result<Vec<T>, Stop> {
        let asked: Vec<_> = doors
            .iter()
            .filter_map(|named| Some((*named, request(*named, values)?)))
            .collect();
        if asked.is_empty() || !self.can_ask() {
            return Ok(Vec::new());
        }
        let names: Vec<_> = asked.iter().map(|(named, _)| named.name).collect();
        let said = self.ask(asked, values, read)?;
        let mut parts = Vec::new();
        for (name, DoorResult { result, .. }) in names.into_iter().zip(said) {
            match result {
                Ok(part) => parts.push(part),
                Err(closed) => self.note(Severity::Info, Some(name), format!("{closed:?}")),
            }
        }
        Ok(parts)
    }
}

fn unusable(text: String) -> Stop {
    Stop::Refuse(Refusal::Unavailable(text))
}

impl Closed {
    fn severity(&self) -> Severity {
        match self {
            Self::Execution(_) | Self::Changed(_) | Self::Unreadable(_) => Severity::Warning,
            Self::Stated(_) | Self::Missing | Self::Throttled(_) | Self::Login | Self::Down(_) => {
                Severity::Info
            }
            Self::Nothing => Severity::Debug,
        }
    }
}
