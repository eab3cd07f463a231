//! The mutations: what damaged files, cut answers and hostile ones have in common.

use std::ops::Range;

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};

/// Numbers at the edges of what readers count with.
const EDGES: [u64; 12] = [
    0,
    1,
    7,
    0x7f,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0xffff_fffe,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    u64::MAX,
];
/// Texts that mean something to one reader or another.
const WORDS: [&str; 28] = [
    "\0",
    "\"",
    "'",
    "\\",
    "\\u0000",
    "\\ud800",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    "&amp;",
    "&#0;",
    "%00",
    "%",
    "../",
    "//",
    "@",
    ":",
    "\r\n",
    "-1",
    "1e999",
    "null",
    "18446744073709551616",
    "\u{feff}",
    "\u{202e}",
    "é",
];
/// The longest piece that is cut, copied or made up, bytes.
const PIECE_BYTES_MAX: usize = 64;
/// The longest input that is made up altogether, bytes.
const MADE_UP_BYTES_MAX: usize = 300;

/// One change of an input. Places are shares of its length, so that a change means the same in a shorter one.
#[derive(Clone, Debug)]
enum Change {
    /// Another byte.
    Byte(Index, u8),
    /// One bit.
    Bit(Index, u8),
    /// A number at the edge, of this many bytes, with the highest byte first.
    Number(Index, u64, usize),
    /// A word between two bytes.
    Word(Index, &'static str),
    /// Without a piece.
    Cut(Index, usize),
    /// Without the end.
    End(Index),
    /// A piece once more, elsewhere.
    Copy(Index, Index, usize),
    /// A piece again and again.
    Repeat(Index, usize, usize),
    /// Other bytes in between.
    Insert(Index, Vec<u8>),
    /// The end of another seed.
    Cross(Index, Index, Index),
}

/// Inputs made of the seeds; a few are made up.
pub(super) fn mutated(seeds: &[Vec<u8>]) -> impl Strategy<Value = Vec<u8>> + use<> {
    let seeds = seeds.to_vec();
    let of_a_seed = (any::<Index>(), vec(change(), 1..8)).prop_map(move |(seed, changes)| {
        let mut input = seed.get(&seeds).clone();
        for change in changes {
            apply(&mut input, change, &seeds);
        }
        input
    });
    prop_oneof![
        12 => of_a_seed,
        1 => vec(any::<u8>(), 0..MADE_UP_BYTES_MAX),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    let piece = 1..PIECE_BYTES_MAX;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        (at(), 0..8_u8).prop_map(|(at, bit)| Change::Bit(at, bit)),
        (at(), select(&EDGES[..]), select(&[1_usize, 2, 4, 8][..]))
            .prop_map(|(at, number, bytes)| Change::Number(at, number, bytes)),
        (at(), select(&WORDS[..])).prop_map(|(at, word)| Change::Word(at, word)),
        (at(), piece.clone()).prop_map(|(at, length)| Change::Cut(at, length)),
        at().prop_map(Change::End),
        (at(), at(), piece.clone()).prop_map(|(from, to, length)| Change::Copy(from, to, length)),
        (at(), piece.clone(), 2..200_usize)
            .prop_map(|(at, length, times)| Change::Repeat(at, length, times)),
        (at(), vec(any::<u8>(), piece)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (at(), at(), at()).prop_map(|(at, seed, from)| Change::Cross(at, seed, from)),
    ]
}

fn apply(input: &mut Vec<u8>, change: Change, seeds: &[Vec<u8>]) {
    let length = input.len();
    // A place between two bytes, or at one of the ends.
    let between = |at: Index| at.index(length + 1);
    let piece = |at: Index, bytes: usize| -> Range<usize> {
        let from = at.index(length + 1);
        from..(from + bytes).min(length)
    };
    match change {
        Change::Byte(at, byte) => {
            if length > 0 {
                input[at.index(length)] = byte;
            }
        }
        Change::Bit(at, bit) => {
            if length > 0 {
                input[at.index(length)] ^= 1 << bit;
            }
        }
        Change::Number(at, number, bytes) => {
            let place = piece(at, bytes);
            let number = number.to_be_bytes();
            let last = &number[number.len() - place.len()..];
            input[place].copy_from_slice(last);
        }
        Change::Word(at, word) => insert(input, between(at), word.as_bytes()),
        Change::Cut(at, bytes) => drop(input.drain(piece(at, bytes))),
        Change::End(at) => input.truncate(between(at)),
        Change::Copy(from, to, bytes) => {
            let copy = input[piece(from, bytes)].to_vec();
            insert(input, between(to), &copy);
        }
        Change::Repeat(at, bytes, times) => {
            let place = piece(at, bytes);
            let many = input[place.clone()].repeat(times);
            insert(input, place.end, &many);
        }
        Change::Insert(at, bytes) => insert(input, between(at), &bytes),
        Change::Cross(at, seed, from) => {
            let other = seed.get(seeds);
            input.truncate(between(at));
            input.extend_from_slice(&other[from.index(other.len() + 1)..]);
        }
    }
}

fn insert(input: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    input.splice(at..at, bytes.iter().copied());
}
