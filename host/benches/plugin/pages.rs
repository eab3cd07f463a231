//! `/profile/posts` over several of Instagram's pages, each as large as those of the logged-in web app.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use gramhost::{
    contract::{Answer, Context, Exchange, Fetch, Query, Record, Request, Response, Step},
    driver::Arguments,
    plugin::Plugin,
};
use serde_json::{Value, json};

use crate::processor_time::processor_time;

const EXTRACTIONS: usize = 30;
/// Number of posts on one of Instagram's pages.
const POSTS: u64 = 12;
/// Maximum number of items that a client may request.
const LIMIT_MAX: u32 = 50;

/// One query, and the pages that answer it.
pub(crate) struct Pages<'a> {
    plugin: &'a Plugin,
    query: Arc<Query>,
    context: Arc<Context>,
    pages: Vec<Bytes>,
}

impl<'a> Pages<'a> {
    pub(crate) fn new(plugin: &'a Plugin, count: u32) -> Self {
        let query = Query::posts(
            "gramhost.demo".to_owned(),
            (count * 12).min(LIMIT_MAX),
            None,
        );
        let context = Context {
            now: 1_795_000_000,
            session: false,
            settings: plugin.settings().to_string(),
        };
        Self {
            plugin,
            query: Arc::new(query),
            context: Arc::new(context),
            pages: (0..u64::from(count)).map(page).collect(),
        }
    }

    pub(crate) fn kib(&self) -> usize {
        self.pages[0].len() / 1024
    }

    /// The processor time of one extraction, the median.
    pub(crate) async fn cost(&self) -> Duration {
        self.extract().await;
        let mut times = Vec::new();
        for _ in 0..EXTRACTIONS {
            let before = processor_time();
            self.extract().await;
            times.push(processor_time().saturating_sub(before));
        }
        times.sort();
        times[times.len() / 2]
    }

    /// Runs a fold over the pages. Before contract 1.0 was a fold, `answers` were all exchanges so far, and there was
    /// no memo.
    async fn extract(&self) {
        let mut arguments = Arguments::default();
        let mut pages = self.pages.iter();
        loop {
            let (query, context) = (Arc::clone(&self.query), Arc::clone(&self.context));
            let outcome = self.plugin.extract(query, context, arguments);
            match outcome.await.unwrap().step {
                Step::Fetch(Fetch { requests, memo }) => {
                    let answered = requests.into_iter().zip(pages.by_ref());
                    let answers = Arc::new(answered.map(exchange).collect());
                    arguments = Arguments { memo, answers };
                }
                Step::Done(record) => {
                    let Record::Page(page) = *record else {
                        panic!("no page of posts");
                    };
                    let wanted = POSTS as usize * self.pages.len();
                    assert_eq!(page.items.len(), wanted.min(LIMIT_MAX as usize));
                    return;
                }
                Step::Refuse(refusal) => panic!("{refusal:?}"),
            }
        }
    }
}

fn exchange((request, body): (Request, &Bytes)) -> Exchange {
    let response = Response {
        status: 200,
        url: request.url.clone(),
        headers: Vec::new(),
        body: body.clone(),
    };
    Exchange {
        request,
        answer: Answer::Response(response),
    }
}

/// About 270 kB: twelve posts, each a carousel with many renditions.
fn page(number: u64) -> Bytes {
    let posts = (number * POSTS..(number + 1) * POSTS).map(|post| json!({ "node": node(post) }));
    let next = format!("cursor-{}", number + 1);
    let list = json!({ "edges": posts.collect::<Vec<_>>(),
        "page_info": { "has_next_page": true, "end_cursor": next } });
    let data = json!({ "xdt_api__v1__feed__user_timeline_graphql_connection": list });
    json!({ "data": data, "status": "ok" }).to_string().into()
}

fn node(post: u64) -> Value {
    let id = |offset: u64| (3_000_000_000_000_000_000 + post * 10 + offset).to_string();
    let child = |offset: u64| {
        json!({ "pk": id(offset), "id": format!("{}_42", id(offset)), "media_type": 1, "image_versions2": candidates(8),
            "original_width": 1440, "original_height": 1800, "accessibility_caption": "x".repeat(120),
            "usertags": null, "video_versions": null, "carousel_parent_id": id(0) })
    };
    json!({ "pk": id(0), "id": format!("{}_42", id(0)), "media_type": 8, "product_type": "carousel_container",
        "user": user(), "owner": user(), "caption": { "text": "Words #tag @someone. ".repeat(20), "created_at": 1_790_000_000 },
        "taken_at": 1_790_000_000_u64 + post, "like_count": 120, "comment_count": 7, "image_versions2": candidates(12),
        "carousel_media_count": 4, "carousel_media": [child(1), child(2), child(3), child(4)],
        "logging_info_token": "t".repeat(300), "organic_tracking_token": "t".repeat(600),
        "comments": [], "facepile_top_likers": [user()], "clips_metadata": null, "sponsor_tags": null })
}

fn user() -> Value {
    json!({ "pk": "42", "id": "42", "username": "gramhost.demo", "full_name": "Demo", "is_private": false, "is_verified": true,
        "profile_pic_url": address(0), "friendship_status": { "following": false, "is_bestie": false } })
}

fn candidates(count: u32) -> Value {
    let candidates = (1..=count)
        .map(|size| json!({ "url": address(size), "width": 1440 / size, "height": 1800 / size }));
    json!({ "candidates": candidates.collect::<Vec<_>>() })
}

/// An address as long as those of the media hosts.
fn address(size: u32) -> String {
    format!(
        "https://scontent.cdninstagram.com/v/t51.82787-15/{size}.jpg?stp=dst-jpg_e35_s{size}x{size}&oh={}",
        "0a".repeat(140)
    )
}
