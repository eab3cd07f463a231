//! The six endpoints that show a record: question, record, view.

use axum::{extract::State, response::Response};

use super::{
    answer::answer,
    clock::now,
    error::{ApiError, Code, Subject},
    request::{Page, UrlOrCode, UrlOrId, Username},
    view::{post::Post, posts::Posts, profile::Profile, reel::Reel, reels::Reels, story::Stories},
};
use crate::{
    contract::{Query, Record},
    extraction::{Extracted, Extraction},
};

#[utoipa::path(get, path = "/instagram/profile/info", tag = "Profile & User Information",
    summary = "Get profile information",
    params(("username" = String, Query, description = "Instagram username (without @)")),
    responses((status = 200, description = "The profile", body = Profile)))]
pub(super) async fn profile(
    State(extraction): State<Extraction>,
    Username(username): Username,
) -> Result<Response, ApiError> {
    let query = Query::ProfileInfo { username };
    let extracted = run(&extraction, &query, Subject::Account).await?;
    match &*extracted.record {
        Record::Profile(profile) => Ok(answer(&extracted, Profile::from(profile))),
        _ => Err(wrong_kind(&extracted)),
    }
}

#[utoipa::path(get, path = "/instagram/profile/posts", tag = "Profile & User Information",
    summary = "List profile posts",
    params(("username" = String, Query, description = "Instagram username"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 50, description = "Number of posts to return; 12 by default"),
        ("cursor" = Option<String>, Query, max_length = 2048, description = "Pagination cursor from previous response")),
    responses((status = 200, description = "Recent posts", body = Posts)))]
pub(super) async fn posts(
    State(extraction): State<Extraction>,
    page: Page,
) -> Result<Response, ApiError> {
    let cursor = page.cursor.clone();
    let query = Query::ProfilePosts {
        username: page.username,
        limit: page.limit,
        cursor: page.cursor,
    };
    let extracted = run(&extraction, &query, Subject::Account).await?;
    match &*extracted.record {
        Record::Posts(page) => Ok(answer(&extracted, Posts::new(page, cursor.as_deref()))),
        _ => Err(wrong_kind(&extracted)),
    }
}

#[utoipa::path(get, path = "/instagram/profile/reels", tag = "Profile & User Information",
    summary = "List profile reels",
    params(("username" = String, Query, description = "Instagram username"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 50, description = "Number of reels to return; 12 by default"),
        ("cursor" = Option<String>, Query, max_length = 2048, description = "Pagination cursor from previous response")),
    responses((status = 200, description = "Recent reels", body = Reels)))]
pub(super) async fn reels(
    State(extraction): State<Extraction>,
    page: Page,
) -> Result<Response, ApiError> {
    let cursor = page.cursor.clone();
    let query = Query::ProfileReels {
        username: page.username,
        limit: page.limit,
        cursor: page.cursor,
    };
    let extracted = run(&extraction, &query, Subject::Account).await?;
    match &*extracted.record {
        Record::Reels(page) => Ok(answer(&extracted, Reels::new(page, cursor.as_deref()))),
        _ => Err(wrong_kind(&extracted)),
    }
}

#[utoipa::path(get, path = "/instagram/post/info", tag = "Content Information",
    summary = "Get post information",
    params(("url_or_code" = String, Query, description = "Post URL, shortcode or numeric id")),
    responses((status = 200, description = "The post", body = Post)))]
pub(super) async fn post(
    State(extraction): State<Extraction>,
    UrlOrCode(target): UrlOrCode,
) -> Result<Response, ApiError> {
    let extracted = run(&extraction, &Query::Post { target }, Subject::Post).await?;
    match &*extracted.record {
        Record::Post(media) => Ok(answer(&extracted, Post::from(media))),
        _ => Err(wrong_kind(&extracted)),
    }
}

#[utoipa::path(get, path = "/instagram/reel/info", tag = "Content Information",
    summary = "Get reel information",
    params(("url_or_id" = String, Query, description = "Reel URL, shortcode or numeric id")),
    responses((status = 200, description = "The reel", body = Reel)))]
pub(super) async fn reel(
    State(extraction): State<Extraction>,
    UrlOrId(target): UrlOrId,
) -> Result<Response, ApiError> {
    let extracted = run(&extraction, &Query::Reel { target }, Subject::Reel).await?;
    match &*extracted.record {
        Record::Reel(media) => Ok(answer(&extracted, Reel::from(media))),
        _ => Err(wrong_kind(&extracted)),
    }
}

#[utoipa::path(get, path = "/instagram/story/info", tag = "Content Information",
    summary = "Get story information",
    params(("username" = String, Query, description = "Instagram username")),
    responses((status = 200, description = "The active stories", body = Stories)))]
pub(super) async fn story(
    State(extraction): State<Extraction>,
    Username(username): Username,
) -> Result<Response, ApiError> {
    let extracted = run(&extraction, &Query::Story { username }, Subject::Story).await?;
    match &*extracted.record {
        Record::Stories(stories) => Ok(answer(&extracted, Stories::new(stories, now()))),
        _ => Err(wrong_kind(&extracted)),
    }
}

/// A record, or the refusal in this endpoint's words.
pub(super) async fn run(
    extraction: &Extraction,
    query: &Query,
    subject: Subject,
) -> Result<Extracted, ApiError> {
    let extracted = extraction.run(query).await;
    extracted.map_err(|failure| subject.refuse(failure))
}

/// A record of another kind than was asked for, which extraction promises not to give.
pub(super) fn wrong_kind(extracted: &Extracted) -> ApiError {
    let cause = format!("{} gave a record of another kind", extracted.plugin);
    ApiError::from(Code::ExtractorFailed).caused_by(cause)
}
