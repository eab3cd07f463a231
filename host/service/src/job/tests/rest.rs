//! A queue that rests claims nothing, and loses nothing.

use super::*;

#[tokio::test]
async fn a_queue_that_rests_ends_what_runs_and_claims_nothing_until_it_is_woken() {
    let bench = Bench::new().await;
    let _workers = bench.run();
    let running = bench.submit(Toy::Hang).await;
    bench.until(running, State::Running).await;
    assert_eq!(bench.queue.running_here(), 1);
    bench.queue.rest(true);
    let waiting = bench.submit(Toy::Count).await;
    // Both workers come past the claim while the running job ends.
    bench.context.go.add_permits(1);
    bench.until(running, State::Completed).await;
    for _ in 0..100 {
        bench.queue.wake();
        tokio::task::yield_now().await;
        let status = bench.queue.status(waiting).await.unwrap().unwrap();
        assert_eq!(status.state, State::Pending);
    }
    assert_eq!((bench.queue.running_here(), bench.ran()), (0, 1));
    bench.queue.rest(false);
    bench.until(waiting, State::Completed).await;
}

#[tokio::test]
async fn a_queue_that_rests_can_be_shut_down() {
    let bench = Bench::new().await;
    bench.queue.rest(true);
    let workers = bench.run();
    bench.shutdown.cancel();
    timeout(Duration::from_secs(20), workers)
        .await
        .unwrap()
        .unwrap();
}
