//! Converts an account root to a profile: legacy, mobile v1, and POLARIS in its two halves (root and page content).

use crate::json::{Object, Value};

use crate::contract::records::{BioLink, Profile};
use crate::read::link::link;
use crate::read::portrait::{joined, portraits};
use crate::read::user::{is_same_name, page_id, user_id};
use crate::read::{ProfilePart, Reading, changed, field, find, gate};

/// Roots that contain one account each.
pub(super) const ACCOUNTS: [&str; 4] = [
    "xig_user_by_username",
    "xig_user_by_igid_v2",
    "fetch__XDTUserDict",
    "user",
];

/// Keys that distinguish an account root that describes the account from one that only contains a timeline.
const DESCRIPTIONS: [&str; 3] = ["biography", "follower_count", "edge_followed_by"];

/// Reads the profile of this account, also of a private one.
pub(crate) fn profile(documents: &[Value<'_>], username: &str) -> Reading<ProfilePart> {
    find::answers(documents)
        .into_iter()
        .flat_map(|answer| {
            ACCOUNTS
                .iter()
                .filter_map(|name| Some((*name, answer.get(name)?)))
        })
        .map(|(name, root)| root_profile(name, root, username))
        .fold(Reading::Absent, |one, other| match (one, other) {
            // A page preloads an account in several parts.
            (Reading::Found(one), Reading::Found(other)) => Reading::Found(one.completed(other)),
            (one, other) => one.or(other),
        })
}

/// The id of this account, if the response shows it, whatever else it says about it.
pub(crate) fn account_id(documents: &[Value<'_>], username: &str) -> Option<String> {
    let answers = find::answers(documents).into_iter();
    let mut roots = answers.flat_map(|answer| ACCOUNTS.iter().filter_map(|name| answer.get(name)));
    roots.find_map(|root| {
        let stated = field::filled(&root["username"])?;
        user_id(root).filter(|_| is_same_name(&stated, username))
    })
}

/// Whether an account root is null or empty, which means that the account does not exist.
pub(super) fn is_nobody(root: &Value<'_>) -> bool {
    root.is_null() || root.as_object().is_some_and(Object::is_empty)
}

fn root_profile(name: &str, root: &Value<'_>, username: &str) -> Reading<ProfilePart> {
    if is_nobody(root) {
        return Reading::Missing;
    }
    if !DESCRIPTIONS.iter().any(|key| root.get(key).is_some()) {
        return Reading::Absent;
    }
    let Some(stated) = field::filled(&root["username"]) else {
        return Reading::Changed(changed(
            &format!("{name}.username"),
            "a username",
            &root["username"],
        ));
    };
    if !is_same_name(&stated, username) {
        return Reading::Absent;
    }
    match user_id(root) {
        Some(id) => Reading::Found(part(root, id, stated)),
        None => Reading::Changed(changed(&format!("{name}.pk"), "a user id", &root["pk"])),
    }
}

fn part(root: &Value<'_>, user_id: String, username: String) -> ProfilePart {
    // Behind a gate, Instagram states 0 and "" instead of the facts (mgp25/Instagram-API#3107).
    let is_gated = gate::refusal(root).is_some();
    let told = |count: &u64| *count > 0 || !is_gated;
    let count = |edge: &str, key: &str| {
        let stated = field::count(&root[edge]["count"]).or_else(|| field::count(&root[key]));
        stated.filter(told)
    };
    let first = |keys: &[&str]| keys.iter().find_map(|key| field::text(&root[*key]));
    let links = field::list(&root["bio_links"]);
    let account_type = field::count(&root["account_type"]).filter(|kind| *kind > 0);
    let latest_reel_media = field::count(&root["latest_reel_media"]).filter(told);
    let profile = Profile {
        user_id,
        username,
        full_name: field::text(&root["full_name"]),
        biography: field::text(&root["biography"]).filter(|text| !text.is_empty() || !is_gated),
        bio_links: links.iter().filter_map(bio_link).collect(),
        external_url: link(&root["external_url"]).or_else(|| link(&root["external_lynx_url"])),
        pictures: portraits(root),
        follower_count: count("edge_followed_by", "follower_count"),
        following_count: count("edge_follow", "following_count"),
        post_count: count("edge_owner_to_timeline_media", "media_count"),
        // `total_clips_count` is 1 for every account.
        reel_count: field::count(&root["edge_felix_video_timeline"]["count"]).filter(told),
        story_count: None,
        has_active_story: latest_reel_media.map(|time| time > 0),
        is_private: field::flag(&root["is_private"]),
        is_verified: field::flag(&root["is_verified"]),
        is_business: account_type
            .map(|kind| kind == 2)
            .or_else(|| is_business(root)),
        is_professional: account_type
            .map(|kind| matches!(kind, 2 | 3))
            .or_else(|| field::flag(&root["is_professional_account"])),
        category: first(&[
            "category",
            "category_name",
            "overall_category_name",
            "business_category_name",
        ]),
        email: contact(root, &["public_email", "business_email"], "mailto:"),
        phone: contact(
            root,
            &[
                "contact_phone_number",
                "business_phone_number",
                "public_phone_number",
            ],
            "tel:",
        ),
        more: Vec::new(),
    };
    ProfilePart {
        profile,
        page_id: page_id(root),
        latest_reel_media,
    }
}

/// Whether it is a business account, for a response without `account_type`. POLARIS says `is_business: false` for every
/// account.
fn is_business(root: &Value<'_>) -> Option<bool> {
    field::flag(&root["is_business_account"])
        .or_else(|| field::flag(&root["is_business"]).filter(|yes| *yes))
}

fn bio_link(value: &Value<'_>) -> Option<BioLink> {
    let url = link(&value["url"]).or_else(|| link(&value["lynx_url"]))?;
    Some(BioLink {
        url,
        title: field::filled(&value["title"]),
    })
}

/// A published contact: its own field, else a bio link of that scheme.
fn contact(root: &Value<'_>, keys: &[&str], scheme: &str) -> Option<String> {
    let linked = || {
        let links = field::list(&root["bio_links"])
            .iter()
            .filter_map(|value| link(&value["url"]));
        links.chain(link(&root["external_url"])).find_map(|url| {
            let address = url.strip_prefix(scheme)?.split('?').next()?.trim();
            (!address.is_empty()).then(|| address.to_owned())
        })
    };
    keys.iter()
        .find_map(|key| field::filled(&root[*key]))
        .or_else(linked)
}

impl ProfilePart {
    /// Fills the gaps of this part from another part about the same account.
    pub(crate) fn completed(self, other: Self) -> Self {
        let (mine, theirs) = (self.profile, other.profile);
        let profile = Profile {
            user_id: mine.user_id,
            username: mine.username,
            full_name: mine.full_name.or(theirs.full_name),
            biography: mine.biography.or(theirs.biography),
            bio_links: if mine.bio_links.is_empty() {
                theirs.bio_links
            } else {
                mine.bio_links
            },
            external_url: mine.external_url.or(theirs.external_url),
            pictures: joined(mine.pictures, theirs.pictures),
            follower_count: mine.follower_count.or(theirs.follower_count),
            following_count: mine.following_count.or(theirs.following_count),
            post_count: mine.post_count.or(theirs.post_count),
            reel_count: mine.reel_count.or(theirs.reel_count),
            story_count: mine.story_count.or(theirs.story_count),
            has_active_story: mine.has_active_story.or(theirs.has_active_story),
            is_private: mine.is_private.or(theirs.is_private),
            is_verified: mine.is_verified.or(theirs.is_verified),
            is_business: mine.is_business.or(theirs.is_business),
            is_professional: mine.is_professional.or(theirs.is_professional),
            category: mine.category.or(theirs.category),
            email: mine.email.or(theirs.email),
            phone: mine.phone.or(theirs.phone),
            more: mine.more,
        };
        Self {
            profile,
            page_id: self.page_id.or(other.page_id),
            latest_reel_media: self.latest_reel_media.or(other.latest_reel_media),
        }
    }
}

#[cfg(test)]
mod tests;
