//! The one engine of all kinds: goes from door to door, one round at a time. Knows no kind and no door by name.
//!
//! It holds no state: every call walks the same way again from the start, taking the exchanges in order as the answers
//! to what it asks in order, and stops at the first question that has no answer yet.
//!
//! When every door stayed closed, the most telling answer is the refusal:
//!
//! | what a door said | refusal | why there |
//! |---|---|---|
//! | private, gated | that | a fact; ends the walk at once |
//! | no such thing | `not-found` | a fact; a second door is asked first, `doubtful` doors count only in pairs |
//! | patience | `rate-limited` | waiting will help |
//! | unreadable root, stale doc_id | `changed` | this door serves guests; the older ones behind it never do, so their walls must not hide it |
//! | login | `login-required` | a session would help |
//! | anything else unreadable, query failed | `changed`, `invalid-cursor` | may pass by itself, so a wall tells more |
//! | network, 5xx | `unavailable` | says nothing about Instagram |

#[cfg(test)]
mod tests;

use std::slice;

use serde_json::Value;

use crate::contract::exchanges::{Answer, Exchange, Request};
use crate::contract::steps::{Change, Context, Diagnostic, Refusal, Severity};
use crate::failure::{self, Closed};
use crate::read::{self, Body, Page, Reading};
use crate::request::{Values, request};
use crate::settings::{Named, Settings, Silence};

/// Most calls of one extraction that end in a fetch; the host allows no more.
pub const ROUNDS_MAX: u32 = 8;
/// Most requests of one extraction; the host allows no more.
pub const REQUESTS_MAX: u32 = 12;

/// Every host that a door may name.
pub const HOSTS: [&str; 2] = ["www.instagram.com", "i.instagram.com"];

/// What to do next. The components turn it into the step of their kind.
#[derive(Debug, PartialEq)]
pub enum Step<T> {
    /// Send these, then call again with the exchanges appended.
    Fetch(Vec<Request>),
    /// The record.
    Done(T),
    /// No record.
    Refuse(Refusal),
}

/// A step with what explains it.
#[derive(Debug, PartialEq)]
pub struct Outcome<T> {
    /// What to do next.
    pub step: Step<T>,
    /// The door whose answer decided, where one did.
    pub door: Option<String>,
    /// One line for every door that stayed closed.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why a walk ends without a record.
#[derive(Debug)]
pub(crate) enum Stop {
    Fetch(Vec<Request>),
    Refuse(Refusal),
}

/// One walk: what is left of the exchanges, and what was noticed.
pub(crate) struct Walk<'a> {
    pub(crate) context: &'a Context,
    settings: &'a Settings,
    exchanges: &'a [Exchange],
    rounds: u32,
    requests: u32,
    door: Option<String>,
    diagnostics: Vec<Diagnostic>,
}

/// What a door answered, for those who look for something in it.
pub(crate) struct Answered<'b> {
    /// The URL that answered, after redirects.
    pub(crate) url: &'b str,
    /// Every JSON text in it that can hold a root.
    pub(crate) documents: &'b [Value],
    /// The page, where it is one.
    pub(crate) page: Option<&'b Page>,
}

/// Runs `find` over the exchanges so far.
pub(crate) fn run<T>(
    context: &Context,
    exchanges: &[Exchange],
    find: impl FnOnce(&mut Walk<'_>) -> Result<T, Stop>,
) -> Outcome<T> {
    let settings = match Settings::parse(&context.settings) {
        Ok(settings) => settings,
        Err(text) => {
            return Outcome {
                step: Step::Refuse(Refusal::Unavailable(text)),
                door: None,
                diagnostics: vec![],
            };
        }
    };
    let mut walk = Walk {
        context,
        settings: &settings,
        exchanges,
        rounds: 0,
        requests: 0,
        door: None,
        diagnostics: Vec::new(),
    };
    let step = match find(&mut walk) {
        Ok(record) => Step::Done(record),
        Err(Stop::Fetch(requests)) => Step::Fetch(requests),
        Err(Stop::Refuse(refusal)) => Step::Refuse(refusal),
    };
    Outcome {
        step,
        door: walk.door,
        diagnostics: walk.diagnostics,
    }
}

impl<'a> Walk<'a> {
    /// The doors for a purpose that can be asked at all here.
    pub(crate) fn doors(&self, purpose: &str) -> Result<Vec<Named<'a>>, Stop> {
        let doors = self.settings.doors(purpose).map_err(unusable)?;
        Ok(doors
            .into_iter()
            .filter(|named| self.context.session || !named.door.session)
            .collect())
    }

    /// The door of this name.
    pub(crate) fn door(&self, name: &str) -> Result<Named<'a>, Stop> {
        self.settings.door(name).map_err(unusable)
    }

    /// Whether another round of one request is within the limits.
    pub(crate) fn can_ask(&self) -> bool {
        self.rounds < ROUNDS_MAX && self.requests < REQUESTS_MAX
    }

    /// Notes something for the log.
    pub(crate) fn note(&mut self, severity: Severity, door: Option<&str>, message: String) {
        self.diagnostics.push(Diagnostic {
            severity,
            door: door.map(str::to_owned),
            message,
        });
    }

    /// The answers to these requests, sent together in one round.
    pub(crate) fn ask(&mut self, requests: Vec<Request>) -> Result<&'a [Exchange], Stop> {
        let Some((answered, rest)) = self.exchanges.split_at_checked(requests.len()) else {
            return Err(Stop::Fetch(requests));
        };
        self.exchanges = rest;
        self.rounds += 1;
        self.requests = self
            .requests
            .saturating_add(u32::try_from(requests.len()).unwrap_or(u32::MAX));
        Ok(answered)
    }

    /// Goes from door to door until one brings what `read` looks for; else refuses, see the table above.
    ///
    /// Learns the user id on the way, which opens further doors.
    pub(crate) fn knock<T>(
        &mut self,
        doors: &[Named<'a>],
        values: &mut Values,
        read: impl Fn(&Answered<'_>) -> Reading<T>,
    ) -> Result<(T, Named<'a>), Stop> {
        let mut verdict = Verdict {
            with_cursor: values.cursor.is_some(),
            ..Verdict::default()
        };
        for &named in doors {
            if verdict.is_settled() || !self.can_ask() {
                break;
            }
            if named.door.when_missing && verdict.missing == 0 {
                continue;
            }
            let Some(request) = request(named, values) else {
                continue;
            };
            let [exchange] = self.ask(vec![request])? else {
                continue;
            };
            self.door = Some(named.name.to_owned());
            match open(named, exchange, values, &read) {
                Ok(record) => return Ok((record, named)),
                Err(closed) => {
                    self.note(closed.severity(), Some(named.name), format!("{closed:?}"));
                    verdict.hear(named, closed);
                }
            }
        }
        Err(Stop::Refuse(verdict.refusal()))
    }

    /// What each of these doors adds, all asked in one round; a closed one adds nothing.
    pub(crate) fn ask_all<T>(
        &mut self,
        doors: &[Named<'a>],
        values: &Values,
        read: impl Fn(&Answered<'_>) -> Reading<T>,
    ) -> Result<Vec<T>, Stop> {
        let askable: Vec<_> = doors
            .iter()
            .filter_map(|named| Some((*named, request(*named, values)?)))
            .collect();
        if askable.is_empty() || !self.can_ask() {
            return Ok(Vec::new());
        }
        let (doors, requests): (Vec<_>, Vec<_>) = askable.into_iter().unzip();
        let exchanges = self.ask(requests)?;
        let mut parts = Vec::new();
        for (named, exchange) in doors.into_iter().zip(exchanges) {
            match open(named, exchange, &mut values.clone(), &read) {
                Ok(part) => parts.push(part),
                Err(closed) => self.note(Severity::Info, Some(named.name), format!("{closed:?}")),
            }
        }
        Ok(parts)
    }
}

fn unusable(text: String) -> Stop {
    Stop::Refuse(Refusal::Unavailable(text))
}

/// What a door's answer brings. A record counts whatever else the answer says: partial errors beside it are normal.
fn open<T>(
    named: Named<'_>,
    exchange: &Exchange,
    values: &mut Values,
    read: impl Fn(&Answered<'_>) -> Reading<T>,
) -> Result<T, Closed> {
    let response = match &exchange.answer {
        Answer::Response(response) => response,
        Answer::Failed(error) => return Err(failure::failed(error)),
    };
    let body = read::body(&response.body);
    let (documents, page) = match &body {
        Body::Json(value) => (slice::from_ref(value), None),
        Body::Html(page) => (page.documents.as_slice(), Some(page)),
        Body::Other => (&[][..], None),
    };
    let reading = match read(&Answered {
        url: &response.url,
        documents,
        page,
    }) {
        Reading::Found(record) => return Ok(record),
        Reading::Refused(refusal) => return Err(Closed::Stated(refusal)),
        reading => reading,
    };
    if named.door.missing_on_404 && response.status == 404 {
        return Err(Closed::Missing);
    }
    if let Some(closed) = failure::stated(response, &body) {
        return Err(closed);
    }
    Err(match reading {
        Reading::Missing => Closed::Missing,
        Reading::Changed(change) => Closed::Changed(change),
        _ if learn(documents, values) => Closed::Nothing,
        _ => match (named.door.silence, &body) {
            (Silence::Nothing, _) => Closed::Nothing,
            (Silence::Throttled, Body::Html(_)) => Closed::Throttled(None),
            (Silence::Throttled | Silence::Changed, _) => {
                Closed::Unreadable(failure::unreadable(response, &body))
            }
        },
    })
}

/// Takes the user id out of an answer that is about the account, though not what was looked for.
fn learn(documents: &[Value], values: &mut Values) -> bool {
    let Some(username) = &values.username else {
        return false;
    };
    let Reading::Found(part) = read::profile(documents, username) else {
        return false;
    };
    values.user_id = Some(part.profile.user_id);
    true
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

/// What the doors said so far.
#[derive(Default)]
struct Verdict {
    /// The question was for a later page.
    with_cursor: bool,
    stated: Option<Refusal>,
    missing: u32,
    missing_firmly: bool,
    throttled: Option<Option<u32>>,
    login: bool,
    /// Evidently our matter.
    changed: Option<Change>,
    /// Perhaps our matter.
    unreadable: Option<Change>,
    invalid_cursor: bool,
    down: Vec<String>,
}

impl Verdict {
    fn hear(&mut self, named: Named<'_>, closed: Closed) {
        match closed {
            Closed::Stated(refusal) => self.stated = Some(refusal),
            Closed::Missing => {
                self.missing += 1;
                self.missing_firmly |= !named.door.doubtful;
            }
            Closed::Throttled(seconds) => self.throttled = self.throttled.max(Some(seconds)),
            Closed::Login => self.login = true,
            Closed::Changed(change) if !named.door.doubtful => {
                self.changed.get_or_insert(placed(named, change));
            }
            Closed::Execution(_) if self.with_cursor => self.invalid_cursor = true,
            Closed::Changed(change) | Closed::Unreadable(change) | Closed::Execution(change) => {
                self.unreadable.get_or_insert(placed(named, change));
            }
            Closed::Down(text) => self.down.push(format!("{}: {text}", named.name)),
            Closed::Nothing => {}
        }
    }

    fn is_settled(&self) -> bool {
        self.stated.is_some() || self.missing >= 2
    }

    fn refusal(self) -> Refusal {
        let is_missing = self.missing_firmly || self.missing >= 2;
        self.stated
            .or(is_missing.then_some(Refusal::NotFound))
            .or(self.throttled.map(Refusal::RateLimited))
            .or(self.changed.map(Refusal::Changed))
            .or(self.login.then_some(Refusal::LoginRequired))
            .or(self.invalid_cursor.then_some(Refusal::InvalidCursor))
            .or(self.unreadable.map(Refusal::Changed))
            .unwrap_or_else(|| match self.down.as_slice() {
                [] => Refusal::Unavailable("no door could tell".to_owned()),
                down => Refusal::Unavailable(down.join("; ")),
            })
    }
}

/// `change` with its door in front of the path, and the doc_id that may have gone stale.
fn placed(named: Named<'_>, change: Change) -> Change {
    let door = match &named.door.doc_id {
        Some(doc_id) => format!("{}/{doc_id}", named.name),
        None => named.name.to_owned(),
    };
    Change {
        path: format!("{door}:{}", change.path),
        ..change
    }
}
