//! The connection below hyper: cuts off a client that reads nothing, gives the refusals that hyper writes by itself
//! the body of all others, lets a client read a refusal although it has not sent all of its request, and waits for no
//! head once the server ends.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;

use super::{Config, refusal};

/// How long the rest of a refused request is read and ignored. If it were not, the system would reset the connection,
/// and the client would not see the response.
const LINGER: Duration = Duration::from_secs(5);
/// How much of it is read at once, bytes.
const IGNORED_BYTES: usize = 16 * 1024;

/// What a connection must know of its last request to end well.
#[derive(Debug, Default)]
pub(super) struct Ending {
    /// Its body may still arrive.
    arrives: AtomicBool,
    /// Its response was a refusal.
    refused: AtomicBool,
}

impl Ending {
    pub(super) fn asked(&self, has_body: bool) {
        self.arrives.store(has_body, Ordering::Relaxed);
    }

    pub(super) fn answered(&self, is_refusal: bool) {
        self.arrives.store(false, Ordering::Relaxed);
        self.refused.store(is_refusal, Ordering::Relaxed);
    }
}

/// A connection to a client.
pub(super) struct Wire {
    /// Ends when the client reads nothing for too long, because it holds a file and a permit meanwhile.
    stream: Pin<Box<TimeoutStream<TcpStream>>>,
    ending: Arc<Ending>,
    shutdown: CancellationToken,
    /// What is written before anything else.
    waiting: Vec<u8>,
    /// Set once our side is closed: until when the rest of a refused request is read.
    lingers: Option<Pin<Box<Sleep>>>,
}

impl Wire {
    pub(super) fn new(
        stream: TcpStream,
        config: &Config,
        ending: Arc<Ending>,
        shutdown: CancellationToken,
    ) -> Self {
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(Duration::from_millis(config.stall_ms_max)));
        Self {
            stream: Box::pin(stream),
            ending,
            shutdown,
            waiting: Vec::new(),
            lingers: None,
        }
    }

    fn poll_waiting(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.waiting.is_empty() {
            let written = ready!(self.stream.as_mut().poll_write(context, &self.waiting))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.waiting.drain(..written);
        }
        Poll::Ready(Ok(()))
    }

    /// Reads what the client still sends, until it ends or the time is over.
    fn poll_ignored(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let until = || Box::pin(sleep_until(Instant::now() + LINGER));
        let lingers = self.lingers.get_or_insert_with(until);
        if lingers.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        let mut buffer = [0; IGNORED_BYTES];
        loop {
            let mut buffer = ReadBuf::new(&mut buffer);
            match ready!(self.stream.as_mut().poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {}
                _ => return Poll::Ready(()),
            }
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = self.stream.as_mut().poll_read(context, buffer);
        // Who has sent half a head by the shutdown does not hold it up: no further request is taken.
        let is_over = read.is_pending()
            && !self.ending.arrives.load(Ordering::Relaxed)
            && self.shutdown.is_cancelled();
        match is_over {
            true => Poll::Ready(Ok(())),
            false => read,
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_waiting(context))?;
        // What hyper writes by itself is the last thing that it writes.
        if let Some((last, before)) = pieces.split_last()
            && let Some(refusal) = refusal::instead_of(last)
        {
            self.ending.answered(true);
            self.waiting = before
                .iter()
                .flat_map(|piece| piece.iter())
                .copied()
                .collect();
            self.waiting.extend(refusal);
            return Poll::Ready(Ok(pieces.iter().map(|piece| piece.len()).sum()));
        }
        self.stream.as_mut().poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_waiting(context))?;
        self.stream.as_mut().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingers.is_none() {
            ready!(self.poll_waiting(context))?;
            ready!(self.stream.as_mut().poll_shutdown(context))?;
        }
        if self.ending.refused.load(Ordering::Relaxed) {
            ready!(self.poll_ignored(context));
        }
        Poll::Ready(Ok(()))
    }
}
