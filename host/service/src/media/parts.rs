//! Walks the parts of a JPEG, PNG or WebP file: finds its end, and the Exif block that says how it is turned.

use std::io::{self, BufRead, Read as _};

use image::metadata::Orientation;

use super::Type;

/// The maximum length of an Exif block, bytes. In a JPEG it is 64 KB at most.
const EXIF_BYTES_MAX: u64 = 1 << 20;

/// What the parts of a picture file say.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// Whether the file reaches its own end. Bytes after it do not matter.
    pub(super) is_whole: bool,
    /// Where the picture ends, or the file if that is earlier, bytes.
    pub(super) end: u64,
    /// The Exif block, which begins with a TIFF header.
    exif: Option<Vec<u8>>,
}

impl Outline {
    /// How the pixels are turned for display.
    pub(super) fn orientation(&self) -> Orientation {
        let exif = self.exif.as_deref().unwrap_or_default();
        // Some writers repeat the prefix of a JPEG segment in a WebP or PNG chunk.
        let exif = exif.strip_prefix(JPEG_EXIF).unwrap_or(exif);
        Orientation::from_exif_chunk(exif).unwrap_or(Orientation::NoTransforms)
    }
}

/// What an Exif segment of a JPEG begins with.
const JPEG_EXIF: &[u8] = b"Exif\0\0";

/// Walks a picture from its beginning. The outline of other types is empty.
pub(super) fn outline(file: &mut impl BufRead, kind: Type) -> io::Result<Outline> {
    let mut outline = Outline::default();
    let mut file = Counted { file, read: 0 };
    let walked = match kind {
        Type::Jpeg => jpeg(&mut file, &mut outline),
        Type::Png => png(&mut file, &mut outline),
        Type::Webp => webp(&mut file, &mut outline),
        _ => Ok(()),
    };
    outline.end = file.read;
    match walked {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(outline),
        walked => walked.map(|()| outline),
    }
}

/// A file, and how much of it was read.
struct Counted<'a, F> {
    file: &'a mut F,
    read: u64,
}

impl<F: BufRead> io::Read for Counted<'_, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.read += read as u64;
        Ok(read)
    }
}

impl<F: BufRead> BufRead for Counted<'_, F> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.file.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.read += bytes as u64;
        self.file.consume(bytes);
    }
}

/// Segments of ITU-T T.81, annex B: a marker, and for most of them a length.
fn jpeg(file: &mut impl BufRead, outline: &mut Outline) -> io::Result<()> {
    let mut has_scan = false;
    loop {
        if file.skip_until(0xff)? == 0 {
            return Ok(());
        }
        let mut marker = [0xff];
        while marker == [0xff] {
            file.read_exact(&mut marker)?;
        }
        match marker[0] {
            // Escaped data, restart markers and the start have no length.
            0x00 | 0x01 | 0xd0..=0xd8 => {}
            // A second end may follow in the trailing bytes; the first one counts.
            0xd9 => {
                outline.is_whole = has_scan;
                return Ok(());
            }
            marker => {
                has_scan |= marker == 0xda;
                let mut length = [0; 2];
                file.read_exact(&mut length)?;
                let length = u64::from(u16::from_be_bytes(length)).saturating_sub(2);
                if marker == 0xe1 && outline.exif.is_none() {
                    let body = read(file, length)?;
                    outline.exif = body.starts_with(JPEG_EXIF).then_some(body);
                } else {
                    skip(file, length)?;
                }
            }
        }
    }
}

/// Chunks of PNG: length, type, content, checksum.
fn png(file: &mut impl BufRead, outline: &mut Outline) -> io::Result<()> {
    skip(file, 8)?;
    let mut has_pixels = false;
    loop {
        let mut head = [0; 8];
        file.read_exact(&mut head)?;
        let length = u64::from(u32::from_be_bytes([head[0], head[1], head[2], head[3]]));
        match &head[4..] {
            b"eXIf" if length <= EXIF_BYTES_MAX => {
                outline.exif = Some(read(file, length)?);
                skip(file, 4)?;
            }
            name => {
                let is_end = name == b"IEND";
                has_pixels |= name == b"IDAT";
                skip(file, length + 4)?;
                if is_end {
                    outline.is_whole = has_pixels;
                    return Ok(());
                }
            }
        }
    }
}

/// Chunks of RIFF: type, length, content, and a byte of padding after an odd length.
fn webp(file: &mut impl BufRead, outline: &mut Outline) -> io::Result<()> {
    let mut head = [0; 12];
    file.read_exact(&mut head)?;
    let little = |bytes: [u8; 4]| u64::from(u32::from_le_bytes(bytes));
    let mut left = little([head[4], head[5], head[6], head[7]]).saturating_sub(4);
    let mut has_pixels = false;
    while left >= 8 {
        let mut head = [0; 8];
        file.read_exact(&mut head)?;
        let length = little([head[4], head[5], head[6], head[7]]);
        has_pixels |= matches!(&head[..4], b"VP8 " | b"VP8L" | b"ANMF") && length > 0;
        left = left.saturating_sub(8 + length + length % 2);
        if &head[..4] == b"EXIF" && length <= EXIF_BYTES_MAX {
            outline.exif = Some(read(file, length)?);
        } else {
            skip(file, length)?;
        }
        // The last byte of padding may be missing.
        if left > 0 {
            skip(file, length % 2)?;
        }
    }
    outline.is_whole = has_pixels;
    Ok(())
}

fn read(file: &mut impl BufRead, length: u64) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if file.take(length).read_to_end(&mut body)? as u64 == length {
        Ok(body)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

fn skip(file: &mut impl BufRead, length: u64) -> io::Result<()> {
    if io::copy(&mut file.take(length), &mut io::sink())? == length {
        Ok(())
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}
