//! Whether a file is complete, from its own form: a body without a stated length may end at any byte.

use std::io::{BufReader, Read, Seek, SeekFrom};

use super::{
    Error, Type,
    boxes::{self, BOXES_MAX, children, descend, top, u32_at},
    heif, parts,
};

/// Returns whether a file of this type reaches its own end.
///
/// # Errors
/// [`Error::NotMedia`] for the types that Instagram does not send: nobody can tell their end.
pub(super) fn is_whole(file: &mut (impl Read + Seek), kind: Type) -> Result<bool, Error> {
    match kind {
        Type::Jpeg | Type::Png | Type::Webp => {
            file.rewind()?;
            Ok(parts::outline(&mut BufReader::new(file), kind)?.is_whole)
        }
        Type::Mp4 | Type::Mov | Type::M4a => is_whole_movie(file),
        Type::Heic | Type::Avif => is_whole_still(file),
        Type::Mkv | Type::Aac | Type::Mp3 | Type::Wav | Type::Zip => Err(Error::NotMedia(format!(
            "{kind:?}, whose end cannot be told"
        ))),
    }
}

/// The boxes cover the file, there is a movie with samples, and all data that it refers to.
fn is_whole_movie(file: &mut (impl Read + Seek)) -> Result<bool, Error> {
    let length = file.seek(SeekFrom::End(0))?;
    let (mut has_movie, mut has_fragments, mut lacks_data) = (false, false, false);
    let (mut samples, mut data) = (0_u64, 0_u64);
    let covered = walk(file, |file, found| {
        match &found.name {
            b"moov" => {
                has_movie = true;
                let moov = found.read(file)?;
                samples = sample_bytes(&moov);
                return Ok(last_chunk(&moov).is_none_or(|chunk| chunk < length));
            }
            b"sidx" => {
                let index = found.read(file)?;
                return Ok(
                    indexed(&index).is_none_or(|bytes| found.end.saturating_add(bytes) <= length)
                );
            }
            // The data of a fragment follow it.
            b"moof" => (has_fragments, lacks_data) = (true, true),
            b"mdat" if found.length > 0 => {
                data = data.saturating_add(found.length);
                lacks_data = false;
            }
            _ => {}
        }
        Ok(true)
    })?;
    let has_samples = has_fragments || samples > 0;
    Ok(covered && has_movie && has_samples && !lacks_data && data > 0 && samples <= data)
}

/// The boxes cover the file, and all data of its items are there.
fn is_whole_still(file: &mut (impl Read + Seek)) -> Result<bool, Error> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut is_described = false;
    let covered = walk(file, |file, found| {
        match &found.name {
            b"meta" => {
                is_described = true;
                return Ok(heif::data_end(&found.read(file)?).is_none_or(|end| end <= length));
            }
            // A sequence of pictures is described like a movie.
            b"moov" => is_described = true,
            _ => {}
        }
        Ok(true)
    })?;
    Ok(covered && is_described)
}

/// Returns whether the top-level boxes cover the file exactly, and `accepts` returns true for each of them.
fn walk<F: Read + Seek>(
    file: &mut F,
    mut accepts: impl FnMut(&mut F, &boxes::Top) -> Result<bool, Error>,
) -> Result<bool, Error> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut at = 0;
    for _ in 0..BOXES_MAX {
        let Some(found) = top(file, at)? else {
            return Ok(false);
        };
        if found.end > length || !accepts(file, &found)? {
            return Ok(false);
        }
        match found.next {
            Some(next) => at = next,
            None => return Ok(found.end == length),
        }
    }
    // A file of more boxes than are looked at is not refused for that.
    Ok(true)
}

/// The position of the last chunk of samples in the file, from `stco` or `co64` of every track.
fn last_chunk(moov: &[u8]) -> Option<u64> {
    let tracks = children(moov).filter(|(name, _)| *name == b"trak");
    let tables = tracks.filter_map(|(_, track)| descend(track, &[b"mdia", b"minf", b"stbl"]));
    tables
        .flat_map(children)
        .filter_map(|(name, body)| {
            let positions = body.get(8..)?;
            match name {
                b"stco" => {
                    let positions = positions.as_chunks::<4>().0.iter();
                    positions.map(|at| u64::from(u32::from_be_bytes(*at))).max()
                }
                b"co64" => {
                    let positions = positions.as_chunks::<8>().0.iter();
                    positions.map(|at| u64::from_be_bytes(*at)).max()
                }
                _ => None,
            }
        })
        .max()
}

/// The length of all samples of every track, from `stsz` or `stz2`, bytes. A fragmented movie states none here.
fn sample_bytes(moov: &[u8]) -> u64 {
    let tracks = children(moov).filter(|(name, _)| *name == b"trak");
    let tables = tracks.filter_map(|(_, track)| descend(track, &[b"mdia", b"minf", b"stbl"]));
    let sizes = tables.flat_map(children).filter_map(|(name, body)| {
        let (size, count) = (u32_at(body, 4)?, u64::from(u32_at(body, 8)?));
        match (name, size) {
            (b"stsz", 0) => {
                let sizes = body.get(12..)?.as_chunks::<4>().0.iter();
                Some(sizes.map(|size| u64::from(u32::from_be_bytes(*size))).sum())
            }
            (b"stsz", size) => Some(u64::from(size).saturating_mul(count)),
            // Sizes of 4, 8 or 16 bits: at least that there are any.
            (b"stz2", _) => Some(count),
            _ => None,
        }
    });
    sizes.fold(0, u64::saturating_add)
}

/// From `sidx`: the number of bytes after it that it refers to. An index of indexes is skipped, because those are
/// checked themselves.
fn indexed(sidx: &[u8]) -> Option<u64> {
    let is_long = sidx.first()? == &1;
    let first = if is_long {
        u64::from_be_bytes(sidx.get(20..28)?.try_into().ok()?)
    } else {
        u64::from(u32_at(sidx, 16)?)
    };
    let entries = sidx.get(if is_long { 32 } else { 24 }..)?;
    let sizes = entries.as_chunks::<12>().0.iter();
    let sizes = sizes.map(|entry| u32_at(entry, 0).filter(|size| size >> 31 == 0));
    let bytes: Option<u64> = sizes.map(|size| size.map(u64::from)).sum();
    bytes?.checked_add(first)
}
