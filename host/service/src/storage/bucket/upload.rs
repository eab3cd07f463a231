//! Sends one staged file to a bucket: a small one by one request, others in parts that become an object at the end.

use std::{fs::File, os::unix::fs::FileExt as _, path::Path, sync::Arc};

use object_store::{
    Attributes, MultipartUpload, ObjectStore as _, PutMultipartOptions, PutOptions, PutPayload,
    aws::AmazonS3, path::Path as Key,
};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};

use super::Error;
use crate::storage::blocking;

/// The length of a part, bytes. Stores take none below 5 MiB, but the last.
const PART_BYTES: u64 = 8 << 20;
/// The maximum number of parts of one file; parts of a larger file are longer.
const PARTS_MAX: u64 = 10_000;
/// The number of parts of one file that are being sent at once.
const AT_ONCE: usize = 2;

/// One upload.
pub(super) struct Upload<'a> {
    pub(super) store: &'a AmazonS3,
    /// A permit for each part that is in memory.
    pub(super) parts: &'a Arc<Semaphore>,
    pub(super) key: &'a Key,
    pub(super) attributes: Attributes,
}

impl Upload<'_> {
    /// Sends the file.
    ///
    /// # Errors
    /// If it cannot be read or has another length, or the store does not take it.
    pub(super) async fn run(self, staged: &Path, bytes: u64) -> Result<(), Error> {
        let path = staged.to_owned();
        let file = blocking(move || {
            let file = File::open(path)?;
            Ok((file.metadata()?.len() == bytes).then_some(file))
        });
        let Some(file) = file.await? else {
            return Err(Error::Failed("a staged file has changed".to_owned()));
        };
        let file = Arc::new(file);
        if bytes <= PART_BYTES {
            return self.at_once(&file, bytes).await;
        }
        self.in_parts(&file, bytes).await
    }

    async fn at_once(self, file: &Arc<File>, bytes: u64) -> Result<(), Error> {
        let _permit = self.permit().await?;
        let payload = read(file, 0, bytes).await?;
        let options = PutOptions::from(self.attributes);
        self.store.put_opts(self.key, payload, options).await?;
        Ok(())
    }

    async fn in_parts(self, file: &Arc<File>, bytes: u64) -> Result<(), Error> {
        let options = PutMultipartOptions::from(self.attributes.clone());
        let upload = self.store.put_multipart_opts(self.key, options).await?;
        let mut upload = Unfinished(Some(upload));
        let part = PART_BYTES.max(bytes.div_ceil(PARTS_MAX));
        // Dropped before the upload, which is given up after the last request of it.
        let mut sending = JoinSet::new();
        let mut start = 0;
        while start < bytes {
            if sending.len() == AT_ONCE {
                sent(&mut sending).await?;
            }
            let permit = self.permit().await?;
            let end = bytes.min(start + part);
            let payload = read(file, start, end - start).await?;
            if let Some(upload) = &mut upload.0 {
                let request = upload.put_part(payload);
                sending.spawn(async move {
                    let _permit = permit;
                    request.await
                });
            }
            start = end;
        }
        while !sending.is_empty() {
            sent(&mut sending).await?;
        }
        if let Some(whole) = &mut upload.0 {
            whole.complete().await?;
        }
        // It is complete: nothing is to be given up.
        upload.0 = None;
        Ok(())
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, Error> {
        let permit = Arc::clone(self.parts).acquire_owned().await;
        permit.map_err(|error| Error::Failed(error.to_string()))
    }
}

/// Waits until one of the parts is sent.
async fn sent(sending: &mut JoinSet<object_store::Result<()>>) -> Result<(), Error> {
    match sending.join_next().await {
        Some(Ok(sent)) => sent?,
        Some(Err(error)) => return Err(Error::Failed(error.to_string())),
        None => {}
    }
    faults::reached("storage.part");
    Ok(())
}

/// Reads a part of the file where waiting for the disk stops nobody else.
async fn read(file: &Arc<File>, start: u64, bytes: u64) -> Result<PutPayload, Error> {
    let file = Arc::clone(file);
    let part = blocking(move || {
        let bytes = usize::try_from(bytes).map_err(std::io::Error::other)?;
        let mut part = vec![0; bytes];
        file.read_exact_at(&mut part, start)?;
        Ok(part)
    });
    Ok(PutPayload::from(part.await?))
}

/// An upload in parts. The parts that the store has cost money until it is told to give them up, which is done when this
/// is dropped, if the process lives on.
struct Unfinished(Option<Box<dyn MultipartUpload>>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let (Some(mut upload), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(async move {
                if let Err(error) = upload.abort().await {
                    let error = super::words(&error);
                    tracing::warn!(error, "parts of an upload stay until the lifecycle rule");
                }
            });
        }
    }
}
