//! Tests of the cache and of single flight, with futures in place of extractions.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use tokio::sync::Notify;

use super::*;
use crate::{
    contract::{
        Refusal, Target,
        record::{MediaType, More, Renditions, Stories, StoryItem},
    },
    driver::Cause,
};

fn failed(cause: Cause) -> Yield {
    let capture = None;
    Err(Failed { cause, capture })
}

fn key(code: &str, plugin: &str) -> Key {
    let target = Target::Shortcode(code.to_owned());
    Key {
        query: Query::post(target),
        plugin: plugin.into(),
    }
}

/// As an extraction asks the cache.
async fn get_or<W>(cache: &Cache, key: Key, work: W) -> Result<Extracted, Failure>
where
    W: Future<Output = Yield> + Send + 'static,
{
    match cache.get(&key).await {
        Some(known) => known,
        None => cache.run(key, work).await,
    }
}

type Yield = Result<Arc<Record>, Failed>;

fn record() -> Yield {
    Ok(Arc::new(Record::Stories(Stories {
        user_id: "1".to_owned(),
        username: "a".to_owned(),
        has_active_stories: Some(false),
        items: Vec::new(),
        is_private: None,
        more: More::default(),
    })))
}

/// Work that counts how often it runs.
#[derive(Clone, Default)]
struct Counter(Arc<AtomicUsize>);

impl Counter {
    fn work(&self, yields: Yield) -> impl Future<Output = Yield> + Send + 'static {
        let this = self.clone();
        async move {
            this.0.fetch_add(1, Ordering::Relaxed);
            yields
        }
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn a_record_is_served_from_memory_until_another_version_serves() {
    let (cache, counter) = (Cache::new(&Config::default()), Counter::default());
    let mut seen = Vec::new();
    for plugin in ["post@1.0.0+a", "post@1.0.0+a", "post@1.0.1+b"] {
        let extracted = get_or(&cache, key("C", plugin), counter.work(record()))
            .await
            .unwrap();
        assert_eq!(&*extracted.plugin, plugin);
        assert!(extracted.fresh_for <= Duration::from_secs(60));
        seen.push((extracted.hit, counter.count()));
    }
    assert_eq!(seen, [(false, 1), (true, 1), (false, 2)]);
}

#[tokio::test]
async fn a_record_is_written_once_until_it_is_forgotten() {
    let cache = Cache::new(&Config::default());
    let mut seen = Vec::new();
    for form in ["first", "second", "third"] {
        let extracted = get_or(&cache, key("C", "p"), async { record() });
        let written = extracted.await.unwrap().written;
        let written = written.or_write(|| Ok::<_, ()>(form.as_bytes().to_vec()));
        seen.push(written.unwrap());
        if form == "second" {
            cache.forget(&key("C", "p")).await;
        }
    }
    assert_eq!(seen, ["first", "first", "third"]);
}

#[tokio::test]
async fn facts_are_remembered_and_walls_are_not() {
    for (refusal, times) in [
        (Refusal::NotFound, 1),
        (Refusal::LoginRequired, 2),
        (Refusal::RateLimited(Some(9)), 2),
    ] {
        let (cache, counter) = (Cache::new(&Config::default()), Counter::default());
        let stop = || failed(Cause::Refused(refusal.clone()));
        let first = get_or(&cache, key("C", "p"), counter.work(stop()))
            .await
            .unwrap_err();
        let second = get_or(&cache, key("C", "p"), counter.work(stop()))
            .await
            .unwrap_err();
        assert_eq!(
            (first.hit, second.hit, counter.count()),
            (false, times == 1, times)
        );
        assert_eq!(
            (&first.error, first.plugin.as_deref()),
            (&second.error, Some("p"))
        );
    }
}

#[tokio::test]
async fn a_cache_of_zero_seconds_is_none() {
    let config = Config {
        cache_ttl_s: 0,
        negative_ttl_s: 0,
        ..Config::default()
    };
    let (cache, counter) = (Cache::new(&config), Counter::default());
    for times in 1..4 {
        let extracted = get_or(&cache, key("C", "p"), counter.work(record()))
            .await
            .unwrap();
        assert_eq!((extracted.hit, counter.count()), (false, times));
    }
}

/// Runs a hundred equal queries. The work yields to the other tasks of this single thread several times, so all queries
/// have arrived before it completes.
async fn hundred(yields: fn() -> Yield) -> (Vec<Result<Extracted, Failure>>, usize) {
    let (cache, counter) = (Cache::new(&Config::default()), Counter::default());
    let questions = (0..100).map(|_| {
        let work = counter.work(yields());
        get_or(&cache, key("C", "p"), async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            work.await
        })
    });
    let ends = join_all(questions).await;
    (ends, counter.count())
}

#[tokio::test]
async fn a_hundred_equal_questions_are_one_extraction() {
    let (ends, times) = hundred(record).await;
    assert!(ends.iter().all(Result::is_ok));
    assert_eq!(times, 1);
}

#[tokio::test]
async fn a_failure_in_flight_is_shared_too() {
    let (ends, times) = hundred(|| failed(Cause::Late)).await;
    assert!(ends.iter().all(|end| matches!(
        end,
        Err(Failure {
            error: Error::Unavailable(_),
            ..
        })
    )));
    assert_eq!(times, 1);
}

#[tokio::test]
async fn work_goes_on_when_its_caller_goes_away() {
    let (cache, counter) = (Cache::new(&Config::default()), Counter::default());
    let (begun, go, over) = (
        Arc::new(Notify::new()),
        Arc::new(Notify::new()),
        Arc::new(Notify::new()),
    );
    let work = {
        let (begun, go, over, work) = (
            begun.clone(),
            go.clone(),
            over.clone(),
            counter.work(record()),
        );
        async move {
            begun.notify_one();
            go.notified().await;
            let yields = work.await;
            over.notify_one();
            yields
        }
    };
    let caller = {
        let cache = cache.clone();
        tokio::spawn(async move { get_or(&cache, key("C", "p"), work).await })
    };
    begun.notified().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    go.notify_one();
    over.notified().await;
    let extracted = get_or(&cache, key("C", "p"), counter.work(record())).await;
    assert!(extracted.is_ok());
    assert_eq!(counter.count(), 1);
}

#[tokio::test]
async fn too_many_extractions_at_once_are_refused() {
    let cache = Cache::new(&Config {
        in_flight_max: 0,
        ..Config::default()
    });
    let failure = get_or(&cache, key("C", "p"), async { record() })
        .await
        .unwrap_err();
    assert_eq!(failure.error, Error::Busy);
}

fn story() -> StoryItem {
    StoryItem {
        id: "2".to_owned(),
        media_type: MediaType::Image,
        renditions: Renditions::default(),
        taken_at: None,
        expiring_at: None,
        view_count: None,
        stickers: Vec::new(),
        more: More::default(),
    }
}

#[tokio::test]
async fn a_record_takes_the_room_of_its_items() {
    let cache = Cache::new(&Config {
        cache_items_max: 10,
        ..Config::default()
    });
    for (code, items) in [("small", 10), ("large", 11)] {
        let mut stories = record().unwrap();
        if let Record::Stories(stories) = Arc::make_mut(&mut stories) {
            stories.items = vec![story(); items];
        }
        let key = key(code, "a");
        get_or(&cache, key.clone(), async { Ok(stories) })
            .await
            .unwrap();
        cache.memory.run_pending_tasks().await;
        assert_eq!(cache.get(&key).await.is_some(), items <= 10, "{code}");
    }
}

/// A plugin may return as much text as it likes, up to 16 MiB.
#[tokio::test]
async fn a_record_with_much_text_takes_the_room_of_its_text() {
    let cache = Cache::new(&Config {
        cache_items_max: 10,
        ..Config::default()
    });
    for (code, bytes) in [("short", 9 * ITEM_BYTES_MAX), ("long", 11 * ITEM_BYTES_MAX)] {
        let mut stories = record().unwrap();
        if let Record::Stories(stories) = Arc::make_mut(&mut stories) {
            let item = StoryItem {
                id: "x".repeat(bytes),
                ..story()
            };
            stories.items = vec![item];
        }
        let key = key(code, "a");
        get_or(&cache, key.clone(), async { Ok(stories) })
            .await
            .unwrap();
        cache.memory.run_pending_tasks().await;
        assert_eq!(cache.get(&key).await.is_some(), code == "short", "{code}");
    }
}
