//! Doors that hold only a part of a post.

use serde_json::{Value, json};

use super::{CODE, GUEST, PAGE, RELAY, ask, error_page, null, post};
use crate::contract::exchanges::Response;
use crate::contract::steps::Refusal;
use crate::testing::{login_gate, record, refusal, response};

/// One post with these values instead of the picture's.
fn of(values: Value) -> Response {
    let mut answer: Value = serde_json::from_slice(&post().body).unwrap();
    let item = answer["items"][0].as_object_mut().unwrap();
    item.extend(values.as_object().unwrap().clone());
    response(200, "", answer)
}

#[test]
fn a_door_with_only_the_poster_is_not_the_last() {
    let poster = || of(json!({ "media_type": 2, "like_count": 7 }));
    let versions = json!([{ "url": "https://x.fbcdn.net/a.mp4" }]);
    let (step, asked) = ask(|door| match door {
        GUEST => poster(),
        RELAY => of(json!({ "media_type": 2, "video_versions": versions })),
        _ => login_gate(),
    });
    let video = record(step);
    assert_eq!(
        (video.renditions.videos.len(), video.like_count),
        (1, Some(7))
    );
    assert_eq!(asked.last().unwrap(), RELAY);
    // Nobody else has the video.
    for other in [login_gate(), null(), error_page(), response(200, "", "{}")] {
        let (step, _) = ask(|door| {
            if door == GUEST {
                poster()
            } else {
                other.clone()
            }
        });
        assert_eq!(record(step).shortcode, CODE);
    }
}

#[test]
fn a_door_with_too_few_children_is_not_the_last() {
    let child =
        |pk: u64| json!({ "pk": pk, "media_type": 1, "display_uri": "https://x.fbcdn.net/1.jpg" });
    let carousel = |children: &[u64]| {
        let children: Vec<_> = children.iter().map(|pk| child(*pk)).collect();
        of(json!({ "media_type": 8, "carousel_media": children, "carousel_media_count": 3 }))
    };
    let (step, asked) = ask(|door| match door {
        GUEST => carousel(&[]),
        PAGE => carousel(&[1, 2]),
        RELAY => carousel(&[1, 2, 3]),
        _ => login_gate(),
    });
    assert_eq!(record(step).children.len(), 3);
    assert_eq!(asked.last().unwrap(), RELAY);
    let (step, _) = ask(|door| match door {
        GUEST => carousel(&[1]),
        PAGE => carousel(&[1, 2]),
        _ => carousel(&[]),
    });
    assert_eq!(record(step).children.len(), 2, "the fullest");
}

#[test]
fn a_part_is_not_shown_of_an_account_that_another_door_calls_private() {
    let route = r#"{"payload":{"tracePolicy":"polaris.privatePostPage"}}"#;
    let (step, _) = ask(|door| match door {
        GUEST => of(json!({ "media_type": 2, "user": { "pk": "42" } })),
        PAGE => response(200, "", route),
        _ => login_gate(),
    });
    assert_eq!(refusal(step), Refusal::Private);
}
