//! The live status of a job: server-sent events, as `EventSource` of a browser reads them.
//!
//! A browser opens a stream again whenever it ends, with the id of the last event in `Last-Event-ID`. So each event has an
//! id by which any replica can tell what the client knows already, and a client that knows how the job ended is told that
//! there is nothing more.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::{Stream, StreamExt as _, stream};
use sha2::{Digest as _, Sha256};
use tokio::time::sleep;
use utoipa::ToSchema;
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use super::find;
use crate::{
    api::{
        http::{
            document::{Endpoint, LIMIT_ERRORS, described},
            error::{ApiError, Code},
            layers::{LAST_EVENT_ID, Reopenable},
            stopping::Stopping,
        },
        instagram::job::Job,
    },
    app::App,
    download::{Download, Downloads},
    job::{Changes, JobId, Status},
};

/// The minimum time between two events.
const EVENTS_PAUSE: Duration = Duration::from_millis(100);
/// How often a silent stream sends a keep-alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a client should wait before it opens a broken stream again.
const RETRY: Duration = Duration::from_secs(2);
/// How long after its end a stream may be opened again without being counted: some tries.
const REOPENED_WITHIN: Duration = Duration::from_secs(15);

/// `/instagram/status/{job_id}/events` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[],
    errors: &[&[Code::JobNotFound], LIMIT_ERRORS],
};

/// Its route.
pub(in crate::api) fn route() -> UtoipaMethodRouter<App> {
    described(routes!(events), ENDPOINT)
}

#[utoipa::path(get, path = "/instagram/status/{job_id}/events", operation_id = "watchJob", tag = "Job Management",
    summary = "Watch a download live",
    params(("job_id" = String, Path, description = "Job id of a download or a batch", example = "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d"),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that the client has seen; browsers send it by themselves")),
    responses((status = 200, description = "Server-sent events, as the schema describes each of them; the stream ends with the job",
            body = StatusEvent, content_type = "text/event-stream"),
        (status = 204, description = "The job has ended, and the client has seen its last event")))]
async fn events(
    State(downloads): State<Downloads>,
    Path(id): Path<String>,
    uri: Uri,
    stopping: Stopping,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let found = find(&downloads, &id).await?;
    let known = headers.get(LAST_EVENT_ID);
    let known = known.and_then(|id| id.to_str().ok()).map(str::to_owned);
    if found.state.is_final() && known.as_deref() == Some(&*event_id(&found)) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let watch = Watch {
        changes: downloads.queue().changes(),
        downloads,
        id: found.id,
        stopping,
        known,
        retry: Some(RETRY),
    };
    let stream = Sse::new(watch.events()).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    let mut response = ([(header::CACHE_CONTROL, "no-cache")], stream).into_response();
    response.extensions_mut().insert(Reopenable {
        path: uri.path().to_owned(),
        within: REOPENED_WITHIN,
    });
    Ok(response)
}

/// One server-sent event.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the document needs it: axum writes events")]
struct StatusEvent {
    /// Always `status`.
    event: String,
    /// What the event says, for `Last-Event-ID`.
    id: String,
    /// How long to wait before a broken stream is opened again, milliseconds; only in the first event, and in a last one
    /// without data when the server stops.
    #[schema(required = false)]
    retry: u64,
    /// The body of `/instagram/status/{job_id}` at that moment, JSON.
    data: String,
}

/// Names what an event says: the same on every replica, and at any time.
fn event_id(found: &Status<Download>) -> String {
    let said = serde_json::to_vec(&Job::new(found, 0)).unwrap_or_default();
    let digest = Sha256::digest(said);
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What a stream needs to go on.
struct Watch {
    downloads: Downloads,
    changes: Changes,
    id: JobId,
    stopping: Stopping,
    /// The id of the last event that the client has seen.
    known: Option<String>,
    /// Taken by the first event.
    retry: Option<Duration>,
}

impl Watch {
    /// Sends the status at once, then whenever it has changed, until the job has ended or is forgotten, or the server stops.
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        let steps = stream::unfold(Some(self), |watch| async move {
            let (event, watch) = watch?.next().await?;
            Some((Ok(event), watch))
        });
        steps.fuse()
    }

    /// The next event, and what follows it.
    async fn next(mut self) -> Option<(Event, Option<Self>)> {
        loop {
            self.changes.mark_seen();
            let found = self.downloads.status(self.id).await.ok().flatten()?;
            let id = event_id(&found);
            if self.known.as_ref() != Some(&id) {
                let event = self.event(&found, &id)?;
                self.known = Some(id);
                return Some((event, (!found.state.is_final()).then_some(self)));
            }
            let changed = async {
                self.changes.next().await;
                // Progress changes faster than anyone can read.
                sleep(EVENTS_PAUSE).await;
            };
            tokio::select! {
                () = self.stopping.begun() => return Some((Event::default().retry(RETRY), None)),
                () = changed => {}
            }
        }
    }

    fn event(&mut self, found: &Status<Download>, id: &str) -> Option<Event> {
        let job = Job::new(found, self.downloads.now_ms());
        let data = serde_json::to_string(&job).ok()?;
        let event = Event::default().event("status").id(id);
        let event = match self.retry.take() {
            Some(retry) => event.retry(retry),
            None => event,
        };
        Some(event.data(data))
    }
}
