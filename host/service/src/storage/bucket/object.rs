//! A published file in a bucket, and its bytes piece by piece, as the network brings them.

use std::{
    fmt, io,
    ops::Range,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream::BoxStream};
use object_store::path::Path as Key;

use super::{Bucket, words};
use crate::storage::Error;

/// A published file in a bucket. Nothing is asked of the store before it is read.
#[derive(Clone, Debug)]
pub(in crate::storage) struct Object {
    pub(super) bucket: Bucket,
    pub(super) key: Key,
    pub(super) bytes: u64,
}

impl Object {
    /// Begins to read a part of it: the store has answered when this returns.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it is not there, or with another length.
    pub(in crate::storage) async fn read(&self, part: Range<u64>) -> Result<ObjectPieces, Error> {
        self.bucket.read(&self.key, self.bytes, part).await
    }
}

/// The bytes of a part of an object. Nothing is taken from the network before it is wanted, besides what the buffers of
/// one connection hold, and a connection that breaks is replaced by one for the rest of the bytes.
pub(in crate::storage) struct ObjectPieces {
    stream: BoxStream<'static, object_store::Result<Bytes>>,
    /// The number of bytes that are still to come.
    left: u64,
}

impl ObjectPieces {
    pub(super) fn new(stream: BoxStream<'static, object_store::Result<Bytes>>, bytes: u64) -> Self {
        Self {
            stream,
            left: bytes,
        }
    }

    /// An error is the last item.
    fn failed(&mut self, kind: io::ErrorKind, why: String) -> Option<io::Result<Bytes>> {
        tracing::warn!(
            error = why,
            left = self.left,
            "a file of the bucket is not sent to its end"
        );
        self.left = 0;
        Some(Err(io::Error::new(kind, why)))
    }
}

impl fmt::Debug for ObjectPieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectPieces")
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

impl Stream for ObjectPieces {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(self.stream.poll_next_unpin(context)) {
            Some(Ok(piece)) if piece.len() as u64 <= self.left => {
                self.left -= piece.len() as u64;
                Some(Ok(piece))
            }
            Some(Ok(_)) => {
                let why = "the store sends more than it was asked for".to_owned();
                self.failed(io::ErrorKind::InvalidData, why)
            }
            Some(Err(error)) => self.failed(io::ErrorKind::Other, words(&error)),
            None => {
                let why = "the store has cut the file".to_owned();
                self.failed(io::ErrorKind::UnexpectedEof, why)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    //! Whatever a store sends: the bytes that were asked for, or an error at the end.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use futures_util::{TryStreamExt as _, stream};

    use super::*;

    /// What a reader of 5 bytes gets if the store sends these pieces.
    async fn read(sent: Vec<object_store::Result<Bytes>>) -> (Vec<u8>, Option<io::ErrorKind>) {
        let mut pieces = ObjectPieces::new(stream::iter(sent).boxed(), 5);
        let (mut read, mut error) = (Vec::new(), None);
        while let Some(piece) = pieces.next().await {
            assert_eq!(error, None, "an error is the last item");
            match piece {
                Ok(piece) => read.extend_from_slice(&piece),
                Err(found) => error = Some(found.kind()),
            }
        }
        (read, error)
    }

    #[tokio::test]
    async fn a_part_has_its_length_or_ends_with_an_error() {
        let piece = |text: &'static str| Ok(Bytes::from_static(text.as_bytes()));
        let failed = || object_store::Error::NotSupported { source: "x".into() };
        let (cut, more) = (io::ErrorKind::UnexpectedEof, io::ErrorKind::InvalidData);
        for (sent, bytes, error) in [
            (vec![piece("hello")], "hello", None),
            (vec![piece("he"), piece(""), piece("llo")], "hello", None),
            (vec![piece("hell")], "hell", Some(cut)),
            (vec![], "", Some(cut)),
            (vec![piece("he"), piece("llo!")], "he", Some(more)),
            (
                vec![piece("he"), Err(failed()), piece("llo")],
                "he",
                Some(io::ErrorKind::Other),
            ),
        ] {
            assert_eq!(read(sent).await, (bytes.as_bytes().to_vec(), error));
        }
        let mut none = ObjectPieces::new(stream::iter([]).boxed(), 0);
        assert!(none.try_next().await.unwrap().is_none());
    }
}
