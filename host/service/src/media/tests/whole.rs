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

fn mp4(boxes: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let written = boxes.iter().flat_map(|(name, body)| {
        let length = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
        [&length[..], &name[..], body].concat()
    });
    written.collect()
}

/// A box with boxes inside.
fn nested(path: &[&[u8; 4]], body: &[u8]) -> Vec<u8> {
    path.iter()
        .rev()
        .fold(body.to_vec(), |body, name| mp4(&[(name, &body)]))
}

#[test]
fn the_shell_of_a_movie_without_samples_is_not_whole() {
    let kind: &[u8] = b"isom\0\0\0\0";
    let table = |sizes: &[u8]| nested(&[b"trak", b"mdia", b"minf", b"stbl", b"stsz"], sizes);
    let sizes = |size: u32, count: u32| [[0; 4], size.to_be_bytes(), count.to_be_bytes()].concat();
    for (what, boxes) in [
        (
            "empty boxes",
            &[(b"ftyp", kind), (b"moov", &[][..]), (b"mdat", &[])][..],
        ),
        (
            "data without samples",
            &[(b"ftyp", kind), (b"moov", &[]), (b"mdat", b"data")],
        ),
        (
            "no sizes",
            &[
                (b"ftyp", kind),
                (b"moov", &table(&sizes(0, 0))),
                (b"mdat", b"data"),
            ],
        ),
        (
            "missing data",
            &[
                (b"ftyp", kind),
                (b"moov", &table(&sizes(3, 2))),
                (b"mdat", b"data"),
            ],
        ),
        (
            "an empty fragment",
            &[
                (b"ftyp", kind),
                (b"moov", &[]),
                (b"moof", b"x"),
                (b"mdat", &[]),
            ],
        ),
    ] {
        assert!(!is_whole(&mp4(boxes)), "{what}");
    }
    let whole = [
        (b"ftyp", kind),
        (b"moov", &table(&sizes(2, 2))),
        (b"mdat", b"data"),
    ];
    assert!(is_whole(&mp4(&whole)));
}

#[test]
fn a_webp_without_pixels_is_not_whole() {
    for chunks in [
        &b""[..],
        b"EXIF\x04\0\0\0abcd",
        b"VP8X\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"VP8 \0\0\0\0",
    ] {
        let length = u32::try_from(chunks.len() + 4).unwrap().to_le_bytes();
        let bytes = [b"RIFF", &length[..], b"WEBP", chunks].concat();
        assert!(!is_whole(&bytes), "{chunks:?}");
    }
}

#[test]
fn what_has_no_end_to_tell_is_not_whole() {
    for kind in [Type::Mkv, Type::Aac, Type::Mp3, Type::Wav, Type::Zip] {
        let told = whole::is_whole(&mut Cursor::new(b"any bytes"), kind);
        assert!(matches!(told, Err(Error::NotMedia(_))), "{kind:?}");
    }
    let zip = b"PK\x03\x04aaaaaaaaaaaa";
    assert_eq!((sniff(zip), is_whole(zip)), (Some(Type::Zip), false));
}

#[tokio::test]
async fn a_picture_is_verified_up_to_its_last_pixel() {
    let folder = tempfile::tempdir().unwrap();
    let media = media();
    let verify = async |bytes: &[u8]| {
        let path = folder.path().join("picture");
        fs::write(&path, bytes).unwrap();
        media.verify(&path).await
    };
    for format in [Format::Jpeg, Format::Png, Format::WebP] {
        let bytes = picture(37, 21, format);
        let found = verify(&bytes).await.unwrap();
        assert_eq!((found.width, found.height), (Some(37), Some(21)));
    }
    // The header of a bomb, with hardly any pixels.
    let mut bomb = picture(37, 21, Format::Png);
    bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    assert!(matches!(verify(&bomb).await, Err(Error::TooLarge(_))));
    bomb[16..24].copy_from_slice(&[0, 0, 8, 0, 0, 0, 8, 0]);
    let sum = crc32(&bomb[12..29]).to_be_bytes();
    bomb[29..33].copy_from_slice(&sum);
    assert!(matches!(verify(&bomb).await, Err(Error::NotMedia(_))));
    // Cut, with lengths that fit what is left.
    let whole = picture(370, 210, Format::WebP);
    let cut = (whole.len() / 2) & !1;
    let mut webp = whole[..cut].to_vec();
    webp[4..8].copy_from_slice(&u32::try_from(cut - 8).unwrap().to_le_bytes());
    webp[16..20].copy_from_slice(&u32::try_from(cut - 20).unwrap().to_le_bytes());
    assert!(is_whole(&webp));
    assert!(matches!(verify(&webp).await, Err(Error::NotMedia(_))));
    // A page that begins like a picture.
    let page = [
        b"\xff\xd8\xff\xe0",
        &b"<html>"[..],
        b"\xff\xda\0\x02\xff\xd9",
    ]
    .concat();
    assert!(verify(&page).await.is_err());
}

/// Nothing behind it is in memory when it is decoded.
#[test]
fn a_picture_ends_at_its_own_end_whatever_follows() {
    for format in [Format::Jpeg, Format::Png, Format::WebP] {
        let bytes = picture(37, 21, format);
        let more = [&bytes[..], &[0xff; 5000]].concat();
        let kind = sniff(&bytes).unwrap();
        let outline = parts::outline(&mut Cursor::new(more), kind).unwrap();
        assert_eq!(outline.end, bytes.len() as u64, "{format:?}");
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
