//! Writes lines from a thread of its own, so that no request waits for whoever reads the log.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

/// The maximum number of lines that wait for the thread; further ones are dropped and counted.
const WAITING_LINES_MAX: usize = 8192;
/// The size of gathered lines at which they are written even while more wait, bytes.
const GATHERED_BYTES_MAX: usize = 256 * 1024;
/// How long lines are gathered after a write, so that a busy server writes some hundred of them at once, milliseconds.
const GATHER_MS: u64 = 10;

/// The thread. When this is dropped, the lines that wait are written, for at most a second.
pub(super) struct Lines {
    pub(super) writer: NonBlocking,
    pub(super) dropped: Dropped,
    pub(super) rest: WorkerGuard,
}

/// Counts the lines that were dropped, because too many were waiting or because they could not be written.
#[derive(Clone, Debug)]
pub(super) struct Dropped {
    waiting: ErrorCounter,
    unwritten: Arc<AtomicUsize>,
}

impl Lines {
    pub(super) fn start(to: impl Write + Send + 'static) -> Self {
        let unwritten = Arc::<AtomicUsize>::default();
        let gathered = Gathered {
            to,
            lines: Vec::new(),
            unwritten: Arc::clone(&unwritten),
        };
        let (writer, rest) = NonBlockingBuilder::default()
            .buffered_lines_limit(WAITING_LINES_MAX)
            .thread_name("log")
            .finish(gathered);
        let waiting = writer.error_counter();
        Self {
            writer,
            dropped: Dropped { waiting, unwritten },
            rest,
        }
    }
}

impl Dropped {
    pub(super) fn count(&self) -> u64 {
        let unwritten = self.unwritten.load(Ordering::Relaxed);
        self.waiting.dropped_lines().saturating_add(unwritten) as u64
    }
}

/// Gathers lines until it is flushed, which the thread does when no line waits.
struct Gathered<W> {
    to: W,
    lines: Vec<u8>,
    unwritten: Arc<AtomicUsize>,
}

impl<W: Write> Gathered<W> {
    fn write_out(&mut self) {
        if self.to.write_all(&self.lines).is_err() {
            let lines = self.lines.iter().filter(|byte| **byte == b'\n').count();
            self.unwritten.fetch_add(lines, Ordering::Relaxed);
        }
        self.lines.clear();
    }
}

impl<W: Write> Write for Gathered<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.lines.extend_from_slice(line);
        if self.lines.len() >= GATHERED_BYTES_MAX {
            self.write_out();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_out();
        thread::sleep(Duration::from_millis(GATHER_MS));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    //! No line waits for whoever reads, and every line is written or counted.

    use std::{
        sync::{Mutex, mpsc},
        time::Instant,
    };

    use super::*;

    /// A reader that takes what is written, once it is let go.
    struct Reader {
        go: mpsc::Receiver<()>,
        read: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Reader {
        fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
            // An error means that it has been let go.
            let _free = self.go.recv();
            self.read.lock().unwrap().extend_from_slice(lines);
            Ok(lines.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Waits until the thread has come so far.
    fn wait_until(is_so: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_secs(60);
        while !is_so() {
            assert!(Instant::now() < end);
            thread::yield_now();
        }
    }

    #[test]
    fn lines_that_find_no_room_are_dropped_and_counted() {
        let (stuck, go) = mpsc::channel();
        let read = Arc::<Mutex<Vec<u8>>>::default();
        let reader = Reader {
            go,
            read: Arc::clone(&read),
        };
        let Lines {
            mut writer,
            dropped,
            rest: _rest,
        } = Lines::start(reader);
        let written = 100 * WAITING_LINES_MAX;
        for _ in 0..written {
            writer.write_all(b"line\n").unwrap();
        }
        assert!(dropped.count() > 0);
        drop(stuck);
        let read = || read.lock().unwrap().len() / b"line\n".len();
        wait_until(|| read() as u64 + dropped.count() == written as u64);
    }

    /// A full disk.
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted() {
        let Lines {
            mut writer,
            dropped,
            rest: _rest,
        } = Lines::start(Full);
        for _ in 0..3 {
            writer.write_all(b"line\n").unwrap();
        }
        wait_until(|| dropped.count() == 3);
    }
}
