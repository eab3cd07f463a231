//! Public content only: a rule of the host that holds for every caller, whatever a plugin says.

use crate::contract::{
    Record,
    record::{Media, User},
};

/// Returns whether a record states that it, or its owner, is private.
pub(super) fn is_private(record: &Record) -> bool {
    match record {
        Record::Profile(profile) => profile.is_private == Some(true),
        Record::Page(page) => is_private_user(&page.owner),
        Record::Media(media) => is_of_private_account(media),
        Record::Stories(stories) => stories.is_private == Some(true),
    }
}

/// Returns whether a post, also one in the list of another account, states that its owner is private.
pub(super) fn is_of_private_account(media: &Media) -> bool {
    media.owner.as_ref().is_some_and(is_private_user)
}

fn is_private_user(user: &User) -> bool {
    user.is_private == Some(true)
}
