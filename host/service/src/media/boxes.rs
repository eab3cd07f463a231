//! Reads the boxes of an mp4 that describe its content (ISO/IEC 14496-12), without a child process.

use std::{
    collections::BTreeMap,
    io::{Read, Seek, SeekFrom},
};

use super::{Error, Probe};

/// The maximum length of a `moov` box, and of all indexes together, bytes. An hour of video has a
/// `moov` box of about 1 MB.
pub(super) const MOOV_BYTES_MAX: u64 = 32 << 20;
/// The maximum number of top-level boxes that are searched for it.
pub(super) const BOXES_MAX: usize = 10_000;

/// Adds the values of the movie box to `nothing`. The duration of a fragmented video comes from its indexes.
pub(super) fn probe(file: &mut (impl Read + Seek), nothing: Probe) -> Result<Probe, Error> {
    let (mut moov, mut left) = (None, MOOV_BYTES_MAX);
    // Durations by track, because sound and video have separate indexes.
    let mut indexed_s: BTreeMap<u32, f64> = BTreeMap::new();
    let mut place = Some(0);
    for _ in 0..BOXES_MAX {
        let Some(at) = place else { break };
        let Some(found) = top(file, at)? else { break };
        match &found.name {
            b"moov" if moov.is_none() => {
                moov = Some(found.read(file)?);
            }
            b"sidx" if found.length <= left => {
                left -= found.length;
                if let Some((track, seconds)) = index(&found.read(file)?) {
                    *indexed_s.entry(track).or_default() += seconds;
                }
            }
            _ => {}
        }
        place = found.next;
    }
    let moov = moov.ok_or_else(|| Error::NotMedia("an mp4 without a movie".to_owned()))?;
    let mut probe = nothing;
    probe.duration_s = child(&moov, b"mvhd").and_then(duration);
    for track in children(&moov)
        .filter(|(name, _)| *name == b"trak")
        .map(|(_, body)| body)
    {
        read_track(track, &mut probe);
    }
    if probe.duration_s.is_none() {
        let longest = indexed_s.into_values().fold(0.0, f64::max);
        probe.duration_s = pieces(&moov).or((longest > 0.0).then_some(longest));
    }
    Ok(probe)
}

/// A top-level box of the file.
pub(super) struct Top {
    pub(super) name: [u8; 4],
    /// The start of its content, and the length of the content that is present, bytes.
    start: u64,
    pub(super) length: u64,
    /// Where it ends as it states it, which is beyond the end of a file that is cut off.
    pub(super) end: u64,
    /// The start of the next box, if there is one.
    pub(super) next: Option<u64>,
}

impl Top {
    /// Its content, unless that is too large for a description.
    pub(super) fn read(&self, file: &mut (impl Read + Seek)) -> Result<Vec<u8>, Error> {
        if self.length > MOOV_BYTES_MAX {
            return Err(Error::TooLarge("a box that describes the file".to_owned()));
        }
        file.seek(SeekFrom::Start(self.start))?;
        let mut body = Vec::new();
        file.take(self.length).read_to_end(&mut body)?;
        Ok(body)
    }
}

pub(super) fn top(file: &mut (impl Read + Seek), at: u64) -> Result<Option<Top>, Error> {
    let end = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(at))?;
    let mut head = [0; 16];
    let read = read_some(file, &mut head)?;
    let Some((name, start, size)) = header(&head[..read]) else {
        return Ok(None);
    };
    let next = match size {
        0 => end,
        size => at.saturating_add(size),
    };
    let start = at.saturating_add(start);
    Ok(Some(Top {
        name,
        start,
        length: next.min(end).saturating_sub(start),
        end: next,
        next: (next > at && next < end).then_some(next),
    }))
}

fn read_some(file: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match file.read(&mut buffer[read..])? {
            0 => break,
            more => read += more,
        }
    }
    Ok(read)
}

/// Returns the name, the length of the header, and the total length (0: to the end).
fn header(bytes: &[u8]) -> Option<([u8; 4], u64, u64)> {
    let size = u64::from(u32_at(bytes, 0)?);
    let name = bytes.get(4..8)?.try_into().ok()?;
    if size == 1 {
        let size = u64::from_be_bytes(bytes.get(8..16)?.try_into().ok()?);
        return (size >= 16).then_some((name, 16, size));
    }
    (size == 0 || size >= 8).then_some((name, 8, size))
}

/// The boxes inside a box.
pub(super) fn children(body: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let (_, start, size) = header(rest)?;
        let length = if size == 0 { rest.len() as u64 } else { size };
        let end = usize::try_from(length).ok()?.min(rest.len());
        let whole = rest.get(..end)?;
        rest = &rest[end..];
        let name = whole.get(4..8)?.try_into().ok()?;
        Some((name, whole.get(usize::try_from(start).ok()?..)?))
    })
}

pub(super) fn child<'a>(body: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    children(body)
        .find(|(found, _)| *found == name)
        .map(|(_, body)| body)
}

pub(super) fn descend<'a>(body: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter().try_fold(body, |body, name| child(body, name))
}

/// The duration from `mvhd` or `mdhd` (version, times, timescale, duration), seconds. A fragmented file states zero.
fn duration(body: &[u8]) -> Option<f64> {
    let (scale, length) = if body.first()? == &1 {
        let length = body.get(24..32)?.try_into().ok()?;
        (u32_at(body, 20)?, u64::from_be_bytes(length))
    } else {
        (u32_at(body, 12)?, u64::from(u32_at(body, 16)?))
    };
    (scale > 0 && length > 0).then(|| length as f64 / f64::from(scale))
}

/// The total duration of all fragments from `mehd`, in units of `mvhd`, converted to seconds.
fn pieces(moov: &[u8]) -> Option<f64> {
    let movie = child(moov, b"mvhd")?;
    let scale = u32_at(movie, if movie.first()? == &1 { 20 } else { 12 })?;
    let extended = descend(moov, &[b"mvex", b"mehd"])?;
    let length = if extended.first()? == &1 {
        u64::from_be_bytes(extended.get(4..12)?.try_into().ok()?)
    } else {
        u64::from(u32_at(extended, 4)?)
    };
    (scale > 0 && length > 0).then(|| length as f64 / f64::from(scale))
}

/// From `sidx`: its track, and the total duration of the fragments that it lists, seconds. Entries that refer to other
/// indexes are skipped, because those count their own fragments.
fn index(body: &[u8]) -> Option<(u32, f64)> {
    let (track, scale) = (u32_at(body, 4)?, u32_at(body, 8)?);
    let entries = body.get(if body.first()? == &1 { 32 } else { 24 }..)?;
    let lengths = entries
        .as_chunks::<12>()
        .0
        .iter()
        .filter(|entry| entry[0] & 0x80 == 0)
        .filter_map(|entry| u32_at(entry, 4));
    let length: u64 = lengths.map(u64::from).sum();
    (scale > 0).then(|| (track, length as f64 / f64::from(scale)))
}

fn read_track(track: &[u8], probe: &mut Probe) {
    let handler = descend(track, &[b"mdia", b"hdlr"]).and_then(|body| body.get(8..12));
    let entry =
        descend(track, &[b"mdia", b"minf", b"stbl", b"stsd"]).and_then(|body| body.get(8..));
    let codec = entry.and_then(codec);
    match handler {
        Some(b"vide") => {
            probe.video_codec = codec;
            if let Some((width, height)) = child(track, b"tkhd").and_then(size) {
                (probe.width, probe.height) = (Some(width), Some(height));
            }
        }
        Some(b"soun") => probe.audio_codec = codec,
        _ => return,
    }
    let own = descend(track, &[b"mdia", b"mdhd"]).and_then(duration);
    probe.duration_s = probe.duration_s.or(own);
}

/// The size from the last eight bytes of `tkhd`, 16.16 fixed point; swapped if the matrix before them rotates the
/// video.
fn size(body: &[u8]) -> Option<(u32, u32)> {
    let at = body.len().checked_sub(8)?;
    let (width, height) = (u32_at(body, at)? >> 16, u32_at(body, at + 4)? >> 16);
    let matrix = at.checked_sub(36)?;
    let upright = u32_at(body, matrix)? != 0;
    Some(if upright {
        (width, height)
    } else {
        (height, width)
    })
}

/// The name of the codec of the first sample entry.
fn codec(entries: &[u8]) -> Option<String> {
    let name = match entries.get(4..8)? {
        b"avc1" | b"avc3" => "h264",
        b"hvc1" | b"hev1" => "hevc",
        b"vp09" => "vp9",
        b"av01" => "av1",
        b"mp4a" => audio_codec(entries),
        b"Opus" => "opus",
        b".mp3" => "mp3",
        other if other.iter().all(u8::is_ascii_graphic) => std::str::from_utf8(other).ok()?,
        _ => return None,
    };
    Some(name.to_owned())
}

/// Which codec an `mp4a` entry has, from its `esds` box (ISO/IEC 14496-1 and 14496-3).
fn audio_codec(entries: &[u8]) -> &'static str {
    // `wave` of QuickTime puts the box deeper, so it is searched for.
    let esds = entries.windows(4).position(|four| four == b"esds");
    let Some(described) = esds.and_then(|at| entries.get(at + 8..)) else {
        return "aac";
    };
    // Tag 4: the type of the stream; tag 5: the configuration of the decoder, which begins with its type.
    let config = descriptor(described, 0x04).unwrap_or_default();
    let kind = descriptor(config.get(13..).unwrap_or_default(), 0x05).and_then(audio_object_type);
    match (config.first(), kind) {
        (Some(0x69 | 0x6b), _) => "mp3",
        (_, Some(5)) => "he-aac",
        (_, Some(29)) => "he-aac-v2",
        (_, Some(34)) => "mp3",
        (_, Some(42)) => "xhe-aac",
        _ => "aac",
    }
}

/// The content of the first descriptor with this tag, also inside the descriptor of an elementary stream (tag 3).
fn descriptor(bytes: &[u8], wanted: u8) -> Option<&[u8]> {
    let mut rest = bytes;
    loop {
        let (&tag, after) = rest.split_first()?;
        let digits = after.iter().take(4).position(|byte| byte & 0x80 == 0)? + 1;
        let length = after[..digits]
            .iter()
            .fold(0, |sum, byte| sum << 7 | usize::from(byte & 0x7f));
        let content = &after[digits..];
        if tag == wanted {
            return Some(content.get(..length).unwrap_or(content));
        }
        // The descriptor of a stream has its id and flags before its parts; others are skipped.
        rest = content.get(if tag == 0x03 { 3 } else { length }..)?;
    }
}

/// The first five bits of the configuration, or 32 and the six bits after them.
fn audio_object_type(config: &[u8]) -> Option<u8> {
    match config.first()? >> 3 {
        31 => Some(32 + ((config[0] & 7) << 3 | config.get(1)? >> 5)),
        small => Some(small),
    }
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}
