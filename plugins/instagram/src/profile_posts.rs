//! A page of an account's posts.

use crate::contract::exchanges::Exchange;
use crate::contract::records::MediaPage;
use crate::contract::steps::Context;
use crate::drive::{self, Outcome};
use crate::read;
pub use crate::tab::Query;
use crate::tab::{self, Tab};

const POSTS: Tab = Tab {
    purpose: "profile-posts",
    read: read::posts,
    count: |profile| profile.post_count,
    is_countable: true,
};

/// Returns the next step of the extraction of a page of posts.
#[must_use]
pub fn extract(
    query: &Query,
    context: &Context,
    memo: &[u8],
    answers: &[Exchange],
) -> Outcome<MediaPage> {
    drive::run(context, memo, answers, |walk| {
        tab::find(walk, query, &POSTS)
    })
}
