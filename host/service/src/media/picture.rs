//! Decodes pictures within limits, scales them down, and encodes them again. Blocks.

use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, Write as _},
    path::Path,
};

use fast_image_resize::Resizer;
use image::{
    DynamicImage, ImageDecoder as _, ImageReader, Limits,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
};

use super::{Error, ImageFormat};

/// The maximum length of a side that is decoded, pixels.
const SIDE_PX_MAX: u32 = 16_384;
/// The maximum memory for decoding, bytes.
const DECODE_BYTES_MAX: u64 = 256 << 20;
/// The quality of JPEGs, out of 100: no visible difference from the original.
const JPEG_QUALITY: u8 = 88;
/// The quality of WebPs, out of 100: about the same to the eye.
const WEBP_QUALITY: f32 = 82.0;

pub(super) fn convert(
    from: &Path,
    to: &Path,
    format: ImageFormat,
    width: Option<u32>,
    pixels_max: u64,
) -> Result<(), Error> {
    let image = decode(from, pixels_max)?;
    let image = match width {
        Some(width) if width < image.width() => scaled(&image, width)?,
        _ => image,
    };
    let written = write(&image, to, format);
    if written.is_err() {
        // An incomplete picture is useless.
        let _ = fs::remove_file(to);
    }
    written
}

/// Checks the header before anything is decoded, and turns a phone's picture upright.
fn decode(from: &Path, pixels_max: u64) -> Result<DynamicImage, Error> {
    let unreadable = |error: image::ImageError| match error {
        image::ImageError::Limits(error) => Error::TooLarge(error.to_string()),
        error => Error::NotMedia(error.to_string()),
    };
    let mut reader = ImageReader::new(BufReader::new(File::open(from)?)).with_guessed_format()?;
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
    let orientation = decoder.orientation().map_err(unreadable)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    image.apply_orientation(orientation);
    Ok(image)
}

fn scaled(image: &DynamicImage, width: u32) -> Result<DynamicImage, Error> {
    let height = u64::from(image.height()) * u64::from(width) / u64::from(image.width().max(1));
    let height = u32::try_from(height).unwrap_or(u32::MAX).max(1);
    let mut smaller = DynamicImage::new(width, height, image.color());
    let resized = Resizer::new().resize(image, &mut smaller, None);
    resized.map_err(|error| Error::Failed(error.to_string()))?;
    Ok(smaller)
}

fn write(image: &DynamicImage, to: &Path, format: ImageFormat) -> Result<(), Error> {
    let failed = |error: image::ImageError| Error::Failed(error.to_string());
    let mut file = BufWriter::new(File::create(to)?);
    match format {
        ImageFormat::Jpg => {
            let encoder = JpegEncoder::new_with_quality(&mut file, JPEG_QUALITY);
            image
                .to_rgb8()
                .write_with_encoder(encoder)
                .map_err(failed)?;
        }
        ImageFormat::Png => {
            image
                .write_with_encoder(PngEncoder::new(&mut file))
                .map_err(failed)?;
        }
        ImageFormat::Webp => {
            let rgba = image.to_rgba8();
            let encoder = webp::Encoder::from_rgba(&rgba, rgba.width(), rgba.height());
            let encoded = encoder.encode_simple(false, WEBP_QUALITY);
            let encoded = encoded.map_err(|error| Error::Failed(format!("webp: {error:?}")))?;
            file.write_all(&encoded)?;
        }
    }
    file.flush()?;
    Ok(())
}
