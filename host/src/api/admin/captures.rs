//! The operator's routes for the captures of failed extractions.

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};

use crate::{
    api::http::error::{ApiError, Code},
    capture::{Captures, Error, Explanation, ListedCapture},
};

/// `GET /captures`: newest first.
pub(in crate::api) async fn list(State(captures): State<Captures>) -> Json<Vec<ListedCapture>> {
    Json(captures.list())
}

/// `GET /captures/{id}`.
pub(in crate::api) async fn get(
    State(captures): State<Captures>,
    Path(id): Path<String>,
) -> Result<Json<ListedCapture>, ApiError> {
    captures.get(&id).map(Json).map_err(refuse)
}

/// `GET /captures/{id}/exchange.har`: the recorded requests and responses, redacted.
pub(in crate::api) async fn har(
    State(captures): State<Captures>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let file = captures.folder(&id).map_err(refuse)?.join("exchange.har");
    let har = captures.read(&file).await.map_err(refuse)?;
    let kind = [(header::CONTENT_TYPE, "application/json")];
    Ok((kind, Body::from(har)).into_response())
}

/// `GET /captures/{id}/explanation`: what changed since earlier good answers, and where missing facts may be now.
pub(in crate::api) async fn explanation(
    State(captures): State<Captures>,
    Path(id): Path<String>,
) -> Result<Json<Explanation>, ApiError> {
    captures.explain(&id).await.map(Json).map_err(refuse)
}

fn refuse(error: Error) -> ApiError {
    match error {
        Error::Unknown(_) => ApiError::from(Code::NotFound).because(error.to_string()),
        Error::Broken(_) | Error::Io(_) => ApiError::from(Code::ServerError).caused_by(error),
    }
}
