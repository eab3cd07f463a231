//! Public content only: a rule of the host that holds for every caller, whatever a plugin says.

use crate::contract::{Record, record::User};

/// Returns whether a record states that it, or its owner, is private.
pub(super) fn is_private(record: &Record) -> bool {
    let owner = |user: Option<&User>| user.and_then(|user| user.is_private);
    let stated = match record {
        Record::Profile(profile) => profile.is_private,
        Record::Page(page) => page.owner.is_private,
        Record::Media(media) => owner(media.owner.as_ref()),
        Record::Stories(stories) => stories.is_private,
    };
    stated == Some(true)
}
