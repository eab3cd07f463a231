//! Writes coded tiles as the frames of a stream, with what a decoder must know before each of them.

/// What comes before the data of a tile, and how the data are written.
pub(super) struct Start {
    head: Vec<u8>,
    /// The length of the length before each unit of the data, bytes; 0: the data are written as they are.
    length_bytes: usize,
}

/// What precedes a unit in a byte stream of HEVC (ITU-T H.265, annex B).
const START_CODE: [u8; 4] = [0, 0, 0, 1];
/// An empty temporal delimiter, which begins every frame of an AV1 stream.
const TEMPORAL_DELIMITER: [u8; 2] = [0x12, 0];

/// The parameter sets from `hvcC` (ISO/IEC 14496-15).
pub(super) fn hevc(config: &[u8]) -> Option<Start> {
    let length_bytes = usize::from(config.get(21)? & 3) + 1;
    let mut head = Vec::new();
    let (&arrays, mut rest) = config.get(22..)?.split_first()?;
    for _ in 0..arrays {
        let &[_, high, low, ref units @ ..] = rest else {
            return None;
        };
        rest = units;
        for _ in 0..u16::from_be_bytes([high, low]) {
            let unit;
            (unit, rest) = unit_of(rest, 2)?;
            head.extend_from_slice(&START_CODE);
            head.extend_from_slice(unit);
        }
    }
    Some(Start { head, length_bytes })
}

/// The units from `av1C`, among them the sequence header.
pub(super) fn av1(config: &[u8]) -> Option<Start> {
    let head = [&TEMPORAL_DELIMITER, config.get(4..)?].concat();
    Some(Start {
        head,
        length_bytes: 0,
    })
}

impl Start {
    /// Adds the frame with these data to a stream.
    pub(super) fn write(&self, data: &[u8], stream: &mut Vec<u8>) -> Option<()> {
        stream.extend_from_slice(&self.head);
        if self.length_bytes == 0 {
            stream.extend_from_slice(data);
            return Some(());
        }
        let mut rest = data;
        while !rest.is_empty() {
            let unit;
            (unit, rest) = unit_of(rest, self.length_bytes)?;
            stream.extend_from_slice(&START_CODE);
            stream.extend_from_slice(unit);
        }
        Some(())
    }
}

/// Splits off the first unit, which has its length before it.
fn unit_of(bytes: &[u8], length_bytes: usize) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_at_checked(length_bytes)?;
    let length = length
        .iter()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    rest.split_at_checked(length)
}
