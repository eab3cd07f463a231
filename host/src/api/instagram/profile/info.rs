//! `GET /instagram/profile/info`.

use axum::{extract::State, response::Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use crate::{
    api::{
        http::{
            document::{EXTRACTION_ERRORS, Endpoint, LIMIT_ERRORS, described},
            error::{ApiError, Code, Subject},
        },
        instagram::{
            answer::{answer_kept, run, wrong_kind},
            parameters::Username,
            view::{Count, extra, renditions::nearest},
        },
    },
    app::App,
    contract::{
        Query, Record,
        record::{self, Image, More},
    },
};

/// `/instagram/profile/info` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[("profile", include_str!("info.json"))],
    errors: &[
        &[
            Code::InvalidUsername,
            Code::AccountPrivate,
            Code::ProfileNotFound,
        ],
        EXTRACTION_ERRORS,
        LIMIT_ERRORS,
    ],
};

/// Its route.
pub(in crate::api) fn route() -> UtoipaMethodRouter<App> {
    described(routes!(profile), ENDPOINT)
}

#[utoipa::path(get, path = "/instagram/profile/info", operation_id = "getProfileInfo", tag = "Profile & User Information",
    summary = "Get profile information",
    params(("username" = String, Query, min_length = 1, max_length = 2048, description = "Instagram username (without @)", example = "gramhost.demo")),
    responses((status = 200, description = "The profile", body = Profile)))]
async fn profile(
    State(app): State<App>,
    Username(username): Username,
) -> Result<Response, ApiError> {
    let query = Query::profile(username);
    let extracted = run(&app.extraction, &query, Subject::Account).await?;
    match &*extracted.record {
        Record::Profile(profile) => answer_kept(&extracted, || Profile::from(profile)),
        _ => Err(wrong_kind(&extracted)),
    }
}

/// An account as its profile page shows it.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Profile<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    user_id: &'a str,
    username: &'a str,
    display_name: Option<&'a str>,
    bio: Option<&'a str>,
    bio_links: Vec<BioLink<'a>>,
    profile_picture_url: Option<&'a str>,
    profile_picture_urls: PictureUrls<'a>,
    followers_count: Option<u64>,
    following_count: Option<u64>,
    total_posts: Option<u64>,
    total_reels: Option<u64>,
    total_stories: Option<u64>,
    is_verified: Option<bool>,
    is_private: Option<bool>,
    is_business_account: Option<bool>,
    is_professional: Option<bool>,
    category: Option<&'a str>,
    contact_email: Option<&'a str>,
    phone_number: Option<&'a str>,
    website_url: Option<&'a str>,
    profile_url: String,
    edge_timeline_to_media: Count,
    /// What Instagram states beyond the documented fields; only there if there is something.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    extra: Option<&'a More>,
}

/// A link of the bio.
#[derive(Serialize, ToSchema)]
struct BioLink<'a> {
    url: &'a str,
    link_title: Option<&'a str>,
}

/// The profile picture in three sizes; null where Instagram offers nothing near.
#[derive(Serialize, ToSchema)]
struct PictureUrls<'a> {
    /// About 150 pixels wide.
    standard: Option<&'a str>,
    /// About 320 pixels wide.
    high_resolution: Option<&'a str>,
    /// The largest, where it is larger than `standard`.
    full_size: Option<&'a str>,
}

impl<'a> From<&'a [Image]> for PictureUrls<'a> {
    /// Pictures are sorted, largest last. Without widths, the first is the standard one and the last the high
    /// resolution.
    fn from(pictures: &'a [Image]) -> Self {
        let unsized_at = |picture: Option<&'a Image>| {
            let picture = picture.filter(|picture| picture.width.is_none());
            picture.map(|picture| &*picture.url)
        };
        let standard = nearest(pictures, 150).or(unsized_at(pictures.first()));
        let larger = |url: &&str| Some(*url) != standard;
        let high = nearest(pictures, 320).or(unsized_at(pictures.last()));
        let largest = pictures.last().map(|picture| &*picture.url);
        Self {
            standard,
            high_resolution: high.filter(larger),
            full_size: largest.filter(larger),
        }
    }
}

impl<'a> From<&'a record::Profile> for Profile<'a> {
    fn from(profile: &'a record::Profile) -> Self {
        let pictures = PictureUrls::from(&*profile.pictures);
        let external = profile
            .external_url
            .as_deref()
            .filter(|url| !url.is_empty());
        let first_link = profile.bio_links.first().map(|link| &*link.url);
        Self {
            kind: "profile",
            user_id: &profile.user_id,
            username: &profile.username,
            display_name: profile.full_name.as_deref(),
            bio: profile.biography.as_deref(),
            bio_links: bio_links(&profile.bio_links),
            profile_picture_url: pictures.standard.or(pictures.full_size),
            profile_picture_urls: pictures,
            followers_count: profile.follower_count,
            following_count: profile.following_count,
            total_posts: profile.post_count,
            total_reels: profile.reel_count,
            total_stories: profile.story_count,
            is_verified: profile.is_verified,
            is_private: profile.is_private,
            is_business_account: profile.is_business,
            is_professional: profile.is_professional,
            category: profile.category.as_deref(),
            contact_email: profile.email.as_deref(),
            phone_number: profile.phone.as_deref(),
            website_url: external.or(first_link),
            profile_url: format!("https://www.instagram.com/{}/", profile.username),
            edge_timeline_to_media: Count {
                count: profile.post_count,
            },
            extra: extra(&profile.more),
        }
    }
}

fn bio_links(links: &[record::BioLink]) -> Vec<BioLink<'_>> {
    let links = links.iter().map(|link| BioLink {
        url: &link.url,
        link_title: link.title.as_deref(),
    });
    links.collect()
}
