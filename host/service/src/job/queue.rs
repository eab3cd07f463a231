//! The queue as its callers see it: submit, status, cancel, watch.

use std::{
    collections::HashMap,
    marker::PhantomData,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Mutex as AsyncMutex, Notify, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Config, Counts, Error, Failure, JobId, Progress, QUEUE_FAILURE, State, Status, Work};
use crate::{
    clock::Clock,
    database::{Database, JobRow},
};

/// How often the table is checked for changes by other processes.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Who submits a job.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The client whose share of the queue it uses.
    pub client: String,
    /// The id of the request that submitted it, for readers of the log.
    pub request: Option<Uuid>,
}

impl From<&str> for Origin {
    fn from(client: &str) -> Self {
        Self {
            client: client.to_owned(),
            request: None,
        }
    }
}

/// A cheap handle.
pub struct Queue<W>(pub(super) Arc<Inner<W>>);

impl<W> Clone for Queue<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

pub(super) struct Inner<W> {
    pub(super) config: Config,
    pub(super) database: Database,
    pub(super) clock: Clock,
    /// The id of this process in the table.
    pub(super) owner: String,
    /// Notified when a job may be due.
    pub(super) due: Notify,
    /// Held by the one idle worker that looks at the table.
    pub(super) lookout: AsyncMutex<()>,
    /// Changes whenever a watcher may have to look again.
    pub(super) changed: watch::Sender<()>,
    /// Whether this process claims no jobs.
    pub(super) rests: watch::Sender<bool>,
    running: Mutex<HashMap<JobId, Running>>,
    work: PhantomData<fn() -> W>,
}

/// A job that runs in this process.
pub(super) struct Running {
    /// Cancelled when the client cancels the job.
    pub(super) stop: CancellationToken,
    pub(super) progress: watch::Receiver<Progress>,
}

impl<W: Work> Queue<W> {
    /// Opens the queue and takes over the jobs that an earlier process left: at once if nobody else can use the database,
    /// and otherwise when their leases have ended.
    ///
    /// # Errors
    /// [`Error::Database`] if the database fails.
    pub async fn open(config: Config, database: Database, clock: Clock) -> Result<Self, Error> {
        let queue = Self(Arc::new(Inner {
            config,
            clock,
            owner: database.process().to_string(),
            database,
            due: Notify::new(),
            lookout: AsyncMutex::default(),
            changed: watch::Sender::new(()),
            rests: watch::Sender::new(false),
            running: Mutex::default(),
            work: PhantomData,
        }));
        queue.0.database.clamp_jobs(queue.expiry_ms()).await?;
        let recovered = queue.recover(true).await?;
        if recovered > 0 {
            tracing::info!(recovered, "jobs of an earlier process are taken up again");
        }
        Ok(queue)
    }

    /// Puts jobs whose worker has ended back into the queue, or marks them as failed if they had too many attempts.
    pub(super) async fn recover(&self, alone: bool) -> Result<u64, Error> {
        let error = serde_json::to_string(&broken("the server stopped each time it was tried"))?;
        let Inner {
            config,
            database,
            owner,
            clock,
            ..
        } = &*self.0;
        let poisoned = (
            i64::from(config.attempts_max),
            error.as_str(),
            self.expiry_ms(),
        );
        Ok(database
            .recover_jobs(owner, alone, clock.now_ms(), poisoned)
            .await?)
    }

    /// Accepts a job. It is durable when the function returns.
    ///
    /// # Errors
    /// [`Error::QueueFull`], [`Error::ShareFull`], or [`Error::Database`] if the database fails.
    pub async fn submit(&self, origin: impl Into<Origin>, work: W) -> Result<Status<W>, Error> {
        let origin = origin.into();
        self.has_room(&origin.client, 1).await?;
        let row = self.row(&origin, Some(&work), None)?;
        self.insert(vec![row]).await
    }

    /// Accepts several jobs under one id, all or none. With `carry_on` the others continue when one fails.
    ///
    /// # Errors
    /// As [`Queue::submit`].
    pub async fn submit_batch(
        &self,
        origin: impl Into<Origin>,
        works: Vec<W>,
        carry_on: bool,
    ) -> Result<Status<W>, Error> {
        let origin = origin.into();
        self.has_room(&origin.client, works.len() as u64).await?;
        let mut parent = self.row(&origin, None, None)?;
        "batch".clone_into(&mut parent.state);
        parent.carry_on = carry_on;
        let id = parent.id.clone();
        let mut rows = vec![parent];
        for work in &works {
            rows.push(self.row(&origin, Some(work), Some(&id))?);
        }
        self.insert(rows).await
    }

    async fn insert(&self, rows: Vec<JobRow>) -> Result<Status<W>, Error> {
        self.0.database.insert_jobs(&rows).await?;
        self.0.due.notify_one();
        Status::of(rows)?.ok_or(Error::QueueFull)
    }

    fn row(
        &self,
        origin: &Origin,
        work: Option<&W>,
        parent: Option<&str>,
    ) -> Result<JobRow, Error> {
        Ok(JobRow {
            id: Uuid::new_v4().to_string(),
            parent: parent.map(str::to_owned),
            payload: work.map(serde_json::to_string).transpose()?,
            carry_on: true,
            client: origin.client.clone(),
            request: origin.request.map(|id| id.to_string()),
            state: "pending".to_owned(),
            created_at: i64::try_from(self.0.clock.now_ms()).unwrap_or(i64::MAX),
            ..JobRow::default()
        })
    }

    async fn has_room(&self, client: &str, more: u64) -> Result<(), Error> {
        let (all, own) = self.0.database.waiting_jobs(client).await?;
        if own + more > self.0.config.waiting_per_client_max {
            return Err(Error::ShareFull);
        }
        if all + more > self.0.config.waiting_max {
            return Err(Error::QueueFull);
        }
        Ok(())
    }

    /// The status of a job; `None` if there is no such job or it has expired, even if it is not deleted yet.
    ///
    /// # Errors
    /// [`Error::Database`] if the database fails.
    pub async fn status(&self, id: JobId) -> Result<Option<Status<W>>, Error> {
        let rows = self.0.database.job(&id.to_string()).await?;
        let now = self.0.clock.now_ms();
        let status =
            Status::of(rows)?.filter(|status| status.expires_at_ms.is_none_or(|at| at > now));
        Ok(status.map(|mut status| {
            self.add_live(&mut status);
            status
        }))
    }

    /// The latest jobs and batches, newest first, at most `most`, without expired ones.
    ///
    /// # Errors
    /// [`Error::Database`] if the database fails.
    pub async fn recent(&self, most: u32) -> Result<Vec<Status<W>>, Error> {
        let rows = self.0.database.recent_jobs(most).await?;
        let now = self.0.clock.now_ms();
        let mut recent = Vec::new();
        // An item names its batch, which comes before it.
        for rows in rows.chunk_by(|_, next| next.parent.is_some()) {
            let status = Status::of(rows.to_vec())?;
            let status = status.filter(|it| it.expires_at_ms.is_none_or(|at| at > now));
            recent.extend(status.map(|mut status| {
                self.add_live(&mut status);
                status
            }));
        }
        Ok(recent)
    }

    /// The number of jobs in each state; items of batches count, batches do not.
    ///
    /// # Errors
    /// [`Error::Database`] if the database fails.
    pub async fn counts(&self) -> Result<Counts, Error> {
        let mut counts = Counts::default();
        for (state, count) in self.0.database.job_counts().await? {
            *match State::parse(&state) {
                State::Pending => &mut counts.pending,
                State::Running => &mut counts.running,
                State::Completed => &mut counts.completed,
                State::Failed => &mut counts.failed,
                State::Cancelled => &mut counts.cancelled,
            } += count;
        }
        Ok(counts)
    }

    /// Adds the progress of jobs that run in this process, which is newer than their last heartbeat.
    fn add_live(&self, status: &mut Status<W>) {
        if status.children.is_empty() {
            let running = self.running();
            if let Some(running) = running.get(&status.id).filter(|_| !status.state.is_final()) {
                status.progress = running.progress.borrow().clone();
            }
        } else {
            status
                .children
                .iter_mut()
                .for_each(|child| self.add_live(child));
            status.gather();
        }
    }

    /// Cancels a job, or every item of a batch; jobs that have ended stay unchanged.
    ///
    /// # Errors
    /// [`Error::Database`] if the database fails.
    pub async fn cancel(&self, id: JobId) -> Result<Option<Status<W>>, Error> {
        let Some(before) = self.status(id).await? else {
            return Ok(None);
        };
        let Inner {
            database, clock, ..
        } = &*self.0;
        database
            .cancel_jobs(&id.to_string(), clock.now_ms(), self.expiry_ms())
            .await?;
        let ids: Vec<_> = std::iter::once(&before)
            .chain(&before.children)
            .map(|it| it.id)
            .collect();
        // Jobs in other processes learn it from their next heartbeat.
        let mut changes = self.0.changed.subscribe();
        for id in &ids {
            if let Some(running) = self.running().get(id) {
                running.stop.cancel();
            }
        }
        self.0.changed.send_replace(());
        while ids.iter().any(|id| self.running().contains_key(id)) {
            if changes.changed().await.is_err() {
                break;
            }
        }
        self.status(id).await
    }

    /// A handle for waiting for changes of jobs from now on.
    #[must_use]
    pub fn changes(&self) -> Changes {
        Changes(self.0.changed.subscribe())
    }

    /// Looks for jobs that another process has accepted.
    pub fn wake(&self) {
        self.0.due.notify_one();
        self.0.changed.send_replace(());
    }

    /// Claims no more jobs, or claims them again. Running jobs continue, and others may still be accepted.
    pub fn rest(&self, rests: bool) {
        self.0.rests.send_replace(rests);
    }

    /// The number of jobs that run in this process.
    #[must_use]
    pub fn running_here(&self) -> usize {
        self.running().len()
    }

    /// Deletes expired jobs, and takes over those whose worker has ended.
    pub async fn sweep(&self) {
        let swept = async {
            self.0.database.forget_jobs(self.0.clock.now_ms()).await?;
            self.recover(false).await
        };
        match swept.await {
            Ok(recovered) if recovered > 0 => self.0.due.notify_one(),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "jobs cannot be swept"),
        }
    }

    /// When a job that ends now will expire.
    pub(super) fn expiry_ms(&self) -> u64 {
        self.0.clock.now_ms() + self.0.config.retention_s * 1000
    }

    pub(super) fn running(&self) -> MutexGuard<'_, HashMap<JobId, Running>> {
        self.0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notifications of changes, for watching a job.
pub struct Changes(watch::Receiver<()>);

impl Changes {
    /// Marks earlier changes as seen. Call it before reading the status, so that no change is missed.
    pub fn mark_seen(&mut self) {
        self.0.mark_unchanged();
    }

    /// Waits until the progress or the state of any job may have changed: at once for jobs of this process, within a
    /// second for jobs of other processes.
    pub async fn next(&mut self) {
        // An error means that the queue was dropped; then only the table can be checked.
        let _ = timeout(LOOK_EVERY, self.0.changed()).await;
    }
}

/// The failure of a job that the queue itself ends.
pub(super) fn broken(details: &str) -> Failure {
    Failure {
        code: QUEUE_FAILURE.to_owned(),
        details: details.to_owned(),
        retry: false,
    }
}
