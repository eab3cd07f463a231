//! Reads the profile picture of an account: the same picture in several sizes, from every place that states one.

use crate::json::Value;

use crate::contract::records::Image;
use crate::read::address::{cut, scaled_side, unsigned};
use crate::read::{Page, field};

/// In the path of every profile picture (`/v/t51.2885-19/…`, `/v/t51.82787-19/…`), unlike in those of posts.
const PORTRAITS: &str = "-19/";

/// The pictures in an account root, smallest first.
pub(super) fn portraits(root: &Value<'_>) -> Vec<Image> {
    let bare = [&root["profile_pic_url"], &root["profile_pic_url_hd"]];
    let bare = bare.map(|url| (url, &Value::Null, &Value::Null));
    let sized = field::list(&root["hd_profile_pic_versions"])
        .iter()
        .chain([&root["hd_profile_pic_url_info"]])
        .map(|it| (&it["url"], &it["width"], &it["height"]));
    let stated = bare.into_iter().chain(sized);
    let pictures = stated.filter_map(|(url, width, height)| {
        let url = field::url(url)?;
        let side = side(&url);
        let at_most = |stated: Option<u32>| stated.min(side).or(stated).or(side);
        Some(Image {
            width: at_most(field::pixels(width)),
            height: at_most(field::pixels(height)),
            url,
        })
    });
    joined(Vec::new(), pictures)
}

/// The picture that a page about an account shows to other websites.
pub(crate) fn shown_by(page: &Page<'_>) -> Option<Image> {
    let url = page.image.clone()?;
    let is_portrait = url.starts_with("https://") && unsigned(&url).contains(PORTRAITS);
    let side = side(&url);
    is_portrait.then_some(Image {
        url,
        width: side,
        height: side,
    })
}

/// Adds the pictures that are new, and sorts them, smallest first. A picture of which nothing tells the size is the
/// original, and larger than those whose address asks for a size. The signature of a picture is new in every response
/// (instaloader#1932).
pub(crate) fn joined(known: Vec<Image>, others: impl IntoIterator<Item = Image>) -> Vec<Image> {
    let mut pictures = known;
    for other in others {
        let is_same = |one: &&mut Image| {
            file(&one.url) == file(&other.url) && side(&one.url) == side(&other.url)
        };
        match pictures.iter_mut().find(is_same) {
            Some(one) => {
                one.width = one.width.or(other.width);
                one.height = one.height.or(other.height);
            }
            None => pictures.push(other),
        }
    }
    let sides = pictures.iter().filter_map(|picture| side(&picture.url));
    let largest = sides.max().unwrap_or_default();
    pictures.sort_by_key(|picture| (picture.width.unwrap_or(largest), picture.width.is_none()));
    pictures
}

/// The name of the file, which is the same on every media server.
fn file(url: &str) -> &str {
    unsigned(url).rsplit('/').next().unwrap_or(url)
}

/// The side of a square picture, if its address asks for one, pixels.
fn side(url: &str) -> Option<u32> {
    scaled_side(url).or(cut(url).map(|(width, _)| width))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::json::trees::parsed;

    const SMALL: &str =
        "https://x.fbcdn.net/v/t51.2885-19/1_n.jpg?stp=dst-jpg_s150x150_tt6&_nc_ohc=A";
    const MIDDLE: &str =
        "https://x.fbcdn.net/v/t51.2885-19/1_n.jpg?stp=dst-jpg_s320x320_tt6&_nc_ohc=B";
    const LARGE: &str =
        "https://x.fbcdn.net/v/t51.2885-19/1_n.jpg?stp=dst-jpg_s640x640_tt6&_nc_ohc=C";
    const ORIGINAL: &str = "https://x.fbcdn.net/v/t51.2885-19/1_n.jpg?_nc_ohc=D";

    /// The addresses and widths of the pictures.
    fn read(root: Value) -> Vec<(String, Option<u32>)> {
        let pictures = portraits(&parsed(root)).into_iter();
        pictures.map(|it| (it.url, it.width)).collect()
    }

    fn is(url: &str, width: impl Into<Option<u32>>) -> (String, Option<u32>) {
        (url.to_owned(), width.into())
    }

    #[test]
    fn the_largest_is_last_whatever_the_order_of_the_response() {
        let version = |url: &str, side: u32| json!({"url": url, "width": side, "height": side});
        let mut versions = [
            version(MIDDLE, 320),
            version(LARGE, 640),
            version(SMALL, 150),
        ];
        for _ in 0..versions.len() {
            versions.rotate_left(1);
            let root = json!({"profile_pic_url": SMALL, "hd_profile_pic_versions": versions});
            assert_eq!(
                read(root),
                [is(SMALL, 150), is(MIDDLE, 320), is(LARGE, 640)]
            );
        }
    }

    #[test]
    fn an_address_without_a_size_is_the_original() {
        let root = json!({"profile_pic_url": SMALL, "profile_pic_url_hd": ORIGINAL,
            "hd_profile_pic_versions": [{"url": LARGE, "width": 640, "height": 640}]});
        assert_eq!(
            read(root),
            [is(SMALL, 150), is(LARGE, 640), is(ORIGINAL, None)]
        );
        let root = json!({"profile_pic_url": ORIGINAL,
            "hd_profile_pic_url_info": {"url": ORIGINAL, "width": 1080, "height": 1080}});
        assert_eq!(read(root), [is(ORIGINAL, 1080)]);
    }

    #[test]
    fn a_size_that_is_stated_counts() {
        let root = json!({"profile_pic_url": ORIGINAL, "hd_profile_pic_versions": [
            {"url": "https://x.fbcdn.net/v/2_n.jpg", "width": 1080, "height": 1080},
            {"url": "https://x.fbcdn.net/v/3_n.jpg", "width": 100, "height": 100}, {"url": SMALL}]});
        let widths: Vec<_> = read(root).into_iter().map(|(_, width)| width).collect();
        assert_eq!(widths, [Some(100), Some(150), None, Some(1080)]);
    }

    #[test]
    fn a_picture_is_no_larger_than_its_address_asks_for() {
        let info = |url: &str| json!({"hd_profile_pic_url_info": {"url": url, "width": 240, "height": 240}});
        assert_eq!(read(info(SMALL)), [is(SMALL, 150)]);
        assert_eq!(read(info(LARGE)), [is(LARGE, 240)], "of a smaller original");
    }

    #[test]
    fn a_picture_with_a_new_signature_is_no_new_picture() {
        let known = portraits(&parsed(
            json!({"profile_pic_url": SMALL, "profile_pic_url_hd": ORIGINAL}),
        ));
        let signed = portraits(&parsed(
            json!({"profile_pic_url": SMALL.replace("ohc=A", "ohc=Z")}),
        ));
        assert_eq!(joined(known.clone(), signed), known);
    }

    #[test]
    fn a_page_shows_the_picture_unless_it_is_a_logo() {
        let shown = |url: &str| {
            let page = Page {
                image: Some(url.to_owned()),
                ..Page::default()
            };
            shown_by(&page).map(|picture| picture.width)
        };
        assert_eq!(shown(SMALL), Some(Some(150)));
        assert_eq!(shown(ORIGINAL), Some(None));
        assert_eq!(
            shown("https://static.cdninstagram.com/rsrc.php/v3/yR/r/a.png"),
            None
        );
        assert_eq!(shown("/v/t51.2885-19/1_n.jpg"), None);
    }
}
