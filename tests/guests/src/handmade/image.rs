//! The memory of a handmade extractor, in which its answers are written beforehand.

use wit_parser::Alignment;

use super::Flaw;

/// Where the manifest is, and its version.
pub(super) const MANIFEST: usize = 1024;
pub(super) const VERSION: usize = 2048;
/// Where the outcome is.
pub(super) const OUTCOME: usize = 1536;
/// Where the texts are.
const TEXTS: usize = 2048;
/// Where arguments go.
pub(super) const ARGUMENTS: i32 = 65_536;

fn put(image: &mut [u8], at: usize, values: &[u32]) {
    for (index, value) in values.iter().enumerate() {
        let at = at + 4 * index;
        image[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
}

/// Writes a text, and returns its address and length.
fn text(image: &mut [u8], at: usize, text: &[u8]) -> [u32; 2] {
    image[at..at + text.len()].copy_from_slice(text);
    [at as u32, text.len() as u32]
}

pub(super) fn write_manifest(image: &mut [u8], plugin: &str) {
    let version = text(image, VERSION, b"1.0.0");
    let name = text(image, TEXTS + 16, plugin.as_bytes());
    let host = text(image, TEXTS + 32, b"www.instagram.com");
    put(image, TEXTS + 64, &host);
    put(image, MANIFEST, &name);
    put(image, MANIFEST + 8, &version);
    let (hosts, rounds, requests, session) = ([TEXTS as u32 + 64, 1], 8, 12, 0);
    put(image, MANIFEST + 16, &hosts);
    put(image, MANIFEST + 24, &[rounds, requests, session]);
    put(image, MANIFEST + 36, &[TEXTS as u32, 0]);
}

/// Writes an outcome: a report without door and lines, and the refusal that there is nothing.
pub(super) fn write_outcome(image: &mut [u8], step: Alignment, flaw: Flaw) {
    const REFUSE: u32 = 2;
    let step = step.align_wasm32();
    let step_at = OUTCOME + 20_usize.next_multiple_of(step);
    put(image, step_at, &[REFUSE]);
    let texts = TEXTS as u32;
    match flaw {
        Flaw::LengthBeyond => put(image, OUTCOME + 12, &[texts, 0x0fff_ffff]),
        Flaw::LengthOverflow => put(image, OUTCOME, &[1, u32::MAX - 1, 0x7fff_ffff]),
        Flaw::BadUtf8 => {
            let door = text(image, TEXTS + 128, b"a\xff\xfe\x80");
            put(image, OUTCOME, &[1, door[0], door[1]]);
        }
        Flaw::LoneSurrogate => {
            let door = text(image, TEXTS + 128, b"a\xed\xa0\x80");
            put(image, OUTCOME, &[1, door[0], door[1]]);
        }
        Flaw::LoneSurrogateInUtf16 => {
            let door = text(image, TEXTS + 128, b"a\0\x00\xd8");
            put(image, OUTCOME, &[1, door[0], 2]);
        }
        Flaw::BadStep => put(image, step_at, &[7]),
        Flaw::BadOption => put(image, OUTCOME, &[2, texts, 1]),
        Flaw::BadRefusal => put(image, step_at + step, &[200]),
        Flaw::BadSeverity => {
            // A severity, a door that is not there, and a message.
            put(image, TEXTS + 128, &[9, 0, 0, 0, texts, 1]);
            put(image, OUTCOME + 12, &[texts + 128, 1]);
        }
        _ => {}
    }
}
