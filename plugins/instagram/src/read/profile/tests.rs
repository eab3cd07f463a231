//! The same account in all dialects.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use serde_json::{Value, json};

use super::*;
use crate::read::samples;
use crate::read::trees::profile;

fn found(document: Value) -> ProfilePart {
    match profile(&[document], "Ann") {
        Reading::Found(part) => part,
        other => panic!("{other:?}"),
    }
}

#[test]
fn polaris_root() {
    let part = found(samples::polaris_profile());
    assert_eq!(
        (part.page_id.as_deref(), part.latest_reel_media),
        (Some("17841400000000005"), Some(0))
    );
    let profile = part.profile;
    assert_eq!(
        (profile.user_id.as_str(), profile.username.as_str()),
        ("5", "ann")
    );
    assert_eq!(
        (profile.biography.as_deref(), profile.has_active_story),
        (Some(""), Some(false))
    );
    assert_eq!(
        (profile.post_count, profile.is_business, profile.category),
        (None, None, None)
    );
    assert_eq!(profile.pictures[0].width, Some(150));
    assert_eq!(profile.bio_links[0].url, "https://x.test", "unwrapped");
    assert_eq!(profile.email.as_deref(), Some("ann@x.test"));
}

#[test]
fn legacy_root() {
    let part = found(samples::legacy_profile());
    let profile = part.profile;
    assert_eq!(
        (
            profile.post_count,
            profile.reel_count,
            profile.has_active_story
        ),
        (Some(30), Some(1), None)
    );
    assert_eq!(
        (profile.is_business, profile.is_professional),
        (Some(true), Some(true))
    );
    assert_eq!(
        (profile.category.as_deref(), profile.phone.as_deref()),
        (Some("Art"), Some("+1"))
    );
    assert_eq!(profile.pictures.len(), 2);
}

#[test]
fn account_type_is_believed_over_polaris_flag() {
    let user = |more: Value| {
        let mut user = json!({"pk": "5", "username": "ann", "biography": "", "is_business": false});
        user.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let profile = found(json!({"data": {"user": user}})).profile;
        (profile.is_business, profile.is_professional)
    };
    assert_eq!(user(json!({"account_type": 2})), (Some(true), Some(true)));
    assert_eq!(user(json!({"account_type": 3})), (Some(false), Some(true)));
    assert_eq!(user(json!({"account_type": 1})), (Some(false), Some(false)));
    assert_eq!(user(json!({})), (None, None));
}

#[test]
fn parts_of_one_page_are_joined_without_overwriting() {
    let content = json!({"data": {"user": {
        "pk": "5", "id": "5", "username": "ann", "biography": "other", "account_type": 3, "category": "",
        "hd_profile_pic_url_info": {"url": "https://a.fbcdn.net/full.jpg", "width": 1080, "height": 1080},
    }}});
    let Reading::Found(part) = profile(&[samples::polaris_profile(), content], "ann") else {
        panic!("not found")
    };
    assert_eq!(part.profile.biography.as_deref(), Some(""));
    assert_eq!(
        (
            part.profile.category.as_deref(),
            part.profile.is_professional
        ),
        (Some(""), Some(true))
    );
    assert_eq!(part.profile.pictures.last().unwrap().width, Some(1080));
    assert_eq!(part.profile.follower_count, Some(10));
}

#[test]
fn private_account_has_a_profile() {
    let mut answer = samples::polaris_profile();
    answer["xig_user_by_username"]["is_private"] = json!(true);
    assert_eq!(found(answer).profile.is_private, Some(true));
}

#[test]
fn zeros_of_a_gated_account_are_no_facts() {
    let mut answer = json!({"user": {
        "pk": 5, "username": "ann", "is_private": false, "biography": "", "media_count": 0,
        "follower_count": 0, "following_count": 7, "latest_reel_media": 0,
        "gating": {"gating_type": "appealable", "title": "Are You 20 or Over?"},
    }});
    let part = found(answer.clone());
    let counts = |part: &ProfilePart| {
        let profile = &part.profile;
        (
            profile.follower_count,
            profile.following_count,
            profile.post_count,
        )
    };
    assert_eq!(counts(&part), (None, Some(7), None));
    assert_eq!(
        (part.profile.biography, part.latest_reel_media),
        (None, None)
    );
    assert_eq!(part.profile.has_active_story, None);
    answer["user"]["gating"] = json!(null);
    let part = found(answer);
    assert_eq!(counts(&part), (Some(0), Some(7), Some(0)));
    assert_eq!(part.profile.biography.as_deref(), Some(""));
}

#[test]
fn null_and_empty_accounts_are_missing_and_others_absent() {
    for root in ACCOUNTS {
        assert_eq!(
            profile(&[json!({"data": {root: null}})], "ann"),
            Reading::Missing,
            "{root}"
        );
        assert_eq!(
            profile(&[json!({"data": {root: {}}})], "ann"),
            Reading::Missing,
            "{root}"
        );
    }
    assert_eq!(
        profile(&[samples::polaris_profile()], "bob"),
        Reading::Absent
    );
}

#[test]
fn account_without_id_has_changed() {
    let mut answer = samples::polaris_profile();
    answer["xig_user_by_username"]
        .as_object_mut()
        .unwrap()
        .remove("pk");
    match profile(&[answer], "ann") {
        Reading::Changed(change) => assert_eq!(change.path, "xig_user_by_username.pk"),
        other => panic!("{other:?}"),
    }
}
