//! A valid record of each kind, and changes that make it invalid.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::contract::record::{Image, MediaType, More, Video};

const CODE: &str = "DdEo7DPG8x2";
const PICTURE: &str = "https://scontent.cdninstagram.com/v/a.jpg?x=y";

/// Checks a record with the default rules, as for Instagram itself.
fn check(query: &Query, record: &Record) -> Checked {
    let check = Check {
        rules: &RequestRules::default(),
    };
    check.answers(query, record)?;
    check.contents(query, record)
}

/// A post with only the fields that every post has.
pub(crate) fn post(shortcode: &str) -> Media {
    Media {
        shortcode: shortcode.to_owned(),
        media_id: "3982487950286638198".to_owned(),
        media_type: MediaType::Image,
        product_type: None,
        renditions: Renditions {
            images: vec![Image {
                url: PICTURE.to_owned(),
                width: Some(1),
                height: None,
            }],
            ..Renditions::default()
        },
        caption: None,
        hashtags: Vec::new(),
        mentions: Vec::new(),
        taken_at: None,
        owner: None,
        coauthors: Vec::new(),
        tagged_users: Vec::new(),
        location: None,
        audio: None,
        like_count: None,
        comment_count: None,
        view_count: None,
        share_count: None,
        save_count: None,
        counts_hidden: None,
        comments_disabled: None,
        hoisted_comment_count: None,
        media_preview: None,
        has_effects: None,
        carousel_count: None,
        children: Vec::new(),
        more: More::default(),
    }
}

fn asked(code: &str) -> Query {
    Query::post(Target::Shortcode(code.to_owned()))
}

/// Returns the error of a post after this change.
fn wrong(change: impl FnOnce(&mut Media)) -> String {
    let mut media = post(CODE);
    change(&mut media);
    check(&asked(CODE), &Record::Media(media))
        .unwrap_err()
        .to_string()
}

fn person(username: &str) -> User {
    User {
        username: Some(username.to_owned()),
        ..User::default()
    }
}

fn posts(page: impl FnOnce(&mut MediaPage)) -> Result<(), String> {
    let mut found = MediaPage {
        owner: person("Some.User"),
        total_count: None,
        items: vec![post(CODE), post(CODE)],
        has_next_page: false,
        end_cursor: None,
        more: More::default(),
    };
    page(&mut found);
    let query = Query::posts("some.user".into(), 2, None);
    check(&query, &Record::Page(found)).map_err(|violation| violation.to_string())
}

#[test]
fn the_post_that_was_asked_for_passes() {
    let long = format!("{CODE}abcdefghijklmnopqrstuvwxyz-_");
    for (ask, found) in [(CODE, CODE), (&long, CODE), (CODE, &long)] {
        assert!(check(&asked(ask), &Record::Media(post(found))).is_ok());
    }
    let share = Query::post(Target::Share("https://www.instagram.com/share/x".into()));
    assert!(check(&share, &Record::Media(post(CODE))).is_ok());
}

#[test]
fn another_post_account_or_kind_does_not_pass() {
    assert_eq!(
        wrong(|media| media.shortcode = "C".into()),
        "shortcode: another post than was asked for"
    );
    let violation = check(&Query::story("a".into()), &Record::Media(post(CODE)))
        .unwrap_err()
        .to_string();
    assert_eq!(violation, "record: another kind than was asked for");
    assert_eq!(posts(|_| {}), Ok(()));
    let other = posts(|page| page.owner = person("other"));
    assert_eq!(
        other,
        Err("username: another account than was asked for".into())
    );
    assert!(posts(|page| page.owner = User::default()).is_err());
}

#[test]
fn media_lie_on_instagrams_hosts() {
    for url in [
        "http://a.fbcdn.net/",
        "https://evil.test/",
        "https://evilfbcdn.net/",
        "https://127.0.0.1/",
        "",
    ] {
        let wrong = wrong(|media| media.renditions.images[0].url = url.into());
        assert_eq!(
            wrong, "images[0].url: not an https URL on a media host",
            "{url}"
        );
    }
    let child = |media: &mut Media| {
        let mut renditions = media.renditions.clone();
        let url = "https://evil.test/v.mp4".to_owned();
        let (width, height, bitrate, codec, fps) = (None, None, None, None, None);
        renditions.dash_videos = vec![Video {
            url,
            width,
            height,
            bitrate,
            codec,
            fps,
            video_only: true,
        }];
        media.children = vec![Child {
            media_id: None,
            media_type: MediaType::Video,
            renditions,
            tagged_users: Vec::new(),
            more: More::default(),
        }];
    };
    assert_eq!(
        wrong(child),
        "children[0].dash_videos[0].url: not an https URL on a media host"
    );
    let tagged = |media: &mut Media| {
        let picture_url = Some("https://evil.test/".to_owned());
        media.tagged_users = vec![
            person("a"),
            User {
                picture_url,
                ..person("b")
            },
        ];
    };
    assert_eq!(
        wrong(tagged),
        "tagged_users[1].picture_url: not an https URL on a media host"
    );
}

#[test]
fn numbers_are_finite_and_in_range() {
    for duration in [f64::NAN, f64::INFINITY, -1.0, 86_401.0] {
        assert_eq!(
            wrong(|media| media.renditions.duration = Some(duration)),
            "duration: out of range"
        );
    }
    let lat = |media: &mut Media| {
        media.location = Some(Location {
            id: None,
            name: "x".into(),
            lat: Some(f64::NAN),
            lng: None,
        });
    };
    assert_eq!(wrong(lat), "location.lat: out of range");
    assert_eq!(
        wrong(|media| media.taken_at = Some(u64::MAX)),
        "taken_at: after the year 9999"
    );
}

#[test]
fn ids_texts_and_lists_have_their_sizes() {
    for id in ["", "x", "-1", "123456789012345678901"] {
        assert_eq!(
            wrong(|media| media.media_id = id.into()),
            "media_id: not a decimal id"
        );
    }
    assert_eq!(
        wrong(|media| media.caption = Some("x".repeat(20_000))),
        "caption: too long"
    );
    assert_eq!(
        wrong(|media| media.hashtags = vec!["x".repeat(20_000)]),
        "hashtags[0]: too long"
    );
    let child = Child {
        media_id: None,
        media_type: MediaType::Image,
        renditions: Renditions::default(),
        tagged_users: Vec::new(),
        more: More::default(),
    };
    assert_eq!(
        wrong(|media| media.children = vec![child; 21]),
        "children: too many"
    );
    assert_eq!(
        posts(|page| page.items.push(post(CODE))),
        Err("items: too many".into())
    );
}

#[test]
fn a_cursor_is_there_exactly_when_there_is_a_next_page() {
    let next = |cursor: Option<&str>, more: bool| {
        posts(|page| {
            page.end_cursor = cursor.map(str::to_owned);
            page.has_next_page = more;
        })
    };
    assert_eq!(next(Some("c"), true), Ok(()));
    for (cursor, more) in [
        (Some("c"), false),
        (None, true),
        (Some(""), true),
        (Some(&*"c".repeat(2049)), true),
    ] {
        assert!(next(cursor, more).unwrap_err().starts_with("end_cursor: "));
    }
}

#[test]
fn story_ids_are_numbers() {
    let found = |id: &str| {
        let item = StoryItem {
            id: id.into(),
            media_type: MediaType::Image,
            renditions: Renditions::default(),
            taken_at: None,
            expiring_at: None,
            view_count: None,
            stickers: Vec::new(),
            more: More::default(),
        };
        let record = Stories {
            user_id: "1".into(),
            username: "a".into(),
            has_active_stories: None,
            items: vec![item],
            is_private: None,
            more: More::default(),
        };
        check(&Query::story("A".into()), &Record::Stories(record))
    };
    assert!(found("1_2").is_ok() && found("1").is_ok());
    assert_eq!(
        found("../1").unwrap_err().to_string(),
        "items[0].id: not a story's id"
    );
}
