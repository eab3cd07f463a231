//! The extractor for the active stories of an account. Guests only learn whether there are any.

use serde::{Deserialize, Serialize};

use crate::contract::exchanges::Exchange;
pub use crate::contract::queries::AccountQuery as Query;
use crate::contract::records::{Profile, Stories, StoryItem};
use crate::contract::steps::{Context, Refusal};
use crate::drive::{self, Answered, Outcome, Stop, Walk};
use crate::read::{self, Part, ProfilePart, Reading, StoriesPart};
use crate::request::Values;

/// How long a story is shown, seconds.
const STORY_SECONDS: u64 = 24 * 60 * 60;

/// Returns the next step of the extraction of stories.
#[must_use]
pub fn extract(
    query: &Query,
    context: &Context,
    memo: &[u8],
    answers: &[Exchange],
) -> Outcome<Stories> {
    drive::run(context, memo, answers, |walk| find(walk, &query.username))
}

/// What a response states about an account: its stories, or only whether there are any.
#[derive(Deserialize, Serialize)]
enum Sight {
    Stories(Stories),
    Account(Box<ProfilePart>),
}

impl Part for Sight {}

fn find(walk: &mut Walk<'_>, username: &str) -> Result<Stories, Stop> {
    let mut values = Values {
        username: Some(username.to_owned()),
        ..Values::default()
    };
    let doors = walk.doors("presence")?;
    let part = match walk.knock(&doors, &mut values, |answered| sight(answered, username))? {
        (Sight::Stories(stories), _) => return Ok(stories),
        (Sight::Account(part), _) => part,
    };
    let is_present = is_present(&part, walk.context.now);
    let Profile {
        user_id,
        username,
        is_private,
        ..
    } = part.profile;
    if is_private == Some(true) {
        return Err(Stop::Refuse(Refusal::Private));
    }
    let mut stories = Stories {
        user_id,
        username,
        has_active_stories: Some(false),
        items: Vec::new(),
        is_private,
        more: Vec::new(),
    };
    if is_present == Some(false) {
        return Ok(stories);
    }
    if !walk.context.session {
        return Err(Stop::Refuse(Refusal::LoginRequired));
    }
    values.user_id = Some(stories.user_id.clone());
    stories.items = items(walk, &mut values, &stories.username)?;
    if stories.items.is_empty() && is_present == Some(true) {
        return Err(Stop::Refuse(Refusal::StoriesUnavailable));
    }
    stories.has_active_stories = Some(!stories.items.is_empty());
    Ok(stories)
}

/// Takes stories from any door that shows them, although none is known to show them to guests.
fn sight(answered: &Answered<'_>, username: &str) -> Reading<Sight> {
    if let Reading::Found(StoriesPart {
        user_id: Some(user_id),
        username: name,
        items,
        is_private,
    }) = read::stories(answered.documents, username)
        && !items.is_empty()
    {
        return Reading::Found(Sight::Stories(Stories {
            user_id,
            username: name.unwrap_or_else(|| username.to_owned()),
            has_active_stories: Some(true),
            items,
            is_private,
            more: Vec::new(),
        }));
    }
    read::profile(answered.documents, username).map(|part| Sight::Account(Box::new(part)))
}

/// Whether the account has an active story; `None` if the response does not say.
fn is_present(part: &ProfilePart, now: u64) -> Option<bool> {
    match part.latest_reel_media {
        Some(posted) => Some(now < posted.saturating_add(STORY_SECONDS)),
        None => part.profile.has_active_story,
    }
}

/// Returns the items that the operator's session may see; a response that there are none is an empty list.
fn items(walk: &mut Walk<'_>, values: &mut Values, username: &str) -> Result<Vec<StoryItem>, Stop> {
    let doors = walk.doors("items")?;
    match walk.knock(&doors, values, |answered| {
        read::stories(answered.documents, username)
    }) {
        Ok((part, _)) => Ok(part.items),
        Err(Stop::Refuse(Refusal::NotFound)) => Ok(Vec::new()),
        Err(stop) => Err(stop),
    }
}

#[cfg(test)]
mod tests;
