//! Reads Instagram's responses, in any of its dialects, from any door. Pure; knows no requests.
//!
//! [`body`] distinguishes JSON from a page. Each reader then looks for its roots at any depth (`find`) and picks the
//! requested one. One of two normalisers converts it to a record: `media` for XDT, POLARIS and mobile v1, `legacy` for
//! the GraphQL of `edge_*` keys.

mod address;
mod audio;
mod crop;
mod embed;
mod field;
mod find;
mod gate;
mod legacy;
mod link;
pub(crate) mod markup;
mod media;
mod notice;
mod page;
mod part;
mod portrait;
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
#[cfg(test)]
mod trees;
mod user;

use serde::{Deserialize, Serialize};

use crate::contract::records::StoryItem;
use crate::contract::records::{Media, Profile, User};
use crate::contract::steps::{Change, Refusal};
use crate::json::{self, Arena, Renames, Value};
pub(crate) use crate::read::gate::stated as ruling;
pub(crate) use crate::read::page::Page;
pub(crate) use crate::read::part::Part;
pub(crate) use crate::read::portrait::{joined, shown_by};
pub(crate) use crate::read::post::media;
pub(crate) use crate::read::profile::{account_id, profile};
pub(crate) use crate::read::story::stories;
pub(crate) use crate::read::tab::{posts, reels};

/// The parsed body of a response.
pub(crate) enum Body<'a> {
    Json(Value<'a>),
    Html(Page<'a>),
    /// Neither: a truncated or foreign response.
    Other,
}

/// What a response says about the requested content.
///
/// It depends on the body alone. Whether a response counts at all (GraphQL errors, status) is up to the caller.
#[derive(Debug, PartialEq)]
pub(crate) enum Reading<T> {
    Found(T),
    /// A known root is null or empty: the content does not exist, as far as this response shows.
    Missing,
    /// The response states the reason: gated by age or region, or a private account.
    Refused(Refusal),
    /// The response has none of our roots, or only roots about something else.
    Absent,
    /// A root is present but cannot be read. The path begins at the root, without the door.
    Changed(Change),
}

/// A profile as one response states it: fields that only other doors have are absent.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct ProfilePart {
    pub(crate) profile: Profile,
    /// The account's id on the Facebook side, which POLARIS connections use for paging.
    pub(crate) page_id: Option<String>,
    /// When its latest story was posted, in seconds since 1970; 0 means that there is none.
    pub(crate) latest_reel_media: Option<u64>,
}

/// A page of an account's posts or reels as one response states it.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct TabPage {
    pub(crate) owner: User,
    pub(crate) total_count: Option<u64>,
    /// Only the account's own items, including co-authored ones: for guests, Instagram mixes in items of others.
    pub(crate) items: Vec<Media>,
    /// What is wrong with the first item that was left out because it cannot be read.
    pub(crate) unread: Option<Change>,
    pub(crate) has_next_page: bool,
    pub(crate) end_cursor: Option<String>,
    pub(crate) private: Option<bool>,
}

/// The stories of an account as one response states them.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct StoriesPart {
    pub(crate) user_id: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) items: Vec<StoryItem>,
    pub(crate) is_private: Option<bool>,
}

#[cfg(test)]
thread_local! {
    /// Total bytes of the bodies that this thread has read.
    pub(crate) static BYTES_READ: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Detects the type of a body, and parses it.
///
/// Strips the `for (;;);` that keeps JSON from being run as a script. A sequence of JSON texts, as in streamed GraphQL
/// responses, becomes one array. What Instagram has moved is found where it was, by the `renames`.
pub(crate) fn body<'a>(arena: &'a Arena, bytes: &'a [u8], renames: Renames<'a>) -> Body<'a> {
    #[cfg(test)]
    BYTES_READ.with(|read| read.set(read.get() + bytes.len()));
    let bytes = bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(bytes)
        .trim_ascii_start();
    let bytes = bytes.strip_prefix(b"for (;;);").unwrap_or(bytes);
    let text = str::from_utf8(bytes).unwrap_or_else(|_| {
        let mended = String::from_utf8_lossy(bytes);
        arena.keep(&mended)
    });
    if text.starts_with('<') {
        return Body::Html(page::read(arena, text, renames));
    }
    match json::all(arena, text).as_slice() {
        [] | [Value::String(_) | Value::Number(_) | Value::Bool(_)] => Body::Other,
        [only] => Body::Json(renames.apply(arena, *only)),
        several => Body::Json(renames.apply(arena, Value::Array(arena.keep_list(several)))),
    }
}

impl<T> Reading<T> {
    /// Converts the value that was found.
    pub(crate) fn map<U>(self, make: impl FnOnce(T) -> U) -> Reading<U> {
        match self {
            Self::Found(found) => Reading::Found(make(found)),
            Self::Missing => Reading::Missing,
            Self::Refused(refusal) => Reading::Refused(refusal),
            Self::Absent => Reading::Absent,
            Self::Changed(change) => Reading::Changed(change),
        }
    }

    /// Returns the more informative of two readings of one response; the first if they are equal.
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

/// The content of a `changed` report: the path, what was expected, and the type of the value found.
fn changed(path: &str, expected: &str, found: &Value<'_>) -> Change {
    /// Maximum number of characters of a found value that are reported.
    const LONGEST: usize = 200;
    let found = match found {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.members().iter().map(|member| member.key).collect();
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
