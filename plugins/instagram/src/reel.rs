//! The extractor for one reel, which is a post that is a video.

use crate::contract::exchanges::Exchange;
use crate::contract::records::{Media, MediaType};
use crate::contract::steps::{Context, Refusal, Severity};
use crate::drive::{self, Outcome, Stop};
pub use crate::post::Query;
use crate::post::find;

/// Returns the next step of the extraction of a reel.
#[must_use]
pub fn extract(
    query: &Query,
    context: &Context,
    memo: &[u8],
    answers: &[Exchange],
) -> Outcome<Media> {
    drive::run(context, memo, answers, |walk| {
        let media = find(walk, &query.target)?;
        if matches!(media.media_type, MediaType::Image | MediaType::Carousel) {
            walk.note(
                Severity::Info,
                None,
                format!("{} is a post, and no video", media.shortcode),
            );
            return Err(Stop::Refuse(Refusal::NotFound));
        }
        Ok(media)
    })
}
