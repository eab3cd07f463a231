//! The settings in force.

use std::sync::Arc;

use axum::{Json, extract::State};

use super::super::Setting;

/// `GET /limits`: every setting by its key, with what holds and what would hold if nobody had set it.
pub(in crate::api) async fn list(State(settings): State<Arc<[Setting]>>) -> Json<Vec<Setting>> {
    Json(settings.to_vec())
}
