//! `GET /instagram/info`.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use crate::{
    api::http::{
        document::{Endpoint, LIMIT_ERRORS, described},
        error::{ApiError, Code},
    },
    app::App,
    rate_limit::RateLimiter,
};

const INFO: &str = include_str!("info.json");

/// `GET /instagram/info` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[("info", INFO)],
    errors: &[LIMIT_ERRORS],
};

/// Its route.
pub(in crate::api) fn route() -> UtoipaMethodRouter<App> {
    described(routes!(info), ENDPOINT)
}

#[utoipa::path(get, path = "/instagram/info", operation_id = "getApiInfo", tag = "Utility",
    summary = "Get API information and capabilities",
    responses((status = 200, description = "Capabilities and limits", body = About)))]
pub(in crate::api) async fn info(
    State(limiter): State<Arc<RateLimiter>>,
) -> Result<Json<About>, ApiError> {
    let about: Result<About, _> = serde_json::from_str(INFO);
    let mut about = about.map_err(|error| ApiError::from(Code::ServerError).caused_by(error))?;
    about.limits.rate_limit_requests_per_minute = limiter.requests_max();
    Ok(Json(about))
}

/// What this API is.
#[derive(Deserialize, Serialize, ToSchema)]
pub(in crate::api) struct About {
    api: AboutApi,
    capabilities: Capabilities,
    limits: Limits,
    requirements: Requirements,
}

/// Its name.
#[derive(Deserialize, Serialize, ToSchema)]
struct AboutApi {
    name: String,
    version: String,
    base_url: String,
    documentation_url: String,
}

/// What it can do.
#[derive(Deserialize, Serialize, ToSchema)]
struct Capabilities {
    supported_content_types: Vec<String>,
    download_features: Vec<String>,
    statistics: Vec<String>,
}

/// How much of it.
#[derive(Deserialize, Serialize, ToSchema)]
struct Limits {
    max_batch_size: u32,
    max_concurrent_downloads: u32,
    file_retention_minutes: u32,
    /// 0 for no limit.
    rate_limit_requests_per_minute: u32,
    max_file_size_mb: u32,
    max_carousel_items: u32,
}

/// What it wants.
#[derive(Deserialize, Serialize, ToSchema)]
struct Requirements {
    content_must_be_public: bool,
    account_authentication: bool,
    requires_api_key: bool,
}
