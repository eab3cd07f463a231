//! The work after an extraction, apart from its result: a failure is captured, the version that ran is judged, the
//! fields of a record are counted for drift, and a candidate runs on the same exchanges.

use std::{sync::Arc, time::SystemTime};

use cases::{Har, Question};
use serde::Serialize;
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tracing::Instrument as _;

use super::{Extraction, run::Run};
use crate::{
    capture::{self, Capture, Limits},
    contract::{Change, Record, Refusal, Subject, recorded},
    drift::{DriftSample, Warning},
    driver::{Cause, Class, Ending},
    plugin::{Comparison, Judgement, Plugin, RunResult},
};

/// The maximum number of concurrent follow-ups; an extraction that ends while all are busy gets none. Records are counted
/// all the same.
pub(super) const FOLLOW_UPS_MAX: usize = 4;

/// The class of a capture of a record that lacks a field.
const DRIFT: &str = "drift";

/// What a capture says of a failure.
struct Failure {
    class: &'static str,
    reason: String,
    field: Option<String>,
}

impl Run {
    pub(super) fn question(&self) -> Question {
        Question {
            now: self.context.now,
            session: self.context.session,
            query: json(&*self.query),
        }
    }
}

impl Extraction {
    /// Stores the redacted exchanges of a plugin's own failure. Returns the id of the capture, or `None` if the failure
    /// was not the plugin's own.
    pub(super) async fn capture(&self, run: &Run, ending: &Ending) -> Option<String> {
        let cause = ending.result.as_ref().err()?;
        let class = cause.class().filter(|class| class.is_own_failure())?;
        let (digest, kind) = (run.plugin.digest(), run.query.kind().name());
        let field = match cause {
            Cause::Refused(Refusal::Changed(Change { path, .. })) => Some(path.clone()),
            _ => None,
        };
        let reason = cause.to_string();
        let what = field.as_ref().unwrap_or(&reason);
        if let Some(seen) = self.captures.seen(digest, kind, what) {
            return Some(seen);
        }
        let failure = Failure {
            class: class.name(),
            reason,
            field,
        };
        self.store(run, ending, failure).await
    }

    /// Stores the redacted exchanges of an extraction, and whether it ends in the same way on them.
    async fn store(&self, run: &Run, ending: &Ending, failure: Failure) -> Option<String> {
        let Failure {
            class,
            reason,
            field,
        } = failure;
        let mut har = recorded::har(ending.exchanges());
        let redacted = har.redact();
        let again = self.run_recorded(run, &har).await;
        let reproduced = match (&ending.result, &again.result) {
            (Ok(_), Ok(_)) => true,
            (Err(_), Err(again)) => again.to_string() == reason,
            _ => false,
        };
        let (call_ms_max, memory_bytes_max) = self.registry.limits();
        let capture = Capture {
            id: capture::id(),
            at: OffsetDateTime::from(SystemTime::now())
                .format(&Rfc3339)
                .unwrap_or_default(),
            kind: run.query.kind().name().to_owned(),
            query: json(&*run.query),
            plugin: run.plugin.label().to_string(),
            digest: run.plugin.digest().to_owned(),
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
        self.captures.keep(capture, run.question(), har).await
    }

    /// Stores the redacted exchanges of a record that lacks a field that records usually have.
    async fn capture_drift(&self, run: &Run, ending: &Ending, warning: Warning) {
        let Warning {
            field,
            door,
            before_percent,
            after_percent,
            ..
        } = warning;
        let reason = format!(
            "{door}: {field} is stated by {after_percent} % of records, usually by {before_percent} %"
        );
        let failure = Failure {
            class: DRIFT,
            reason,
            field: Some(field),
        };
        self.store(run, ending, failure).await;
    }

    /// Judges the version that ran and counts the record, and starts the work that no caller waits for.
    pub(super) fn follow_up(&self, run: Run, ending: Ending) {
        let class = match ending.class() {
            // The outcome says nothing about the plugin.
            None | Some(Class::Upstream) => return,
            Some(class) => class,
        };
        let good = !class.is_own_failure();
        if good {
            self.registry.judge(&run.plugin, Judgement::Good);
        }
        let door = ending.door.as_deref().unwrap_or("unnamed");
        let (mut drifted, mut is_shape_due) = (None, false);
        if let Ok(record) = &ending.result {
            // One field is enough for a capture, which shows the whole answer.
            let warning = self.count(&run, door, record).into_iter().next();
            let (digest, kind) = (run.plugin.digest(), run.query.kind().name());
            is_shape_due = warning.is_none() && self.captures.is_shape_due(kind, door);
            let is_new = |it: &Warning| self.captures.seen(digest, kind, &it.field).is_none();
            drifted = warning.filter(is_new);
        }
        let candidate = self.registry.in_shadow(run.query.kind());
        if good && candidate.is_none() && drifted.is_none() && !is_shape_due {
            return;
        }
        let Ok(place) = Arc::clone(&self.follow_ups).try_acquire_owned() else {
            return;
        };
        let this = self.clone();
        // A span of its own, because the request ends long before this work does.
        let span = tracing::error_span!(parent: None, "follow_up", plugin = %run.plugin.label());
        span.follows_from(tracing::Span::current());
        let work = async move {
            let _place = place;
            if let Some(warning) = drifted {
                this.capture_drift(&run, &ending, warning).await;
            }
            if is_shape_due {
                this.learn(&run, &ending).await;
            }
            if good && candidate.is_none() {
                return;
            }
            let before = this.registry.predecessor(&run.plugin).filter(|_| !good);
            let har = recorded::har(ending.exchanges());
            if !good {
                this.judge(&run, before, &har).await;
            }
            if let Some(candidate) = candidate
                && let Some(serving) = shown(&ending)
            {
                let other = this.run_recorded(&run.on(candidate.plugin()), &har).await;
                if let Some(other) = shown(&other) {
                    let comparison = Comparison::of(json(&*run.query), &serving, &other);
                    this.registry.compare(&candidate, comparison);
                }
            }
        };
        tokio::spawn(work.instrument(span));
    }

    /// Judges a failure. If the previous version fails on the same responses too, Instagram is the cause.
    async fn judge(&self, run: &Run, before: Option<Arc<Plugin>>, har: &Har) {
        let shared = match before {
            None => false,
            Some(before) => {
                let again = self.run_recorded(&run.on(&before), har).await;
                again.class().is_some_and(Class::is_own_failure)
            }
        };
        let end = if shared {
            Judgement::Shared
        } else {
            Judgement::Own
        };
        self.registry.judge(&run.plugin, end);
    }

    /// Learns the shape of the answers that a record was read from.
    async fn learn(&self, run: &Run, ending: &Ending) {
        let (kind, door) = (run.query.kind().name(), ending.door.clone());
        let har = recorded::har(ending.decisive());
        let door = door.unwrap_or_else(|| "unnamed".to_owned());
        self.captures.learn(kind, door, run.question(), har).await;
    }

    /// Counts the fields of a record. Returns the warnings about fields that it lacks.
    fn count(&self, run: &Run, door: &str, record: &Record) -> Vec<Warning> {
        let account = match (record, run.query.subject()) {
            (Record::Media(media), _) => {
                let owner = media.owner.as_ref();
                owner.and_then(|owner| owner.username.as_deref())
            }
            (_, Subject::Account { username } | Subject::List { username, .. }) => {
                Some(&**username)
            }
            (_, Subject::Media { .. }) => None,
        };
        self.drift.observe(DriftSample {
            kind: run.query.kind().name(),
            door,
            version: &run.plugin.label(),
            account: account.unwrap_or_default(),
            record,
        })
    }
}

/// The result as shown in comparisons and to authors; `None` if the extraction could not run or came too late.
pub(super) fn shown(ending: &Ending) -> Option<RunResult> {
    Some(match &ending.result {
        Ok(record) => RunResult::Record(json(&**record)),
        Err(Cause::Busy | Cause::Late) => return None,
        Err(Cause::Unrecorded(request)) => RunResult::OtherRequest(request.clone()),
        Err(cause) if cause.class().is_some_and(Class::is_own_failure) => {
            RunResult::Failed(cause.to_string())
        }
        Err(Cause::Refused(refusal)) => RunResult::Refusal(json(refusal)),
        Err(cause) => RunResult::Failed(cause.to_string()),
    })
}

/// Values of the contract can always be represented as JSON.
fn json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
