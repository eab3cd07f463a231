//! Reads one query parameter.
//!
//! Unknown parameters are ignored. A known parameter that is given twice is an error, because servers and proxies
//! disagree about which of the two counts.

use axum::http::Uri;
use url::form_urlencoded;

use super::error::{ApiError, Code};

/// Returns the decoded value of a parameter.
pub(in crate::api) fn parameter(uri: &Uri, name: &str) -> Result<Option<String>, ApiError> {
    let query = uri.query().unwrap_or_default();
    let mut values = form_urlencoded::parse(query.as_bytes())
        .filter(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned());
    let value = values.next();
    if values.next().is_some() {
        return Err(ApiError::from(Code::InvalidParameter).because("A parameter is given twice"));
    }
    Ok(value)
}
