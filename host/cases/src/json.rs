//! Parses JSON that other programs wrote and that quotes Instagram: half of a surrogate pair (`\ud83d`), where a text was
//! cut in the middle of a character, is read as U+FFFD. `serde_json` rejects such a text as a whole.

use serde::de::DeserializeOwned;

/// Length of an escape like `\ud83d`, bytes.
const ESCAPE: usize = 6;

/// Parses a JSON text. Only a text that cannot be parsed is searched for halves, and then parsed again.
///
/// # Errors
/// If it is not JSON of this type.
pub fn parse<T: DeserializeOwned>(text: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(text).or_else(|error| match mended(text) {
        Some(mended) => serde_json::from_slice(&mended),
        None => Err(error),
    })
}

/// The text with `\ufffd` in the place of each half; `None` if it has none.
fn mended(text: &[u8]) -> Option<Vec<u8>> {
    let mut mended: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(backslash) = text.iter().skip(at).position(|byte| *byte == b'\\') {
        at += backslash;
        at += match (unit(text, at), unit(text, at + ESCAPE)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 2 * ESCAPE,
            (Some(0xd800..=0xdfff), _) => {
                let mended = mended.get_or_insert_with(|| text.to_vec());
                mended[at..at + ESCAPE].copy_from_slice(br"\ufffd");
                ESCAPE
            }
            // The escape of one character, such as `\\` in front of a `u`.
            _ => 2,
        };
    }
    mended
}

/// The UTF-16 unit of the `\uXXXX` at this place.
fn unit(text: &[u8], at: usize) -> Option<u16> {
    let digits = text.get(at..at + ESCAPE)?.strip_prefix(br"\u")?;
    u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    //! Halves in every place, and texts that only look like them.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn halves_are_replaced_and_whole_characters_are_not() {
        for (text, expected) in [
            (r#"["\ud83d", "\ud83dx"]"#, json!(["\u{fffd}", "\u{fffd}x"])),
            (r#"{"\ude00\ud83d": 1}"#, json!({"\u{fffd}\u{fffd}": 1})),
            (r#"["\ud83d\ude00\ud83d"]"#, json!(["😀\u{fffd}"])),
            (r#"["\ud83d", "\\ud83d"]"#, json!(["\u{fffd}", "\\ud83d"])),
        ] {
            assert_eq!(parse::<Value>(text.as_bytes()).unwrap(), expected, "{text}");
        }
        for text in ["", "\\", "{\\ud83d}", r#""\ud83d"#] {
            assert!(parse::<Value>(text.as_bytes()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_text_without_halves_is_read_as_it_is(text in "(\\PC|\\\\|u|d83d){0,20}") {
            let json = serde_json::to_vec(&text).unwrap();
            prop_assert!(mended(&json).is_none());
            prop_assert_eq!(parse::<String>(&json).unwrap(), text);
        }
    }
}
