//! Cursors survive a round trip, and any other text is rejected.

use proptest::prelude::*;

use super::*;

fn cursor() -> Cursor {
    Cursor {
        door: "guest-posts".to_owned(),
        page: Some("AQHT_x-=".to_owned()),
        skip: 8,
        user_id: Some("42".to_owned()),
    }
}

#[test]
fn what_goes_out_comes_back() {
    assert_eq!(Cursor::decode(&cursor().encode()), Some(cursor()));
}

#[test]
fn a_forged_cursor_is_none() {
    for forged in [
        Cursor {
            user_id: Some("../../evil".to_owned()),
            ..cursor()
        },
        Cursor {
            user_id: Some("1".repeat(21)),
            ..cursor()
        },
        Cursor {
            page: Some("a\r\nb".to_owned()),
            ..cursor()
        },
        Cursor {
            skip: 101,
            ..cursor()
        },
    ] {
        assert_eq!(Cursor::decode(&forged.encode()), None, "{forged:?}");
    }
}

#[test]
fn an_endless_cursor_is_none() {
    let endless = Cursor {
        page: Some("x".repeat(CHARS_MAX)),
        ..cursor()
    };
    assert_eq!(Cursor::decode(&endless.encode()), None);
}

proptest! {
    /// For any cursor of ours: it comes back as it was, and from no other text.
    #[test]
    fn what_was_encoded_comes_back(
        door in "[a-z-]{1,20}",
        page in proptest::option::of("[!-~]{0,200}"),
        skip in 0..=SKIP_MAX,
        user_id in proptest::option::of("[0-9]{1,20}"),
        at: proptest::sample::Index,
        other in "[A-Za-z0-9_-]",
    ) {
        let cursor = Cursor { door, page, skip, user_id };
        let text = cursor.encode();
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        prop_assert_eq!(Cursor::decode(&text), Some(cursor.clone()));
        let at = at.index(text.len());
        let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
        if changed != text {
            prop_assert_ne!(Cursor::decode(&changed), Some(cursor));
        }
    }

    #[test]
    fn anything_else_is_none(text in ".*") {
        prop_assert_eq!(Cursor::decode(&text), None);
    }
}
