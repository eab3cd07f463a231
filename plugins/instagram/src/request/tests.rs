//! How values are filled into the texts of a door.
#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::json;

use super::*;
use crate::json::Arena;
use crate::json::trees::parsed;
use crate::settings::{PROFILE, Settings};
use crate::testing::{form, guest};

fn asked(door: &str, values: &Values) -> Option<Request> {
    let (arena, context) = (Arena::default(), guest(PROFILE));
    let settings = Settings::parse(&arena, &context.settings).unwrap();
    request(settings.door(door).unwrap(), values)
}

fn of(username: &str) -> Values {
    Values {
        username: Some(username.to_owned()),
        ..Values::default()
    }
}

#[test]
fn a_first_page_has_no_cursor() {
    assert!(
        asked("mobile-posts", &of("x"))
            .unwrap()
            .url
            .ends_with("?count=12&max_id=")
    );
    assert!(form(&asked("guest-posts", &of("x")).unwrap()).contains("%22after%22%3Anull"));
}

#[test]
fn a_later_page_has_its_cursor_encoded() {
    let values = Values {
        cursor: Some("a+b&c\"d".to_owned()),
        ..of("x")
    };
    assert!(
        asked("mobile-posts", &values)
            .unwrap()
            .url
            .ends_with("&max_id=a%2Bb%26c%22d")
    );
    let expected = encoded(r#""after":"a+b&c\"d""#, b"");
    assert!(form(&asked("guest-posts", &values).unwrap()).contains(&expected));
}

#[test]
fn a_door_whose_value_is_not_known_cannot_be_asked() {
    assert!(asked("mobile-reels", &of("x")).is_none());
    assert!(
        asked(
            "mobile-reels",
            &Values {
                user_id: Some("42".to_owned()),
                ..of("x")
            }
        )
        .is_some()
    );
}

#[test]
fn a_value_cannot_leave_its_place_in_the_address() {
    let url = asked("web-info", &of("x&y=1#?z")).unwrap().url;
    assert_eq!(url.split('?').nth(1), Some("username=x%26y%3D1%23%3Fz"));
}

#[test]
fn a_graphql_request_agrees_with_itself() {
    let request = asked("guest-root", &of("x")).unwrap();
    let header = |name: &str| {
        request
            .headers
            .iter()
            .find(|header| header.name == name)
            .unwrap()
            .value
            .clone()
    };
    let form = form(&request);
    assert!(form.contains(&format!("lsd={}", header("x-fb-lsd"))));
    assert!(form.contains(&format!(
        "fb_api_req_friendly_name={}",
        header("x-fb-friendly-name")
    )));
    assert_eq!(header("sec-fetch-site"), "same-origin");
    assert!(matches!(request.method, Method::Post));
}

#[test]
fn only_a_whole_text_becomes_null() {
    let template = json!({ "a": "{none}", "b": ["x{none}", "\"\\\n"], "c": 12, "d": false });
    let mut filled = String::new();
    Values::default()
        .write_json(&parsed(template), &mut filled)
        .unwrap();
    assert_eq!(
        filled,
        r#"{"a":null,"b":["x","\"\\\u000a"],"c":12,"d":false}"#
    );
}
