//! A file that was cut off anywhere is not whole; a whole file is, whatever follows its end.

use std::io::Cursor;

use image::ImageFormat as Format;

use super::*;
use crate::media::whole;

fn is_whole(bytes: &[u8]) -> bool {
    let kind = sniff(bytes).unwrap();
    // What cannot be read at all is not whole either.
    whole::is_whole(&mut Cursor::new(bytes), kind).unwrap_or(false)
}

/// Checks every cut of a small file.
fn assert_cuts(bytes: &[u8], what: &str) {
    assert!(is_whole(bytes), "{what}");
    // The last byte of a WebP may be padding.
    let padding = usize::from(sniff(bytes) == Some(Type::Webp));
    for length in 32..bytes.len() - padding {
        assert!(
            !is_whole(&bytes[..length]),
            "{what}: {length} of {}",
            bytes.len()
        );
    }
}

#[test]
fn a_picture_is_whole_up_to_its_own_end() {
    for format in [Format::Jpeg, Format::Png, Format::WebP] {
        let bytes = picture(37, 21, format);
        assert_cuts(&bytes, &format!("{format:?}"));
        let more = [&bytes[..], b"trailing \xff\xd8\xff bytes"].concat();
        assert!(is_whole(&more), "{format:?}");
    }
}

#[test]
fn the_end_of_a_thumbnail_is_not_the_end_of_its_picture() {
    let thumbnail = picture(8, 8, Format::Jpeg);
    let bytes = picture(37, 21, Format::Jpeg);
    let exif = [b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0", &thumbnail[..]].concat();
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    let bytes = [&bytes[..2], b"\xff\xe1", &length, &exif, &bytes[2..]].concat();
    assert_cuts(&bytes, "with a thumbnail");
}

#[test]
fn the_mark_of_an_end_inside_a_comment_is_no_end() {
    let bytes = picture(37, 21, Format::Jpeg);
    let scan = bytes.windows(2).position(|two| two == b"\xff\xda").unwrap();
    let comment = b"\xff\xfe\0\x06\xff\xd9\xff\xd9";
    let bytes = [&bytes[..scan], comment, &bytes[scan..]].concat();
    assert_cuts(&bytes, "with a comment");
}

#[test]
fn a_movie_is_whole_when_all_of_its_boxes_and_data_are_there() {
    let folder = tempfile::tempdir().unwrap();
    for (name, more) in [
        ("plain.mp4", &[][..]),
        ("fast.mp4", &["-movflags", "+faststart"]),
        (
            "pieces.mp4",
            &["-g", "5", "-movflags", "+frag_keyframe+empty_moov"],
        ),
        (
            "dash.mp4",
            &[
                "-g",
                "5",
                "-movflags",
                "+frag_keyframe+empty_moov+dash+global_sidx",
            ],
        ),
        ("sound.m4a", &["-vn"]),
        ("a.mov", &[]),
    ] {
        let bytes = fs::read(film(&folder, name, more)).unwrap();
        assert!(is_whole(&bytes), "{name}");
        for length in (40..bytes.len() - 1).step_by(257).chain([bytes.len() - 1]) {
            assert!(!is_whole(&bytes[..length]), "{name}: {length}");
        }
    }
}

#[test]
fn a_movie_that_was_cut_between_two_boxes_is_not_whole() {
    let folder = tempfile::tempdir().unwrap();
    for (name, more) in [
        ("plain.mp4", &[][..]),
        ("fast.mp4", &["-movflags", "+faststart"]),
        (
            "indexed.mp4",
            &[
                "-g",
                "5",
                "-movflags",
                "+frag_keyframe+empty_moov+dash+global_sidx",
            ],
        ),
    ] {
        let bytes = fs::read(film(&folder, name, more)).unwrap();
        let mut at = 0;
        while at < bytes.len() {
            // An index at the end is a help, but no part of the movie.
            let is_index = &bytes[at + 4..at + 8] == b"mfra";
            assert!(
                at < 32 || is_index || !is_whole(&bytes[..at]),
                "{name}: {at}"
            );
            at += u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(head in 0..5_usize, bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let head: &[u8] = [
            &b"\xff\xd8\xff\xe0"[..],
            b"\x89PNG\r\n\x1a\n",
            b"RIFF\x40\0\0\0WEBPVP8 ",
            b"\0\0\0\x10ftypheic\0\0\0\0",
            b"\0\0\0\x10ftypisom\0\0\0\0",
        ][head];
        let bytes = [head, &bytes].concat();
        if let Some(kind) = sniff(&bytes) {
            let _ = whole::is_whole(&mut Cursor::new(&bytes), kind);
        }
    }
}
