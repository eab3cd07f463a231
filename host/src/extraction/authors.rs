//! What serves extractor authors: a live extraction made into a case, and a recording run through any version.

use std::sync::Arc;

use cases::{Har, Question};

use super::{Extraction, follow_up::shown, run::Run};
use crate::{
    contract::{Context, Query, recorded},
    plugin::{Plugin, RunResult},
};

/// The exchanges of a live extraction, to make a case of them.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What was asked, and when.
    pub question: Question,
    /// What was answered, redacted.
    pub har: Har,
}

impl Extraction {
    /// One live extraction, past the memory, and what was exchanged for it, redacted; how it ends on that, unless it
    /// came too late. What a client would have got has signatures in its links, which a case has not.
    pub async fn record(&self, query: &Query) -> (Option<RunResult>, Recorded) {
        let run = self.begin(query);
        let ending = self.run_live(&run).await;
        let mut har = recorded::har(ending.exchanges());
        har.redact();
        let question = run.question();
        let mut ran = shown(&ending);
        if ran.is_some() {
            ran = shown(&self.run_recorded(&run, &har).await);
        }
        (ran, Recorded { question, har })
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
    ) -> Result<RunResult, String> {
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
        let ending = self.run_recorded(&run, har).await;
        shown(&ending).ok_or_else(|| "it could not run".to_owned())
    }
}
