//! A file of the folder that is open, and its bytes piece by piece.

use std::{
    fs::File,
    io,
    ops::Range,
    os::unix::fs::FileExt as _,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::{FutureExt as _, Stream, TryStreamExt as _};
use tokio::task::{JoinHandle, spawn_blocking};

use super::{Error, FileDigest, buffer::Buffers, digest::Digesting, open};

/// A file that is open. It can be read to its end after it was deleted or replaced.
#[derive(Clone, Debug)]
pub(super) struct OpenFile {
    file: Arc<File>,
    buffers: Arc<Buffers>,
}

impl OpenFile {
    pub(super) fn new(file: File, buffers: Arc<Buffers>) -> Self {
        Self {
            file: Arc::new(file),
            buffers,
        }
    }

    /// Reads its first bytes and returns their length and hash.
    ///
    /// # Errors
    /// If the disk fails.
    pub(super) async fn measure(&self, bytes: u64) -> Result<FileDigest, Error> {
        let mut pieces = self.read(0..bytes);
        let mut digesting = Digesting::default();
        while let Some(piece) = pieces.try_next().await? {
            digesting.add(&piece);
        }
        Ok(digesting.finish())
    }

    /// The bytes of a part of it.
    pub(super) fn read(&self, part: Range<u64>) -> FilePieces {
        FilePieces {
            file: Arc::clone(&self.file),
            buffers: Arc::clone(&self.buffers),
            left: part,
            reading: None,
        }
    }
}

/// The bytes of a part of a file. At most one piece is in memory, besides those that the reader keeps, and nothing is
/// read before it is wanted, so a reader that leaves ends the reading.
#[derive(Debug)]
pub(super) struct FilePieces {
    file: Arc<File>,
    buffers: Arc<Buffers>,
    left: Range<u64>,
    /// The piece that a thread for blocking work is reading.
    reading: Option<JoinHandle<io::Result<Bytes>>>,
}

impl FilePieces {
    /// The next piece, if it can be read without waiting for the disk.
    fn cached(&self) -> Option<Bytes> {
        let Range { start, end } = self.left;
        let read = |buffer: &mut [u8]| open::read_cached(&self.file, buffer, start);
        let piece = self.buffers.fill(end - start, read);
        piece.ok().filter(|piece| !piece.is_empty())
    }

    /// Begins to read the next piece where waiting for the disk stops nobody else.
    fn begin(&self) -> JoinHandle<io::Result<Bytes>> {
        let (file, buffers) = (Arc::clone(&self.file), Arc::clone(&self.buffers));
        let Range { start, end } = self.left;
        spawn_blocking(move || {
            let piece = buffers.fill(end - start, |buffer| file.read_at(buffer, start))?;
            match piece.is_empty() {
                // Somebody else has cut the file.
                true => Err(io::ErrorKind::UnexpectedEof.into()),
                false => Ok(piece),
            }
        })
    }

    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        if self.reading.is_none()
            && let Some(piece) = self.cached()
        {
            return Poll::Ready(Ok(piece));
        }
        let mut reading = self.reading.take().unwrap_or_else(|| self.begin());
        match reading.poll_unpin(context) {
            Poll::Ready(read) => Poll::Ready(read.unwrap_or_else(|error| Err(error.into()))),
            Poll::Pending => {
                self.reading = Some(reading);
                Poll::Pending
            }
        }
    }
}

impl Stream for FilePieces {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let piece = ready!(self.poll_piece(context));
        match &piece {
            Ok(piece) => self.left.start += piece.len() as u64,
            Err(_) => self.left.start = self.left.end,
        }
        Poll::Ready(Some(piece))
    }
}

#[cfg(test)]
mod tests;
