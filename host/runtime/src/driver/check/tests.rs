//! A valid record of each kind, changes that cost a field, and changes that make it invalid.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod fuzz;
mod junk;
mod lists;

use super::*;
use crate::contract::record::{Image, MediaType, More, Video};

const CODE: &str = "DdEo7DPG8x2";
const PICTURE: &str = "https://scontent.cdninstagram.com/v/a.jpg?x=y";

/// Cleans a record with the default rules, as for Instagram itself. Returns what was dropped.
fn check(query: &Query, record: &mut Record) -> Result<Vec<String>, Violation> {
    answers(query, record)?;
    let dropped = clean(&RequestRules::default(), query, record)?;
    Ok(dropped.into_iter().map(|it| it.message).collect())
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
    check(&asked(CODE), &mut Record::Media(media))
        .unwrap_err()
        .to_string()
}

/// Returns a post after this change, as it is served, and what was dropped from it.
fn served(change: impl FnOnce(&mut Media)) -> (Media, Vec<String>) {
    let mut media = post(CODE);
    change(&mut media);
    let mut record = Record::Media(media);
    let dropped = check(&asked(CODE), &mut record).unwrap();
    match record {
        Record::Media(media) => (media, dropped),
        other => panic!("{other:?}"),
    }
}

/// Returns what is dropped from a post after this change.
fn dropped(change: impl FnOnce(&mut Media)) -> Vec<String> {
    served(change).1
}

fn person(username: &str) -> User {
    User {
        username: Some(username.to_owned()),
        ..User::default()
    }
}

fn tagged(username: &str, picture_url: &str) -> User {
    User {
        picture_url: Some(picture_url.to_owned()),
        ..person(username)
    }
}

fn child() -> Child {
    Child {
        media_id: None,
        media_type: MediaType::Image,
        renditions: Renditions::default(),
        tagged_users: Vec::new(),
        more: More::default(),
    }
}

fn image(url: &str) -> Image {
    Image {
        url: url.to_owned(),
        width: None,
        height: None,
    }
}

#[test]
fn the_post_that_was_asked_for_passes() {
    let long = format!("{CODE}abcdefghijklmnopqrstuvwxyz-_");
    for (ask, found) in [(CODE, CODE), (&long, CODE), (CODE, &long)] {
        assert!(check(&asked(ask), &mut Record::Media(post(found))).is_ok());
    }
    let share = Query::post(Target::Share("https://www.instagram.com/share/x".into()));
    assert!(check(&share, &mut Record::Media(post(CODE))).is_ok());
}

#[test]
fn another_post_or_kind_does_not_pass() {
    assert_eq!(
        wrong(|media| media.shortcode = "C".into()),
        "shortcode: another post than was asked for"
    );
    let violation = check(&Query::story("a".into()), &mut Record::Media(post(CODE)))
        .unwrap_err()
        .to_string();
    assert_eq!(violation, "record: another kind than was asked for");
}

#[test]
fn what_identifies_a_post_is_valid() {
    for id in ["", "x", "-1", "123456789012345678901"] {
        assert_eq!(
            wrong(|media| media.media_id = id.into()),
            "media_id: not a decimal id"
        );
        let owner = User {
            user_id: Some(id.into()),
            ..person("a")
        };
        assert_eq!(
            wrong(|media| media.owner = Some(owner)),
            "owner.user_id: not a decimal id"
        );
    }
}

#[test]
fn media_on_foreign_hosts_are_dropped() {
    for url in [
        "http://a.fbcdn.net/",
        "https://a.fbcdn.net:8443/",
        "https://user@a.fbcdn.net/",
        "https://evil.test/",
        "https://evilfbcdn.net/",
        "https://127.0.0.1/",
        " ",
        "",
    ] {
        let (media, dropped) = served(|media| media.renditions.images.push(image(url)));
        let words = "images[1] dropped: images[1].url: not an https URL on a media host";
        assert_eq!(dropped, [words], "{url}");
        assert_eq!(media, post(CODE), "{url}");
        let (media, dropped) = served(|media| media.renditions.images[0].url = url.into());
        assert_eq!((media.renditions.images.len(), dropped.len()), (0, 1));
    }
}

#[test]
fn a_child_keeps_its_place_without_its_media() {
    let video = Video {
        url: "https://evil.test/v.mp4".to_owned(),
        width: None,
        height: None,
        bitrate: None,
        codec: None,
        fps: None,
        video_only: true,
    };
    let (media, dropped) = served(|media| {
        media.children = vec![child(), child()];
        media.children[0].renditions.dash_videos = vec![video];
        media.children[0].media_id = Some("x".into());
    });
    assert_eq!(media.children, [child(), child()]);
    assert_eq!(
        dropped,
        [
            "children[0].media_id dropped: not a decimal id",
            "children[0].dash_videos[0] dropped: \
             children[0].dash_videos[0].url: not an https URL on a media host",
        ]
    );
}

/// instagrapi#2286: the picture of a tagged account made the post unreadable.
#[test]
fn pictures_of_people_cost_only_themselves() {
    let anonymous = "http://images.ak.instagram.com/profiles/anonymousUser.jpg";
    let (media, dropped) = served(|media| {
        media.owner = Some(tagged("a", anonymous));
        media.coauthors = vec![tagged("b", "")];
        media.tagged_users = vec![tagged("c", PICTURE), tagged("d", "/x"), tagged("e", " ")];
    });
    let no_url = "not an https URL on a media host";
    assert_eq!(
        dropped,
        [
            format!("owner.picture_url dropped: {no_url}"),
            format!("coauthors[0].picture_url dropped: {no_url}"),
            format!("tagged_users[1].picture_url, and 1 more like it, dropped: {no_url}"),
        ]
    );
    assert_eq!(media.owner, Some(person("a")));
    assert_eq!(media.coauthors, [person("b")]);
    assert_eq!(
        media.tagged_users,
        [tagged("c", PICTURE), person("d"), person("e")]
    );
}

#[test]
fn people_without_name_and_id_are_dropped() {
    let (media, dropped) = served(|media| {
        let user_id = Some("x".into());
        media.tagged_users = vec![
            User {
                user_id,
                ..User::default()
            },
            person("b"),
        ];
    });
    assert_eq!(media.tagged_users, [person("b")]);
    assert_eq!(dropped.len(), 2, "{dropped:?}");
}

/// instaloader#1349, instaloader#2212: places with odd coordinates.
#[test]
fn coordinates_out_of_range_are_dropped_together() {
    let place = |lat: f64, lng: f64| {
        let (media, dropped) = served(|media| {
            media.location = Some(Location {
                id: None,
                name: "x".into(),
                lat: Some(lat),
                lng: Some(lng),
            });
        });
        let place = media.location.unwrap();
        assert_eq!(place.name, "x");
        (place.lat.zip(place.lng), dropped.len())
    };
    assert_eq!(place(-90.0, 180.0), (Some((-90.0, 180.0)), 0));
    for (lat, lng, fields) in [
        (12.5, 181.0, 1),
        (-90.5, 0.0, 1),
        (151.2, -33.8, 1),
        (f64::NAN, f64::INFINITY, 2),
    ] {
        assert_eq!(place(lat, lng), (None, fields), "{lat} {lng}");
    }
}

#[test]
fn numbers_are_finite_and_in_range() {
    for duration in [f64::NAN, f64::INFINITY, -1.0, 86_401.0] {
        let (media, dropped) = served(|media| media.renditions.duration = Some(duration));
        assert_eq!(dropped, ["duration dropped: out of range"]);
        assert_eq!(media, post(CODE));
    }
    let (media, dropped) = served(|media| media.taken_at = Some(u64::MAX));
    assert_eq!(dropped, ["taken_at dropped: after the year 9999"]);
    assert_eq!(media, post(CODE));
}

#[test]
fn texts_have_their_size() {
    let long = || "x".repeat(20_000);
    let (media, lost) = served(|media| media.caption = Some(long()));
    assert_eq!(
        (media.caption, lost),
        (None, vec!["caption dropped: too long".into()])
    );
    let (media, lost) = served(|media| media.hashtags = vec!["a".into(), long()]);
    assert_eq!(media.hashtags, ["a"]);
    assert_eq!(lost, ["hashtags[1] dropped: too long"]);
}

#[test]
fn a_carousel_may_have_more_than_twenty_children() {
    let (media, lost) = served(|media| media.children = vec![child(); 21]);
    assert_eq!((media.children.len(), lost.len()), (21, 0));
    let lost = dropped(|media| media.children = vec![child(); 1001]);
    assert_eq!(lost, ["children[1000..] dropped: too many"]);
}

#[test]
fn a_report_is_short_however_much_is_dropped() {
    let lost = dropped(|media| {
        media.children = vec![child(); 500];
        for child in &mut media.children {
            child.renditions.images = vec![image("http://x/"); 50];
        }
    });
    assert_eq!(
        lost,
        ["children[0].images[0], and 24999 more like it, dropped: \
          children[0].images[0].url: not an https URL on a media host"]
    );
}
