//! Buffers for pieces of files. They are used again, because clearing and mapping a new one costs more than filling it.

use std::{
    io, mem,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;

/// The length of a piece, bytes. Two of them fit into the second-level cache of a processor, so that a piece is still in
/// it when the socket copies it: pieces of 256 KiB cost four times the processor time.
pub(super) const PIECE_BYTES: usize = 128 << 10;
/// The maximum number of unused buffers that are kept: 4 MiB.
const UNUSED_MAX: usize = 32;

/// The unused buffers of a store.
#[derive(Debug, Default)]
pub(super) struct Buffers(Mutex<Vec<Box<[u8]>>>);

impl Buffers {
    /// Fills a buffer with at most [`PIECE_BYTES`] by one call of `read`, which returns how many it wrote.
    ///
    /// # Errors
    /// That of `read`.
    pub(super) fn fill(
        self: &Arc<Self>,
        most: u64,
        read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<Bytes> {
        let mut buffer = self.take();
        let most = usize::try_from(most).map_or(PIECE_BYTES, |most| most.min(PIECE_BYTES));
        buffer.filled = read(&mut buffer.bytes[..most])?;
        Ok(Bytes::from_owner(buffer))
    }

    fn take(self: &Arc<Self>) -> Buffer {
        // The one that was used last is most likely still in the cache of the processor.
        let unused = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Buffer {
            bytes: unused.unwrap_or_else(|| vec![0; PIECE_BYTES].into()),
            filled: 0,
            home: Arc::clone(self),
        }
    }
}

/// A buffer in use; it returns to its store when it is dropped.
struct Buffer {
    bytes: Box<[u8]>,
    filled: usize,
    home: Arc<Buffers>,
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut unused = self.home.0.lock().unwrap_or_else(PoisonError::into_inner);
        if unused.len() < UNUSED_MAX {
            unused.push(mem::take(&mut self.bytes));
        }
    }
}
