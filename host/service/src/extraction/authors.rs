//! Support for extractor authors: turn a live extraction into a case, and run a recording through any version.

use std::sync::Arc;

use cases::{Har, Question};

use super::{Extraction, follow_up::shown, run::Run};
use crate::{
    contract::{Context, Query, recorded},
    plugin::{Plugin, RunResult},
};

/// The exchanges of a live extraction, as material for a case.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The query and its context.
    pub question: Question,
    /// The exchanges, redacted.
    pub har: Har,
}

impl Extraction {
    /// Runs one live extraction, bypassing the cache, and returns its redacted exchanges and the result of a run on
    /// them. There is no result if the extraction could not run or came too late. The result differs from what a client
    /// would get: links in a case have no signatures.
    pub async fn record(&self, query: &Query) -> (Option<RunResult>, Recording) {
        let run = self.begin(self.registry.serving(query.kind()), query);
        let ending = self.run_live(&run).await;
        let mut har = recorded::har(ending.exchanges());
        har.redact();
        let question = run.question();
        let mut ran = shown(&ending);
        if ran.is_some() {
            ran = shown(&self.run_recorded(&run, &har).await);
        }
        (ran, Recording { question, har })
    }

    /// Runs `plugin` on recorded responses, with the context of the recording. `settings`, if given, replace its own.
    ///
    /// # Errors
    /// If the query is not a query of the contract.
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
