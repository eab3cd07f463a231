//! Reads a HEIC or AVIF picture (ISO/IEC 23008-12): its size as shown, its profile, and its coded tiles as a stream that
//! a video decoder reads.

mod items;
mod stream;

use std::io::{Read, Seek};

use image::metadata::Orientation;

use self::items::Items;
pub(super) use self::items::data_end;
use super::{
    Error,
    boxes::{BOXES_MAX, top, u32_at},
};

/// The maximum length of all tiles together, bytes: tiles may share their data, so the file does not limit it.
const STREAM_BYTES_MAX: usize = 64 << 20;

/// The codec of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    Hevc,
    Av1,
}

/// How colours are coded, as a `colr` box of the kind `nclx` states it (ISO/IEC 23091-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Coding {
    pub(super) matrix: u16,
    pub(super) is_full_range: bool,
}

/// The main picture of a file.
#[derive(Debug)]
pub(super) struct Still {
    /// Before it is turned, pixels.
    size: (u32, u32),
    /// Applied one after the other.
    pub(super) turns: Vec<Orientation>,
    /// The ICC profile.
    pub(super) profile: Option<Vec<u8>>,
    pub(super) coding: Option<Coding>,
    pub(super) codec: Codec,
    /// The number of tiles in a row, and of rows.
    pub(super) grid: (u32, u32),
    /// The ids of the coded tiles, row by row.
    tiles: Vec<u32>,
    items: Items,
}

impl Still {
    /// Reads the description of the main picture.
    pub(super) fn read(file: &mut (impl Read + Seek)) -> Result<Self, Error> {
        let mut place = Some(0);
        for _ in 0..BOXES_MAX {
            let Some(found) = place.map(|at| top(file, at)).transpose()?.flatten() else {
                break;
            };
            if &found.name == b"meta" {
                let items = Items::read(&found.read(file)?);
                let still = items.and_then(|items| Self::of(items, file));
                return still.ok_or_else(|| unreadable("of an unknown structure"));
            }
            place = found.next;
        }
        Err(unreadable("without a description"))
    }

    fn of(items: Items, file: &mut (impl Read + Seek)) -> Option<Self> {
        let main = items.main;
        let (grid, size, tiles) = if items.kind(main)? == *b"grid" {
            let (grid, size) = grid(&items.data(main, file)?)?;
            (grid, size, items.parts(main).to_vec())
        } else {
            ((1, 1), size(&items, main)?, vec![main])
        };
        let first = *tiles.first()?;
        let codec = match &items.kind(first)? {
            b"hvc1" | b"hev1" => Codec::Hevc,
            b"av01" => Codec::Av1,
            _ => return None,
        };
        let count = u64::from(grid.0) * u64::from(grid.1);
        // Properties of a grid may be stated for its tiles only.
        let colours = |item| items.properties(item).filter(|(name, _)| *name == *b"colr");
        let colours: Vec<_> = colours(main)
            .chain(colours(first))
            .map(|(_, body)| body)
            .collect();
        if tiles.len() as u64 != count || size.0 == 0 || size.1 == 0 {
            return None;
        }
        let profile = colours.iter().find_map(|body| profile(body));
        let coding = colours.iter().find_map(|body| coding(body));
        let turns = items.properties(main);
        let turns = turns.filter_map(|(name, body)| turn(name, body)).collect();
        Some(Self {
            size,
            turns,
            profile,
            coding,
            codec,
            grid,
            tiles,
            items,
        })
    }

    /// The size before it is turned, pixels.
    pub(super) fn coded_size(&self) -> (u32, u32) {
        self.size
    }

    /// The size as shown, pixels.
    pub(super) fn size(&self) -> (u32, u32) {
        let quarters = self.turns.iter().filter(|turn| turn.to_exif() > 4).count();
        let (width, height) = self.size;
        if quarters % 2 == 1 {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// The tiles as a stream of frames: byte stream format of HEVC, or low overhead format of AV1.
    pub(super) fn stream(&self, file: &mut (impl Read + Seek)) -> Result<Vec<u8>, Error> {
        let mut stream = Vec::new();
        for &tile in &self.tiles {
            if stream.len() > STREAM_BYTES_MAX {
                return Err(Error::TooLarge("the tiles of a picture".to_owned()));
            }
            let frame = match self.codec {
                Codec::Hevc => self.items.property(tile, b"hvcC").map(stream::hevc),
                Codec::Av1 => self.items.property(tile, b"av1C").map(stream::av1),
            };
            let frame = frame.flatten().zip(self.items.data(tile, file));
            let written = frame.and_then(|(start, data)| start.write(&data, &mut stream));
            written.ok_or_else(|| unreadable("with a tile that cannot be read"))?;
        }
        Ok(stream)
    }
}

fn unreadable(why: &str) -> Error {
    Error::NotMedia(format!("a picture {why}"))
}

/// The number of tiles and the size of the whole, from the data of a `grid` item.
fn grid(data: &[u8]) -> Option<((u32, u32), (u32, u32))> {
    let &[_, flags, rows, columns, ..] = data else {
        return None;
    };
    let size = if flags & 1 == 1 {
        (u32_at(data, 4)?, u32_at(data, 8)?)
    } else {
        let both = u32_at(data, 4)?;
        (both >> 16, both & 0xffff)
    };
    Some(((u32::from(columns) + 1, u32::from(rows) + 1), size))
}

fn size(items: &Items, item: u32) -> Option<(u32, u32)> {
    let size = items.property(item, b"ispe")?;
    Some((u32_at(size, 4)?, u32_at(size, 8)?))
}

/// `irot` counts quarters against the clock; `imir` exchanges top and bottom, or left and right.
fn turn(name: [u8; 4], body: &[u8]) -> Option<Orientation> {
    match (&name, body.first()? & 3) {
        (b"irot", 1) => Some(Orientation::Rotate270),
        (b"irot", 2) => Some(Orientation::Rotate180),
        (b"irot", 3) => Some(Orientation::Rotate90),
        (b"imir", 0) => Some(Orientation::FlipVertical),
        (b"imir", 1) => Some(Orientation::FlipHorizontal),
        _ => None,
    }
}

fn profile(colr: &[u8]) -> Option<Vec<u8>> {
    let (kind, profile) = colr.split_at_checked(4)?;
    matches!(kind, b"prof" | b"rICC").then(|| profile.to_vec())
}

fn coding(colr: &[u8]) -> Option<Coding> {
    let (kind, codes) = colr.split_at_checked(4)?;
    let &[_, _, _, _, high, low, range, ..] = codes else {
        return None;
    };
    (kind == b"nclx").then_some(Coding {
        matrix: u16::from_be_bytes([high, low]),
        is_full_range: range & 0x80 != 0,
    })
}
