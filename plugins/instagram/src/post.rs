//! The extractor for one post. It knows no dialect; that is the job of `read`.

use crate::contract::exchanges::Exchange;
pub use crate::contract::queries::MediaQuery as Query;
use crate::contract::queries::Target;
use crate::contract::records::Media;
use crate::contract::steps::{Context, Refusal, Severity};
use crate::drive::{self, Outcome, Stop, Walk};
use crate::read::{self, Reading};
use crate::request::Values;
use crate::shortcode;

/// Returns the next step of the extraction of a post.
#[must_use]
pub fn extract(
    query: &Query,
    context: &Context,
    memo: &[u8],
    answers: &[Exchange],
) -> Outcome<Media> {
    drive::run(context, memo, answers, |walk| find(walk, &query.target))
}

/// Finds the post or reel of the target: Instagram does not distinguish them.
pub(crate) fn find(walk: &mut Walk<'_>, target: &Target) -> Result<Media, Stop> {
    let code = match target {
        Target::Shortcode(code) => code.clone(),
        Target::Share(link) => follow(walk, link)?,
    };
    let code = shortcode::of_post(&code);
    let Some(media_id) = shortcode::media_id(code) else {
        walk.note(
            Severity::Info,
            None,
            format!("{code} cannot be a shortcode"),
        );
        return Err(Stop::Refuse(Refusal::NotFound));
    };
    let mut values = Values {
        shortcode: Some(code.to_owned()),
        media_id: Some(media_id.to_string()),
        ..Values::default()
    };
    let doors = walk.doors("media")?;
    let (media, _) = walk.knock(&doors, &mut values, |answered| {
        read::media(answered.documents, code)
    })?;
    // The operator's session may see content that guests may not.
    if media
        .owner
        .as_ref()
        .is_some_and(|owner| owner.is_private == Some(true))
    {
        return Err(Stop::Refuse(Refusal::Private));
    }
    Ok(media)
}

/// Returns the shortcode behind a share link, from the URL where its redirect ends.
fn follow(walk: &mut Walk<'_>, link: &str) -> Result<String, Stop> {
    let named = walk.door("share")?;
    let path = link
        .split_once("/share/")
        .and_then(|(_, path)| path.split(['?', '#']).next());
    let mut values = Values {
        share: path.map(str::to_owned),
        ..Values::default()
    };
    let (code, _) = walk.knock(&[named], &mut values, |answered| {
        match code_in(answered.url) {
            Some(code) => Reading::Found(code),
            None => Reading::Absent,
        }
    })?;
    Ok(code)
}

/// Returns the shortcode in the URL of a post, or in that of the login page to which a guest is redirected instead.
fn code_in(url: &str) -> Option<String> {
    let url = url.replace("%2F", "/").replace("%2f", "/");
    let segments: Vec<&str> = url.split(['/', '?', '#', '&', '=', '%']).collect();
    segments.array_windows().find_map(|[before, kind, code]| {
        let is_post = matches!(*kind, "p" | "reel" | "reels" | "tv") && *before != "share";
        (is_post && shortcode::media_id(code).is_some()).then(|| (*code).to_owned())
    })
}

#[cfg(test)]
mod tests;
