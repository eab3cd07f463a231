//! What the address of a picture says about its pixels. Instagram's media servers cut and scale a picture as its
//! address says: in `stp=` parts (`c0.135.1080.1080a_dst-jpg_e35_s640x640`), in older addresses in segments of the path
//! (`/c0.135.1080.1080a/s640x640/`). `c…` is a part that is cut out: left, top, width, height. `s…` and `p…` scale the
//! picture as a whole: `s640x640` makes 512x640 of 1080x1350, `p640x640` makes 640x800.

/// The width and height of the part that is cut out of the original, pixels.
pub(super) fn cut(url: &str) -> Option<(u32, u32)> {
    parts(url).find_map(|part| {
        let numbers = part.strip_prefix('c')?;
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
    parts(url).find_map(|part| {
        let (width, height) = part.strip_prefix(['s', 'p'])?.split_once('x')?;
        (width == height).then(|| width.parse().ok()).flatten()
    })
}

/// The address without its query, which has the signature.
pub(super) fn unsigned(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

fn parts(url: &str) -> impl Iterator<Item = &str> {
    url.split(['/', '_', '?', '&', '='])
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
