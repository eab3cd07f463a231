//! Every byte of a part arrives once and in order, wherever its pieces end, and reading ends with its reader.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{fs, io::ErrorKind, sync::Weak};

use futures_util::{StreamExt as _, TryStreamExt as _};
use tempfile::NamedTempFile;

use super::*;
use crate::storage::buffer::PIECE_BYTES;

const PIECE: u64 = PIECE_BYTES as u64;

/// A file of this length in which no two places look alike, and its content.
fn published(bytes: u64) -> (NamedTempFile, OpenFile, Vec<u8>) {
    let content: Vec<u8> = (0..bytes.div_ceil(4) as u32)
        .flat_map(u32::to_be_bytes)
        .take(bytes as usize)
        .collect();
    let on_disk = NamedTempFile::new().unwrap();
    fs::write(on_disk.path(), &content).unwrap();
    let file = File::open(on_disk.path()).unwrap();
    (on_disk, OpenFile::new(file, Arc::default()), content)
}

#[tokio::test]
async fn parts_may_begin_and_end_at_any_byte_of_a_piece() {
    let (_on_disk, file, content) = published(2 * PIECE + 7);
    let edges = [
        0,
        1,
        PIECE - 1,
        PIECE,
        PIECE + 1,
        2 * PIECE,
        2 * PIECE + 6,
        2 * PIECE + 7,
    ];
    for start in edges {
        for end in edges.into_iter().filter(|end| *end >= start) {
            let pieces: Vec<Bytes> = file.read(start..end).try_collect().await.unwrap();
            let expected = &content[start as usize..end as usize];
            assert!(pieces.concat() == expected, "{start}..{end}");
            assert!(pieces.iter().all(|piece| piece.len() <= PIECE_BYTES));
        }
    }
}

#[tokio::test]
async fn what_is_not_in_memory_is_read_by_a_thread_for_it() {
    let (_on_disk, file, content) = published(PIECE + 1);
    let mut pieces = file.read(0..PIECE + 1);
    // The first piece as if the disk had to be waited for.
    pieces.reading = Some(pieces.begin());
    let pieces: Vec<Bytes> = pieces.try_collect().await.unwrap();
    assert!(pieces.concat() == content);
}

#[tokio::test]
async fn a_file_that_somebody_cuts_ends_with_an_error() {
    let (on_disk, file, content) = published(3 * PIECE);
    let mut pieces = file.read(0..3 * PIECE);
    let first = pieces.next().await.unwrap().unwrap();
    assert!(first == content[..PIECE_BYTES]);
    on_disk.as_file().set_len(PIECE).unwrap();
    let cut = pieces.next().await.unwrap().unwrap_err();
    assert_eq!(cut.kind(), ErrorKind::UnexpectedEof);
    assert!(pieces.next().await.is_none());
}

#[tokio::test]
async fn a_reader_that_leaves_closes_the_file() {
    let (_on_disk, file, _) = published(3 * PIECE);
    let open: Weak<File> = Arc::downgrade(&file.file);
    let mut pieces = file.read(0..3 * PIECE);
    drop(file);
    pieces.next().await.unwrap().unwrap();
    assert!(open.upgrade().is_some());
    drop(pieces);
    assert!(open.upgrade().is_none());
}

#[tokio::test]
async fn buffers_are_used_again_and_pieces_keep_theirs() {
    let (_on_disk, file, content) = published(3 * PIECE);
    let mut pieces = file.read(0..3 * PIECE);
    let first = pieces.next().await.unwrap().unwrap();
    let second = pieces.next().await.unwrap().unwrap();
    assert!(first == content[..PIECE_BYTES]);
    let place = second.as_ptr();
    drop(second);
    let third = pieces.next().await.unwrap().unwrap();
    assert_eq!(third.as_ptr(), place);
    assert!(first == content[..PIECE_BYTES] && third == content[2 * PIECE_BYTES..]);
}
