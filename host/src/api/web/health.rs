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
    database::Database,
};

/// `GET /healthz` in the document.
const ALIVE: Endpoint = Endpoint {
    examples: &[],
    errors: &[],
};

/// `GET /readyz` in the document.
const READY: Endpoint = Endpoint {
    examples: &[],
    errors: &[&[Code::ServerBusy]],
};

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
    /// `ok` or `ready`.
    status: &'static str,
}

#[utoipa::path(get, path = "/healthz", operation_id = "getHealth", tag = "Health", summary = "Is the process alive",
    responses((status = 200, description = "Alive", body = Health)))]
pub(in crate::api) async fn alive() -> Json<Health> {
    Json(Health { status: "ok" })
}

#[utoipa::path(get, path = "/readyz", operation_id = "getReadiness", tag = "Health", summary = "Can the server do its work",
    responses((status = 200, description = "Ready", body = Health)))]
async fn ready(State(database): State<Database>) -> Result<Json<Health>, ApiError> {
    database.observations().of("").await.map_err(|error| {
        ApiError::from(Code::ServerBusy)
            .because("The database does not answer")
            .retry_after(1)
            .caused_by(error)
    })?;
    Ok(Json(Health { status: "ready" }))
}
