//! Reads the query parameters of a request.
//!
//! A parameter that is given twice is an error, because servers and proxies disagree about which of the two counts. One
//! that an endpoint does not know is ignored, unless it looks like a known one that is missing.

use axum::http::Uri;
use url::form_urlencoded;

use super::error::{ApiError, Code};

/// Minimum similarity of a misspelt name, between 0 and 1.
const SIMILARITY_MIN: f64 = 0.7;
/// Shortest part of a name that stands for the whole, such as `user` for `username`, characters.
const PART_MIN: usize = 3;
/// Maximum number of characters of a misspelt name that an error repeats.
const SHOWN_CHARS_MAX: usize = 40;

/// One known parameter of a query.
#[derive(Debug)]
pub(in crate::api) struct Parameter {
    name: &'static str,
    /// Decoded.
    value: Option<String>,
    /// The unknown name that is there instead, if one is like it.
    instead: Option<String>,
}

/// Returns the parameters of these names.
///
/// # Errors
/// If one of them is given twice.
pub(in crate::api) fn parameters<const N: usize>(
    uri: &Uri,
    names: [&'static str; N],
) -> Result<[Parameter; N], ApiError> {
    let mut parameters = names.map(|name| Parameter {
        name,
        value: None,
        instead: None,
    });
    let mut unknown = Vec::new();
    for (key, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        match parameters.iter_mut().find(|known| known.name == key) {
            None => unknown.push(key),
            Some(known) if known.value.is_none() => known.value = Some(value.into_owned()),
            Some(known) => return Err(invalid(format!("`{}` is given twice", known.name))),
        }
    }
    for missing in parameters.iter_mut().filter(|known| known.value.is_none()) {
        let like = unknown.iter().find(|key| is_like(key, missing.name));
        missing.instead = like.map(|key| key.chars().take(SHOWN_CHARS_MAX).collect());
    }
    Ok(parameters)
}

impl Parameter {
    /// Its value, which must be there.
    ///
    /// # Errors
    /// With this code, and with a sentence about what the parameter takes.
    pub(in crate::api) fn required(self, code: Code, takes: &str) -> Result<String, ApiError> {
        let name = self.name;
        match (self.value, self.instead) {
            (Some(value), _) => Ok(value),
            (None, Some(instead)) => {
                Err(ApiError::from(code)
                    .because(format!("{}. {takes}", no_parameter(&instead, name))))
            }
            (None, None) => {
                Err(ApiError::from(code).because(format!("`{name}` is missing. {takes}")))
            }
        }
    }

    /// Its value, if there is one.
    ///
    /// # Errors
    /// If it is misspelt: nobody wants the default without noticing.
    pub(in crate::api) fn optional(self) -> Result<Option<String>, ApiError> {
        match (self.value, self.instead) {
            (None, Some(instead)) => Err(invalid(no_parameter(&instead, self.name))),
            (value, _) => Ok(value),
        }
    }
}

fn no_parameter(instead: &str, name: &str) -> String {
    format!("There is no parameter `{instead}`: did you mean `{name}`?")
}

fn invalid(details: String) -> ApiError {
    ApiError::from(Code::InvalidParameter).because(details)
}

/// Whether somebody may have written a name in place of a known one.
fn is_like(key: &str, name: &str) -> bool {
    let key = key.to_lowercase();
    let is_part = key.len() >= PART_MIN && name.contains(&key);
    is_part
        || name.split('_').any(|word| word == key)
        || strsim::normalized_damerau_levenshtein(&key, name) >= SIMILARITY_MIN
}
