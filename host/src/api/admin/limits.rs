//! The operator's route for the active settings.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;

/// One setting of the server, as the operator sees it.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    /// Its name in the settings file.
    pub key: &'static str,
    /// The active value, without credentials; `None` if it has none.
    pub value: Option<String>,
    /// The default value.
    pub default: Option<String>,
}

/// `GET /limits`: every setting by its key, with its active value and its default.
pub(in crate::api) async fn list(State(settings): State<Arc<[Setting]>>) -> Json<Vec<Setting>> {
    Json(settings.to_vec())
}
