//! A staged file that is being written: what arrives is collected, and a thread for blocking work writes and hashes it
//! while more arrives.

use std::{
    fs::File,
    io::{self, Seek as _, Write as _},
    mem,
    path::Path,
};

use tokio::task::{JoinHandle, spawn_blocking};

use super::{Error, FileDigest, blocking, digest::Digesting};

/// The number of bytes that are collected before they are written. Less costs more changes of thread; more falls out of
/// the cache of the processor. Of one file, twice as much is in memory.
const BATCH_BYTES: usize = 256 << 10;

/// A staged file that is being written. What is written is also hashed.
#[derive(Debug)]
pub struct StagedFile {
    /// What is collected. It is a copy, because a piece may keep a whole buffer of the network alive.
    batch: Vec<u8>,
    writer: State,
}

/// Where the writer is.
#[derive(Debug)]
enum State {
    Idle(Writer),
    Writing(JoinHandle<io::Result<Writer>>),
    /// An earlier write failed.
    Gone,
}

#[derive(Debug)]
struct Writer {
    file: File,
    /// The buffer of the next batch.
    spare: Vec<u8>,
    digesting: Digesting,
}

impl StagedFile {
    /// Creates the file of a [`Staging`](super::Staging) folder.
    ///
    /// # Errors
    /// If it cannot be created.
    pub async fn create(path: &Path) -> Result<Self, Error> {
        let path = path.to_owned();
        let file = blocking(move || File::create(path)).await?;
        Ok(Self {
            batch: Vec::with_capacity(BATCH_BYTES),
            writer: State::Idle(Writer {
                file,
                spare: Vec::with_capacity(BATCH_BYTES),
                digesting: Digesting::default(),
            }),
        })
    }

    /// Adds a piece at the end. It is not in the file before [`StagedFile::flush`].
    ///
    /// # Errors
    /// If this write or an earlier one fails.
    pub async fn write(&mut self, mut piece: &[u8]) -> Result<(), Error> {
        while !piece.is_empty() {
            let room = BATCH_BYTES - self.batch.len();
            let (fits, rest) = piece.split_at(room.min(piece.len()));
            self.batch.extend_from_slice(fits);
            piece = rest;
            if self.batch.len() == BATCH_BYTES {
                self.begin().await?;
            }
        }
        Ok(())
    }

    /// Writes everything that was added.
    ///
    /// # Errors
    /// If this write or an earlier one fails.
    pub async fn flush(&mut self) -> Result<(), Error> {
        self.begin().await?;
        self.writer = State::Idle(self.idle().await?);
        Ok(())
    }

    /// Deletes everything that was written.
    ///
    /// # Errors
    /// If the disk or an earlier write fails.
    pub async fn start_over(&mut self) -> Result<(), Error> {
        self.batch.clear();
        let mut writer = self.idle().await?;
        let emptied = blocking(move || {
            writer.file.set_len(0)?;
            writer.file.rewind()?;
            writer.digesting = Digesting::default();
            Ok(writer)
        });
        self.writer = State::Idle(emptied.await?);
        Ok(())
    }

    /// Writes everything that was added, and returns the length and hash of the file.
    ///
    /// # Errors
    /// If this write or an earlier one fails.
    pub async fn finish(mut self) -> Result<FileDigest, Error> {
        self.flush().await?;
        Ok(self.idle().await?.digesting.finish())
    }

    /// Begins to write what is collected, once what was collected before is written.
    async fn begin(&mut self) -> Result<(), Error> {
        let mut writer = self.idle().await?;
        let mut batch = mem::replace(&mut self.batch, mem::take(&mut writer.spare));
        self.writer = State::Writing(spawn_blocking(move || {
            writer.digesting.add(&batch);
            writer.file.write_all(&batch)?;
            batch.clear();
            writer.spare = batch;
            Ok(writer)
        }));
        Ok(())
    }

    /// Takes the writer when it has nothing to do.
    async fn idle(&mut self) -> Result<Writer, Error> {
        let failed = |cause: &str| Error::Failed(cause.to_owned());
        match mem::replace(&mut self.writer, State::Gone) {
            State::Idle(writer) => Ok(writer),
            State::Writing(writing) => {
                let written = writing.await.map_err(|error| failed(&error.to_string()))?;
                Ok(written?)
            }
            State::Gone => Err(failed("an earlier write has failed")),
        }
    }
}
