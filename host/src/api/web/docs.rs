//! `/docs`: Swagger UI from assets inside the binary; no request leaves the reader's machine.

use std::sync::{Arc, LazyLock, OnceLock};

use axum::{Extension, body::Bytes, extract::Path, http::HeaderMap, response::Response};
use utoipa_axum::{router::UtoipaMethodRouter, routes};
use utoipa_swagger_ui::{Config, serve};

use super::asset::{Asset, HTML, JSON, one_of};
use crate::api::http::{
    document::{Endpoint, described},
    error::{ApiError, Code},
};

/// Allows only our own assets; Swagger UI styles its elements inline and draws its icons from data URIs.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE_TEXT: &str = r#"<!DOCTYPE html>
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
    errors: &[&[Code::PreconditionFailed]],
};

/// The routes; that of the document is first. The document itself comes from an [`Extension`].
pub(in crate::api) fn routes<S: Clone + Send + Sync + 'static>() -> [UtoipaMethodRouter<S>; 2] {
    [
        described(routes!(document), ENDPOINT),
        described(routes!(page), ENDPOINT),
    ]
}

/// The document with its tag, once it was read.
static DOCUMENT: OnceLock<Asset> = OnceLock::new();
static PAGE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new(HTML, PAGE_TEXT).with_policy(CONTENT_SECURITY_POLICY));
/// The assets of the page, by name.
static ASSETS: LazyLock<Vec<(&str, Asset)>> =
    LazyLock::new(|| FILES.into_iter().filter_map(asset_of).collect());

const FILES: [&str; 5] = [
    "favicon-32x32.png",
    "swagger-initializer.js",
    "swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js",
    "swagger-ui.css",
];

/// The OpenAPI document.
#[utoipa::path(get, path = "/openapi.json", operation_id = "getOpenApi", tag = "Documentation", summary = "This document",
    params(("If-None-Match" = Option<String>, Header, description = "Not this version, by its ETag")),
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value),
        (status = 304, description = "The client already has this version")))]
async fn document(Extension(Document(text)): Extension<Document>, headers: HeaderMap) -> Response {
    DOCUMENT
        .get_or_init(|| Asset::new(JSON, text.as_str()))
        .answer(&headers)
}

/// The page.
#[utoipa::path(get, path = "/docs", operation_id = "getDocs", tag = "Documentation", summary = "Interactive documentation",
    params(("If-None-Match" = Option<String>, Header, description = "Not this version, by its ETag")),
    responses((status = 200, description = "Swagger UI", body = String, content_type = "text/html"),
        (status = 304, description = "The client already has this version")))]
async fn page(headers: HeaderMap) -> Response {
    PAGE.answer(&headers)
}

/// Responds with an asset of the page.
pub(in crate::api) async fn asset(
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    one_of(&ASSETS, &file, &headers)
}

/// The asset of this name. A test checks that each is there.
fn asset_of(name: &'static str) -> Option<(&'static str, Asset)> {
    // Without a validator badge, which would be an external image.
    let config = Config::from("/openapi.json").validator_url("none");
    let file = serve(name, Arc::new(config)).ok().flatten()?;
    let asset = Asset::of(file.content_type, Bytes::from(file.bytes.into_owned()));
    Some((name, asset.with_policy(CONTENT_SECURITY_POLICY)))
}
