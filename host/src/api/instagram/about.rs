//! What the API says of itself: `/instagram/formats` and `/instagram/info`.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    error::{ApiError, Code},
    openapi::bodies,
};
use crate::rate_limit::RateLimiter;

const FORMATS: &str = include_str!("examples/formats.json");
const INFO: &str = include_str!("examples/info.json");

#[utoipa::path(get, path = "/instagram/formats", tag = "Utility",
    summary = "Get available download formats",
    responses((status = 200, description = "Qualities and formats", body = bodies::Formats)))]
pub(super) async fn formats() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], FORMATS).into_response()
}

#[utoipa::path(get, path = "/instagram/info", tag = "Utility",
    summary = "Get API information and capabilities",
    responses((status = 200, description = "Capabilities and limits", body = bodies::About)))]
pub(super) async fn info(State(limiter): State<Arc<RateLimiter>>) -> Result<Json<Value>, ApiError> {
    let info: Result<Value, _> = serde_json::from_str(INFO);
    let mut info = info.map_err(|error| ApiError::from(Code::ServerError).caused_by(error))?;
    info["limits"]["rate_limit_requests_per_minute"] = json!(limiter.requests_max());
    Ok(Json(info))
}
