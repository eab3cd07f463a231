//! `/docs`: Swagger UI from assets inside the binary; no request leaves the reader's machine.

use std::sync::{Arc, LazyLock};

use axum::{
    Extension,
    body::Body,
    extract::Path,
    http::header,
    response::{Html, IntoResponse, Response},
};
use utoipa_axum::{router::UtoipaMethodRouter, routes};
use utoipa_swagger_ui::{Config, serve};

use crate::api::http::{
    document::{Endpoint, described},
    error::{ApiError, Code},
};

/// Allows only our own assets; Swagger UI styles its elements inline and draws its icons from data URIs.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gramhost API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/swagger-ui-standalone-preset.js"></script>
<script src="/docs/swagger-initializer.js"></script>
</body>
</html>
"#;

/// The OpenAPI document as text; it is built from the routes, outside this module, when it is first read.
#[derive(Clone, Copy, Debug)]
pub(in crate::api) struct Document(pub(in crate::api) &'static LazyLock<String>);

/// Both endpoints in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[],
    errors: &[],
};

/// The routes; that of the document is first. The document itself comes from an [`Extension`].
pub(in crate::api) fn routes<S: Clone + Send + Sync + 'static>() -> [UtoipaMethodRouter<S>; 2] {
    [
        described(routes!(document), ENDPOINT),
        described(routes!(page), ENDPOINT),
    ]
}

/// The OpenAPI document.
#[utoipa::path(get, path = "/openapi.json", tag = "Documentation", summary = "This document",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)))]
async fn document(Extension(Document(text)): Extension<Document>) -> Response {
    let json = [(header::CONTENT_TYPE, "application/json")];
    (json, text.as_str()).into_response()
}

/// The page.
#[utoipa::path(get, path = "/docs", tag = "Documentation", summary = "Interactive documentation",
    responses((status = 200, description = "Swagger UI", body = String, content_type = "text/html")))]
async fn page() -> Response {
    let policy = [(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY)];
    (policy, Html(PAGE)).into_response()
}

/// Responds with an asset of the page.
pub(in crate::api) async fn asset(Path(file): Path<String>) -> Result<Response, ApiError> {
    // Without a validator badge, which would be an external image.
    let config = Config::from("/openapi.json").validator_url("none");
    match serve(&file, Arc::new(config)) {
        Ok(Some(file)) => {
            let headers = [
                (header::CONTENT_TYPE, file.content_type),
                (
                    header::CONTENT_SECURITY_POLICY,
                    CONTENT_SECURITY_POLICY.to_owned(),
                ),
                (header::CACHE_CONTROL, "private, max-age=3600".to_owned()),
            ];
            Ok((headers, Body::from(file.bytes.into_owned())).into_response())
        }
        Ok(None) => Err(Code::NotFound.into()),
        Err(error) => Err(ApiError::from(Code::ServerError).caused_by(error)),
    }
}
