//! The operator's routes for fields whose fill rates changed.

use axum::{Json, extract::State};

use crate::drift::{Drift, Fill, Warning};

/// `GET /drift`: the fields that used to be stated and are not any more.
pub(in crate::api) async fn list(State(drift): State<Drift>) -> Json<Vec<Warning>> {
    drift.look().await;
    Json(drift.warnings())
}

/// `GET /drift/rates`: how often every version stated every field.
pub(in crate::api) async fn rates(State(drift): State<Drift>) -> Json<Vec<Fill>> {
    drift.look().await;
    Json(drift.rates())
}

/// `POST /drift/accept`: takes the current rates as the new baseline.
pub(in crate::api) async fn accept(State(drift): State<Drift>) -> Json<Vec<Warning>> {
    drift.accept().await;
    Json(drift.warnings())
}
