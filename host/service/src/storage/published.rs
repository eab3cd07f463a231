//! A published file and its bytes, wherever it is.

use std::{
    io,
    ops::Range,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};

use super::{
    Error, FileDigest, Stat,
    bucket::{Object, ObjectPieces},
    pieces::{FilePieces, OpenFile},
};

/// A published file. In a folder it is open, and can be read to its end after it was deleted or replaced; in a bucket this
/// is so once reading has begun.
#[derive(Clone, Debug)]
pub struct PublishedFile {
    pub(super) stat: Stat,
    pub(super) source: Source,
}

/// Where the bytes of a file are.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Folder(OpenFile),
    Bucket(Object),
}

impl PublishedFile {
    /// Its length, and when it was written.
    #[must_use]
    pub fn stat(&self) -> Stat {
        self.stat
    }

    /// Whether it has these bytes: a file of a folder is read to know that, and the key of an object says it.
    ///
    /// # Errors
    /// If the disk fails.
    pub async fn has(&self, content: &FileDigest) -> Result<bool, Error> {
        if self.stat.bytes != content.bytes {
            return Ok(false);
        }
        match &self.source {
            Source::Folder(file) => Ok(file.measure(content.bytes).await? == *content),
            Source::Bucket(_) => Ok(true),
        }
    }

    /// Begins to read a part of it.
    ///
    /// # Errors
    /// If a store does not answer, or does not have it.
    pub async fn read(&self, part: Range<u64>) -> Result<Pieces, Error> {
        Ok(Pieces(match &self.source {
            Source::Folder(file) => Reading::Folder(file.read(part)),
            Source::Bucket(object) => Reading::Bucket(object.read(part).await?),
        }))
    }
}

/// The bytes of a part of a file. At most a few pieces are in memory, besides those that the reader keeps, and nothing is
/// read before it is wanted, so a reader that leaves ends the reading. They are all there, or an error ends them.
#[derive(Debug)]
pub struct Pieces(Reading);

#[derive(Debug)]
enum Reading {
    Folder(FilePieces),
    Bucket(ObjectPieces),
}

impl Stream for Pieces {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.0 {
            Reading::Folder(pieces) => pieces.poll_next_unpin(context),
            Reading::Bucket(pieces) => pieces.poll_next_unpin(context),
        }
    }
}
