//! What the address of a picture says about its pixels. Instagram's media servers cut and scale a picture as its
//! address says: in `stp=` parts (`c0.135.1080.1080a_dst-jpg_e35_s640x640`), in older addresses in segments of the path
//! (`/c0.135.1080.1080a/s640x640/`). `c…` is a part that is cut out: left, top, width, height. `s…` and `p…` scale the
//! picture as a whole: `s640x640` makes 512x640 of 1080x1350, `p640x640` makes 640x800.

use memchr::{memchr_iter, memchr2_iter};

/// The width and height of the part that is cut out of the original, pixels.
pub(super) fn cut(url: &str) -> Option<(u32, u32)> {
    parts(url, memchr_iter(b'c', url.as_bytes())).find_map(|numbers| {
        let numbers = numbers.trim_end_matches(|letter: char| letter.is_ascii_lowercase());
        let mut numbers = numbers.split('.').map(str::parse);
        let mut next = || numbers.next()?.ok();
        let (_left, _top): (u32, u32) = (next()?, next()?);
        let size = (next()?, next()?);
        (size.0 > 0 && size.1 > 0).then_some(size)
    })
}

/// The side to which the picture is scaled, pixels; `None` for the original size.
pub(super) fn scaled_side(url: &str) -> Option<u32> {
    parts(url, memchr2_iter(b's', b'p', url.as_bytes())).find_map(|size| {
        let (width, height) = size.split_once('x')?;
        (width == height).then(|| width.parse().ok()).flatten()
    })
}

/// The address without its query, which has the signature.
pub(super) fn unsigned(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

/// The numbers of the parts that begin with a letter, without it. `letters` are its places in the address.
fn parts(url: &str, letters: impl Iterator<Item = usize>) -> impl Iterator<Item = &str> {
    let bytes = url.as_bytes();
    let begins_part = move |at: &usize| {
        let is_first = at
            .checked_sub(1)
            .is_none_or(|before| is_delimiter(bytes[before]));
        is_first && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
    };
    letters.filter(begins_part).map(move |at| {
        let rest = &url[at + 1..];
        let end = rest.bytes().position(is_delimiter);
        &rest[..end.unwrap_or(rest.len())]
    })
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'/' | b'_' | b'?' | b'&' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_is_cut_out_has_a_size() {
        for (url, size) in [
            (
                "https://x/v/a.jpg?stp=c0.135.1080.1080a_dst-jpg_e35_s640x640_sh0.08&oe=1",
                (1080, 1080),
            ),
            (
                "https://x/v/a.jpg?stp=dst-jpg_e35_c90.0.566.720_s150x150",
                (566, 720),
            ),
            (
                "https://x/v/t51/c0.135.1080.1080a/s640x640/1_2_n.jpg",
                (1080, 1080),
            ),
            ("https://x/c135.0.810.810/1_n.jpg", (810, 810)),
        ] {
            assert_eq!(cut(url), Some(size), "{url}");
        }
        for url in [
            "https://x/v/a.jpg?stp=dst-jpg_e35_p1080x1350&oe=1",
            "https://x/v/a.jpg?stp=dst-jpg_e35_s640x640_sh0.08_tt6",
            "https://x/v/c1.jpg?_nc_cat=104&ccb=7-5&_nc_sid=c0dcdd",
            "https://x/v/a.jpg?stp=c1.2.0.4a",
            "",
        ] {
            assert_eq!(cut(url), None, "{url}");
        }
    }

    #[test]
    fn a_picture_that_is_scaled_has_a_side() {
        for (url, side) in [
            (
                "https://x/v/a.jpg?stp=dst-jpg_e0_s150x150_tt6&oe=1",
                Some(150),
            ),
            ("https://x/v/t51.2885-19/s320x320/1_n.jpg?oh=2", Some(320)),
            ("https://x/a.jpg?stp=dst-jpg_e35_p640x640", Some(640)),
            ("https://x/v/t51.2885-19/1_2_n.jpg?_nc_ht=x", None),
            ("https://x/a.jpg?stp=dst-jpg_p1080x1350", None),
        ] {
            assert_eq!(scaled_side(url), side, "{url}");
        }
    }
}
