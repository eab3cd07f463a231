//! Tests of what the queue guarantees, with toy work: no accepted job is lost, and none runs twice without need.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod batches;
mod recovery;
mod rest;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde::Deserialize;
use serde_json::json;
use tempfile::TempDir;
use tokio::{sync::Semaphore, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    clock::Clock,
    data::Folder,
    database::{self, Database},
};

/// Runs each test on both databases.
macro_rules! on_both_engines {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $test() {
                super::$test(super::Engine::Sqlite).await;
            })+
        }

        mod postgres {
            $(#[tokio::test]
            async fn $test() {
                super::$test(super::Engine::postgres()).await;
            })+
        }
    };
}
use on_both_engines;

on_both_engines! {
    accepted_work_runs_in_order_and_is_remembered,
    a_panic_fails_its_job_and_no_worker,
    what_may_pass_is_tried_again_after_a_pause_and_not_for_ever,
    waiting_and_running_jobs_are_cancelled,
}

/// Where the table is.
#[derive(Clone, Debug)]
enum Engine {
    Sqlite,
    /// The URL of the database.
    Postgres(String),
}

impl Engine {
    fn postgres() -> Self {
        Self::Postgres(engines::Postgres::shared().database())
    }

    async fn open(&self, folder: &TempDir) -> Database {
        let owner = Folder::own(folder.path()).unwrap();
        let opened = match self {
            Self::Sqlite => Database::open(&owner).await,
            Self::Postgres(url) => {
                let config = database::Config {
                    address: Some(url.parse().unwrap()),
                    connect_ms_max: 20_000,
                    ..database::Config::default()
                };
                Database::share(&owner, &config).await
            }
        };
        opened.unwrap()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Toy {
    Count,
    Panic,
    /// Fails this many times with a failure that can be retried, then succeeds.
    Flaky(u32),
    Fail,
    /// Runs until the context releases it.
    Hang,
}

#[derive(Clone)]
struct Context {
    ran: Arc<Mutex<Vec<(JobId, u32)>>>,
    go: Arc<Semaphore>,
}

impl Work for Toy {
    type Context = Context;

    async fn run(self, context: Context, attempt: Attempt) -> Result<Value, Failure> {
        context
            .ran
            .lock()
            .unwrap()
            .push((attempt.id, attempt.number));
        let failure = |retry| Failure {
            code: "toy".to_owned(),
            details: String::new(),
            retry,
        };
        match self {
            Self::Count => Ok(json!(attempt.number)),
            Self::Panic => panic!("a toy breaks"),
            Self::Flaky(times) if attempt.number <= times => Err(failure(true)),
            Self::Flaky(_) => Ok(json!("at last")),
            Self::Fail => Err(failure(false)),
            Self::Hang => {
                attempt.progress.set(Progress {
                    percent: 40,
                    ..Progress::default()
                });
                attempt.progress.set(Progress {
                    percent: 10,
                    ..Progress::default()
                });
                context.go.acquire().await.unwrap().forget();
                Ok(json!("free"))
            }
        }
    }
}

struct Bench {
    engine: Engine,
    folder: TempDir,
    clock: Clock,
    queue: Queue<Toy>,
    context: Context,
    shutdown: CancellationToken,
}

fn config() -> Config {
    Config {
        workers: 2,
        waiting_max: 6,
        waiting_per_client_max: 4,
        pause_ms_min: 1,
        drain_s_max: 0,
        ..Config::default()
    }
}

impl Bench {
    async fn new(engine: Engine) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::fixed(1_000_000);
        let database = engine.open(&folder).await;
        let queue = Queue::open(config(), database, clock.clone())
            .await
            .unwrap();
        let context = Context {
            ran: Arc::default(),
            go: Arc::new(Semaphore::new(0)),
        };
        Self {
            engine,
            folder,
            clock,
            queue,
            context,
            shutdown: CancellationToken::new(),
        }
    }

    fn run(&self) -> JoinHandle<()> {
        let (queue, context, shutdown) = (
            self.queue.clone(),
            self.context.clone(),
            self.shutdown.clone(),
        );
        tokio::spawn(async move { queue.run(context, shutdown).await })
    }

    /// Another process at the same time, where there can be one.
    async fn other(&self) -> (Queue<Toy>, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let database = match self.engine {
            Engine::Sqlite => self.queue.0.database.clone(),
            Engine::Postgres(_) => self.engine.open(&folder).await,
        };
        let queue = Queue::open(config(), database, self.clock.clone()).await;
        (queue.unwrap(), folder)
    }

    /// Starts again as another process on the same folder.
    async fn again(self) -> Self {
        let Self {
            engine,
            folder,
            clock,
            queue,
            context,
            ..
        } = self;
        queue.0.database.close().await;
        drop(queue);
        let database = engine.open(&folder).await;
        let queue = Queue::open(config(), database, clock.clone())
            .await
            .unwrap();
        Self {
            engine,
            folder,
            clock,
            queue,
            context,
            shutdown: CancellationToken::new(),
        }
    }

    async fn until(&self, id: JobId, state: State) -> Status<Toy> {
        let mut changes = self.queue.changes();
        let wait = async {
            loop {
                changes.mark_seen();
                let status = self.queue.status(id).await.unwrap().unwrap();
                if status.state == state {
                    return status;
                }
                changes.next().await;
            }
        };
        timeout(Duration::from_secs(20), wait).await.unwrap()
    }

    async fn submit(&self, toy: Toy) -> JobId {
        self.queue.submit("c", toy).await.unwrap().id
    }

    fn ran(&self) -> usize {
        self.context.ran.lock().unwrap().len()
    }
}

async fn accepted_work_runs_in_order_and_is_remembered(engine: Engine) {
    let bench = Bench::new(engine).await;
    let ids = [
        bench.submit(Toy::Count).await,
        bench.submit(Toy::Fail).await,
    ];
    assert_eq!(
        bench.queue.status(ids[0]).await.unwrap().unwrap().state,
        State::Pending
    );
    let _workers = bench.run();
    let done = bench.until(ids[0], State::Completed).await;
    assert_eq!((done.result, done.attempt), (Some(json!(1)), 1));
    assert_eq!(done.expires_at_ms, Some(1_000_000 + 1_800_000));
    let failed = bench.until(ids[1], State::Failed).await;
    assert_eq!(failed.failure.unwrap().code, "toy");
    let ran: Vec<_> = bench
        .context
        .ran
        .lock()
        .unwrap()
        .iter()
        .map(|(id, _)| *id)
        .collect();
    assert_eq!(ran, ids);
    assert_eq!(bench.queue.status(JobId::nil()).await.unwrap(), None);
}

async fn a_panic_fails_its_job_and_no_worker(engine: Engine) {
    let bench = Bench::new(engine).await;
    let _workers = bench.run();
    for _ in 0..4 {
        let id = bench.submit(Toy::Panic).await;
        assert_eq!(
            bench.until(id, State::Failed).await.failure.unwrap().code,
            "internal"
        );
    }
    let id = bench.submit(Toy::Count).await;
    bench.until(id, State::Completed).await;
}

async fn what_may_pass_is_tried_again_after_a_pause_and_not_for_ever(engine: Engine) {
    let bench = Bench::new(engine).await;
    let _workers = bench.run();
    let (once, ever) = (
        bench.submit(Toy::Flaky(1)).await,
        bench.submit(Toy::Flaky(9)).await,
    );
    let pending = bench.until(once, State::Pending).await;
    assert!(pending.failure.is_none());
    // Time stands still, so nothing becomes due before the clock is set.
    while bench.ran() < 2 {
        tokio::task::yield_now().await;
    }
    for step in 1..4 {
        bench.clock.set(1_000_000 + step * 60_000);
        bench.queue.0.due.notify_waiters();
        bench.queue.0.due.notify_one();
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.until(once, State::Completed).await.attempt, 2);
    let mut step = 4;
    loop {
        match bench.queue.status(ever).await.unwrap().unwrap().state {
            State::Failed => break,
            // Only move the clock while the job waits. Moving it while the end is being stored would make the job
            // expire.
            State::Pending => {
                step += 1;
                bench.clock.set(1_000_000 + step * 60_000);
                bench.queue.0.due.notify_one();
            }
            _ => {}
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.queue.status(ever).await.unwrap().unwrap().attempt, 3);
}

async fn waiting_and_running_jobs_are_cancelled(engine: Engine) {
    let bench = Bench::new(engine).await;
    let waiting = bench.submit(Toy::Count).await;
    let cancelled = bench.queue.cancel(waiting).await.unwrap().unwrap();
    assert_eq!(cancelled.state, State::Cancelled);
    let running = bench.submit(Toy::Hang).await;
    let _workers = bench.run();
    let status = bench.until(running, State::Running).await;
    while bench
        .queue
        .status(running)
        .await
        .unwrap()
        .unwrap()
        .progress
        .percent
        < 40
    {
        tokio::task::yield_now().await;
    }
    assert_eq!(status.attempt, 1);
    assert_eq!(
        bench.queue.cancel(running).await.unwrap().unwrap().state,
        State::Cancelled
    );
    assert_eq!(
        bench.queue.cancel(running).await.unwrap().unwrap().state,
        State::Cancelled
    );
    assert_eq!(bench.queue.cancel(JobId::nil()).await.unwrap(), None);
    assert_eq!(bench.ran(), 1);
}
