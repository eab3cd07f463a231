//! The items of a `meta` box: what they are, where their data are, and which properties they have.

use std::{
    collections::BTreeMap,
    io::{Read, Seek, SeekFrom},
};

use crate::media::boxes::{child, children, u32_at};

/// The maximum length of the data of one item, bytes: far above that of a picture within the limit of pixels.
const ITEM_BYTES_MAX: u64 = 64 << 20;

/// The items of a file.
#[derive(Debug)]
pub(super) struct Items {
    /// The id of the main item.
    pub(super) main: u32,
    kinds: BTreeMap<u32, [u8; 4]>,
    places: BTreeMap<u32, Place>,
    /// The content of `idat`, which may hold small items.
    idat: Vec<u8>,
    /// The items that an item is derived from.
    parts: BTreeMap<u32, Vec<u32>>,
    properties: Vec<([u8; 4], Vec<u8>)>,
    /// The numbers of the properties of an item, in the order in which they apply.
    owned: BTreeMap<u32, Vec<usize>>,
}

/// Where the data of an item are.
#[derive(Debug)]
struct Place {
    /// 0: in the file; 1: in `idat`.
    method: u16,
    /// Position and length.
    extents: Vec<(u64, u64)>,
}

impl Items {
    /// Reads the content of a `meta` box.
    pub(super) fn read(meta: &[u8]) -> Option<Self> {
        let body = meta.get(4..)?;
        let properties = child(body, b"iprp")?;
        Some(Self {
            main: main(child(body, b"pitm")?)?,
            kinds: kinds(child(body, b"iinf")?)?,
            places: places(child(body, b"iloc")?)?,
            idat: child(body, b"idat").unwrap_or_default().to_vec(),
            parts: child(body, b"iref").and_then(parts).unwrap_or_default(),
            properties: children(child(properties, b"ipco")?)
                .map(|(name, body)| (*name, body.to_vec()))
                .collect(),
            owned: children(properties)
                .filter(|(name, _)| *name == b"ipma")
                .filter_map(|(_, body)| owned(body))
                .flatten()
                .collect(),
        })
    }

    pub(super) fn kind(&self, item: u32) -> Option<[u8; 4]> {
        self.kinds.get(&item).copied()
    }

    /// The items that an item is derived from, in their order.
    pub(super) fn parts(&self, item: u32) -> &[u32] {
        self.parts.get(&item).map_or(&[], Vec::as_slice)
    }

    pub(super) fn properties(&self, item: u32) -> impl Iterator<Item = ([u8; 4], &[u8])> {
        let owned = self.owned.get(&item).into_iter().flatten();
        // Numbers begin at 1.
        let owned = owned.filter_map(|number| self.properties.get(number.checked_sub(1)?));
        owned.map(|(name, body)| (*name, body.as_slice()))
    }

    pub(super) fn property(&self, item: u32, name: &[u8; 4]) -> Option<&[u8]> {
        let mut all = self.properties(item);
        all.find(|(found, _)| found == name).map(|(_, body)| body)
    }

    /// The data of an item.
    pub(super) fn data(&self, item: u32, file: &mut (impl Read + Seek)) -> Option<Vec<u8>> {
        let place = self.places.get(&item)?;
        let length: u64 = place.extents.iter().map(|(_, length)| length).sum();
        let mut data = Vec::new();
        for &(at, length) in place.extents.iter().filter(|_| length <= ITEM_BYTES_MAX) {
            match place.method {
                0 => {
                    file.seek(SeekFrom::Start(at)).ok()?;
                    file.by_ref().take(length).read_to_end(&mut data).ok()?;
                }
                1 => {
                    let at = usize::try_from(at).ok()?;
                    let end = at.checked_add(usize::try_from(length).ok()?)?;
                    data.extend_from_slice(self.idat.get(at..end)?);
                }
                _ => return None,
            }
        }
        (!data.is_empty() && data.len() as u64 == length).then_some(data)
    }
}

/// The end of the data that the items of a `meta` box have in the file.
pub(in crate::media) fn data_end(meta: &[u8]) -> Option<u64> {
    let places = places(child(meta.get(4..)?, b"iloc")?)?;
    let in_file = places.values().filter(|place| place.method == 0);
    let ends = in_file.flat_map(|place| &place.extents);
    ends.map(|(at, length)| at.saturating_add(*length)).max()
}

/// Reads big-endian numbers of a box one after the other.
struct Numbers<'a>(&'a [u8]);

impl Numbers<'_> {
    /// The next number of this many bytes, at most 8.
    fn next(&mut self, bytes: usize) -> Option<u64> {
        let (number, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(
            number
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        )
    }

    /// The next id, which is longer in later versions of a box.
    fn id(&mut self, is_long: bool) -> Option<u32> {
        u32::try_from(self.next(if is_long { 4 } else { 2 })?).ok()
    }
}

fn main(pitm: &[u8]) -> Option<u32> {
    Numbers(pitm.get(4..)?).id(*pitm.first()? > 0)
}

/// The type of every item, from the `infe` boxes of `iinf`.
fn kinds(iinf: &[u8]) -> Option<BTreeMap<u32, [u8; 4]>> {
    let entries = iinf.get(if *iinf.first()? == 0 { 6 } else { 8 }..)?;
    let entries = children(entries).filter(|(name, _)| *name == b"infe");
    let kinds = entries.filter_map(|(_, infe)| {
        let mut numbers = Numbers(infe.get(4..)?);
        let id = numbers.id(*infe.first()? > 2)?;
        numbers.next(2)?;
        Some((id, *numbers.0.first_chunk()?))
    });
    Some(kinds.collect())
}

fn places(iloc: &[u8]) -> Option<BTreeMap<u32, Place>> {
    let version = *iloc.first()?;
    let mut numbers = Numbers(iloc.get(4..)?);
    let sizes = numbers.next(2)?;
    let size = |shift: u32| {
        usize::try_from(sizes >> shift & 15)
            .ok()
            .filter(|size| *size <= 8)
    };
    let (at_bytes, length_bytes, base_bytes) = (size(12)?, size(8)?, size(4)?);
    let index_bytes = if version > 0 { size(0)? } else { 0 };
    let count = numbers.id(version > 1)?;
    let mut places = BTreeMap::new();
    for _ in 0..count {
        let id = numbers.id(version > 1)?;
        let method = if version > 0 {
            numbers.next(2)? & 15
        } else {
            0
        };
        numbers.next(2)?;
        let base = numbers.next(base_bytes)?;
        let mut extents = Vec::new();
        for _ in 0..numbers.next(2)? {
            numbers.next(index_bytes)?;
            let at = base.checked_add(numbers.next(at_bytes)?)?;
            extents.push((at, numbers.next(length_bytes)?));
        }
        let method = u16::try_from(method).ok()?;
        places.insert(id, Place { method, extents });
    }
    Some(places)
}

/// The items that each derived item is made of, from `dimg` references.
fn parts(iref: &[u8]) -> Option<BTreeMap<u32, Vec<u32>>> {
    let is_long = *iref.first()? > 0;
    let references = children(iref.get(4..)?).filter(|(name, _)| *name == b"dimg");
    let parts = references.filter_map(|(_, body)| {
        let mut numbers = Numbers(body);
        let from = numbers.id(is_long)?;
        let count = numbers.next(2)?;
        let parts: Option<_> = (0..count).map(|_| numbers.id(is_long)).collect();
        Some((from, parts?))
    });
    Some(parts.collect())
}

/// The numbers of the properties of each item, from `ipma`.
fn owned(ipma: &[u8]) -> Option<Vec<(u32, Vec<usize>)>> {
    let (is_long, is_wide) = (*ipma.first()? > 0, ipma.get(3)? & 1 == 1);
    let count = u32_at(ipma, 4)?;
    let mut numbers = Numbers(ipma.get(8..)?);
    let mut owned = Vec::new();
    for _ in 0..count {
        let item = numbers.id(is_long)?;
        // The first bit says whether the property is essential.
        let (bytes, mask) = if is_wide { (2, 0x7fff) } else { (1, 0x7f) };
        let number = |numbers: &mut Numbers<'_>| usize::try_from(numbers.next(bytes)? & mask).ok();
        let all: Option<_> = (0..numbers.next(1)?)
            .map(|_| number(&mut numbers))
            .collect();
        owned.push((item, all?));
    }
    Some(owned)
}
