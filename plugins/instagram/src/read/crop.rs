//! Leaves out the renditions of a picture that show only a part of it. Beside the picture in several sizes, Instagram
//! offers its centre for grids: mostly squares, in most addresses marked as cut (`address`). Reported as downloads of
//! the wrong picture in hoaianle/Instagram-Downloader#22, ripme#541 and SCrawler#179.

use crate::contract::records::Image;
use crate::read::address::cut;

/// Width and height, pixels.
type Size = (u32, u32);

/// Maximum difference of two ratios of width and height that are the same shape, as a part of the ratio. Sizes are
/// rounded (240x296 of 1080x1333), and the nearest shapes of posts (4:5 and 3:4) are 0.06 apart.
const SHAPE_TOLERANCE: f64 = 0.03;

/// A rendition, and what its address and its stated size say about it.
struct Offer {
    image: Image,
    /// Whether it is the picture as a whole, as far as its address says.
    is_whole: bool,
    /// The size before it was scaled: that of the part that is cut out, else as stated.
    size: Option<Size>,
}

impl Offer {
    fn new(image: Image) -> Self {
        let cut = cut(&image.url);
        Self {
            is_whole: cut.is_none(),
            size: cut.or(image.width.zip(image.height)),
            image,
        }
    }
}

/// Removes every rendition of another shape than the picture, and every other one that is cut. If only such renditions
/// are on offer, they stay. `original` is the size that Instagram states for the picture.
pub(super) fn leave_out(images: &mut Vec<Image>, original: Option<Size>) {
    let mut offers: Vec<Offer> = images.drain(..).map(Offer::new).collect();
    let picture = shape(&offers, original);
    let fits = |offer: &Offer| Some(is_same_shape(offer.size?, picture?));
    retain_some(&mut offers, |offer| fits(offer) != Some(false));
    retain_some(&mut offers, |offer| {
        offer.is_whole || fits(offer) == Some(true)
    });
    images.extend(offers.into_iter().map(|offer| offer.image));
}

/// The shape of the whole picture.
///
/// A stated square counts only if nothing on offer is longer than wide or wider than long: carousels are stated as
/// 612x612, whatever their pictures are.
fn shape(offers: &[Offer], original: Option<Size>) -> Option<Size> {
    let has_whole = offers.iter().any(|offer| offer.is_whole);
    let is_whole = |offer: &&Offer| !has_whole || offer.is_whole;
    let whole = || {
        offers
            .iter()
            .filter(is_whole)
            .filter_map(|offer| offer.size)
    };
    let largest = |sizes: &mut dyn Iterator<Item = Size>| sizes.max_by_key(area);
    let oblong = largest(&mut whole().filter(|size| !is_square(size)));
    let is_offered = |original: &Size| {
        let mut sizes = offers.iter().filter_map(|offer| offer.size);
        !is_square(original) && sizes.any(|size| is_same_shape(size, *original))
    };
    original
        .filter(|original| oblong.is_none() || is_offered(original))
        .or(oblong)
        .or_else(|| largest(&mut whole()))
}

fn area((width, height): &Size) -> u64 {
    u64::from(*width) * u64::from(*height)
}

fn is_square((width, height): &Size) -> bool {
    width == height
}

fn is_same_shape(one: Size, other: Size) -> bool {
    let ratio = |(width, height): Size| f64::from(width) / f64::from(height);
    (ratio(one) / ratio(other) - 1.0).abs() <= SHAPE_TOLERANCE
}

/// Keeps these renditions, or all if none of them would be left.
fn retain_some(offers: &mut Vec<Offer>, is_kept: impl Fn(&Offer) -> bool) {
    if offers.iter().any(&is_kept) {
        offers.retain(is_kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A rendition of this size (0 is not stated), whose address has these parts.
    fn image(width: u32, height: u32, parts: &str) -> Image {
        let stated = |pixels: u32| Some(pixels).filter(|pixels| *pixels > 0);
        Image {
            url: format!("https://x.fbcdn.net/{width}x{height}.jpg?stp={parts}"),
            width: stated(width),
            height: stated(height),
        }
    }

    const WHOLE: &str = "dst-jpg_e35";
    const SCALED: &str = "dst-jpg_e35_p640x640_sh0.08";
    const SQUARE: &str = "c0.135.1080.1080a_dst-jpg_e35_s640x640_sh0.08";

    /// Which of the renditions are kept, by their place.
    fn kept(original: Option<Size>, offered: &[(u32, u32, &str)]) -> Vec<usize> {
        let all: Vec<_> = offered
            .iter()
            .map(|(width, height, parts)| image(*width, *height, parts))
            .collect();
        let mut images = all.clone();
        leave_out(&mut images, original);
        let places = (0..all.len()).filter(|place| images.contains(&all[*place]));
        places.collect()
    }

    #[test]
    fn squares_of_an_oblong_picture_are_left_out() {
        let marked = [(1080, 1350, WHOLE), (640, 800, SCALED), (640, 640, SQUARE)];
        let unmarked = [(1080, 1350, WHOLE), (640, 800, WHOLE), (1440, 1440, WHOLE)];
        let wide = [(1080, 566, WHOLE), (640, 335, SCALED), (566, 566, WHOLE)];
        for original in [None, Some((1080, 1350)), Some((612, 612))] {
            assert_eq!(kept(original, &marked), [0, 1], "{original:?}");
            assert_eq!(kept(original, &unmarked), [0, 1], "{original:?}");
        }
        assert_eq!(kept(Some((1080, 566)), &wide), [0, 1]);
        assert_eq!(kept(None, &wide), [0, 1]);
    }

    #[test]
    fn a_part_of_any_other_shape_than_the_original_is_left_out() {
        let reel = [(1080, 1920, WHOLE), (1080, 1440, WHOLE), (320, 569, WHOLE)];
        assert_eq!(kept(Some((1080, 1920)), &reel), [0, 2]);
        let cover = [(1080, 1350, WHOLE), (640, 640, WHOLE)];
        assert_eq!(kept(Some((1080, 1920)), &cover), [0], "of its own shape");
    }

    #[test]
    fn without_sizes_the_address_decides() {
        let offered = [(0, 0, WHOLE), (0, 0, SCALED), (0, 0, SQUARE)];
        for original in [None, Some((1080, 1350))] {
            assert_eq!(kept(original, &offered), [0, 1], "{original:?}");
        }
        let square = [(0, 0, "dst-jpg_e35_s640x640_tt6"), (1080, 1080, WHOLE)];
        assert_eq!(kept(Some((1080, 1350)), &square), [0]);
    }

    #[test]
    fn the_renditions_of_a_square_picture_stay() {
        let offered = [(1080, 1080, WHOLE), (640, 640, SQUARE), (320, 320, SCALED)];
        for original in [None, Some((1080, 1080)), Some((1440, 1440))] {
            assert_eq!(kept(original, &offered), [0, 1, 2], "{original:?}");
        }
        let bare = [(0, 0, WHOLE), (0, 0, SQUARE)];
        assert_eq!(kept(Some((1080, 1080)), &bare), [0, 1]);
    }

    #[test]
    fn crops_stay_where_nothing_else_is_offered() {
        let squares = [(640, 640, SQUARE), (320, 320, SQUARE)];
        for original in [None, Some((1080, 1350))] {
            assert_eq!(kept(original, &squares), [0, 1], "{original:?}");
        }
        assert_eq!(kept(Some((1080, 1350)), &[(640, 640, WHOLE)]), [0]);
        assert_eq!(kept(None, &[]), [0_usize; 0]);
        // The owner cut the picture: the whole of it is cut out of the upload.
        let own = [
            (1080, 1350, "c0.40.1080.1350a_dst-jpg_e35"),
            (640, 640, SQUARE),
        ];
        for original in [None, Some((1080, 1350))] {
            assert_eq!(kept(original, &own), [0], "{original:?}");
        }
    }
}
