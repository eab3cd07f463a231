//! Decodes pictures within limits, turns them upright, scales them down, and encodes them again. Blocks.

mod riff;

use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, Cursor, Read as _, Write as _},
    path::Path,
};

use fast_image_resize::Resizer;
use image::{
    DynamicImage, ImageDecoder as _, ImageEncoder, ImageReader, Limits,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
    metadata::Orientation,
};

use super::{Error, ImageFormat, kind, parts};

/// The maximum length of a side that is decoded, pixels.
const SIDE_PX_MAX: u32 = 16_384;
/// The maximum memory for decoding, bytes.
const DECODE_BYTES_MAX: u64 = 256 << 20;
/// The maximum length of a picture that is decoded, bytes. Those of Instagram have 1 MB; what follows the end of a
/// picture does not count.
const FILE_BYTES_MAX: u64 = 32 << 20;
/// The quality of JPEGs, out of 100: no visible difference from the original.
const JPEG_QUALITY: u8 = 88;
/// The quality of WebPs, out of 100: about the same to the eye.
const WEBP_QUALITY: f32 = 82.0;

/// What is true of a picture besides its pixels.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// How it is turned for display, one after the other.
    pub(super) turns: Vec<Orientation>,
    /// The ICC profile of its colours.
    pub(super) profile: Option<Vec<u8>>,
}

/// Converts a picture. `facts` replace those that the file itself states.
pub(super) fn convert(
    from: &Path,
    to: &Path,
    format: ImageFormat,
    width: Option<u32>,
    pixels_max: u64,
    facts: Option<Facts>,
) -> Result<(), Error> {
    let (mut image, own) = decode(from, pixels_max)?;
    let Facts { turns, profile } = facts.unwrap_or(own);
    for turn in turns {
        image.apply_orientation(turn);
    }
    let image = match width {
        Some(width) if width < image.width() => scaled(&image, width)?,
        _ => image,
    };
    let written = write(&image, profile, to, format);
    if written.is_err() {
        // An incomplete picture is useless.
        let _ = fs::remove_file(to);
    }
    written
}

/// Decodes a picture to its end, only to see whether that is possible.
pub(super) fn check(file: &Path, pixels_max: u64) -> Result<(), Error> {
    decode(file, pixels_max).map(drop)
}

/// Checks the header before anything is decoded.
fn decode(from: &Path, pixels_max: u64) -> Result<(DynamicImage, Facts), Error> {
    let unreadable = |error: image::ImageError| match error {
        image::ImageError::Limits(error) => Error::TooLarge(error.to_string()),
        error => Error::NotMedia(error.to_string()),
    };
    let (file, kind) = kind::open(from)?;
    let outline = parts::outline(&mut BufReader::new(file), kind)?;
    if outline.end > FILE_BYTES_MAX {
        return Err(Error::TooLarge(format!("{} bytes", outline.end)));
    }
    // A decoder would read the whole file, however much follows the picture.
    let mut bytes = Vec::new();
    File::open(from)?
        .take(outline.end)
        .read_to_end(&mut bytes)?;
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_PX_MAX);
    limits.max_image_height = Some(SIDE_PX_MAX);
    limits.max_alloc = Some(DECODE_BYTES_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(unreadable)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > pixels_max {
        return Err(Error::TooLarge(format!("{width}x{height} pixels")));
    }
    let facts = Facts {
        turns: vec![outline.orientation()],
        // A profile that cannot be read is no reason to refuse the picture.
        profile: decoder.icc_profile().ok().flatten(),
    };
    let image = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    Ok((image, facts))
}

fn scaled(image: &DynamicImage, width: u32) -> Result<DynamicImage, Error> {
    let height = u64::from(image.height()) * u64::from(width) / u64::from(image.width().max(1));
    let height = u32::try_from(height).unwrap_or(u32::MAX).max(1);
    let mut smaller = DynamicImage::new(width, height, image.color());
    let resized = Resizer::new().resize(image, &mut smaller, None);
    resized.map_err(|error| Error::Failed(error.to_string()))?;
    Ok(smaller)
}

fn write(
    image: &DynamicImage,
    profile: Option<Vec<u8>>,
    to: &Path,
    format: ImageFormat,
) -> Result<(), Error> {
    let has_color = image.color().has_color();
    let mut file = BufWriter::new(File::create(to)?);
    match format {
        ImageFormat::Jpg => {
            let encoder = JpegEncoder::new_with_quality(&mut file, JPEG_QUALITY);
            let profile = fitting(profile, has_color);
            if has_color {
                encode(image.to_rgb8().into(), profile, encoder)?;
            } else {
                encode(image.to_luma8().into(), profile, encoder)?;
            }
        }
        ImageFormat::Png => {
            let profile = fitting(profile, has_color);
            encode(image.clone(), profile, PngEncoder::new(&mut file))?;
        }
        ImageFormat::Webp => {
            let rgba = image.to_rgba8();
            let encoder = webp::Encoder::from_rgba(&rgba, rgba.width(), rgba.height());
            let encoded = encoder.encode_simple(false, WEBP_QUALITY);
            let encoded = encoded.map_err(|error| Error::Failed(format!("webp: {error:?}")))?;
            match fitting(profile, true) {
                Some(profile) => {
                    file.write_all(&riff::with_profile(&encoded, &profile, rgba.dimensions()))?
                }
                None => file.write_all(&encoded)?,
            }
        }
    }
    file.flush()?;
    Ok(())
}

fn encode(
    image: DynamicImage,
    profile: Option<Vec<u8>>,
    mut encoder: impl ImageEncoder,
) -> Result<(), Error> {
    let failed = |error: image::ImageError| Error::Failed(error.to_string());
    if let Some(profile) = profile {
        encoder
            .set_icc_profile(profile)
            .map_err(|error| Error::Failed(error.to_string()))?;
    }
    image.write_with_encoder(encoder).map_err(failed)
}

/// Keeps a profile that describes the pixels that are written: the profile of a CMYK picture does not describe its RGB
/// pixels.
fn fitting(profile: Option<Vec<u8>>, has_color: bool) -> Option<Vec<u8>> {
    let space: &[u8] = if has_color { b"RGB " } else { b"GRAY" };
    profile.filter(|profile| profile.get(16..20) == Some(space))
}
