//! JSON as Instagram writes it. A text is scanned once, and its values are views of it: nothing is copied or decoded until
//! a reader asks for it, because a reader needs a small part of a response.
//!
//! `serde_json` builds a tree of owned texts, which takes several times as long as finding what matters. The names here
//! are the same, and so is what counts as JSON. Two things are read that it rejects: half of a surrogate pair, which
//! Instagram leaves where it cuts long texts (InstaPy#1489, InstaPy#1530), becomes U+FFFD; and a number may be too large
//! for a float.

mod parse;
mod rename;
#[cfg(test)]
mod tests;
mod text;
#[cfg(test)]
pub(crate) mod trees;
mod value;

use bumpalo::Bump;

pub(crate) use self::parse::{all, first};
pub(crate) use self::rename::Renames;
pub(crate) use self::text::{Text, write_quoted};
pub(crate) use self::value::{Member, Number, Object, Value};

/// Owns the lists, objects and decoded texts of one step. They are freed together.
#[derive(Default)]
pub(crate) struct Arena(Bump);

impl Arena {
    /// Keeps a text, so that values can be views of it.
    pub(crate) fn keep(&self, text: &str) -> &str {
        self.0.alloc_str(text)
    }

    /// Keeps a list.
    pub(crate) fn keep_list<T: Copy>(&self, list: &[T]) -> &[T] {
        self.0.alloc_slice_copy(list)
    }
}
