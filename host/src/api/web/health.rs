//! `/healthz`: the process answers. `/readyz`: and can do its work.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{ApiError, Code};
use crate::database::Database;

/// That it is so.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok` or `ready`.
    status: &'static str,
}

#[utoipa::path(get, path = "/healthz", tag = "Health", summary = "Is the process alive",
    responses((status = 200, description = "Alive", body = Health)))]
pub(super) async fn alive() -> Json<Health> {
    Json(Health { status: "ok" })
}

#[utoipa::path(get, path = "/readyz", tag = "Health", summary = "Can the server do its work",
    responses((status = 200, description = "Ready", body = Health)))]
pub(super) async fn ready(State(database): State<Database>) -> Result<Json<Health>, ApiError> {
    database.observations("").await.map_err(|error| {
        ApiError::from(Code::ServerBusy)
            .because("The database does not answer")
            .retry_after(1)
            .caused_by(error)
    })?;
    Ok(Json(Health { status: "ready" }))
}
