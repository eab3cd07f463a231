//! Workers: claim, run, report, finish. A panic or a crash costs one attempt, and never stops the queue.

use std::{
    collections::hash_map::RandomState, fmt::Display, hash::BuildHasher as _,
    panic::AssertUnwindSafe, time::Duration,
};

use futures_util::{FutureExt as _, future::join_all};
use serde_json::Value;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::{
    Attempt, Error, Failure, JobId, Progress, Queue, Reporter, Work,
    queue::{Running, broken},
};
use crate::database::{Finish, JobRow};

/// How often the table is checked even without a notification.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How often progress is stored while a job runs; its lease is extended at the same time.
const BEAT_EVERY: Duration = Duration::from_secs(1);

/// How often the jobs of other processes are looked at.
const RECOVER_EVERY: Duration = Duration::from_secs(2);

/// How an attempt ended.
enum End {
    Done(Result<Value, Failure>),
    Cancelled,
    /// This process is stopping: another one will take the job over, and the attempt does not count.
    Drained,
    /// Another process has taken it over.
    Lost,
}

impl<W: Work> Queue<W> {
    /// Runs jobs until `shutdown`. Then it claims no more jobs, gives running ones `drain_s_max` to end, and returns
    /// the rest to the queue.
    pub async fn run(&self, context: W::Context, shutdown: CancellationToken) {
        let drained = CancellationToken::new();
        let workers = join_all((0..self.0.config.workers).map(|_| {
            let (queue, context) = (self.clone(), context.clone());
            let (shutdown, drained) = (shutdown.clone(), drained.clone());
            tokio::spawn(async move { queue.work(context, shutdown, drained).await })
        }));
        let drain = async {
            shutdown.cancelled().await;
            sleep(Duration::from_secs(self.0.config.drain_s_max)).await;
            drained.cancel();
            std::future::pending::<()>().await;
        };
        let recover = shutdown.run_until_cancelled(self.recover_on());
        tokio::select! {
            _ = workers => {}
            () = drain => {}
            Some(()) = recover => {}
        }
    }

    /// Takes over the jobs of other processes soon after their leases have ended.
    async fn recover_on(&self) {
        if !self.0.database.is_shared() {
            return std::future::pending().await;
        }
        let mut every = interval(RECOVER_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            match self.recover(false).await {
                Ok(0) => {}
                Ok(recovered) => {
                    tracing::info!(recovered, "jobs of another replica are taken up again");
                    self.0.due.notify_one();
                }
                Err(error) => tracing::warn!(%error, "jobs of other replicas cannot be looked at"),
            }
        }
    }

    async fn work(
        &self,
        context: W::Context,
        shutdown: CancellationToken,
        drained: CancellationToken,
    ) {
        let mut rests = self.0.rests.subscribe();
        while !shutdown.is_cancelled() {
            let claims = rests.wait_for(|rests| !rests);
            if shutdown.run_until_cancelled(claims).await.is_none() {
                return;
            }
            match self.claim().await {
                Ok(Some(row)) => {
                    // Another job may be due as well.
                    self.0.due.notify_one();
                    self.attempt(row, context.clone(), &drained).await;
                }
                Ok(None) => self.wait(&shutdown).await,
                Err(error) => {
                    // The fleet has said already that its database is away.
                    match matches!(&error, Error::Database(error) if error.is_away()) {
                        true => tracing::debug!(%error, "jobs cannot be claimed"),
                        false => tracing::error!(%error, "jobs cannot be claimed"),
                    }
                    shutdown.run_until_cancelled(sleep(LOOK_EVERY)).await;
                }
            }
        }
    }

    async fn claim(&self) -> Result<Option<JobRow>, Error> {
        let now = self.0.clock.now_ms();
        let lease = now + self.0.config.lease_s * 1000;
        let fleet_max = self.0.config.fleet_workers;
        let claim = self
            .0
            .database
            .claim_job(&self.0.owner, (now, lease), fleet_max);
        Ok(claim.await?)
    }

    /// Waits until a job may be due. Of all idle workers, one looks at the table from time to time, for the others too.
    async fn wait(&self, shutdown: &CancellationToken) {
        let look = async {
            let _only = self.0.lookout.lock().await;
            let due = self.0.database.next_due_ms().await.ok().flatten();
            let now = self.0.clock.now_ms();
            let due = due.map(|due| Duration::from_millis(due.saturating_sub(now)));
            sleep(due.unwrap_or(LOOK_EVERY).min(LOOK_EVERY)).await;
        };
        tokio::select! {
            () = self.0.due.notified() => {}
            () = look => {}
            () = shutdown.cancelled() => {}
        }
    }

    async fn attempt(&self, row: JobRow, context: W::Context, drained: &CancellationToken) {
        let id = JobId::try_parse(&row.id).unwrap_or_default();
        let (progress, told) = watch::channel(Progress::default());
        let stop = CancellationToken::new();
        let running = Running {
            stop: stop.clone(),
            progress: told.clone(),
        };
        self.running().insert(id, running);
        self.0.changed.send_replace(());
        let ended = tokio::select! {
            done = self.done(&row, context, Reporter(progress)) => End::Done(done),
            () = stop.cancelled() => End::Cancelled,
            ended = self.beat(&row, told) => ended,
            () = drained.cancelled() => End::Drained,
        };
        if let Some(finish) = self.finish(&row, ended) {
            self.end(&row, &finish, drained).await;
        }
        self.running().remove(&id);
        self.0.changed.send_replace(());
    }

    async fn done(
        &self,
        row: &JobRow,
        context: W::Context,
        progress: Reporter,
    ) -> Result<Value, Failure> {
        let work: W = serde_json::from_str(row.payload.as_deref().unwrap_or("null"))
            .map_err(|error| broken(&error.to_string()))?;
        let attempt = Attempt {
            id: JobId::try_parse(&row.id).unwrap_or_default(),
            number: u32::try_from(row.attempt).unwrap_or_default(),
            is_last: row.attempt >= i64::from(self.0.config.attempts_max),
            progress,
        };
        let wall = Duration::from_secs(self.0.config.wall_s_max);
        let work = AssertUnwindSafe(work.run(context, attempt)).catch_unwind();
        let span = tracing::error_span!(
            "job",
            id = row.id,
            attempt = row.attempt,
            request = row.request,
        );
        match timeout(wall, work).instrument(span).await {
            Ok(Ok(done)) => done,
            Ok(Err(_panic)) => {
                tracing::error!(job = row.id, "a job panicked");
                Err(broken("the job panicked"))
            }
            Err(_) => Err(broken("the job took too long")),
        }
    }

    /// Stores the progress and extends the lease; returns when the job must stop.
    async fn beat(&self, row: &JobRow, mut told: watch::Receiver<Progress>) -> End {
        let mut every = interval(BEAT_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                Ok(()) = told.changed() => {
                    self.0.changed.send_replace(());
                    continue;
                }
                _ = every.tick() => {}
            }
            let progress = serde_json::to_string(&*told.borrow()).unwrap_or_default();
            let lease = self.0.clock.now_ms() + self.0.config.lease_s * 1000;
            match self
                .0
                .database
                .beat_job(self.held(row), lease, &progress)
                .await
            {
                Ok(Some(false)) => {}
                Ok(Some(true)) => return End::Cancelled,
                Ok(None) => return End::Lost,
                Err(error) => tracing::warn!(%error, job = row.id, "a heartbeat is missed"),
            }
        }
    }

    fn held<'a>(&'a self, row: &'a JobRow) -> (&'a str, i64, &'a str) {
        (&row.id, row.attempt, &self.0.owner)
    }

    /// What is stored for an end; `None` if the job belongs to another attempt.
    fn finish(&self, row: &JobRow, ended: End) -> Option<Finish<'static>> {
        let finish = |state| Finish {
            state,
            result: None,
            error: None,
            not_before_ms: 0,
            counts: true,
            expires_at_ms: Some(self.expiry_ms()),
        };
        let again = |counts, not_before_ms| Finish {
            counts,
            not_before_ms,
            expires_at_ms: None,
            ..finish("pending")
        };
        Some(match ended {
            End::Lost => return None,
            End::Cancelled => finish("cancelled"),
            End::Drained => again(false, 0),
            End::Done(Ok(result)) => Finish {
                result: Some(result.to_string()),
                ..finish("completed")
            },
            End::Done(Err(failure))
                if failure.retry && row.attempt < i64::from(self.0.config.attempts_max) =>
            {
                again(true, self.0.clock.now_ms() + self.pause_ms(row.attempt))
            }
            End::Done(Err(failure)) => Finish {
                error: serde_json::to_string(&failure).ok(),
                ..finish("failed")
            },
        })
    }

    /// Stores the end of an attempt.
    async fn end(&self, row: &JobRow, finish: &Finish<'_>, drained: &CancellationToken) {
        let now = self.0.clock.now_ms();
        let finished = || self.0.database.finish_job(self.held(row), now, finish);
        let ours = insist(&row.id, drained, finished).await;
        if finish.state == "pending" {
            // It is due at another time than whoever looks expects.
            self.0.due.notify_waiters();
        }
        if ours == Some(true) && finish.state == "failed" {
            insist(&row.id, drained, || self.stop_siblings(row)).await;
        }
    }

    /// The pause before the next attempt. Each pause is four times as long as the one before, plus up to half at
    /// random, so that jobs that failed together are not retried together.
    fn pause_ms(&self, attempt: i64) -> u64 {
        let factor = 4_u64.saturating_pow(u32::try_from(attempt - 1).unwrap_or(0).min(8));
        let pause = self.0.config.pause_ms_min.saturating_mul(factor);
        let jitter = RandomState::new().hash_one(attempt) % (pause / 2 + 1);
        pause + jitter
    }

    /// Cancels the other items of a batch that does not carry on after a failure.
    async fn stop_siblings(&self, row: &JobRow) -> Result<(), Error> {
        let Some(parent) = &row.parent else {
            return Ok(());
        };
        let rows = self.0.database.job(parent).await?;
        if rows.first().is_none_or(|parent| parent.carry_on) {
            return Ok(());
        }
        let now = self.0.clock.now_ms();
        self.0
            .database
            .cancel_jobs(parent, now, self.expiry_ms())
            .await?;
        let running = self.running();
        for sibling in rows.iter().filter(|sibling| sibling.id != row.id) {
            let id = JobId::try_parse(&sibling.id).unwrap_or_default();
            if let Some(running) = running.get(&id) {
                running.stop.cancel();
            }
        }
        Ok(())
    }
}

/// Retries until the database succeeds: no other process takes over what this process holds. If this process has to end
/// first, the next one takes over.
async fn insist<T, E: Display, F: Future<Output = Result<T, E>>>(
    job: &str,
    drained: &CancellationToken,
    keep: impl Fn() -> F,
) -> Option<T> {
    loop {
        match keep().await {
            Ok(kept) => return Some(kept),
            Err(error) => tracing::error!(%error, job, "the end of a job cannot be kept yet"),
        }
        drained.run_until_cancelled(sleep(BEAT_EVERY)).await?;
    }
}
