//! The embedded files of the pages, and how they are served.

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest as _, Sha256};

use crate::api::http::{
    conditional::{Condition, condition},
    error::{ApiError, Code},
};

/// Allows only our own files; scripts may not write markup either.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    media-src 'self'; manifest-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// Revalidated on each use, so that a page never runs with the scripts of an older binary.
const CACHE_CONTROL: &str = "private, no-cache";

pub(super) const HTML: &str = "text/html; charset=utf-8";
pub(super) const STYLE: &str = "text/css; charset=utf-8";
pub(super) const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A file of the page.
pub(super) struct Asset {
    content_type: &'static str,
    bytes: &'static [u8],
    tag: String,
}

impl Asset {
    pub(super) fn new(
        content_type: &'static str,
        content: &'static (impl AsRef<[u8]> + ?Sized),
    ) -> Self {
        let bytes = content.as_ref();
        let digest = Sha256::digest(bytes);
        let short = digest.iter().take(8).map(|byte| format!("{byte:02x}"));
        Self {
            content_type,
            bytes,
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
        match condition(headers, &self.tag, None) {
            Condition::Met => (fields, self.bytes).into_response(),
            Condition::Unchanged => (StatusCode::NOT_MODIFIED, fields).into_response(),
            Condition::Failed => ApiError::from(Code::PreconditionFailed).into_response(),
        }
    }
}

/// Responds with the file of this name.
pub(super) fn one_of(
    assets: &[(&str, Asset)],
    file: &str,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let found = assets.iter().find(|(name, _)| *name == file);
    let (_, asset) = found.ok_or(Code::NotFound)?;
    Ok(asset.answer(headers))
}
