//! A published file in a bucket, and its bytes piece by piece, as the network brings them.

use std::{
    fmt, io,
    ops::Range,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::{FutureExt as _, Stream, StreamExt as _, future::BoxFuture, stream::BoxStream};
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
        let answer = self.bucket.begin(&self.key, self.bytes, part.clone());
        let answer = answer.await?;
        let object = self.clone();
        let rest = move |part| {
            let Self { bucket, key, bytes } = object.clone();
            async move { bucket.begin(&key, bytes, part).await }.boxed()
        };
        Ok(ObjectPieces::new(answer, part, Box::new(rest)))
    }
}

/// The body of an answer of the store.
pub(super) type Answer = BoxStream<'static, object_store::Result<Bytes>>;
/// Asks for a part of the same object once more.
type Rest = Box<dyn Fn(Range<u64>) -> BoxFuture<'static, Result<Answer, Error>> + Send + Sync>;

/// The bytes of a part of an object. Nothing is taken from the network before it is wanted, besides what the buffers of
/// one connection hold. If an answer breaks off, the rest is asked for, as long as each answer brings something.
pub(in crate::storage) struct ObjectPieces {
    state: State,
    /// What is still to come.
    left: Range<u64>,
    /// Whether the present answer has brought anything.
    has_brought: bool,
    rest: Rest,
}

enum State {
    Reading(Answer),
    Asking(BoxFuture<'static, Result<Answer, Error>>),
}

impl ObjectPieces {
    fn new(answer: Answer, part: Range<u64>, rest: Rest) -> Self {
        Self {
            state: State::Reading(answer),
            left: part,
            has_brought: false,
            rest,
        }
    }

    /// An error is the last item.
    fn failed(&mut self, kind: io::ErrorKind, why: String) -> Option<io::Result<Bytes>> {
        let left = self.left.end - self.left.start;
        tracing::warn!(
            error = why,
            left,
            "a file of the bucket is not sent to its end"
        );
        self.left.start = self.left.end;
        Some(Err(io::Error::new(kind, why)))
    }

    /// The answer has broken off.
    fn broken(&mut self, kind: io::ErrorKind, why: String) -> Option<io::Result<Bytes>> {
        if !self.has_brought {
            return self.failed(kind, why);
        }
        self.state = State::Asking((self.rest)(self.left.clone()));
        None
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
        while !self.left.is_empty() {
            let left = self.left.end - self.left.start;
            let ended = match &mut self.state {
                State::Asking(asking) => match ready!(asking.poll_unpin(context)) {
                    Ok(answer) => {
                        self.state = State::Reading(answer);
                        self.has_brought = false;
                        None
                    }
                    Err(error) => self.failed(io::ErrorKind::Other, error.to_string()),
                },
                State::Reading(answer) => match ready!(answer.poll_next_unpin(context)) {
                    Some(Ok(piece)) if piece.is_empty() => None,
                    Some(Ok(piece)) if piece.len() as u64 <= left => {
                        self.has_brought = true;
                        self.left.start += piece.len() as u64;
                        Some(Ok(piece))
                    }
                    Some(Ok(_)) => {
                        let why = "the store sends more than it was asked for".to_owned();
                        self.failed(io::ErrorKind::InvalidData, why)
                    }
                    Some(Err(error)) => self.broken(io::ErrorKind::Other, words(&error)),
                    None => {
                        let why = "the store has cut the file".to_owned();
                        self.broken(io::ErrorKind::UnexpectedEof, why)
                    }
                },
            };
            if ended.is_some() {
                return Poll::Ready(ended);
            }
        }
        Poll::Ready(None)
    }
}

#[cfg(test)]
mod tests {
    //! Whatever a store sends: the bytes that were asked for, or an error at the end.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::sync::{Arc, Mutex};

    use futures_util::stream;

    use super::*;

    /// One answer of a store, and how it ends.
    #[derive(Clone, Copy)]
    struct Sent(&'static [&'static str], End);

    #[derive(Clone, Copy, PartialEq)]
    enum End {
        Plain,
        Broken,
        Refused,
    }

    fn answer(Sent(pieces, end): Sent) -> Answer {
        let broken = (end == End::Broken).then(|| {
            let source = "x".into();
            Err(object_store::Error::NotSupported { source })
        });
        let pieces = pieces
            .iter()
            .map(|text| Ok(Bytes::from_static(text.as_bytes())));
        stream::iter(pieces.chain(broken).collect::<Vec<_>>()).boxed()
    }

    /// What a reader of the 5 bytes from 10 on gets if the store sends these answers, and what it was asked for later.
    async fn read(sent: &[Sent]) -> (String, Option<io::ErrorKind>, Vec<Range<u64>>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (later, told) = (sent[1..].to_vec(), Arc::clone(&asked));
        let rest = move |part| {
            let mut told = told.lock().unwrap();
            let sent = later.get(told.len()).copied();
            told.push(part);
            let sent = sent.filter(|Sent(_, end)| *end != End::Refused);
            async move { sent.map(answer).ok_or(Error::NotFound) }.boxed()
        };
        let mut pieces = ObjectPieces::new(answer(sent[0]), 10..15, Box::new(rest));
        let (mut read, mut error) = (String::new(), None);
        while let Some(piece) = pieces.next().await {
            assert_eq!(error, None, "an error is the last item");
            match piece {
                Ok(piece) => read += std::str::from_utf8(&piece).unwrap(),
                Err(found) => error = Some(found.kind()),
            }
        }
        let asked = asked.lock().unwrap().clone();
        (read, error, asked)
    }

    #[tokio::test]
    async fn a_part_has_its_length_or_ends_with_an_error() {
        use End::{Broken, Plain, Refused};
        let (cut, more, other) = (
            io::ErrorKind::UnexpectedEof,
            io::ErrorKind::InvalidData,
            io::ErrorKind::Other,
        );
        let rest_from = |at: u64| std::iter::once(at..15).collect::<Vec<_>>();
        for (sent, bytes, error, asked) in [
            (&[Sent(&["hello"], Plain)][..], "hello", None, vec![]),
            (&[Sent(&["he", "", "llo"], Plain)], "hello", None, vec![]),
            (&[Sent(&[], Plain)], "", Some(cut), vec![]),
            (&[Sent(&[""], Broken)], "", Some(other), vec![]),
            (&[Sent(&["he", "llo!"], Plain)], "he", Some(more), vec![]),
            (
                &[
                    Sent(&["he"], Broken),
                    Sent(&["l"], Plain),
                    Sent(&["lo"], Plain),
                ],
                "hello",
                None,
                vec![12..15, 13..15],
            ),
            (
                &[Sent(&["hell"], Plain), Sent(&[], Plain)],
                "hell",
                Some(cut),
                rest_from(14),
            ),
            (
                &[Sent(&["he"], Broken), Sent(&[], Broken)],
                "he",
                Some(other),
                rest_from(12),
            ),
            (
                &[Sent(&["he"], Broken), Sent(&[], Refused)],
                "he",
                Some(other),
                rest_from(12),
            ),
        ] {
            assert_eq!(read(sent).await, (bytes.to_owned(), error, asked));
        }
    }
}
