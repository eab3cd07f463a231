//! `/healthz`: the process is alive. `/readyz`: it is ready for requests.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use crate::{
    api::http::{
        document::{Endpoint, described},
        error::{ApiError, Code},
    },
    app::App,
};

/// `GET /healthz` in the document.
const ALIVE: Endpoint = Endpoint {
    examples: &[],
    errors: &[],
};

/// `GET /readyz` in the document.
const READY: Endpoint = Endpoint {
    examples: &[
        ("ready", r#"{"status":"ready"}"#),
        (
            "degraded",
            r#"{"status":"degraded","reasons":["the database has not answered for 12 s: downloads are refused, and each replica counts requests alone"]}"#,
        ),
    ],
    errors: &[&[Code::ServerBusy]],
};

/// When a draining replica should be asked again, seconds: it is about to stop, so its successor will answer.
const DRAINING_RETRY_AFTER_S: u64 = 5;

/// The routes; that of `/healthz` is first.
pub(in crate::api) fn routes() -> [UtoipaMethodRouter<App>; 2] {
    [
        described(routes!(alive), ALIVE),
        described(routes!(ready), READY),
    ]
}

/// Health status.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Health {
    /// `ok`, `ready`, or `degraded`: it answers what it can.
    status: &'static str,
    /// What does not work at the moment, for people; only if it is `degraded`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    reasons: Vec<String>,
}

impl Health {
    fn is(status: &'static str) -> Self {
        Self {
            status,
            reasons: Vec::new(),
        }
    }
}

#[utoipa::path(get, path = "/healthz", tag = "Health", summary = "Is the process alive",
    responses((status = 200, description = "Alive", body = Health)))]
pub(in crate::api) async fn alive() -> Json<Health> {
    Json(Health::is("ok"))
}

#[utoipa::path(get, path = "/readyz", tag = "Health", summary = "Can the server do its work",
    responses((status = 200, description = "Ready, or degraded: some of it works", body = Health)))]
async fn ready(State(app): State<App>) -> Result<Json<Health>, ApiError> {
    if app.fleet.is_draining() {
        return Err(ApiError::from(Code::ServerBusy)
            .because("This replica is about to stop: use another one")
            .with("status", &"draining")
            .retry_after(DRAINING_RETRY_AFTER_S));
    }
    if app.fleet.is_alone() {
        return asked(&app).await;
    }
    // The heartbeat asks all the time, so nobody waits here for a database that does not answer.
    let reasons = app.fleet.reasons();
    Ok(Json(match reasons.is_empty() {
        true => Health::is("ready"),
        false => Health {
            status: "degraded",
            reasons,
        },
    }))
}

/// Nothing works without the database in the data folder, so it is asked.
async fn asked(app: &App) -> Result<Json<Health>, ApiError> {
    app.database.observations().of("").await.map_err(|error| {
        ApiError::from(Code::ServerBusy)
            .because("The database does not answer")
            .retry_after(1)
            .caused_by(error)
    })?;
    Ok(Json(Health::is("ready")))
}
