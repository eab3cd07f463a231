//! Parses JSON as Instagram writes it: texts that were cut in the middle of a character are read, with U+FFFD in the place
//! of what was lost. Every JSON text of a response, also one inside a page or inside another text, is parsed here.
//!
//! Instagram cuts long texts after a number of UTF-16 units, which leaves half of a surrogate pair (`\ud83d`) in an
//! escape (InstaPy#1489, InstaPy#1530). `serde_json` rejects such a text as a whole.

use std::borrow::Cow;

use serde_json::{Deserializer, Value};

/// Length of an escape like `\ud83d`, bytes.
const ESCAPE: usize = 6;

/// Parses a sequence of JSON texts; empty if one of them is not JSON.
pub(super) fn all(text: &[u8]) -> Vec<Value> {
    let parse = |text: &[u8]| {
        let values: Result<_, _> = Deserializer::from_slice(text).into_iter().collect();
        values.ok()
    };
    parse_or_mend(text, parse).unwrap_or_default()
}

/// Parses the JSON value at the start of a text, whatever follows it.
pub(super) fn first(text: &str) -> Option<Value> {
    parse_or_mend(text.as_bytes(), |text| {
        Deserializer::from_slice(text).into_iter().next()?.ok()
    })
}

/// Parses a text; if that fails, parses it again with whole characters. So a text without a fault is read only once.
fn parse_or_mend<T>(text: &[u8], parse: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
    parse(text).or_else(|| match mended(text) {
        Cow::Borrowed(_) => None,
        Cow::Owned(mended) => parse(&mended),
    })
}

/// The text with U+FFFD in the place of each half of a surrogate pair and of bytes that are not UTF-8.
fn mended(text: &[u8]) -> Cow<'_, [u8]> {
    let mut mended = match String::from_utf8_lossy(text) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    };
    let mut at = 0;
    while let Some(backslash) = memchr::memchr(b'\\', &mended[at..]) {
        at += backslash;
        at += match (
            unit(&mended[at..]),
            mended.get(at + ESCAPE..).and_then(unit),
        ) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 2 * ESCAPE,
            (Some(0xd800..=0xdfff), _) => {
                mended.to_mut()[at..at + ESCAPE].copy_from_slice(br"\ufffd");
                ESCAPE
            }
            (Some(_), _) => ESCAPE,
            // The escape of one character, such as `\\` in front of a `u`.
            (None, _) => 2,
        }
        .min(mended.len() - at);
    }
    mended
}

/// The UTF-16 unit of the `\uXXXX` at the start of a text.
fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.get(..ESCAPE)?.strip_prefix(br"\u")?;
    let digits = str::from_utf8(digits).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    //! Every place of half a character, and that nothing else changes.

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn half_a_character_is_a_replacement_character() {
        for (text, expected) in [
            (r#""half \ud83d here""#, json!("half \u{fffd} here")),
            (r#""\ud83d""#, json!("\u{fffd}")),
            (r#""\uD83D""#, json!("\u{fffd}")),
            (r#""\ude00""#, json!("\u{fffd}")),
            (r#""\ude00\ud83d""#, json!("\u{fffd}\u{fffd}")),
            (r#""\ud83d\ud83d\ude00""#, json!("\u{fffd}😀")),
            (r#""\ud83d\ude00\ude00""#, json!("😀\u{fffd}")),
            (r#""\ud83dx""#, json!("\u{fffd}x")),
            (r#""\ud83d\n""#, json!("\u{fffd}\n")),
            (r#""\ud83d\u0041""#, json!("\u{fffd}A")),
            (r#""\ud83d\\""#, json!("\u{fffd}\\")),
            (r#"["\ud83d", "\\ud83d"]"#, json!(["\u{fffd}", "\\ud83d"])),
            (r#"{"\ud83d": 1}"#, json!({"\u{fffd}": 1})),
        ] {
            assert_eq!(first(text), Some(expected.clone()), "{text}");
            assert_eq!(all(text.as_bytes()), [expected], "{text}");
        }
    }

    #[test]
    fn half_a_character_in_one_text_costs_no_other() {
        let texts = b"{\"a\":1}\n{\"b\":\"\\ud83d\"}";
        assert_eq!(all(texts), [json!({"a": 1}), json!({"b": "\u{fffd}"})]);
        assert_eq!(
            first(r#"{"a":"\ud83d"}; var b = "\ud83d"#),
            Some(json!({"a": "\u{fffd}"}))
        );
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_replacement_characters() {
        assert_eq!(all(b"\"a\xf0\x9f\x98\""), [json!("a\u{fffd}")]);
        assert_eq!(
            all(b"\"\xed\xa0\xbd\""),
            [json!("\u{fffd}\u{fffd}\u{fffd}")]
        );
    }

    #[test]
    fn what_is_no_json_stays_unread() {
        for text in ["", "\\", "\"\\ud83d", "{\"a\":\\ud83d}", r#""\ud8zz""#, "é"] {
            assert_eq!(first(text), None, "{text}");
            assert!(all(text.as_bytes()).is_empty(), "{text}");
        }
    }

    /// What a text between quotes may consist of.
    fn pieces() -> impl Strategy<Value = Vec<&'static str>> {
        let pieces = [
            "\\ud83d", "\\ude00", "\\uDBFF", "\\uDFFF", "\\u0041", "\\\\", "\\n", "\\\"", "ud83d",
            "a", "é", "😀",
        ];
        prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..12)
    }

    proptest! {
        #[test]
        fn no_surrogate_makes_a_text_unreadable(pieces in pieces()) {
            let text = format!("[\"{}\"]", pieces.concat());
            let read = first(&text);
            prop_assert!(read.as_ref().is_some_and(|read| read[0].is_string()), "{text}");
            if let Ok(expected) = serde_json::from_str::<Value>(&text) {
                prop_assert_eq!(read, Some(expected));
            }
        }

        #[test]
        fn a_text_without_a_fault_is_left_as_it_is(text in "(\\PC|\\\\|\"|u|\\u{0}){0,40}") {
            let json = Value::from(text).to_string();
            prop_assert!(matches!(mended(json.as_bytes()), Cow::Borrowed(_)));
        }

        #[test]
        fn no_bytes_panic(text in prop::collection::vec(prop::sample::select(br#"\ud8Ae"{}"#.to_vec()), 0..24)) {
            let _ = all(&text);
        }
    }
}
