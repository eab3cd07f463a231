//! The rounds of one extraction: call the plugin, fetch what it asks for, call it again, until it has a record or
//! says why not. Knows no wasm: a call is a function. The answers are Instagram's, or those of a recording.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use cases::Har;
use futures_util::future::join_all;

use super::{Config, check::Check};
use crate::{
    contract::{
        Answer, Diagnostic, Exchange, Fetch, Manifest, Outcome, Query, Record, Refusal, Request,
        Severity, Step, recorded,
    },
    plugin::{Ending, Fault},
    upstream::Client,
};

/// Most lines of a plugin that reach the log for one call.
const DIAGNOSTICS_MAX: usize = 64;
/// Longest such line, bytes.
const DIAGNOSTIC_BYTES_MAX: usize = 1024;

/// Why an extraction ended without a record.
#[derive(Clone, Debug)]
pub(super) enum Stop {
    /// The plugin says why.
    Refused(Refusal),
    /// The plugin's call failed.
    Fault(Fault),
    /// The plugin broke a rule.
    Rules(String),
    /// Time is up.
    Late,
    /// Too much else is going on.
    Busy,
    /// The recording has no answer to this request.
    Unrecorded(String),
}

impl Stop {
    /// What it says about the plugin; nothing where the plugin had no chance.
    pub(super) fn ending(&self) -> Option<Ending> {
        match self {
            Self::Refused(Refusal::Changed(_)) => Some(Ending::Changed),
            Self::Refused(
                Refusal::LoginRequired | Refusal::RateLimited(_) | Refusal::Unavailable(_),
            )
            | Self::Late => Some(Ending::Upstream),
            Self::Refused(_) => Some(Ending::Refused),
            Self::Fault(_) => Some(Ending::Fault),
            Self::Rules(_) => Some(Ending::Rules),
            Self::Busy | Self::Unrecorded(_) => None,
        }
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Busy => Self::Busy,
            fault => Self::Fault(fault),
        }
    }
}

/// Where answers come from.
pub(super) enum Source<'a> {
    /// Instagram, until then.
    Upstream(Instant),
    /// What was answered before.
    Recording(&'a Har),
}

/// An extraction that came to its end.
pub(super) struct Driven {
    pub(super) ended: Result<Box<Record>, Stop>,
    /// What was fetched.
    pub(super) exchanges: Arc<Vec<Exchange>>,
    /// Whose answer decided.
    pub(super) door: Option<String>,
}

/// Runs one extraction to its end; `call` is given the memo of the last fetch and the answers to it.
pub(super) async fn drive<F>(
    rules: &Rules<'_>,
    source: Source<'_>,
    query: &Query,
    call: impl Fn(Bytes, Arc<Vec<Exchange>>) -> F,
) -> Driven
where
    F: Future<Output = Result<Outcome, Fault>>,
{
    let mut driven = Driven {
        ended: Err(Stop::Late),
        exchanges: Arc::default(),
        door: None,
    };
    driven.ended = rounds(rules, source, query, call, &mut driven).await;
    driven
}

/// What an extraction must keep to.
pub(super) struct Rules<'a> {
    pub(super) config: &'a Config,
    pub(super) upstream: &'a Client,
    pub(super) manifest: &'a Manifest,
}

async fn rounds<F>(
    rules: &Rules<'_>,
    source: Source<'_>,
    query: &Query,
    call: impl Fn(Bytes, Arc<Vec<Exchange>>) -> F,
    driven: &mut Driven,
) -> Result<Box<Record>, Stop>
where
    F: Future<Output = Result<Outcome, Fault>>,
{
    let Rules {
        config, manifest, ..
    } = rules;
    let mut rounds = config.rounds_max.min(manifest.rounds);
    let (mut memo, mut answers) = (Bytes::new(), Arc::default());
    loop {
        let outcome = call(memo, answers).await?;
        if matches!(source, Source::Upstream(_)) {
            log(&manifest.name, &outcome);
        }
        driven.door = outcome.door;
        let Fetch {
            requests,
            memo: written,
        } = match outcome.step {
            Step::Done(record) => {
                Check {
                    any_media_host: config.any_media_host,
                }
                .record(query, &record)
                .map_err(|violation| Stop::Rules(format!("its record has {violation}")))?;
                return Ok(record);
            }
            Step::Refuse(refusal) => return Err(Stop::Refused(refusal)),
            Step::Fetch(fetch) => fetch,
        };
        rounds = rounds
            .checked_sub(1)
            .ok_or_else(|| Stop::Rules("it wants too many rounds".into()))?;
        rules.permit(driven.exchanges.len(), &requests)?;
        let new = rules.answers(&source, &requests).await?;
        let new: Vec<Exchange> = exchange(requests, new).collect();
        Arc::make_mut(&mut driven.exchanges).extend(new.iter().cloned());
        (memo, answers) = (written, Arc::new(new));
    }
}

impl Rules<'_> {
    async fn answers(
        &self,
        source: &Source<'_>,
        requests: &[Request],
    ) -> Result<Vec<Answer>, Stop> {
        match *source {
            Source::Upstream(deadline) if Instant::now() >= deadline => Err(Stop::Late),
            Source::Upstream(deadline) => {
                let hosts = &self.manifest.hosts;
                let fetches = requests.iter();
                let fetches = fetches.map(|it| self.upstream.fetch(it, hosts, deadline));
                Ok(join_all(fetches).await)
            }
            Source::Recording(har) => requests
                .iter()
                .map(|request| {
                    recorded::answer(har, request).ok_or_else(|| {
                        Stop::Unrecorded(format!("{} {}", request.method.name(), request.url))
                    })
                })
                .collect(),
        }
    }

    /// Whether the plugin may ask this after so many requests `before`.
    fn permit(&self, before: usize, requests: &[Request]) -> Result<(), Stop> {
        let Self {
            config,
            upstream,
            manifest,
        } = self;
        let most = config.requests_max.min(manifest.requests) as usize;
        if requests.is_empty() {
            return Err(Stop::Rules("it wants to fetch nothing".into()));
        }
        if requests.len() > config.requests_at_once_max || before + requests.len() > most {
            return Err(Stop::Rules("it wants too many requests".into()));
        }
        if !manifest.uses_session && requests.iter().any(|request| request.session) {
            return Err(Stop::Rules(
                "it wants a session that its manifest does not speak of".into(),
            ));
        }
        requests.iter().try_for_each(|request| {
            upstream
                .check(request, &manifest.hosts)
                .map_err(|denied| Stop::Rules(format!("its request is denied: {denied}")))
        })
    }
}

fn exchange(requests: Vec<Request>, answers: Vec<Answer>) -> impl Iterator<Item = Exchange> {
    requests
        .into_iter()
        .zip(answers)
        .map(|(request, answer)| Exchange { request, answer })
}

/// What the plugin has to say, as data: it can neither forge lines nor flood the log.
fn log(
    plugin: &str,
    Outcome {
        door, diagnostics, ..
    }: &Outcome,
) {
    for Diagnostic {
        severity,
        door: about,
        message,
    } in diagnostics.iter().take(DIAGNOSTICS_MAX)
    {
        let message = line(message);
        let door = about.as_ref().or(door.as_ref()).map(|door| line(door));
        match severity {
            Severity::Debug => tracing::debug!(plugin, door, "{message}"),
            Severity::Info => tracing::info!(plugin, door, "{message}"),
            Severity::Warning => tracing::warn!(plugin, door, "{message}"),
        }
    }
}

/// At most so long, on one line.
fn line(text: &str) -> String {
    let text = &text[..text.floor_char_boundary(DIAGNOSTIC_BYTES_MAX)];
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            line.extend(c.escape_default())
        } else {
            line.push(c)
        }
    }
    line
}

#[cfg(test)]
mod tests;
