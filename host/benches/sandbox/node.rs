//! Nodes of each dialect, with the fields that nobody reads, too: they are most of an answer.

use serde_json::{Value, json};

/// The shortcode of the first node.
pub(crate) const CODE: &str = "CmiOhyuKAAA";

/// The media id that belongs to [`CODE`].
const FIRST_ID: u64 = 3_000_000_000_000_000_000;

/// The id of a node, and of one of its children.
fn id(number: u64, child: u64) -> String {
    (FIRST_ID + number * 100 + child).to_string()
}

pub(crate) fn user() -> Value {
    json!({ "pk": "42", "id": "42", "username": "gramhost.demo", "full_name": "Demo", "is_private": false,
        "is_verified": true, "profile_pic_url": address(0), "profile_pic_id": "3000000000000000000_42",
        "friendship_status": { "following": false, "is_bestie": false, "is_feed_favorite": false },
        "__typename": "XDTUserDict", "hd_profile_pic_url_info": { "url": address(1) }, "live_broadcast_id": null })
}

/// An address as long as those of the media hosts.
fn address(size: usize) -> String {
    format!(
        "https://scontent.cdninstagram.com/v/t51.82787-15/{size}.jpg?stp=dst-jpg_e35_s{size}x{size}&_nc_cat=104\
         &_nc_sid=18de74&efg=eyJ2ZW5jb2RlX3RhZyI6ImltYWdlX3VybGdlbi4xNDQweDE4MDAifQ&_nc_ohc=AbC123dEf456&oh={}&oe=6A0B1C2D",
        "0a".repeat(110)
    )
}

fn candidates(count: usize) -> Value {
    let candidates = (1..=count)
        .map(|size| json!({ "url": address(size), "width": 1440 / size, "height": 1800 / size }));
    json!({ "candidates": candidates.collect::<Vec<_>>() })
}

/// A post of the logged-in web app, a carousel if it has children.
pub(crate) fn xdt(number: u64, children: u64) -> Value {
    let child = |place: u64| {
        json!({ "pk": id(number, place), "id": format!("{}_42", id(number, place)), "media_type": 1,
            "image_versions2": candidates(8), "original_width": 1440, "original_height": 1800,
            "accessibility_caption": "Photo by Demo. May be an image of words. ".repeat(3), "usertags": null,
            "video_versions": null, "carousel_parent_id": id(number, 0), "sharing_friction_info":
            { "should_have_sharing_friction": false, "bloks_app_url": null }, "preview": null, "taken_at": 1_790_000_000,
            "has_liked": null, "like_count": null, "logging_info_token": null, "owner": null, "display_uri": null })
    };
    let children: Vec<Value> = (1..=children).map(child).collect();
    let kind = if children.is_empty() { 1 } else { 8 };
    let code = if number == 0 {
        json!(CODE)
    } else {
        json!(null)
    };
    json!({ "code": code, "pk": id(number, 0), "id": format!("{}_42", id(number, 0)), "media_type": kind,
        "product_type": "feed", "user": user(), "owner": user(), "caption": caption(), "taken_at": 1_790_000_000 + number,
        "like_count": 120, "comment_count": 7, "image_versions2": candidates(12), "carousel_media_count": children.len(),
        "carousel_media": children, "logging_info_token": "t".repeat(120), "organic_tracking_token": "t".repeat(344),
        "comments": [], "facepile_top_likers": [user()], "clips_metadata": null, "sponsor_tags": null, "usertags":
        { "in": [{ "user": user(), "position": [0.5, 0.25] }] }, "location": null, "coauthor_producers": [],
        "like_and_view_counts_disabled": false, "comments_disabled": null, "timeline_pinned_user_ids": [],
        "can_viewer_reshare": true, "boosted_status": null, "crosspost_metadata": { "is_feedback_aggregated": null },
        "commenting_disabled_for_viewer": null, "fb_like_count": null, "affiliate_info": null, "saved_collection_ids": null })
}

fn caption() -> Value {
    let text = "Words and more words ✨ #tag\n@someone.else, #été: www.example.com \"quoted\" ";
    json!({ "text": text.repeat(6), "pk": "18000000000000000", "has_translation": null, "created_at": 1_790_000_000 })
}

/// A carousel as guests get it, each second child a video.
pub(crate) fn polaris(children: u64) -> Value {
    let child = |place: u64| {
        let mut child = xdt(0, 0);
        child["id"] = json!(format!("POLARIS_{}", id(0, place)));
        child["caption"] = json!(null);
        child["video_versions"] = if place.is_multiple_of(2) {
            versions()
        } else {
            json!(null)
        };
        child["__typename"] = json!(if place.is_multiple_of(2) {
            "XIGPolarisVideoMedia"
        } else {
            "XIGPolarisImageMedia"
        });
        child
    };
    let mut post = xdt(0, 0);
    post["__typename"] = json!("XIGPolarisCarouselMedia");
    post["media_type"] = json!(8);
    post["carousel_media"] = (1..=children).map(child).collect();
    json!({ "pk": id(0, 0), "code": CODE, "id": format!("POLARIS_{}", id(0, 0)), "gating_ruling": null,
        "if_not_gated_logged_out": post })
}

fn versions() -> Value {
    let version =
        |kind: u32| json!({ "type": kind, "url": address(7), "width": 720, "height": 1280 });
    json!([version(101), version(102), version(103)])
}

/// A post of the older web app.
pub(crate) fn legacy(number: u64, children: u64) -> Value {
    let resources: Vec<Value> = [640, 750, 1080]
        .map(|width| json!({ "src": address(width), "config_width": width, "config_height": width * 5 / 4 }))
        .to_vec();
    let base = |place: u64| {
        json!({ "__typename": "XDTGraphImage", "id": id(number, place), "shortcode": null, "display_url": address(1080),
            "display_resources": resources, "dimensions": { "height": 1350, "width": 1080 }, "is_video": false,
            "gating_info": null, "fact_check_overall_rating": null, "fact_check_information": null,
            "sensitivity_friction_info": null, "sharing_friction_info": { "should_have_sharing_friction": false,
            "bloks_app_url": null }, "media_overlay_info": null, "media_preview": "ACIq".repeat(60),
            "accessibility_caption": "Photo by Demo.", "edge_media_to_tagged_user": { "edges": [
            { "node": { "user": user(), "x": 0.5, "y": 0.5 } }] } })
    };
    let children: Vec<Value> = (1..=children)
        .map(|place| json!({ "node": base(place) }))
        .collect();
    let comment = json!({ "node": { "id": "17", "text": "Nice 👍", "owner": user(), "created_at": 1_790_000_000,
        "did_report_as_spam": false, "edge_liked_by": { "count": 0 } } });
    let mut post = base(0);
    post["shortcode"] = if number == 0 {
        json!(CODE)
    } else {
        json!(null)
    };
    post["owner"] = user();
    post["taken_at_timestamp"] = json!(1_790_000_000_u64 + number);
    post["edge_media_to_caption"] = json!({ "edges": [{ "node": { "text": caption()["text"] } }] });
    post["edge_media_preview_like"] = json!({ "count": 120, "edges": [] });
    post["edge_media_to_parent_comment"] = json!({ "count": 24, "edges": vec![comment; 12] });
    if !children.is_empty() {
        post["__typename"] = json!("XDTGraphSidecar");
        post["edge_sidecar_to_children"] = json!({ "edges": children });
    }
    post
}

/// An account of the older web app with these posts.
pub(crate) fn account(edges: &[Value]) -> Value {
    let page = json!({ "has_next_page": true, "end_cursor": "QVFE".repeat(20) });
    json!({ "id": "42", "fbid": "17841400000000042", "username": "gramhost.demo", "full_name": "Demo",
        "biography": caption()["text"], "bio_links": [{ "title": "Site", "url": "https://example.com/", "lynx_url":
        "https://l.instagram.com/?u=https%3A%2F%2Fexample.com&e=AT1" }], "edge_followed_by": { "count": 1000 },
        "edge_follow": { "count": 10 }, "is_private": false, "is_verified": true, "is_business_account": false,
        "is_professional_account": true, "category_name": "Art", "profile_pic_url": address(150),
        "profile_pic_url_hd": address(320), "external_url": null, "edge_related_profiles": { "edges": [] },
        "edge_owner_to_timeline_media": { "count": 30, "page_info": page, "edges": edges } })
}

/// A Relay connection.
pub(crate) fn connection(edges: impl Iterator<Item = Value>) -> Value {
    let page = json!({ "has_next_page": false, "end_cursor": null });
    json!({ "edges": edges.collect::<Vec<_>>(), "page_info": page })
}

/// A reel of the app, with its manifest and many fields that only the app needs.
pub(crate) fn mobile(number: u64) -> Value {
    let mut reel = xdt(number, 0);
    for field in 0..90 {
        reel[format!("is_eligible_for_something_{field}")] = json!(field % 2 == 0);
    }
    let sound = json!({ "audio_asset_id": 10, "original_audio_title": "Original audio", "ig_artist": user(),
        "progressive_download_url": address(3), "dash_manifest": manifest(1), "duration_in_ms": 30_000 });
    reel["media_type"] = json!(2);
    reel["product_type"] = json!("clips");
    reel["image_versions2"] = candidates(7);
    reel["video_versions"] = versions();
    reel["video_dash_manifest"] = json!(manifest(6));
    reel["clips_metadata"] = json!({ "music_info": null, "original_sound_info": sound, "audio_type": "original_sounds" });
    reel
}

/// An active story of the app.
pub(crate) fn story(number: u64) -> Value {
    let mut item = mobile(number);
    item["product_type"] = json!("story");
    item["expiring_at"] = json!(1_795_010_000);
    item["reel_mentions"] = json!([{ "user": user(), "x": 0.5, "y": 0.5, "z": 0 }]);
    item
}

/// A DASH manifest.
fn manifest(renditions: u64) -> String {
    let of = |number: u64| {
        format!(
            "<Representation id=\"{number}v\" bandwidth=\"{number}78266\" codecs=\"av01.0.04M.08.0.111.01.01.01.0\" \
             mimeType=\"video/mp4\" sar=\"1:1\" FBEncodingTag=\"dash_r2av1\" FBContentLength=\"1353206\" \
             FBPlaybackResolutionMos=\"0:100,360:56.7,480:54.4,720:53.2,1080:54.5\" FBQualityClass=\"sd\" width=\"540\" \
             height=\"{number}60\" frameRate=\"11988/500\" FBQualityLabel=\"240p\"><BaseURL>{}</BaseURL><SegmentBase \
             indexRange=\"824-1067\" timescale=\"11988\" FBMinimumPrefetchRange=\"1068-65536\">\
             <Initialization range=\"0-823\"/></SegmentBase></Representation>",
            address(5).replace('&', "&amp;")
        )
    };
    let renditions: String = (1..=renditions).map(of).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" \
         mediaPresentationDuration=\"PT60.736S\"><Period id=\"0\" duration=\"PT60.736S\"><AdaptationSet id=\"0\" \
         contentType=\"video\" par=\"9:16\"><SupplementalProperty schemeIdUri=\"urn:mpeg:mpegB:cicp:ColourPrimaries\" \
         value=\"1\"/>{renditions}</AdaptationSet></Period></MPD>\n"
    )
}
