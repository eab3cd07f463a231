//! Pictures that a camera turned, and pictures with a colour profile.

use image::{
    DynamicImage, ImageDecoder as _, ImageEncoder as _, ImageFormat as Format, ImageReader,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
};

use super::*;

/// An Exif block that states only an orientation.
fn exif(orientation: u8) -> Vec<u8> {
    [
        b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0",
        &[orientation][..],
        &[0; 6],
    ]
    .concat()
}

/// The header of a profile for pixels of this colour space, which is enough to tell it.
fn profile(space: &[u8; 4]) -> Vec<u8> {
    let mut profile = vec![7; 301];
    profile[16..20].copy_from_slice(space);
    profile
}

/// A picture whose left half is red and whose right half is blue, with this Exif block and profile.
fn halves(format: Format, exif: Vec<u8>, profile: Option<Vec<u8>>) -> Vec<u8> {
    let image = RgbImage::from_fn(40, 20, |x, _| {
        image::Rgb(if x < 20 { [250, 0, 0] } else { [0, 0, 250] })
    });
    let mut bytes = Vec::new();
    match format {
        Format::Jpeg => {
            let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
            encoder.set_exif_metadata(exif).unwrap();
            encoder
                .set_icc_profile(profile.unwrap_or_default())
                .unwrap();
            image.write_with_encoder(encoder).unwrap();
        }
        Format::Png => {
            let mut encoder = PngEncoder::new(&mut bytes);
            encoder.set_exif_metadata(exif).unwrap();
            if let Some(profile) = profile {
                encoder.set_icc_profile(profile).unwrap();
            }
            image.write_with_encoder(encoder).unwrap();
        }
        _ => return webp(&image, exif, profile),
    }
    bytes
}

/// A WebP with an extended header, from the chunks of a plain one.
fn webp(image: &RgbImage, exif: Vec<u8>, profile: Option<Vec<u8>>) -> Vec<u8> {
    let mut plain = Cursor::new(Vec::new());
    image.write_to(&mut plain, Format::WebP).unwrap();
    let chunk = |name: &[u8; 4], content: &[u8]| {
        let length = u32::try_from(content.len()).unwrap().to_le_bytes();
        let padding = &[0][..content.len() % 2];
        [&name[..], &length, content, padding].concat()
    };
    let flags = if profile.is_some() { 0x28 } else { 0x08 };
    let parts = [
        &b"WEBP"[..],
        &chunk(b"VP8X", &[flags, 0, 0, 0, 39, 0, 0, 19, 0, 0]),
        &profile
            .map(|profile| chunk(b"ICCP", &profile))
            .unwrap_or_default(),
        &plain.into_inner()[12..],
        &chunk(b"EXIF", &exif),
    ];
    chunk(b"RIFF", &parts.concat())
}

fn decoded(path: &Path) -> (DynamicImage, Option<Vec<u8>>, Option<Vec<u8>>) {
    let reader = ImageReader::open(path)
        .unwrap()
        .with_guessed_format()
        .unwrap();
    let mut decoder = reader.into_decoder().unwrap();
    let (profile, exif) = (
        decoder.icc_profile().unwrap(),
        decoder.exif_metadata().unwrap(),
    );
    (DynamicImage::from_decoder(decoder).unwrap(), profile, exif)
}

const FORMATS: [(Format, ImageFormat); 3] = [
    (Format::Jpeg, ImageFormat::Jpg),
    (Format::Png, ImageFormat::Png),
    (Format::WebP, ImageFormat::Webp),
];

#[tokio::test]
async fn a_turned_picture_is_measured_as_it_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    for (format, _) in FORMATS {
        for orientation in 0..10 {
            let from = put(&folder, "a", &halves(format, exif(orientation), None));
            let probe = media().probe(&from).await.unwrap();
            let shown = if matches!(orientation, 5..=8) {
                (20, 40)
            } else {
                (40, 20)
            };
            assert_eq!(
                probe.width.zip(probe.height),
                Some(shown),
                "{format:?} {orientation}"
            );
        }
    }
}

#[tokio::test]
async fn a_turned_picture_is_converted_upright_once() {
    let folder = tempfile::tempdir().unwrap();
    for (format, _) in FORMATS {
        // Where red is: left, right, right, left, top, top, bottom, bottom.
        for (orientation, (x, y)) in [
            (1, (3, 10)),
            (2, (36, 10)),
            (3, (36, 10)),
            (4, (3, 10)),
            (5, (10, 3)),
            (6, (10, 3)),
            (7, (10, 36)),
            (8, (10, 36)),
        ] {
            let from = put(&folder, "a", &halves(format, exif(orientation), None));
            for (_, target) in FORMATS {
                let to = folder.path().join("to");
                media().image(&from, &to, target, None).await.unwrap();
                let (image, _, exif) = decoded(&to);
                let pixel = image.to_rgb8().get_pixel(x, y).0;
                assert!(
                    pixel[0] > 200 && pixel[2] < 50,
                    "{format:?} {orientation} {target:?}: {pixel:?}"
                );
                assert_eq!(exif, None, "{format:?} {orientation} {target:?}");
                let probe = media().probe(&to).await.unwrap();
                assert_eq!(probe.width, Some(image.width()));
            }
        }
        let from = put(&folder, "a", &halves(format, exif(6), None));
        let to = folder.path().join("to");
        media()
            .image(&from, &to, ImageFormat::Jpg, Some(10))
            .await
            .unwrap();
        let probe = media().probe(&to).await.unwrap();
        assert_eq!(probe.width.zip(probe.height), Some((10, 20)), "{format:?}");
    }
}

#[tokio::test]
async fn a_profile_is_kept_in_every_conversion() {
    let folder = tempfile::tempdir().unwrap();
    let wide = profile(b"RGB ");
    for (format, _) in FORMATS {
        let from = put(&folder, "a", &halves(format, exif(1), Some(wide.clone())));
        for (_, target) in FORMATS {
            for width in [None, Some(20)] {
                let to = folder.path().join("to");
                media().image(&from, &to, target, width).await.unwrap();
                assert_eq!(
                    decoded(&to).1.as_ref(),
                    Some(&wide),
                    "{format:?} {target:?} {width:?}"
                );
                let bytes = fs::read(&to).unwrap();
                assert!(is_whole(&to).await.unwrap(), "{target:?} {}", bytes.len());
            }
        }
    }
}

#[tokio::test]
async fn a_profile_of_other_pixels_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let from = put(
        &folder,
        "a",
        &halves(Format::Jpeg, exif(1), Some(profile(b"CMYK"))),
    );
    let gray = image::GrayImage::from_pixel(40, 20, image::Luma([90]));
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new(&mut bytes);
    encoder.set_icc_profile(profile(b"GRAY")).unwrap();
    gray.write_with_encoder(encoder).unwrap();
    let grey = put(&folder, "b", &bytes);
    for (_, target) in FORMATS {
        let to = folder.path().join("to");
        media().image(&from, &to, target, None).await.unwrap();
        assert_eq!(decoded(&to).1, None, "{target:?}");
        media().image(&grey, &to, target, None).await.unwrap();
        // A WebP has no grey pixels.
        let kept = (target != ImageFormat::Webp).then(|| profile(b"GRAY"));
        assert_eq!(decoded(&to).1, kept, "{target:?}");
    }
}

#[tokio::test]
async fn transparent_pixels_stay_so_beside_a_profile() {
    let folder = tempfile::tempdir().unwrap();
    let image = image::RgbaImage::from_fn(40, 20, |x, _| {
        image::Rgba([200, 10, 10, if x < 20 { 0 } else { 255 }])
    });
    let mut bytes = Vec::new();
    let mut encoder = PngEncoder::new(&mut bytes);
    encoder.set_icc_profile(profile(b"RGB ")).unwrap();
    image.write_with_encoder(encoder).unwrap();
    let from = put(&folder, "a", &bytes);
    let to = folder.path().join("to");
    media()
        .image(&from, &to, ImageFormat::Webp, None)
        .await
        .unwrap();
    let (image, found, _) = decoded(&to);
    assert_eq!(found, Some(profile(b"RGB ")));
    let image = image.to_rgba8();
    assert_eq!(
        (image.get_pixel(3, 3).0[3], image.get_pixel(33, 3).0[3]),
        (0, 255)
    );
}
