//! One small response of each dialect with made-up values, for the tests of the readers.

use serde_json::{Value, json};

/// `BN` is 77 in base 64.
pub(super) const CODE: &str = "BN";

pub(super) fn polaris_post() -> Value {
    json!({"xig_polaris_media": {
        "pk": "77", "code": CODE, "id": "POLARIS_77", "gating_ruling": null,
        "if_not_gated_logged_out": {
            "__typename": "XIGPolarisCarouselMedia", "pk": "77", "code": CODE, "id": "POLARIS_77",
            "media_type": 8, "product_type": "carousel_container", "taken_at": 1_780_000_000,
            "user": {"pk": "5", "id": "17841400000000005", "username": "ann", "is_private": false},
            "caption": {"text": "Hi @Bob #sun"}, "like_count": 9, "comment_count": 2,
            "like_and_view_counts_disabled": false, "location": null, "coauthor_producers": [],
            "original_width": 720, "original_height": 960, "display_uri": "https://a.fbcdn.net/640.jpg",
            "image_versions2": {"candidates": [{"url": "https://a.fbcdn.net/1.jpg"}]},
            "usertags": {"in": [{"user": {"id": "6", "username": "bob"}, "position": [0, 0]}]},
            "carousel_media": [{
                "__typename": "XIGPolarisVideoMedia", "id": "POLARIS_78", "has_audio": true,
                "image_versions2": {"candidates": [{"url": "https://a.fbcdn.net/2.jpg", "width": 9, "height": 16}]},
                "video_versions": [
                    {"type": 101, "url": "https://a.fbcdn.net/2.mp4"},
                    {"type": 102, "url": "https://a.fbcdn.net/2.mp4"},
                ],
            }],
        },
    }})
}

pub(super) fn mobile_post() -> Value {
    json!({"num_results": 1, "items": [{
        "pk": 77, "id": "77_5", "code": CODE, "media_type": 2, "product_type": "clips",
        "taken_at": 1_780_000_000, "user": {"pk": 5, "username": "ann", "full_name": ""},
        "caption": null, "like_count": 9, "comment_count": 2, "reshare_count": 4,
        "play_count": 0, "ig_play_count": 50, "has_audio": true, "video_duration": 12.5,
        "original_width": 1080, "original_height": 1920,
        "image_versions2": {"candidates": [
            {"url": "https://a.fbcdn.net/s.jpg", "width": 320, "height": 568},
            {"url": "https://a.fbcdn.net/l.jpg", "width": 1080, "height": 1920},
        ]},
        "video_versions": [
            {"url": "https://a.fbcdn.net/l.mp4", "width": 720, "height": 1280, "bandwidth": 100, "type": 101},
        ],
        "video_dash_manifest": "<MPD mediaPresentationDuration=\"PT12.6S\"><AdaptationSet contentType=\"audio\">\
            <Representation codecs=\"mp4a.40.2\"><BaseURL>https://a.fbcdn.net/a.mp4</BaseURL>",
        "location": {"pk": 8, "name": "Pier", "lat": 1.5, "lng": -2},
        "coauthor_producers": [{"pk": 7, "username": "eve"}], "usertags": [],
        "clips_metadata": {"music_info": null, "original_sound_info": {
            "audio_asset_id": 10, "original_audio_title": "Original audio", "ig_artist": {"username": "ann"},
            "progressive_download_url": "N/A", "overlap_duration_in_ms": 0, "audio_asset_start_time_in_ms": 0,
        }},
        "creative_config": {"effect_ids": [1]},
    }]})
}

pub(super) fn xdt_post() -> Value {
    json!({"data": {"xdt_api__v1__media__shortcode__web_info": {"items": [{
        "pk": "77", "id": "77_5", "code": CODE, "media_type": 1, "product_type": "feed",
        "user": {"pk": "5", "id": "5", "username": "ann"},
        "owner": {"pk": "5", "id": "5", "username": "ann", "full_name": "Ann"},
        "caption": {"text": ""}, "like_count": 9, "view_count": 3, "like_and_view_counts_disabled": true,
        "image_versions2": {"candidates": [{"url": "https://a.fbcdn.net/1.jpg", "width": 10, "height": 10}]},
        "clips_metadata": {"music_info": {
            "music_asset_info": {"title": "Song", "display_artist": "Eve", "audio_cluster_id": "11"},
            "music_consumption_info": {"overlap_duration_in_ms": 9000, "audio_asset_start_time_in_ms": 500},
        }},
    }]}}, "status": "ok"})
}

pub(super) fn legacy_post() -> Value {
    json!({"graphql": {"shortcode_media": {
        "__typename": "XDTGraphVideo", "id": "77", "shortcode": CODE, "is_video": true,
        "dimensions": {"width": 750, "height": 937}, "display_url": "https://a.fbcdn.net/3.jpg",
        "display_resources": [
            {"src": "https://a.fbcdn.net/1.jpg", "config_width": 640, "config_height": 800},
            {"src": "https://a.fbcdn.net/3.jpg", "config_width": 1080, "config_height": 1350},
        ],
        "dash_info": {"video_dash_manifest": "https://a.fbcdn.net/not-a-manifest"},
        "video_url": "https://a.fbcdn.net/1.mp4", "video_view_count": 0, "video_play_count": 70,
        "owner": {"id": "5", "username": "ann"}, "taken_at_timestamp": 1_780_000_000,
        "edge_media_to_caption": {"edges": [{"node": {"text": "Hi"}}]},
        "edge_media_to_tagged_user": {"edges": [{"node": {"user": {"id": "6", "username": "bob"}}}]},
        "edge_media_preview_like": {"count": 9}, "edge_media_preview_comment": {"count": 2},
        "edge_media_to_hoisted_comment": {"edges": []}, "media_preview": "ABg", "comments_disabled": false,
        "clips_music_attribution_info": {"song_name": "Song", "artist_name": "Eve", "uses_original_audio": false},
        "edge_sidecar_to_children": {"edges": [{"node": {
            "__typename": "XDTGraphImage", "id": "POLARIS_78", "display_url": "https://a.fbcdn.net/4.jpg",
            "video_url": null,
        }}]},
    }}})
}

pub(super) fn polaris_profile() -> Value {
    json!({"xig_user_by_username": {
        "pk": "5", "id": "17841400000000005", "username": "ann", "full_name": "Ann", "biography": "",
        "profile_pic_url": "https://a.fbcdn.net/p.jpg?stp=dst-jpg_s150x150_tt6", "is_private": false,
        "is_verified": true, "follower_count": 10, "following_count": 3, "all_media_count": null,
        "latest_reel_media": 0, "bio_links": [
            {"url": "", "lynx_url": "https://l.instagram.com/?u=https%3A%2F%2Fx.test&e=1", "title": ""},
            {"url": "mailto:ann@x.test?subject=hi", "title": "Mail"},
        ],
    }})
}

pub(super) fn legacy_profile() -> Value {
    json!({"data": {"user": {
        "id": "5", "fbid": "17841400000000005", "username": "ann", "full_name": "Ann", "biography": "b",
        "edge_followed_by": {"count": 10}, "edge_follow": {"count": 3}, "is_private": false,
        "is_business_account": true, "is_professional_account": true, "category_name": "Art",
        "business_phone_number": "+1", "external_url": "https://x.test/",
        "profile_pic_url": "https://a.fbcdn.net/p.jpg", "profile_pic_url_hd": "https://a.fbcdn.net/h.jpg",
        "edge_felix_video_timeline": {"count": 1, "page_info": {"has_next_page": false}, "edges": []},
        "edge_owner_to_timeline_media": {
            "count": 30, "page_info": {"has_next_page": true, "end_cursor": "QVF"},
            "edges": [{"node": legacy_post()["graphql"]["shortcode_media"]}],
        },
    }}})
}

pub(super) fn mobile_reels() -> Value {
    json!({
        "items": [{"media": mobile_post()["items"][0]}],
        "paging_info": {"more_available": true, "max_id": "QVF"}, "status": "ok",
    })
}

pub(super) fn stories() -> Value {
    json!({"reels": {"5": {
        "id": 5, "user": {"pk": 5, "username": "ann", "is_private": false}, "items": [{
            "pk": 79, "id": "79_5", "media_type": 1, "product_type": "story", "taken_at": 1_780_000_000,
            "expiring_at": 1_780_086_400, "viewer_count": null,
            "image_versions2": {"candidates": [{"url": "https://a.fbcdn.net/5.jpg", "width": 9, "height": 16}]},
            "story_polls": [{"poll_sticker": {"question": "Sun?", "tallies": [{"text": "Yes"}, {"text": "No"}]}}],
            "story_link_stickers": [{"story_link": {"url": "https://l.instagram.com/?u=https%3A%2F%2Fx.test"}}],
            "reel_mentions": [{"user": {"username": "bob"}}, {}, {"user": {}}],
            "story_bloks_stickers": [{"bloks_sticker": {"sticker_data": {"ig_mention": {"username": "bob"}}}}],
            "story_feed_media": [{"media_code": CODE}],
        }, {"pk": 80, "media_type": 1, "product_type": "clips", "image_versions2": {}}],
    }}})
}

pub(super) fn legacy_stories() -> Value {
    json!({"data": {"reels_media": [{
        "id": "5", "owner": {"id": "5", "username": "ann"}, "items": [{
            "__typename": "GraphStoryVideo", "id": "79", "taken_at_timestamp": 1_780_000_000,
            "expiring_at_timestamp": 1_780_086_400, "story_cta_url": "https://x.test/",
            "display_resources": [{"src": "https://a.fbcdn.net/5.jpg", "config_width": 9, "config_height": 16}],
            "video_resources": [{"src": "https://a.fbcdn.net/5.mp4", "config_width": 9, "config_height": 16}],
            "edge_story_media_viewers": {"count": 0},
            "tappable_objects": [
                {"__typename": "GraphTappableHashtag", "name": "sun"},
                {"__typename": "GraphTappableLocation", "id": "1"},
                {"__typename": "GraphTappableFeedMedia", "media": {"id": "77", "shortcode": CODE}},
            ],
        }],
    }]}})
}

/// Every sample.
pub(super) fn all() -> Vec<Value> {
    vec![
        polaris_post(),
        mobile_post(),
        xdt_post(),
        legacy_post(),
        polaris_profile(),
        legacy_profile(),
        mobile_reels(),
        stories(),
        legacy_stories(),
    ]
}
