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
    #[test]
    fn anything_else_is_none(text in ".*") {
        prop_assert_eq!(Cursor::decode(&text), None);
    }
}
