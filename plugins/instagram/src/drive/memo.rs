//! The memo of a walk: the result of every door after reading, so that no body is read twice.
//!
//! One byte for the format, then an entry for every door in the order of requests: its length (4 bytes, little endian),
//! and its content in postcard. Old entries are passed on as bytes; they are decoded once per step, which costs a
//! hundredth of reading their bodies.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::failure::Closed;

/// Must change whenever the encoding of entries changes.
const FORMAT: u8 = 1;
/// Size of the length before an entry, bytes.
const LENGTH_BYTES: usize = 4;
/// Maximum size of a memo, bytes; the limit of the host.
pub(super) const MEMO_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The result of one door, after reading.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct DoorResult<T> {
    /// What was looked for, or why the door did not return it.
    pub(super) result: Result<T, Closed>,
    /// The user id, if the response was about the account but did not contain what was looked for.
    pub(super) user_id: Option<String>,
}

/// A memo during a step: old entries are taken from its front, new ones are added at its end.
pub(super) struct Memo<'a> {
    old: &'a [u8],
    unread: &'a [u8],
    new: Vec<u8>,
}

impl<'a> Memo<'a> {
    /// The memo of the previous step; empty for the first step.
    ///
    /// # Errors
    /// If it has another format.
    pub(super) fn new(old: &'a [u8]) -> Result<Self, String> {
        let unread = match old {
            [] => &[],
            [FORMAT, entries @ ..] => entries,
            [other, ..] => {
                return Err(format!(
                    "memo: its format is {other}, this plugin writes {FORMAT}"
                ));
            }
        };
        Ok(Self {
            old,
            unread,
            new: Vec::new(),
        })
    }

    /// Whether all old entries were taken.
    pub(super) fn is_used_up(&self) -> bool {
        self.unread.is_empty()
    }

    /// The size of the memo if the walk fetched now, bytes: the same in the step that adds an entry and in those that
    /// take it.
    pub(super) fn size(&self) -> usize {
        1 + self.old.len().saturating_sub(1 + self.unread.len()) + self.new.len()
    }

    /// Takes the next old entry, which must belong to this door.
    ///
    /// # Errors
    /// If it belongs to another door, or cannot be read.
    pub(super) fn take<T: DeserializeOwned>(
        &mut self,
        door: &str,
    ) -> Result<DoorResult<T>, String> {
        let unreadable = || format!("memo: what door {door} said cannot be read");
        let (length, rest) = self.unread.split_first_chunk().ok_or_else(unreadable)?;
        let length = u32::from_le_bytes(*length) as usize;
        let (entry, rest) = rest.split_at_checked(length).ok_or_else(unreadable)?;
        let (of, said) =
            postcard::from_bytes::<(String, DoorResult<T>)>(entry).map_err(|_| unreadable())?;
        if of != door {
            return Err(format!("memo: it is of door {of}, not of {door}"));
        }
        self.unread = rest;
        Ok(said)
    }

    /// Adds the result of this door.
    ///
    /// # Errors
    /// If it cannot be serialised, which does not happen with any value of this crate.
    pub(super) fn add<T: Serialize>(
        &mut self,
        door: &str,
        said: &DoorResult<T>,
    ) -> Result<(), String> {
        let entry = postcard::to_allocvec(&(door, said)).map_err(|error| error.to_string())?;
        let length = u32::try_from(entry.len()).map_err(|error| error.to_string())?;
        self.new.reserve(LENGTH_BYTES + entry.len());
        self.new.extend_from_slice(&length.to_le_bytes());
        self.new.extend_from_slice(&entry);
        Ok(())
    }

    /// Returns the memo for the next step.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1 + self.old.len() + self.new.len());
        match self.old {
            [] => bytes.push(FORMAT),
            old => bytes.extend_from_slice(old),
        }
        bytes.extend_from_slice(&self.new);
        bytes
    }
}
