//! `media_preview`: rebuilds Instagram's tiny preview picture.
//!
//! Instagram sends it as base64 without the JPEG header that all previews share: byte 1 is the height, byte 2 the
//! width, the scan starts at byte 3. The header is the standard one of libjpeg at quality 50 (quantisation and Huffman
//! tables of ITU-T T.81 annex K, 4:2:0), 607 bytes with the height at 160 and the width at 162.

use base64::{Engine, prelude::BASE64_STANDARD};

/// In base64, because the repository contains only text.
const HEADER: &str = "\
    /9j/4AAQSkZJRgABAQAAAQABAAD/2wCEABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1R\
    V19iZ2hnPk1xeXBkeFxlZ2MBERISGBUYLxoaL2NCOEJjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2Nj\
    Y2NjY2NjY2NjY//AABEIAAAAAAMBIgACEQEDEQH/xAGiAAABBQEBAQEBAQAAAAAAAAAAAQIDBAUGBwgJCgsQAAIBAwMCBAMF\
    BQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElK\
    U1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV\
    1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+gEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoLEQACAQIEBAMEBwUEBAABAncA\
    AQIDEQQFITEGEkFRB2FxEyIygQgUQpGhscEJIzNS8BVictEKFiQ04SXxFxgZGiYnKCkqNTY3ODk6Q0RFRkdISUpTVFVWV1hZ\
    WmNkZWZnaGlqc3R1dnd4eXqCg4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2dri\
    4+Tl5ufo6ery8/T19vf4+fr/2gAMAwEAAhEDEQA/AA==";
const HEIGHT_AT: usize = 160;
const WIDTH_AT: usize = 162;
const END_OF_IMAGE: &[u8] = &[0xFF, 0xD9];

/// Returns the preview as a data URI; `None` if it would not be a picture.
pub(in crate::api) fn data_uri(headerless: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(headerless).ok()?;
    let &[_, height @ 1..=u8::MAX, width @ 1..=u8::MAX, ref scan @ ..] = bytes.as_slice() else {
        return None;
    };
    if !scan.ends_with(END_OF_IMAGE) {
        return None;
    }
    let mut jpeg = BASE64_STANDARD.decode(HEADER).ok()?;
    *jpeg.get_mut(HEIGHT_AT)? = height;
    *jpeg.get_mut(WIDTH_AT)? = width;
    jpeg.extend_from_slice(scan);
    Some(format!(
        "data:image/jpeg;base64,{}",
        BASE64_STANDARD.encode(jpeg)
    ))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    //! The parts form a JPEG.

    use super::*;

    #[test]
    fn height_and_width_go_into_the_frame_header() {
        let sent = BASE64_STANDARD.encode([0, 42, 31, 1, 2, 3, 0xFF, 0xD9]);
        let uri = data_uri(&sent).unwrap();
        let jpeg = BASE64_STANDARD
            .decode(uri.strip_prefix("data:image/jpeg;base64,").unwrap())
            .unwrap();
        let frame = jpeg
            .windows(2)
            .position(|marker| marker == [0xFF, 0xC0])
            .unwrap();
        assert_eq!(jpeg[frame + 5..frame + 9], [0, 42, 0, 31]);
        assert_eq!(jpeg[..3], [0xFF, 0xD8, 0xFF]);
        assert_eq!(jpeg[605..], [0x3F, 0, 1, 2, 3, 0xFF, 0xD9]);
    }

    #[test]
    fn what_is_no_picture_is_none() {
        for sent in ["", "!", "AAAA", &BASE64_STANDARD.encode([0, 42, 42, 1])] {
            assert_eq!(data_uri(sent), None, "{sent}");
        }
    }
}
