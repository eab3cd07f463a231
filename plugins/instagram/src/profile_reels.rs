//! A page of an account's reels.

use crate::contract::exchanges::Exchange;
use crate::contract::records::MediaPage;
use crate::contract::steps::Context;
use crate::drive::{self, Outcome};
use crate::read;
use crate::tab;
pub use crate::tab::Query;

/// Returns the next step of the extraction of a page of reels.
#[must_use]
pub fn extract(
    query: &Query,
    context: &Context,
    memo: &[u8],
    answers: &[Exchange],
) -> Outcome<MediaPage> {
    drive::run(context, memo, answers, |walk| {
        tab::find(walk, query, "profile-reels", read::reels)
    })
}
