//! What follows when an extraction has ended, beside its answer: a capture of what a plugin failed at, the judgement of
//! its version, the comparison with a candidate, and the count of what its record states. Nothing here asks Instagram.

use std::{sync::Arc, time::SystemTime};

use cases::{Har, Question};
use serde::Serialize;
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tracing::Instrument as _;

use super::{
    Extraction,
    drive::{Driven, Rules, Source, Stop, drive},
};
use crate::{
    capture::{self, Capture, Limits},
    contract::{Change, Context, Exchange, Query, Record, Refusal, recorded},
    drift::Seen,
    plugin::{Comparison, End, Ending, Plugin, Ran},
};

/// Extractions that are looked at beside their answer at once; what comes meanwhile is not compared.
pub(super) const ASIDE_MAX: usize = 4;

/// One extraction, and what was asked.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) plugin: Arc<Plugin>,
    pub(super) query: Arc<Query>,
    pub(super) context: Arc<Context>,
}

impl Run {
    /// The same question to another version, with its own settings.
    fn on(&self, plugin: &Arc<Plugin>) -> Self {
        let mut context = Context::clone(&self.context);
        context.settings = plugin.settings().to_string();
        Self {
            plugin: Arc::clone(plugin),
            query: Arc::clone(&self.query),
            context: Arc::new(context),
        }
    }
}

impl Extraction {
    pub(super) async fn drive(&self, run: &Run, source: Source<'_>) -> Driven {
        let rules = Rules {
            config: &self.config,
            upstream: &self.upstream,
            manifest: run.plugin.manifest(),
        };
        let call = |memo, answers| {
            let (query, context) = (Arc::clone(&run.query), Arc::clone(&run.context));
            run.plugin.extract(query, context, memo, answers)
        };
        drive(&rules, source, &run.query, call).await
    }

    /// Keeps what a plugin failed at, redacted. The capture's id; none where it was not the plugin's failure.
    pub(super) async fn capture(&self, run: &Run, driven: &Driven) -> Option<String> {
        let stop = driven.ended.as_ref().err()?;
        let class = match stop.ending()? {
            Ending::Changed => "changed",
            Ending::Fault => "fault",
            Ending::Rules => "rules",
            Ending::Record | Ending::Refused | Ending::Upstream => return None,
        };
        let (digest, kind) = (run.plugin.digest(), run.query.kind().name());
        let field = match stop {
            Stop::Refused(Refusal::Changed(Change { path, .. })) => Some(path.clone()),
            _ => None,
        };
        let reason = words(stop);
        let what = field.as_ref().unwrap_or(&reason);
        if let Some(seen) = self.captures.seen(digest, kind, what) {
            return Some(seen);
        }
        let mut har = recorded::har(&driven.exchanges);
        let redacted = har.redact();
        let again = self.drive(run, Source::Recording(&har)).await;
        let reproduced = again
            .ended
            .err()
            .is_some_and(|again| words(&again) == reason);
        let (call_ms_max, memory_bytes_max) = self.registry.limits();
        let capture = Capture {
            id: capture::id(),
            at: OffsetDateTime::from(SystemTime::now())
                .format(&Rfc3339)
                .unwrap_or_default(),
            kind: kind.to_owned(),
            query: json(&*run.query),
            plugin: run.plugin.label().to_string(),
            digest: digest.to_owned(),
            class: class.to_owned(),
            reason,
            field,
            settings: serde_json::from_str(&run.context.settings).unwrap_or_default(),
            limits: Limits {
                call_ms_max,
                memory_bytes_max,
            },
            redacted,
            reproduced,
        };
        let question = Question {
            now: run.context.now,
            session: run.context.session,
            query: json(&*run.query),
        };
        self.captures.keep(capture, question, har).await
    }

    /// What nobody waits for.
    pub(super) fn follow(&self, run: Run, driven: Driven) {
        let ending = match &driven.ended {
            Ok(_) => Ending::Record,
            Err(stop) => match stop.ending() {
                // It says nothing of the plugin.
                None | Some(Ending::Upstream) => return,
                Some(ending) => ending,
            },
        };
        let good = matches!(ending, Ending::Record | Ending::Refused);
        if good {
            self.registry.judge(&run.plugin, End::Good);
        }
        let Ok(place) = Arc::clone(&self.aside).try_acquire_owned() else {
            return;
        };
        let this = self.clone();
        // Of its own: the request has ended long before this has.
        let span = tracing::error_span!(parent: None, "aside", plugin = %run.plugin.label());
        span.follows_from(tracing::Span::current());
        let aside = async move {
            let _place = place;
            if let Ok(record) = &driven.ended {
                this.count(&run, driven.door.as_deref(), record);
            }
            let candidate = this.registry.beside(run.query.kind());
            let before = this.registry.predecessor(&run.plugin).filter(|_| !good);
            if good && candidate.is_none() {
                return;
            }
            let har = recorded::har(&driven.exchanges);
            if !good {
                this.judge(&run, before, &har).await;
            }
            if let Some(candidate) = candidate
                && let Some(serving) = ran(&driven.ended)
            {
                let other = run.on(candidate.plugin());
                let other = this.drive(&other, Source::Recording(&har)).await;
                if let Some(other) = ran(&other.ended) {
                    let comparison = Comparison::of(json(&*run.query), &serving, &other);
                    this.registry.compare(&candidate, comparison);
                }
            }
        };
        tokio::spawn(aside.instrument(span));
    }

    /// A failure that the version before shows on the same answers is Instagram's doing.
    async fn judge(&self, run: &Run, before: Option<Arc<Plugin>>, har: &Har) {
        let shared = match before {
            None => false,
            Some(before) => {
                let again = self.drive(&run.on(&before), Source::Recording(har)).await;
                let ending = again.ended.err().and_then(|stop| stop.ending());
                matches!(
                    ending,
                    Some(Ending::Changed | Ending::Fault | Ending::Rules)
                )
            }
        };
        let end = if shared { End::Shared } else { End::Own };
        self.registry.judge(&run.plugin, end);
    }

    fn count(&self, run: &Run, door: Option<&str>, record: &Record) {
        let record = json(record);
        let account = ["/Post/owner/username", "/Reel/owner/username"]
            .iter()
            .find_map(|path| record.pointer(path)?.as_str());
        let query = json(&*run.query);
        let account = account.or(query["username"].as_str()).unwrap_or_default();
        self.drift.observe(Seen {
            kind: run.query.kind().name(),
            door: door.unwrap_or("unnamed"),
            version: &run.plugin.label(),
            account,
            record: &record,
        });
    }

    /// Runs `plugin` on what was answered before, as it would have run then; with other `settings` than its own, if
    /// they are given.
    ///
    /// # Errors
    /// The query is none of the contract's.
    pub async fn replay(
        &self,
        plugin: Arc<Plugin>,
        question: &Question,
        settings: Option<String>,
        har: &Har,
    ) -> Result<Ran, String> {
        let query: Query = serde_json::from_value(question.query.clone())
            .map_err(|error| format!("query.json is not a query: {error}"))?;
        let context = Context {
            now: question.now,
            session: question.session,
            settings: settings.unwrap_or_else(|| plugin.settings().to_string()),
        };
        let run = Run {
            plugin,
            query: Arc::new(query),
            context: Arc::new(context),
        };
        let driven = self.drive(&run, Source::Recording(har)).await;
        ran(&driven.ended).ok_or_else(|| "it could not run".to_owned())
    }
}

/// What a comparison is told; none: it could not run.
fn ran(ended: &Result<Box<Record>, Stop>) -> Option<Ran> {
    Some(match ended {
        Ok(record) => Ran::Record(json(&**record)),
        Err(Stop::Busy | Stop::Late) => return None,
        Err(Stop::Unrecorded(request)) => Ran::Wants(request.clone()),
        Err(stop @ (Stop::Refused(Refusal::Changed(_)) | Stop::Fault(_) | Stop::Rules(_))) => {
            Ran::Failed(words(stop))
        }
        Err(Stop::Refused(refusal)) => Ran::Refusal(json(refusal)),
    })
}

fn words(stop: &Stop) -> String {
    match stop {
        Stop::Refused(Refusal::Changed(change)) => format!(
            "{}: expected {}, found {}",
            change.path, change.expected, change.found
        ),
        Stop::Refused(refusal) => json(refusal).to_string(),
        Stop::Fault(fault) => fault.to_string(),
        Stop::Rules(broken) => broken.clone(),
        Stop::Late => "no record in time".to_owned(),
        Stop::Busy => "too much else is going on".to_owned(),
        Stop::Unrecorded(request) => format!("asks for {request}, which is not recorded"),
    }
}

/// Values of the contract always have a JSON form.
fn json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// The exchanges of a live extraction, to make a fixture of them.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What was asked, and when.
    pub question: Question,
    /// What was answered, redacted.
    pub har: Har,
}

impl Extraction {
    /// One live extraction, past the memory, and what was exchanged for it, redacted; how it ends on that, unless it came
    /// too late. What a client would have got has signatures in its links, which a case has not.
    pub async fn record(&self, query: &Query) -> (Option<Ran>, Recorded) {
        let run = self.begin(query);
        let driven = self.drive(&run, Source::Upstream(self.deadline())).await;
        let exchanges: &[Exchange] = &driven.exchanges;
        let mut har = recorded::har(exchanges);
        har.redact();
        let question = Question {
            now: run.context.now,
            session: run.context.session,
            query: json(query),
        };
        let mut ended = ran(&driven.ended);
        if ended.is_some() {
            let again = self.drive(&run, Source::Recording(&har)).await;
            ended = ran(&again.ended);
        }
        (ended, Recorded { question, har })
    }
}
