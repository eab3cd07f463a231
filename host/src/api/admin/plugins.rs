//! The operator's routes for plugins: status, history, put, roll back, promote, discard.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};

use crate::{
    api::http::{
        clock,
        error::{ApiError, Code},
    },
    contract::{Kind, PluginName, UnknownPlugin},
    database::{Database, PluginEvent},
    drift::{Drift, Warning},
    plugin::{Error, Registry, Status},
};

/// Maximum number of events in one response.
const EVENTS_MAX: u32 = 1000;
/// Number of events in a response if the operator does not set one.
const EVENTS_DEFAULT: u32 = 100;
/// The reason of a change if the operator does not give one.
const BY_HAND: &str = "by hand";

/// A plugin, and the drift of its records.
#[derive(Serialize)]
pub(in crate::api) struct PluginStatus {
    #[serde(flatten)]
    status: Status,
    drift: Vec<Warning>,
}

impl PluginStatus {
    fn of(status: Status, warnings: &[Warning]) -> Self {
        let is_its = |warning: &&Warning| {
            let kind = Kind::ALL.into_iter().find(|it| it.name() == warning.kind);
            kind.is_some_and(|kind| kind.plugin().as_str() == status.name)
        };
        let drift = warnings.iter().filter(is_its).cloned().collect();
        Self { status, drift }
    }
}

/// `GET /plugins`: the serving versions, their health, their drift, and what was rejected and why.
pub(in crate::api) async fn list(
    State(plugins): State<Arc<Registry>>,
    State(drift): State<Drift>,
) -> Json<Vec<PluginStatus>> {
    let warnings = drift.warnings();
    let status = plugins.status().into_iter();
    Json(status.map(|it| PluginStatus::of(it, &warnings)).collect())
}

#[derive(Deserialize)]
pub(in crate::api) struct Filter {
    plugin: Option<String>,
    limit: Option<u32>,
}

/// One line of the history.
#[derive(Serialize)]
pub(in crate::api) struct Event {
    /// RFC 3339, UTC.
    at: String,
    plugin: String,
    action: String,
    digest: Option<String>,
    version: Option<String>,
    source: String,
    who: String,
    why: String,
}

impl From<PluginEvent> for Event {
    fn from(event: PluginEvent) -> Self {
        Self {
            at: clock::datetime(event.at.unsigned_abs() / 1000).unwrap_or_default(),
            plugin: event.plugin,
            action: event.action,
            digest: event.digest,
            version: event.version,
            source: event.source,
            who: event.who,
            why: event.why,
        }
    }
}

/// `GET /plugins/history`: the events, newest first.
pub(in crate::api) async fn history(
    State(database): State<Database>,
    Query(which): Query<Filter>,
) -> Result<Json<Vec<Event>>, ApiError> {
    let most = which.limit.unwrap_or(EVENTS_DEFAULT).min(EVENTS_MAX);
    let plugin = which.plugin.as_deref().map(named).transpose()?;
    let events = database
        .plugin_events(plugin.map(PluginName::as_str), most)
        .await;
    let events = events.map_err(|error| ApiError::from(Code::ServerError).caused_by(error))?;
    Ok(Json(events.into_iter().map(Event::from).collect()))
}

/// `PUT /plugins/{name}`: admits the component in the body and puts it into the plugin folder, or rejects it.
pub(in crate::api) async fn put(
    State(plugins): State<Arc<Registry>>,
    Path(name): Path<String>,
    component: Bytes,
) -> Result<Json<Status>, ApiError> {
    plugins
        .put(named(&name)?, component)
        .await
        .map(Json)
        .map_err(refuse)
}

#[derive(Default, Deserialize)]
pub(in crate::api) struct Decision {
    /// SHA-256 of the version to act on.
    digest: Option<String>,
    /// The reason, for the history.
    why: Option<String>,
}

impl Decision {
    fn why(&self) -> &str {
        self.why.as_deref().unwrap_or(BY_HAND)
    }
}

/// `POST /plugins/{name}/rollback`: goes back to the previous version; with a digest, only if the version with that
/// digest is still serving.
pub(in crate::api) async fn roll_back(
    State(plugins): State<Arc<Registry>>,
    Path(name): Path<String>,
    Query(decision): Query<Decision>,
) -> Result<Json<Status>, ApiError> {
    let digest = decision.digest.as_deref();
    let done = plugins
        .roll_back(named(&name)?, digest, decision.why())
        .await;
    done.map(Json).map_err(refuse)
}

/// `POST /plugins/{name}/promote`: makes the candidate the serving version, or the earlier version with this digest.
pub(in crate::api) async fn promote(
    State(plugins): State<Arc<Registry>>,
    Path(name): Path<String>,
    Query(decision): Query<Decision>,
) -> Result<Json<Status>, ApiError> {
    let digest = decision.digest.as_deref();
    let done = plugins.promote(named(&name)?, digest, decision.why()).await;
    done.map(Json).map_err(refuse)
}

/// `POST /plugins/{name}/discard`: drops the candidate; with a digest, only if the candidate has that digest.
pub(in crate::api) async fn discard(
    State(plugins): State<Arc<Registry>>,
    Path(name): Path<String>,
    Query(decision): Query<Decision>,
) -> Result<Json<Status>, ApiError> {
    let digest = decision.digest.as_deref();
    let done = plugins.discard(named(&name)?, digest, decision.why()).await;
    done.map(Json).map_err(refuse)
}

/// `PUT /cases/{kind}/{name}`: keeps a case, on all replicas of a fleet. The body is an object with the text of each file.
pub(in crate::api) async fn keep_case(
    State(plugins): State<Arc<Registry>>,
    Path((kind, name)): Path<(String, String)>,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    let files: BTreeMap<String, String> = serde_json::from_slice(&body)
        .map_err(|error| ApiError::from(Code::InvalidRequest).because(error.to_string()))?;
    if files.is_empty() {
        return Err(ApiError::from(Code::InvalidRequest).because("A case has files"));
    }
    let files = files.into_iter();
    let files = files
        .map(|(file, text)| (file, text.into_bytes()))
        .collect();
    let kept = plugins.keep_case(&kind, &name, files).await;
    kept.map(|()| StatusCode::NO_CONTENT).map_err(refuse)
}

/// `DELETE /cases/{kind}/{name}`: removes a case, on all replicas of a fleet.
pub(in crate::api) async fn remove_case(
    State(plugins): State<Arc<Registry>>,
    Path((kind, name)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let removed = plugins.keep_case(&kind, &name, BTreeMap::new()).await;
    removed.map(|()| StatusCode::NO_CONTENT).map_err(refuse)
}

/// The plugin of this name, or 404.
fn named(name: &str) -> Result<PluginName, ApiError> {
    let unknown = |error: UnknownPlugin| ApiError::from(Code::NotFound).because(error.to_string());
    name.parse().map_err(unknown)
}

fn refuse(error: Error) -> ApiError {
    let words = error.to_string();
    match error {
        Error::Rejected(rejection) => ApiError::from(Code::PluginRefused)
            .because(words)
            .with("refused", &rejection),
        Error::NoVersion => Code::NoSuchVersion.into(),
        Error::NoFolder => ApiError::from(Code::NoSuchVersion).because(words),
        Error::Case(_) => ApiError::from(Code::InvalidRequest).because(words),
        Error::Fleet(_) => ApiError::from(Code::ServerBusy)
            .caused_by(&words)
            .because(words)
            .retry_after(1),
        Error::Start(_) => ApiError::from(Code::ServerError).caused_by(words),
        // The operator has to know which folder, and that the disk is full.
        Error::Folder(_) => ApiError::from(Code::ServerError)
            .caused_by(&words)
            .because(words),
    }
}
