//! `/`: the web page, from assets inside the binary; no framework, no build step, nothing from outside.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest as _, Sha256};

use super::error::{ApiError, Code};

/// Our own files alone; scripts may not write markup either.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// Looked at again each time, so that a page never runs with the scripts of an older binary.
const CACHE_CONTROL: &str = "private, no-cache";

pub(super) const HTML: &str = "text/html; charset=utf-8";
pub(super) const STYLE: &str = "text/css; charset=utf-8";
pub(super) const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A file of the page.
pub(super) struct Asset {
    content_type: &'static str,
    text: &'static str,
    tag: String,
}

impl Asset {
    pub(super) fn new(content_type: &'static str, text: &'static str) -> Self {
        let digest = Sha256::digest(text);
        let short = digest.iter().take(8).map(|byte| format!("{byte:02x}"));
        Self {
            content_type,
            text,
            tag: format!("\"{}\"", short.collect::<String>()),
        }
    }

    pub(super) fn answer(&self, headers: &HeaderMap) -> Response {
        let fields = [
            (header::CONTENT_TYPE, self.content_type),
            (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
            (header::CACHE_CONTROL, CACHE_CONTROL),
            (header::ETAG, self.tag.as_str()),
        ];
        let known = headers.get(header::IF_NONE_MATCH);
        if known.is_some_and(|tag| tag == self.tag.as_str()) {
            return (StatusCode::NOT_MODIFIED, fields).into_response();
        }
        (fields, self.text).into_response()
    }
}

static PAGE: LazyLock<Asset> = LazyLock::new(|| Asset::new(HTML, include_str!("page/index.html")));

/// What it loads, by name.
static ASSETS: LazyLock<[(&str, Asset); FILES.len()]> =
    LazyLock::new(|| FILES.map(|(name, kind, text)| (name, Asset::new(kind, text))));

/// A file of `page/`, by its name.
macro_rules! file {
    ($kind:expr, $name:literal) => {
        ($name, $kind, include_str!(concat!("page/", $name)))
    };
}

const FILES: [(&str, &str, &str); 19] = [
    file!("image/svg+xml", "icon.svg"),
    file!(STYLE, "base.css"),
    file!(STYLE, "card.css"),
    file!(STYLE, "jobs.css"),
    file!(STYLE, "states.css"),
    file!(SCRIPT, "main.js"),
    file!(SCRIPT, "api.js"),
    file!(SCRIPT, "batch.js"),
    file!(SCRIPT, "dom.js"),
    file!(SCRIPT, "fault.js"),
    file!(SCRIPT, "format.js"),
    file!(SCRIPT, "jobs.js"),
    file!(SCRIPT, "options.js"),
    file!(SCRIPT, "preview.js"),
    file!(SCRIPT, "profile.js"),
    file!(SCRIPT, "store.js"),
    file!(SCRIPT, "target.js"),
    file!(SCRIPT, "watch.js"),
    file!(SCRIPT, "words.js"),
];

/// The page.
#[utoipa::path(get, path = "/", operation_id = "web_page", tag = "Page", summary = "The web page",
    responses((status = 200, description = "Look at public content and download it", body = String, content_type = "text/html")))]
pub(super) async fn page(headers: HeaderMap) -> Response {
    PAGE.answer(&headers)
}

/// What the page loads.
pub(super) async fn asset(
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    one_of(&*ASSETS, &file, &headers)
}

/// The file of this name.
pub(super) fn one_of(
    assets: &[(&str, Asset)],
    file: &str,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let found = assets.iter().find(|(name, _)| *name == file);
    let (_, asset) = found.ok_or(Code::NotFound)?;
    Ok(asset.answer(headers))
}
