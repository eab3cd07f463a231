//! Tests of jobs that outlive their process or their lease, or see the clock jump.

use super::*;
use crate::database::Finish;
use crate::job::queue::Inner;

on_both_engines! {
    a_job_is_forgotten_when_its_time_is_up_also_after_the_clock_was_set_back,
    a_claim_that_the_table_took_and_nobody_heard_of_is_taken_up_again,
    jobs_that_wait_keep_their_order_through_a_restart,
    draining_gives_jobs_back_and_the_next_process_finishes_them,
    a_process_that_vanished_costs_an_attempt_and_three_of_them_the_job,
    an_attempt_that_was_given_up_changes_nothing_any_more,
    two_processes_on_one_table_run_no_job_twice,
}

async fn a_job_is_forgotten_when_its_time_is_up_also_after_the_clock_was_set_back(engine: Engine) {
    let bench = Bench::new(engine).await;
    let workers = bench.run();
    let id = bench.submit(Toy::Count).await;
    bench.until(id, State::Completed).await;
    bench.clock.set(1_000_000 + 1_800_000 - 1);
    assert!(bench.queue.status(id).await.unwrap().is_some());
    for late in [0, 1] {
        bench.clock.set(1_000_000 + 1_800_000 + late);
        assert_eq!(bench.queue.status(id).await.unwrap(), None);
    }
    bench.clock.set(1_000);
    assert!(bench.queue.status(id).await.unwrap().is_some());
    bench.shutdown.cancel();
    workers.await.unwrap();
    // A new process reads the wrong clock: the job expires half an hour from now, not in years.
    let bench = bench.again().await;
    bench.clock.set(1_000 + 1_800_000);
    assert_eq!(bench.queue.status(id).await.unwrap(), None);
    bench.queue.sweep().await;
    assert!(
        bench
            .queue
            .0
            .database
            .job(&id.to_string())
            .await
            .unwrap()
            .is_empty()
    );
}

async fn a_claim_that_the_table_took_and_nobody_heard_of_is_taken_up_again(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.submit(Toy::Count).await;
    let Inner {
        database, owner, ..
    } = &*bench.queue.0;
    let claimed = database
        .claim_job(owner, (1_000_000, 1_060_000), None)
        .await;
    assert!(claimed.unwrap().is_some());
    let state = async || bench.queue.status(id).await.unwrap().unwrap().state;
    bench.clock.set(1_061_000);
    bench.queue.sweep().await;
    assert_eq!(state().await, State::Running);
    bench.clock.set(1_060_000 + 121_000);
    bench.queue.sweep().await;
    assert_eq!(state().await, State::Pending);
}

/// F3: the clock stood still meanwhile, so only the order of acceptance tells them apart.
async fn jobs_that_wait_keep_their_order_through_a_restart(engine: Engine) {
    let mut bench = Bench::new(engine).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        ids.push(bench.submit(Toy::Count).await);
        bench = bench.again().await;
    }
    let batch = bench.queue.submit_batch("d", vec![Toy::Count; 3], true);
    ids.extend(batch.await.unwrap().children.iter().map(|child| child.id));
    let bench = bench.again().await;
    let one = Config {
        workers: 1,
        ..config()
    };
    let database = bench.queue.0.database.clone();
    let queue: Queue<Toy> = Queue::open(one, database, bench.clock.clone())
        .await
        .unwrap();
    let bench = Bench { queue, ..bench };
    let _workers = bench.run();
    bench.until(*ids.last().unwrap(), State::Completed).await;
    let ran: Vec<_> = bench.context.ran.lock().unwrap().clone();
    let expected: Vec<_> = ids.iter().map(|id| (*id, 1)).collect();
    assert_eq!(ran, expected);
}

async fn draining_gives_jobs_back_and_the_next_process_finishes_them(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.submit(Toy::Hang).await;
    let workers = bench.run();
    bench.until(id, State::Running).await;
    bench.shutdown.cancel();
    timeout(Duration::from_secs(20), workers)
        .await
        .unwrap()
        .unwrap();
    let back = bench.queue.status(id).await.unwrap().unwrap();
    assert_eq!(
        (back.state, back.attempt),
        (State::Pending, 0),
        "a drained attempt does not count"
    );
    let bench = bench.again().await;
    bench.context.go.add_permits(1);
    let _workers = bench.run();
    assert_eq!(bench.until(id, State::Completed).await.attempt, 1);
}

async fn a_process_that_vanished_costs_an_attempt_and_three_of_them_the_job(engine: Engine) {
    let mut bench = Bench::new(engine).await;
    let id = bench.submit(Toy::Count).await;
    for attempt in 1..=3 {
        // The job is claimed, and its process is never heard of again.
        let row = bench
            .queue
            .0
            .database
            .claim_job("gone", (1_000_000, 1_060_000), None)
            .await
            .unwrap();
        assert_eq!(row.unwrap().attempt, attempt);
        // Only the owner of a data folder need not wait for the end of the lease.
        bench.clock.set(1_060_001);
        bench = bench.again().await;
    }
    let status = bench.queue.status(id).await.unwrap().unwrap();
    assert_eq!(status.state, State::Failed);
    assert_eq!(status.failure.unwrap().code, "internal");
}

async fn an_attempt_that_was_given_up_changes_nothing_any_more(engine: Engine) {
    let bench = Bench::new(engine).await;
    let id = bench.submit(Toy::Count).await.to_string();
    let database = &bench.queue.0.database;
    database
        .claim_job("slow", (1_000_000, 1_000_001), None)
        .await
        .unwrap()
        .unwrap();
    bench.clock.set(1_000_002);
    // The lease has ended, and another process claims the job.
    bench.queue.sweep().await;
    database
        .claim_job("quick", (1_000_002, 2_000_000), None)
        .await
        .unwrap()
        .unwrap();
    let finish = Finish {
        state: "failed",
        result: None,
        error: None,
        not_before_ms: 0,
        counts: true,
        expires_at_ms: Some(1),
    };
    assert!(
        !database
            .finish_job((&id, 1, "slow"), 1_000_003, &finish)
            .await
            .unwrap()
    );
    assert_eq!(
        database.beat_job((&id, 1, "slow"), 9, "{}").await.unwrap(),
        None
    );
    assert_eq!(
        database.beat_job((&id, 2, "quick"), 9, "{}").await.unwrap(),
        Some(false)
    );
}

async fn two_processes_on_one_table_run_no_job_twice(engine: Engine) {
    let bench = Bench::new(engine).await;
    let (other, _folder) = bench.other().await;
    let (context, shutdown) = (bench.context.clone(), bench.shutdown.clone());
    let _workers = bench.run();
    let others = other.clone();
    let _others = tokio::spawn(async move { others.run(context, shutdown).await });
    let mut ids = Vec::new();
    for queue in [&bench.queue, &other].repeat(20) {
        let batch = queue
            .submit_batch("c", vec![Toy::Count; 3], true)
            .await
            .unwrap();
        bench.until(batch.id, State::Completed).await;
        ids.extend(batch.children.iter().map(|child| child.id));
    }
    let mut ran: Vec<_> = bench
        .context
        .ran
        .lock()
        .unwrap()
        .iter()
        .map(|(id, _)| *id)
        .collect();
    ran.sort();
    ids.sort();
    assert_eq!(ran, ids);
}
