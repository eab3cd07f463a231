//! The operator's routes for fields whose fill rates changed.

use axum::{Json, extract::State};

use crate::{
    api::http::error::{ApiError, Code},
    drift::{Drift, Fill, Warning},
};

/// `GET /drift`: the fields that used to be stated and are not any more.
pub(in crate::api) async fn list(State(drift): State<Drift>) -> Json<Vec<Warning>> {
    Json(drift.warnings())
}

/// `GET /drift/rates`: how often every version stated every field.
pub(in crate::api) async fn rates(State(drift): State<Drift>) -> Json<Vec<Fill>> {
    Json(drift.rates())
}

/// `POST /drift/accept`: takes the current rates as the new baseline, on all replicas.
pub(in crate::api) async fn accept(
    State(drift): State<Drift>,
) -> Result<Json<Vec<Warning>>, ApiError> {
    let accepted = drift.accept_everywhere().await;
    accepted.map_err(|error| {
        ApiError::from(Code::ServerBusy)
            .because("Only this replica has accepted them: the database does not answer")
            .retry_after(1)
            .caused_by(error)
    })?;
    Ok(Json(drift.warnings()))
}
