//! Shortcodes, long ones, and numeric ids. A shortcode is its id in base 64, most significant character first.

/// Maximum length of the shortcode of a post: 64 bits, 6 for each character. Posts from before 2016 have fewer.
const SHORTCODE_MAX: usize = 11;
/// Length of the part that links bound to their owner append to a shortcode, whatever its length (yt-dlp and
/// gallery-dl remove as many characters).
const OWNER_LENGTH: usize = 28;
/// Instagram's alphabet.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Returns the shortcode of a numeric media id.
#[must_use]
pub fn shortcode(id: u64) -> String {
    let digits = (0..SHORTCODE_MAX)
        .rev()
        .map(|place| (id >> (6 * place)) as usize % 64);
    let code: String = digits
        .skip_while(|digit| *digit == 0)
        .map(|digit| char::from(ALPHABET[digit]))
        .collect();
    if code.is_empty() {
        "A".to_owned()
    } else {
        code
    }
}

/// Returns the part of a shortcode that names the post, without the owner's part of a long one.
pub(crate) fn public_part(code: &str) -> &str {
    let own = code.len().checked_sub(OWNER_LENGTH);
    own.filter(|length| *length > 0)
        .and_then(|length| code.get(..length))
        .unwrap_or(code)
}

/// Returns whether this is a shortcode, with or without its owner's part.
pub(crate) fn is_shortcode(code: &str) -> bool {
    (1..=SHORTCODE_MAX).contains(&public_part(code).len()) && code.bytes().all(is_digit)
}

/// Returns the post's own shortcode, if the text is one, with or without its owner's part.
pub(super) fn own(text: &str) -> Option<String> {
    is_shortcode(text).then(|| public_part(text).to_owned())
}

/// Returns the shortcode of an id that is written with more digits than a shortcode has characters.
pub(super) fn of_id(text: &str) -> Option<String> {
    media_id(text)
        .filter(|_| text.len() > SHORTCODE_MAX)
        .map(shortcode)
}

/// Parses `<id>` or `<id>_<user id>`.
pub(super) fn media_id(text: &str) -> Option<u64> {
    let (id, user) = text.split_once('_').unwrap_or((text, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |text: &str| text.parse::<u64>().ok().filter(|_| digits(text));
    number(user).and(number(id))
}

/// Whether a byte may be part of a shortcode.
pub(super) fn is_digit(byte: u8) -> bool {
    ALPHABET.contains(&byte)
}

#[cfg(test)]
mod tests {
    //! Against the position of each character in the alphabet.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shortcodes_of_the_smallest_and_largest_ids() {
        assert_eq!(shortcode(0), "A");
        assert_eq!(shortcode(2), "C");
        assert_eq!(shortcode(64), "BA");
        assert_eq!(shortcode(u64::MAX), "P__________");
    }

    #[test]
    fn the_owners_part_is_the_last_28_characters_whatever_is_before_it() {
        let owner = "abcdefghijklmnopqrstuvwxyz-_";
        for code in ["DdEo7DPG8x2", "9zXyWvUtSr", "aZ3bY4cX5", "BA", "C"] {
            let long = format!("{code}{owner}");
            assert_eq!(public_part(&long), code);
            assert_eq!(own(&long).as_deref(), Some(code));
            assert_eq!(public_part(code), code);
        }
        assert_eq!(public_part(owner), owner);
        assert!(!is_shortcode(owner));
        assert!(!is_shortcode(&format!("DdEo7DPG8x2x{owner}")));
    }

    proptest! {
        #[test]
        fn ids_and_shortcodes_agree(id: u64) {
            let code = shortcode(id);
            let back = code.bytes().fold(0_u64, |id, byte| {
                id << 6 | ALPHABET.iter().position(|known| *known == byte).unwrap() as u64
            });
            prop_assert_eq!(back, id);
            prop_assert!(is_shortcode(&code));
        }
    }
}
