//! Our own cursor: the position of the next item in Instagram's pages. Clients send it back, so it is never trusted.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// Maximum length of a cursor, characters; Instagram's own are below 200.
const CHARS_MAX: usize = 2048;
/// Maximum number of items of one of Instagram's pages that may be skipped; a page has 12.
const SKIP_MAX: usize = 100;
/// Maximum number of digits of a user id: those of the largest 64-bit number.
const ID_DIGITS_MAX: usize = 20;

/// A position in the list of an account's posts or reels.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cursor {
    /// The door that serves this page: the cursors of one door are not valid for another.
    #[serde(rename = "d")]
    pub(crate) door: String,
    /// Instagram's cursor to the page; the first page has none.
    #[serde(rename = "c")]
    pub(crate) page: Option<String>,
    /// Number of items of the page that were already returned.
    #[serde(rename = "s")]
    pub(crate) skip: usize,
    /// For doors whose requests need the user id.
    #[serde(rename = "u")]
    pub(crate) user_id: Option<String>,
}

impl Cursor {
    /// Encodes the cursor as opaque text that is safe in a URL.
    pub(crate) fn encode(&self) -> String {
        // A struct of texts and a number always serialises.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Decodes a cursor from a client; `None` for anything that [`Self::encode`] did not write.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        if text.len() > CHARS_MAX {
            return None;
        }
        let cursor: Self = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let is_id =
            |id: &String| id.len() <= ID_DIGITS_MAX && id.bytes().all(|byte| byte.is_ascii_digit());
        let is_plain = |page: &String| page.chars().all(|letter| letter.is_ascii_graphic());
        let is_ours = cursor.skip <= SKIP_MAX
            && cursor.user_id.as_ref().is_none_or(is_id)
            && cursor.page.as_ref().is_none_or(is_plain);
        is_ours.then_some(cursor)
    }
}

#[cfg(test)]
mod tests;
