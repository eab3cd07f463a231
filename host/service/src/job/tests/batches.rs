//! Tests of batches, of what is full, and of lists.

use super::*;

on_both_engines! {
    a_batch_is_what_its_items_are,
    a_batch_that_does_not_carry_on_stops_with_its_first_failure,
    a_full_queue_and_a_full_share_are_told_apart,
    the_latest_jobs_are_listed_with_their_items_and_counted,
}

async fn a_batch_is_what_its_items_are(engine: Engine) {
    let bench = Bench::new(engine).await;
    let toys = vec![Toy::Count, Toy::Fail, Toy::Count];
    let batch = bench.queue.submit_batch("c", toys, true).await.unwrap();
    assert_eq!((batch.state, batch.children.len()), (State::Pending, 3));
    let _workers = bench.run();
    let done = bench.until(batch.id, State::Completed).await;
    let states: Vec<_> = done.children.iter().map(|child| child.state).collect();
    assert_eq!(states, [State::Completed, State::Failed, State::Completed]);
    assert_eq!(done.progress.percent, 100);
}

async fn a_batch_that_does_not_carry_on_stops_with_its_first_failure(engine: Engine) {
    let bench = Bench::new(engine).await;
    let toys = vec![Toy::Fail, Toy::Hang, Toy::Hang];
    let batch = bench.queue.submit_batch("c", toys, false).await.unwrap();
    let _workers = bench.run();
    let over = bench.until(batch.id, State::Failed).await;
    assert!(
        over.children[1..]
            .iter()
            .all(|child| child.state == State::Cancelled),
        "{over:?}"
    );
    assert_eq!(over.failure.unwrap().code, "toy");
}

async fn a_full_queue_and_a_full_share_are_told_apart(engine: Engine) {
    let bench = Bench::new(engine).await;
    for _ in 0..4 {
        bench.submit(Toy::Hang).await;
    }
    assert!(matches!(
        bench.queue.submit("c", Toy::Hang).await,
        Err(Error::ShareFull)
    ));
    let both = vec![Toy::Hang, Toy::Hang, Toy::Hang];
    assert!(matches!(
        bench.queue.submit_batch("d", both, true).await,
        Err(Error::QueueFull)
    ));
    bench.queue.submit("d", Toy::Hang).await.unwrap();
}

async fn the_latest_jobs_are_listed_with_their_items_and_counted(engine: Engine) {
    let bench = Bench::new(engine).await;
    let first = bench.queue.submit("a", Toy::Count).await.unwrap();
    let works = vec![Toy::Count, Toy::Fail];
    let batch = bench.queue.submit_batch("b", works, true).await.unwrap();
    let last = bench.queue.submit("b", Toy::Count).await.unwrap();
    let recent = bench.queue.recent(10).await.unwrap();
    let ids: Vec<_> = recent.iter().map(|it| it.id).collect();
    assert_eq!(ids, [last.id, batch.id, first.id]);
    assert_eq!(recent[1].children, batch.children);
    let fewer = bench.queue.recent(2).await.unwrap();
    assert_eq!(fewer, recent[..2]);
    let counts = bench.queue.counts().await.unwrap();
    assert_eq!((counts.pending, counts.running), (4, 0));
}
