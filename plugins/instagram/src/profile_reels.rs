//! A page of an account's reels.

use crate::contract::exchanges::Exchange;
use crate::contract::records::MediaPage;
use crate::contract::steps::Context;
use crate::drive::{self, Outcome};
use crate::read;
pub use crate::tab::Query;
use crate::tab::{self, Tab};

const REELS: Tab = Tab {
    purpose: "profile-reels",
    read: read::reels,
    count: |profile| profile.reel_count,
    // Hardly any answer counts reels.
    is_countable: false,
};

/// Returns the next step of the extraction of a page of reels.
#[must_use]
pub fn extract(
    query: &Query,
    context: &Context,
    memo: &[u8],
    answers: &[Exchange],
) -> Outcome<MediaPage> {
    drive::run(context, memo, answers, |walk| {
        tab::find(walk, query, &REELS)
    })
}
