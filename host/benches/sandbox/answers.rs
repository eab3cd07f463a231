//! Answers of the recorded shapes with made-up values: every kind and dialect, from 20 KB to 1 MB.

use gramhost::contract::{Kind, Query, Target};
use serde_json::{Value, json};

use crate::{
    Step,
    native::reading,
    node::{self, CODE},
    page,
};

const USER: &str = "gramhost.demo";

/// The default settings of a kind, as the host passes them.
pub(crate) fn settings(kind: Kind) -> String {
    let text = match kind {
        Kind::Post | Kind::Reel => instagram::settings::MEDIA,
        Kind::Story => instagram::settings::STORY,
        Kind::ProfileInfo | Kind::ProfilePosts | Kind::ProfileReels => instagram::settings::PROFILE,
    };
    toml::from_str::<Value>(text).unwrap().to_string()
}

fn post() -> Query {
    Query::post(Target::Shortcode(CODE.to_owned()))
}

fn reel() -> Query {
    Query::reel(Target::Shortcode(CODE.to_owned()))
}

fn posts() -> Query {
    Query::posts(USER.to_owned(), 12, None)
}

fn reels() -> Query {
    Query::reels(USER.to_owned(), 12, None)
}

/// The first step of each kind: it reads nothing but its settings, and writes one request.
pub(crate) fn first_steps() -> Vec<Step> {
    vec![
        Step::first("first step: post", post()),
        Step::first("first step: profile/posts", posts()),
        Step::first("first step: story", Query::story(USER.to_owned())),
    ]
}

/// The steps that read one answer each.
pub(crate) fn steps() -> Vec<Step> {
    let mut steps = Vec::new();
    let mut add = |name: &str, query: Query, body: String| {
        let settings = settings(query.kind());
        steps.push(reading(name, query, &settings, body.into_bytes()));
    };
    let data =
        |root: &str, value: Value| json!({ "data": { root: value }, "status": "ok" }).to_string();
    let items = |items: Vec<Value>| json!({ "items": items, "status": "ok" });

    add(
        "post: POLARIS carousel",
        post(),
        data("xig_polaris_media", node::polaris(10)),
    );
    add("post: XDT picture", post(), {
        let list = items(vec![node::xdt(0, 9)]);
        data("xdt_api__v1__media__shortcode__web_info", list)
    });
    add(
        "post: legacy carousel",
        post(),
        data("xdt_shortcode_media", node::legacy(0, 10)),
    );
    add("post: embed page", post(), page::embed(&node::legacy(0, 6)));
    add("post: page of 1 MB, XDT", post(), {
        let list = items(vec![node::xdt(0, 4)]);
        page::relay(&json!({ "xdt_api__v1__media__shortcode__web_info": list }))
    });
    add("post: page of 1 MB, one script", post(), {
        let feed: Vec<Value> = (0..48).map(|number| node::xdt(number, 4)).collect();
        let data = json!({ "xdt_api__v1__media__shortcode__web_info": items(feed) });
        page::one_script(&data)
    });
    add("post: page of 1 MB without data", post(), page::shell());
    add(
        "reel: mobile v1",
        reel(),
        items(vec![node::mobile(0)]).to_string(),
    );
    add(
        "profile: legacy with its posts",
        Query::profile(USER.to_owned()),
        {
            let edges = (0..12).map(|number| json!({ "node": node::legacy(number, 0) }));
            data("user", node::account(&edges.collect::<Vec<_>>()))
        },
    );
    add("profile/posts: XDT, 12 carousels", posts(), {
        let edges = (0..12).map(|number| json!({ "node": node::xdt(number, 4) }));
        data(
            "xdt_api__v1__feed__user_timeline_graphql_connection",
            node::connection(edges),
        )
    });
    add("profile/posts: XDT, 12 videos", posts(), {
        let edges = (0..12).map(|number| json!({ "node": node::mobile(number) }));
        data(
            "xdt_api__v1__feed__user_timeline_graphql_connection",
            node::connection(edges),
        )
    });
    add("profile/reels: mobile v1, 8 videos", reels(), {
        let clips = (0..8).map(|number| json!({ "media": node::mobile(number) }));
        let paging = json!({ "more_available": false, "max_id": "" });
        let clips: Vec<Value> = clips.collect();
        json!({ "items": clips, "paging_info": paging, "status": "ok" }).to_string()
    });
    add(
        "story: mobile v1, 5 items",
        Query::story(USER.to_owned()),
        {
            let items: Vec<Value> = (0..5).map(node::story).collect();
            let reel = json!({ "id": 42, "user": node::user(), "items": items });
            json!({ "reel": reel, "status": "ok" }).to_string()
        },
    );
    steps
}
