//! One run of an extraction: the rounds of the driver, with calls of the plugin and requests that are answered by
//! Instagram or by a recording.

use std::{ops::ControlFlow, sync::Arc, time::Instant};

use cases::Har;
use futures_util::future::join_all;

use super::{Extraction, diagnostics};
use crate::{
    contract::{Answer, Context, Fault, Manifest, Outcome, Query},
    driver::{self, Arguments, Cause, Drive, Ending, Rules},
    plugin::Plugin,
    upstream::{Client, PermittedRequest},
};

/// One extraction: a query, and the version of the plugin that runs it.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) plugin: Arc<Plugin>,
    pub(super) query: Arc<Query>,
    pub(super) context: Arc<Context>,
}

impl Run {
    /// The same query for another version, with the settings of that version.
    pub(super) fn on(&self, plugin: &Arc<Plugin>) -> Self {
        let mut context = Context::clone(&self.context);
        context.settings = plugin.settings().to_string();
        Self {
            plugin: Arc::clone(plugin),
            query: Arc::clone(&self.query),
            context: Arc::new(context),
        }
    }
}

/// The source of responses.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// Instagram, until this deadline.
    Upstream(&'a Client, Instant),
    /// A recording.
    Recording(&'a Har),
}

impl Extraction {
    /// Runs one extraction to its end against Instagram.
    pub(super) async fn run_live(&self, run: &Run) -> Ending {
        let source = Source::Upstream(&self.upstream, self.deadline());
        self.run_on(run, source).await
    }

    /// Runs one extraction to its end on a recording.
    pub(super) async fn run_recorded(&self, run: &Run, har: &Har) -> Ending {
        self.run_on(run, Source::Recording(har)).await
    }

    async fn run_on(&self, run: &Run, source: Source<'_>) -> Ending {
        let manifest = run.plugin.manifest();
        let call = |arguments: Arguments| {
            let (query, context) = (Arc::clone(&run.query), Arc::clone(&run.context));
            run.plugin.extract(query, context, arguments)
        };
        rounds(&self.config.rules, source, manifest, &run.query, call).await
    }
}

/// Runs one extraction to its end; `call` makes one call of the plugin.
async fn rounds<F>(
    rules: &Rules,
    source: Source<'_>,
    manifest: &Manifest,
    query: &Query,
    call: impl Fn(Arguments) -> F,
) -> Ending
where
    F: Future<Output = Result<Outcome, Fault>>,
{
    let mut drive = Drive::new(rules, manifest, query);
    loop {
        let returned = call(drive.arguments()).await;
        let is_live = matches!(source, Source::Upstream(..));
        if let Some(outcome) = returned.as_ref().ok().filter(|_| is_live) {
            diagnostics::log(&manifest.name, outcome.door.as_ref(), &outcome.diagnostics);
        }
        let requests = match drive.step(returned) {
            ControlFlow::Break(result) => {
                let ending = drive.end(result);
                if is_live {
                    diagnostics::log(&manifest.name, ending.door.as_ref(), &ending.dropped);
                }
                return ending;
            }
            ControlFlow::Continue(requests) => requests,
        };
        match answers(source, manifest, &requests).await {
            Ok(answers) => drive.answered(requests, answers),
            Err(cause) => return drive.end(Err(cause)),
        }
    }
}

async fn answers(
    source: Source<'_>,
    manifest: &Manifest,
    requests: &[PermittedRequest],
) -> Result<Vec<Answer>, Cause> {
    match source {
        Source::Upstream(_, deadline) if Instant::now() >= deadline => Err(Cause::Late),
        Source::Upstream(upstream, deadline) => {
            let fetches = requests.iter();
            let fetches = fetches.map(|it| upstream.send(it, &manifest.hosts, deadline));
            Ok(join_all(fetches).await)
        }
        Source::Recording(har) => driver::answers(har, requests),
    }
}

#[cfg(test)]
mod tests;
