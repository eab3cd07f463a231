//! Converts between shortcodes and media ids. A shortcode is its media id in base 64, most significant digit first,
//! with Instagram's own alphabet.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Maximum number of characters of a post's own code: 64 bits, 6 for each character. Posts from before 2016 have 10 or
/// fewer.
const CODE_LENGTH_MAX: usize = 11;

/// Number of characters that Instagram appends to the code of a post in links that are bound to its owner, whatever
/// the length of the code (yt-dlp and gallery-dl remove as many).
const OWNER_LENGTH: usize = 28;

/// Returns the post's own code: a long code without the part that binds it to its owner.
pub fn of_post(shortcode: &str) -> &str {
    let own = shortcode.len().checked_sub(OWNER_LENGTH);
    own.filter(|length| *length > 0)
        .and_then(|length| shortcode.get(..length))
        .unwrap_or(shortcode)
}

/// Returns the numeric media id of a shortcode, long or not.
///
/// `None` for an empty text, a character outside `[A-Za-z0-9_-]`, or an id beyond 64 bits.
pub fn media_id(shortcode: &str) -> Option<u64> {
    let all = shortcode.bytes().all(|byte| digit(byte).is_some());
    let code = of_post(shortcode);
    if !all || !(1..=CODE_LENGTH_MAX).contains(&code.len()) {
        return None;
    }
    code.bytes().try_fold(0_u64, |id, byte| {
        id.checked_mul(64)?.checked_add(digit(byte)?)
    })
}

/// Returns the shortcode of a media id, without leading `A`s (zeros).
pub fn from_media_id(mut id: u64) -> String {
    let mut digits = Vec::with_capacity(CODE_LENGTH_MAX);
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
    fn long_code_is_that_of_the_post_before_its_last_28_characters() {
        let owner = "x-Y_0".repeat(6).get(..28).unwrap().to_owned();
        // 11 characters since 2016, 10 and 9 in the years before, fewer in 2010.
        for code in ["DdEo7DPG8x2", "9zXyWvUtSr", "aZ3bY4cX5", "BA", "C"] {
            let long = format!("{code}{owner}");
            assert_eq!(of_post(&long), code);
            assert_eq!(of_post(code), code);
            assert_eq!(media_id(&long), media_id(code), "{code}");
        }
        assert_eq!(of_post(&owner), owner);
        assert_eq!(media_id(&owner), None);
        assert_eq!(media_id(&format!("DdEo7DPG8x2x{owner}")), None);
    }

    #[test]
    fn what_is_no_code_has_no_id() {
        for text in [
            "",
            "DdEo7DPG8x2 ",
            "DdEo7DPG8x2.",
            "ééé",
            "___________",
            "AAAAAAAAAAAB",
        ] {
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
