//! An account as its profile page shows it. A private account is refused: only public content is served.

use crate::json::Value;
use serde::{Deserialize, Serialize};

use crate::contract::exchanges::Exchange;
pub use crate::contract::queries::AccountQuery as Query;
use crate::contract::records::Profile;
use crate::contract::steps::{Context, Refusal};
use crate::drive::{self, Answered, Outcome, Stop, Walk};
use crate::read::{self, ProfilePart, Reading};
use crate::request::Values;

/// What another door may add.
#[derive(Deserialize, Serialize)]
struct Detail {
    part: Option<ProfilePart>,
    post_count: Option<u64>,
}

/// Returns the next step of the extraction of a profile.
#[must_use]
pub fn extract(
    query: &Query,
    context: &Context,
    memo: &[u8],
    answers: &[Exchange],
) -> Outcome<Profile> {
    drive::run(context, memo, answers, |walk| find(walk, &query.username))
}

fn find(walk: &mut Walk<'_>, username: &str) -> Result<Profile, Stop> {
    account(walk, username, |profile| {
        profile.post_count.is_some() && profile.category.is_some()
    })
}

/// Finds the profile, and asks for details unless the first answer suffices.
pub(crate) fn account(
    walk: &mut Walk<'_>,
    username: &str,
    suffices: impl Fn(&Profile) -> bool,
) -> Result<Profile, Stop> {
    let mut values = Values {
        username: Some(username.to_owned()),
        ..Values::default()
    };
    let doors = walk.doors("profile-info")?;
    let (mut part, _) = walk.knock(&doors, &mut values, |answered| part(answered, username))?;
    refuse_private(&part)?;
    if !suffices(&part.profile) {
        values.user_id = Some(part.profile.user_id.clone());
        let doors = walk.doors("profile-details")?;
        for detail in walk.ask_all(&doors, &values, |answered| detail(answered, username))? {
            part.profile.post_count = part.profile.post_count.or(detail.post_count);
            // A username may move to another account between two responses.
            match detail.part {
                Some(other) if other.profile.user_id == part.profile.user_id => {
                    part = part.completed(other)
                }
                _ => {}
            }
        }
        refuse_private(&part)?;
    }
    Ok(part.profile)
}

fn refuse_private(part: &ProfilePart) -> Result<(), Stop> {
    match part.profile.is_private {
        Some(true) => Err(Stop::Refuse(Refusal::Private)),
        _ => Ok(()),
    }
}

fn part(answered: &Answered<'_>, username: &str) -> Reading<ProfilePart> {
    read::profile(answered.documents, username).map(|mut part| {
        let profile = &mut part.profile;
        profile.post_count = profile
            .post_count
            .or_else(|| post_count(answered, username));
        let shown = answered.page.and_then(read::shown_by);
        profile.pictures = read::joined(std::mem::take(&mut profile.pictures), shown);
        part
    })
}

fn detail(answered: &Answered<'_>, username: &str) -> Reading<Detail> {
    let post_count = post_count(answered, username);
    match (part(answered, username), post_count) {
        (Reading::Found(part), post_count) => Reading::Found(Detail {
            part: Some(part),
            post_count,
        }),
        (_, Some(count)) => Reading::Found(Detail {
            part: None,
            post_count: Some(count),
        }),
        (Reading::Changed(change), None) => Reading::Changed(change),
        _ => Reading::Absent,
    }
}

/// For guests, the post count is in the embed of the profile, and in the description of the page if it is not rounded.
fn post_count(answered: &Answered<'_>, username: &str) -> Option<u64> {
    let is_owner = |context: &&Value<'_>| {
        context["username"]
            .as_str()
            .is_some_and(|name| name.eq_ignore_ascii_case(username))
    };
    let mut embeds = answered
        .documents
        .iter()
        .map(|document| &document["context"])
        .filter(is_owner);
    let embedded = embeds.find_map(|context| context["posts_count"].as_u64());
    embedded.or_else(|| answered.page?.described_count("Posts"))
}

#[cfg(test)]
mod tests;
