//! One extraction in progress: the arguments of each call of the plugin, the requests that it may make, and when it
//! ends.

use std::{ops::ControlFlow, sync::Arc};

use bytes::Bytes;

use super::{Cause, Ending, Rules, check, privacy};
use crate::{
    contract::{
        Answer, Change, Diagnostic, Exchange, Fault, Manifest, Outcome, Query, Record, Refusal,
        Request, Step,
    },
    upstream::PermittedRequest,
};

/// Maximum length of the name of a door, bytes.
const DOOR_BYTES_MAX: usize = 64;

/// Maximum length of each text of a refusal, bytes.
const REFUSAL_BYTES_MAX: usize = 1024;

/// The arguments of the next call of the plugin, in addition to its query and context.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// What the previous call wrote down. Empty at first.
    pub memo: Bytes,
    /// The answers to its requests, in the order of the requests. Empty at first.
    pub answers: Arc<Vec<Exchange>>,
}

impl Arguments {
    /// The size of what a plugin has to read, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let bodies = self.answers.iter().map(|exchange| match &exchange.answer {
            Answer::Response(response) => response.body.len(),
            Answer::Failed(_) => 0,
        });
        self.memo.len() + bodies.sum::<usize>()
    }
}

/// One extraction: a loop of [`Drive::arguments`], a call of the plugin, [`Drive::step`], a fetch, and
/// [`Drive::answered`], until a step ends it.
pub struct Drive<'a> {
    rules: &'a Rules,
    manifest: &'a Manifest,
    query: &'a Query,
    rounds_left: u32,
    requests_left: usize,
    memo: Bytes,
    rounds: Vec<Arc<Vec<Exchange>>>,
    doors: Vec<Option<String>>,
    door: Option<String>,
    dropped: Vec<Diagnostic>,
}

impl<'a> Drive<'a> {
    /// Begins the extraction of `query` by the plugin that `manifest` describes.
    #[must_use]
    pub fn new(rules: &'a Rules, manifest: &'a Manifest, query: &'a Query) -> Self {
        let config = &rules.config;
        Self {
            rules,
            manifest,
            query,
            rounds_left: config.rounds_max.min(manifest.rounds),
            requests_left: config.requests_max.min(manifest.requests) as usize,
            memo: Bytes::new(),
            rounds: Vec::new(),
            doors: Vec::new(),
            door: None,
            dropped: Vec::new(),
        }
    }

    /// Returns the arguments of the next call of the plugin.
    #[must_use]
    pub fn arguments(&self) -> Arguments {
        Arguments {
            memo: self.memo.clone(),
            answers: self.rounds.last().map(Arc::clone).unwrap_or_default(),
        }
    }

    /// Takes the result of the call. The extraction either continues with these requests or is over.
    pub fn step(
        &mut self,
        returned: Result<Outcome, Fault>,
    ) -> ControlFlow<Result<Box<Record>, Cause>, Vec<PermittedRequest>> {
        match self.next(returned) {
            Ok(Progress::Fetch(requests)) => ControlFlow::Continue(requests),
            Ok(Progress::Done(record)) => ControlFlow::Break(Ok(record)),
            Err(cause) => ControlFlow::Break(Err(cause)),
        }
    }

    /// Takes the answers to the requests of the last step, in the order of the requests.
    pub fn answered(&mut self, requests: Vec<PermittedRequest>, answers: Vec<Answer>) {
        let exchanges = requests.into_iter().zip(answers);
        let exchanges = exchanges.map(|(request, answer)| Exchange {
            request: request.into_stated(),
            answer,
        });
        self.rounds.push(Arc::new(exchanges.collect()));
    }

    /// Ends the extraction with `result`.
    #[must_use]
    pub fn end(self, result: Result<Box<Record>, Cause>) -> Ending {
        Ending {
            result: result.map(Arc::from),
            rounds: self.rounds,
            doors: self.doors,
            door: self.door,
            dropped: self.dropped,
        }
    }

    fn next(&mut self, returned: Result<Outcome, Fault>) -> Result<Progress, Cause> {
        let outcome = returned?;
        self.door = outcome.door.filter(|door| is_door(door));
        if !self.rounds.is_empty() {
            self.doors.push(self.door.clone());
        }
        match outcome.step {
            Step::Fetch(fetch) => {
                let requests = self.permit(fetch.requests)?;
                let memo_bytes_max = self.rules.config.memo_bytes_max;
                if fetch.memo.len() > memo_bytes_max {
                    let rule = format!("its memo is larger than {memo_bytes_max} bytes");
                    return Err(Cause::Violation(rule));
                }
                self.memo = fetch.memo;
                Ok(Progress::Fetch(requests))
            }
            Step::Done(mut record) => {
                self.dropped = self.check(&mut record)?;
                Ok(Progress::Done(record))
            }
            Step::Refuse(refusal) => Err(Cause::Refused(shortened(refusal))),
        }
    }

    /// Permits these requests, if the plugin may send them now.
    fn permit(&mut self, requests: Vec<Request>) -> Result<Vec<PermittedRequest>, Cause> {
        let broken = |rule: &str| Cause::Violation(rule.to_owned());
        self.rounds_left = self
            .rounds_left
            .checked_sub(1)
            .ok_or_else(|| broken("too many rounds"))?;
        if requests.is_empty() {
            return Err(broken("a fetch without requests"));
        }
        if requests.len() > self.rules.config.requests_at_once_max {
            return Err(broken("too many requests"));
        }
        self.requests_left = self
            .requests_left
            .checked_sub(requests.len())
            .ok_or_else(|| broken("too many requests"))?;
        if !self.manifest.uses_session && requests.iter().any(|request| request.session) {
            return Err(broken("a session that its manifest does not declare"));
        }
        let hosts = &self.manifest.hosts;
        let permitted = requests.into_iter().map(|request| {
            let permitted = self.rules.requests.permit(request, hosts);
            permitted.map_err(|denied| {
                Cause::Violation(format!("a request that is not allowed: {denied}"))
            })
        });
        permitted.collect()
    }

    /// Checks that the record may be served: it answers the query, is public, and contains nothing that is not
    /// allowed. Returns what had to be dropped from it.
    fn check(&self, record: &mut Record) -> Result<Vec<Diagnostic>, Cause> {
        let violation = |found| Cause::Violation(format!("a record that is not valid: {found}"));
        check::answers(self.query, record).map_err(violation)?;
        if privacy::is_private(record) {
            return Err(Cause::Refused(Refusal::Private));
        }
        check::clean(&self.rules.requests, self.query, record).map_err(violation)
    }
}

/// Cuts the texts of a refusal. They go into messages and captures, and are kept there.
fn shortened(refusal: Refusal) -> Refusal {
    let cut = |mut text: String| {
        text.truncate(text.floor_char_boundary(REFUSAL_BYTES_MAX));
        text.shrink_to_fit();
        text
    };
    match refusal {
        Refusal::Unavailable(text) => Refusal::Unavailable(cut(text)),
        Refusal::Changed(Change {
            path,
            expected,
            found,
        }) => Refusal::Changed(Change {
            path: cut(path),
            expected: cut(expected),
            found: cut(found),
        }),
        refusal => refusal,
    }
}

/// Whether a plugin may call a door so. Doors are counted by their names, which are kept.
fn is_door(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=DOOR_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_part)
}

enum Progress {
    Fetch(Vec<PermittedRequest>),
    Done(Box<Record>),
}

#[cfg(test)]
mod tests;
