//! Adds a profile to a WebP file: its encoder writes pixels only.

/// The flags of an extended header.
const HAS_PROFILE: u8 = 0x20;
/// The length of the header of a file, bytes: `RIFF`, the length, `WEBP`.
const FILE_HEAD: usize = 12;
/// The length of an extended header with its own head, bytes.
const EXTENDED: usize = 18;

/// Returns the file with the profile in its place, after the extended header and before the pixels.
pub(super) fn with_profile(webp: &[u8], profile: &[u8], (width, height): (u32, u32)) -> Vec<u8> {
    let chunks = webp.get(FILE_HEAD..).unwrap_or_default();
    let (flags, chunks) = match chunks.split_at_checked(EXTENDED) {
        Some((extended, chunks)) if extended.starts_with(b"VP8X") => (extended[8], chunks),
        _ => (0, chunks),
    };
    let side = |pixels: u32| pixels.saturating_sub(1).to_le_bytes();
    let mut extended = vec![flags | HAS_PROFILE, 0, 0, 0];
    extended.extend_from_slice(&side(width)[..3]);
    extended.extend_from_slice(&side(height)[..3]);
    let parts = [
        &chunk(*b"VP8X", &extended)[..],
        &chunk(*b"ICCP", profile),
        chunks,
    ]
    .concat();
    chunk(*b"RIFF", &[b"WEBP", &parts[..]].concat())
}

/// A chunk: its name, its length, its content, and a byte of padding after an odd length.
fn chunk(name: [u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len())
        .unwrap_or(u32::MAX)
        .to_le_bytes();
    let padding: &[u8] = if content.len() % 2 == 1 { &[0] } else { &[] };
    [&name[..], &length, content, padding].concat()
}
