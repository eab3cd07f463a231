//! A queue that rests claims nothing, and loses nothing.

use super::*;

on_both_engines! {
    a_queue_that_rests_ends_what_runs_and_claims_nothing_until_it_is_woken,
    a_queue_that_rests_can_be_shut_down,
}

/// Waits until this process runs so many jobs: the table knows a little earlier.
async fn here(bench: &Bench, count: usize) {
    let mut changes = bench.queue.changes();
    let wait = async {
        loop {
            changes.mark_seen();
            if bench.queue.running_here() == count {
                return;
            }
            changes.next().await;
        }
    };
    timeout(Duration::from_secs(20), wait).await.unwrap();
}

async fn a_queue_that_rests_ends_what_runs_and_claims_nothing_until_it_is_woken(engine: Engine) {
    let bench = Bench::new(engine).await;
    let _workers = bench.run();
    // Both workers are busy: one that was just claiming might still take a job that comes in the same moment.
    let running = [bench.submit(Toy::Hang).await, bench.submit(Toy::Hang).await];
    here(&bench, 2).await;
    bench.queue.rest(true);
    let waiting = bench.submit(Toy::Count).await;
    // Both come past the claim when their jobs have ended.
    bench.context.go.add_permits(2);
    for id in running {
        bench.until(id, State::Completed).await;
    }
    for _ in 0..100 {
        bench.queue.wake();
        tokio::task::yield_now().await;
        let status = bench.queue.status(waiting).await.unwrap().unwrap();
        assert_eq!(status.state, State::Pending);
    }
    here(&bench, 0).await;
    assert_eq!(bench.ran(), 2);
    bench.queue.rest(false);
    bench.until(waiting, State::Completed).await;
}

async fn a_queue_that_rests_can_be_shut_down(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.queue.rest(true);
    let workers = bench.run();
    bench.shutdown.cancel();
    timeout(Duration::from_secs(20), workers)
        .await
        .unwrap()
        .unwrap();
}
