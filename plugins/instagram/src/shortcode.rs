//! Converts between shortcodes and media ids. A shortcode is its media id in base 64, most significant digit first,
//! with Instagram's own alphabet.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Number of characters of a shortcode that encode the media id. A link that is bound to its owner has 28 more.
const ID_LENGTH: usize = 11;

/// Returns the numeric media id of a shortcode; for a long one (39 characters), that of its first 11.
///
/// `None` for an empty text, a character outside `[A-Za-z0-9_-]`, or an id beyond 64 bits.
pub fn media_id(shortcode: &str) -> Option<u64> {
    if shortcode.is_empty() || !shortcode.bytes().all(|byte| digit(byte).is_some()) {
        return None;
    }
    shortcode
        .bytes()
        .take(ID_LENGTH)
        .try_fold(0_u64, |id, byte| {
            id.checked_mul(64)?.checked_add(digit(byte)?)
        })
}

/// Returns the shortcode of a media id, without leading `A`s (zeros).
pub fn from_media_id(mut id: u64) -> String {
    let mut digits = Vec::with_capacity(ID_LENGTH);
    loop {
        let digit = usize::try_from(id % 64).unwrap_or_default();
        digits.push(char::from(ALPHABET[digit]));
        id /= 64;
        if id == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

fn digit(byte: u8) -> Option<u64> {
    let digit = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    };
    Some(u64::from(digit))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_pair_agrees_both_ways() {
        assert_eq!(media_id("DdEo7DPG8x2"), Some(3_982_487_950_286_638_198));
        assert_eq!(from_media_id(3_982_487_950_286_638_198), "DdEo7DPG8x2");
    }

    #[test]
    fn long_code_counts_by_its_first_eleven() {
        let long = format!("DdEo7DPG8x2{}", "x-Y_0".repeat(6).get(..28).unwrap());
        assert_eq!(media_id(&long), media_id("DdEo7DPG8x2"));
    }

    #[test]
    fn what_is_no_code_has_no_id() {
        for text in ["", "DdEo7DPG8x2 ", "DdEo7DPG8x2.", "ééé", "___________"] {
            assert_eq!(media_id(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_id_survives_the_round_trip(id: u64) {
            prop_assert_eq!(media_id(&from_media_id(id)), Some(id));
        }

        #[test]
        fn every_code_survives_the_round_trip(code in "[B-Za-z0-9_-][A-Za-z0-9_-]{0,9}") {
            prop_assert_eq!(from_media_id(media_id(&code).unwrap()), code);
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = media_id(&text);
        }
    }
}
