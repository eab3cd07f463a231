//! The breakages: what Instagram might do to an answer overnight, and where the fact is then.

use serde_json::{Value, json};

use super::breakage::{
    Breakage, GATE, POST, POSTS, PROFILE, REEL, caption, in_nodes, put, rename, take,
};

pub(super) const ALL: [Breakage; 29] = [
    Breakage {
        what: "the ids of a post are renamed",
        from: &POST,
        change: |all| {
            rename(&mut all[0], GATE, "code", "short_code");
            rename(&mut all[0], GATE, "pk", "media_pk");
            rename(&mut all[0], GATE, "id", "global_id");
        },
        now: "data.xig_polaris_media.if_not_gated_logged_out.media_pk",
    },
    Breakage {
        what: "the text of a caption is renamed",
        from: &POST,
        change: |all| rename(&mut all[0], &caption(), "text", "body"),
        now: "data.xig_polaris_media.if_not_gated_logged_out.caption.body",
    },
    Breakage {
        what: "the text of a caption is nested deeper",
        from: &POST,
        change: |all| {
            let text = take(&mut all[0], &caption(), "text");
            put(&mut all[0], &caption(), "content", json!({ "text": text }));
        },
        now: "data.xig_polaris_media.if_not_gated_logged_out.caption.content.text",
    },
    Breakage {
        what: "a caption is wrapped in a list",
        from: &POST,
        change: |all| {
            let caption = take(&mut all[0], GATE, "caption");
            put(&mut all[0], GATE, "caption", json!([caption]));
        },
        now: "data.xig_polaris_media.if_not_gated_logged_out.caption[0]",
    },
    Breakage {
        what: "a caption is split into spans",
        from: &POST,
        change: |all| {
            let text = take(&mut all[0], &caption(), "text");
            put(
                &mut all[0],
                &caption(),
                "spans",
                json!([{ "kind": "plain", "text": text }]),
            );
        },
        now: "data.xig_polaris_media.if_not_gated_logged_out.caption.spans[0].text",
    },
    Breakage {
        what: "a number becomes an object",
        from: &POST,
        change: |all| {
            let likes = take(&mut all[0], GATE, "like_count");
            put(
                &mut all[0],
                GATE,
                "like_count",
                json!({ "value": likes, "shown": "1,523" }),
            );
        },
        now: "data.xig_polaris_media.if_not_gated_logged_out.like_count.value",
    },
    Breakage {
        what: "a number becomes a text",
        from: &POST,
        change: |all| put(&mut all[0], GATE, "like_count", json!("1.5K")),
        now: "data.xig_polaris_media.if_not_gated_logged_out.like_count",
    },
    Breakage {
        what: "a count moves into an object of counts, under another name",
        from: &POST,
        change: |all| {
            let comments = take(&mut all[0], GATE, "comment_count");
            put(
                &mut all[0],
                GATE,
                "comments",
                json!({ "count": comments, "enabled": true }),
            );
        },
        now: "data.xig_polaris_media.if_not_gated_logged_out.comments.count",
    },
    Breakage {
        what: "a count moves to another branch",
        from: &POST,
        change: |all| {
            let likes = take(&mut all[0], GATE, "like_count");
            let metrics = json!({ "like_count": likes, "save_count": 12 });
            put(&mut all[0], "/data/xig_polaris_media", "metrics", metrics);
        },
        now: "data.xig_polaris_media.metrics.like_count",
    },
    Breakage {
        what: "counts become a list of names and values",
        from: &POST,
        change: |all| {
            let likes = take(&mut all[0], GATE, "like_count");
            let list =
                json!([{ "name": "likes", "total": likes }, { "name": "saves", "total": 3 }]);
            put(&mut all[0], GATE, "engagement", list);
        },
        now: "data.xig_polaris_media.if_not_gated_logged_out.engagement[0].total",
    },
    Breakage {
        what: "a time is renamed to something else entirely",
        from: &POST,
        change: |all| rename(&mut all[0], GATE, "taken_at", "published_on"),
        now: "data.xig_polaris_media.if_not_gated_logged_out.published_on",
    },
    Breakage {
        what: "the root is renamed",
        from: &POST,
        change: |all| {
            rename(
                &mut all[0],
                "/data",
                "xig_polaris_media",
                "xig_polaris_post",
            )
        },
        now: "data.xig_polaris_post",
    },
    Breakage {
        what: "the object inside the root is renamed",
        from: &POST,
        change: |all| {
            let root = "/data/xig_polaris_media";
            rename(
                &mut all[0],
                root,
                "if_not_gated_logged_out",
                "content_if_visible",
            );
            take(&mut all[0], root, "pk");
            take(&mut all[0], root, "code");
            take(&mut all[0], root, "id");
        },
        now: "data.xig_polaris_media.content_if_visible",
    },
    Breakage {
        what: "the doc_id is stale",
        from: &POST,
        change: |all| {
            all[0] = json!({ "data": null, "errors": [{
                "message": "The GraphQL document with ID 28309390568695038 was not found.", "severity": "CRITICAL",
            }]});
        },
        now: "door.guest-graphql.doc_id",
    },
    Breakage {
        what: "the caption comes in a second, streamed answer",
        from: &POST,
        change: |all| {
            let caption = take(&mut all[0], GATE, "caption");
            all.push(json!({
                "label": "PostRoot$defer$caption", "path": ["xig_polaris_media", "if_not_gated_logged_out"],
                "data": { "caption": caption }, "extensions": { "is_final": true },
            }));
        },
        now: "data.caption",
    },
    Breakage {
        what: "the pictures are renamed",
        from: &POST,
        change: |all| rename(&mut all[0], GATE, "image_versions2", "image_versions3"),
        now: "data.xig_polaris_media.if_not_gated_logged_out.image_versions3",
    },
    Breakage {
        what: "the list of the pictures is renamed",
        from: &POST,
        change: |all| {
            let at = format!("{GATE}/image_versions2");
            rename(&mut all[0], &at, "candidates", "sizes");
        },
        now: "data.xig_polaris_media.if_not_gated_logged_out.image_versions2.sizes",
    },
    Breakage {
        what: "the links inside a list are renamed",
        from: &POST,
        change: |all| {
            for place in 0..3 {
                let at = format!("{GATE}/image_versions2/candidates/{place}");
                rename(&mut all[0], &at, "url", "uri");
            }
        },
        now: "data.xig_polaris_media.if_not_gated_logged_out.image_versions2.candidates[0].uri",
    },
    Breakage {
        what: "the owner is nested deeper, under another name",
        from: &POST,
        change: |all| {
            let user = take(&mut all[0], GATE, "user");
            put(&mut all[0], GATE, "attribution", json!({ "author": user }));
        },
        now: "data.xig_polaris_media.if_not_gated_logged_out.attribution.author",
    },
    Breakage {
        what: "the videos of a reel are renamed",
        from: &REEL,
        change: |all| rename(&mut all[0], GATE, "video_versions", "playable_sources"),
        now: "data.xig_polaris_media.if_not_gated_logged_out.playable_sources",
    },
    Breakage {
        what: "the nodes of a list of posts are renamed",
        from: &POSTS,
        change: |all| in_nodes(&mut all[0], |edge| rename(edge, "", "node", "item")),
        now: "data.xdt_api__v1__feed__user_timeline_graphql_connection.edges[0].item",
    },
    Breakage {
        what: "the biography of an account is nested deeper, under another name",
        from: &PROFILE,
        change: |all| {
            let at = "/data/xig_user_by_username";
            let text = take(&mut all[0], at, "biography");
            put(&mut all[0], at, "about", json!({ "biography_text": text }));
        },
        now: "data.xig_user_by_username.about.biography_text",
    },
    Breakage {
        what: "the nodes of a list of posts lose the object around them",
        from: &POSTS,
        change: |all| {
            in_nodes(&mut all[0], |edge| *edge = edge["node"].take());
        },
        now: "data.xdt_api__v1__feed__user_timeline_graphql_connection.edges[0]",
    },
    Breakage {
        what: "the list of posts is renamed",
        from: &POSTS,
        change: |all| {
            let at = "/data/xdt_api__v1__feed__user_timeline_graphql_connection";
            rename(&mut all[0], at, "edges", "entries");
        },
        now: "data.xdt_api__v1__feed__user_timeline_graphql_connection.entries",
    },
    Breakage {
        what: "the object inside the root is renamed, and everything beside it goes",
        from: &POST,
        change: |all| {
            let inside = take(
                &mut all[0],
                "/data/xig_polaris_media",
                "if_not_gated_logged_out",
            );
            put(
                &mut all[0],
                "/data",
                "xig_polaris_media",
                json!({ "content": inside, "version": 2 }),
            );
        },
        now: "data.xig_polaris_media.content",
    },
    Breakage {
        what: "the title of the music of a reel is renamed",
        from: &REEL,
        change: |all| {
            let at = format!("{GATE}/clips_metadata/music_info/music_asset_info");
            rename(&mut all[0], &at, "title", "song_title");
        },
        now: "data.xig_polaris_media.if_not_gated_logged_out.clips_metadata.music_info.music_asset_info.song_title",
    },
    Breakage {
        what: "the object about the sound of a reel is renamed",
        from: &REEL,
        change: |all| rename(&mut all[0], GATE, "clips_metadata", "sound_metadata"),
        now: "data.xig_polaris_media.if_not_gated_logged_out.sound_metadata",
    },
    Breakage {
        what: "the width and the height of a picture get an object of their own",
        from: &POST,
        change: |all| {
            let width = take(&mut all[0], GATE, "original_width");
            let height = take(&mut all[0], GATE, "original_height");
            put(
                &mut all[0],
                GATE,
                "dimensions",
                json!({ "width": width, "height": height }),
            );
        },
        now: "data.xig_polaris_media.if_not_gated_logged_out.dimensions.height",
    },
    Breakage {
        what: "the links in a biography are renamed",
        from: &PROFILE,
        change: |all| {
            let links = all[0].pointer_mut("/data/xig_user_by_username/bio_links");
            for link in links.and_then(Value::as_array_mut).unwrap() {
                rename(link, "", "url", "href");
            }
        },
        now: "data.xig_user_by_username.bio_links[0].href",
    },
];
