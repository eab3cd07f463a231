//! Reads what Instagram answered, in whichever of its dialects, from whichever door. Pure; knows no requests.
//!
//! The walk: [`body`] tells JSON from a page; each reader then looks for its roots wherever they are
//! (`find`), picks the one that was asked for, and one of two normalisers makes the record of it: `media` for XDT,
//! POLARIS and mobile v1, `legacy` for the GraphQL of `edge_*` keys.

mod audio;
mod embed;
mod field;
mod find;
mod legacy;
mod link;
pub(crate) mod markup;
mod media;
mod page;
mod post;
mod profile;
mod rendition;
#[cfg(test)]
mod samples;
mod sticker;
mod story;
mod tab;
#[cfg(test)]
mod tests;
mod user;

use serde::{Deserialize, Serialize};
use serde_json::{Deserializer, Value};

use crate::contract::records::StoryItem;
use crate::contract::records::{Media, Profile, User};
use crate::contract::steps::{Change, Refusal};
pub(crate) use crate::read::page::Page;
pub(crate) use crate::read::post::media;
pub(crate) use crate::read::profile::profile;
pub(crate) use crate::read::story::stories;
pub(crate) use crate::read::tab::{posts, reels};

/// What a response body is.
pub(crate) enum Body {
    Json(Value),
    Html(Page),
    /// Neither: a cut or foreign answer.
    Other,
}

/// What an answer says about the thing asked for.
///
/// It takes the body alone: whether an answer counts at all (GraphQL errors, status) is for the caller to know.
#[derive(Debug, PartialEq)]
pub(crate) enum Reading<T> {
    Found(T),
    /// A known root is null or empty: no such thing, as far as this answer knows.
    Missing,
    /// The answer states why not: gated by age or region, or a private account.
    Refused(Refusal),
    /// None of our roots is in there, or only such that are about something else.
    Absent,
    /// A root is there and cannot be read. The path begins at the root, without the door.
    Changed(Change),
}

/// A profile as one answer states it: fields that another door has are absent.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct ProfilePart {
    pub(crate) profile: Profile,
    /// The account's id on the Facebook side, which POLARIS connections page by.
    pub(crate) page_id: Option<String>,
    /// When its latest story was posted, in seconds since 1970; 0 says that there is none.
    pub(crate) latest_reel_media: Option<u64>,
}

/// A page of an account's posts or reels as one answer states it.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct TabPage {
    pub(crate) owner: User,
    pub(crate) total_count: Option<u64>,
    /// Only the account's own, co-authored ones included: guests are served others' in between.
    pub(crate) items: Vec<Media>,
    pub(crate) has_next_page: bool,
    pub(crate) end_cursor: Option<String>,
    pub(crate) private: Option<bool>,
}

/// The stories of an account as one answer states them.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct StoriesPart {
    pub(crate) user_id: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) items: Vec<StoryItem>,
    pub(crate) is_private: Option<bool>,
}

#[cfg(test)]
thread_local! {
    /// Bytes of all bodies that were read by this thread.
    pub(crate) static BYTES_READ: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Tells what a body is, and parses it.
///
/// Strips the `for (;;);` that keeps JSON from being run as a script. Several JSON texts in a row, as streamed
/// GraphQL answers are, become one array.
pub(crate) fn body(bytes: &[u8]) -> Body {
    #[cfg(test)]
    BYTES_READ.with(|read| read.set(read.get() + bytes.len()));
    let bytes = bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(bytes)
        .trim_ascii_start();
    let json = bytes.strip_prefix(b"for (;;);").unwrap_or(bytes);
    if json.starts_with(b"<") {
        return Body::Html(page::read(&String::from_utf8_lossy(json)));
    }
    let texts: Result<Vec<Value>, _> = Deserializer::from_slice(json).into_iter().collect();
    match texts.unwrap_or_default().as_mut_slice() {
        [] | [Value::String(_) | Value::Number(_) | Value::Bool(_)] => Body::Other,
        [only] => Body::Json(only.take()),
        several => Body::Json(Value::Array(several.iter_mut().map(Value::take).collect())),
    }
}

impl<T> Reading<T> {
    /// The same reading of something made of what was found.
    pub(crate) fn map<U>(self, make: impl FnOnce(T) -> U) -> Reading<U> {
        match self {
            Self::Found(found) => Reading::Found(make(found)),
            Self::Missing => Reading::Missing,
            Self::Refused(refusal) => Reading::Refused(refusal),
            Self::Absent => Reading::Absent,
            Self::Changed(change) => Reading::Changed(change),
        }
    }

    /// The more telling of two readings of one answer; the first where they are alike.
    fn or(self, other: Self) -> Self {
        if other.weight() > self.weight() {
            other
        } else {
            self
        }
    }

    fn weight(&self) -> u8 {
        match self {
            Self::Found(_) => 4,
            Self::Refused(_) => 3,
            Self::Changed(_) => 2,
            Self::Missing => 1,
            Self::Absent => 0,
        }
    }
}

/// What `changed` reports: where, what was expected, and the kind of thing found.
fn changed(path: &str, expected: &str, found: &Value) -> Change {
    /// Characters of a found value that are told.
    const LONGEST: usize = 200;
    let found = match found {
        Value::Object(map) => {
            // In an order of their own, whatever the reader of JSON was built with.
            let mut keys: Vec<_> = map.keys().map(String::as_str).collect();
            keys.sort_unstable();
            format!("object of {}", keys.join(", "))
        }
        Value::Array(list) => format!("array of {}", list.len()),
        other => other.to_string(),
    };
    Change {
        path: path.to_owned(),
        expected: expected.to_owned(),
        found: found.chars().take(LONGEST).collect(),
    }
}
