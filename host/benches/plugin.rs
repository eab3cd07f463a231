//! Measures how long plugins take to load and their admission, what a large body costs that no plugin reads, and the cost of an extraction of
//! several pages. Prints medians; compare them within one run only, since machines are noisy. With the argument `pages` it
//! measures only the loading and the extractions. The cost of single calls is measured by `sandbox`.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark"
)]

#[path = "plugin/pages.rs"]
mod pages;
#[path = "plugin/processor_time.rs"]
mod processor_time;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use gramhost::{
    config::EMBEDDED,
    contract::{
        Answer, Context, Exchange, Kind, Method, PluginName, Query, Request, Response, Target,
    },
    driver::Arguments,
    plugin::{Config, Plugin, Registry, test},
};
use guests::MISBEHAVING;

const CALLS: usize = 2000;
const CALLS_WITH_BODY: usize = 200;
const BODY_BYTES: usize = 1024 * 1024;

#[tokio::main]
async fn main() {
    let cache = tempfile::tempdir().unwrap();
    let config = Config::new(
        env!("CARGO_BIN_EXE_gramhost").into(),
        cache.path().to_owned(),
        EMBEDDED,
    );
    let start = Instant::now();
    drop(Registry::open(config.clone(), None).await.unwrap());
    println!("start, nothing compiled      {:>12.1?}", start.elapsed());
    let start = Instant::now();
    drop(Registry::open(config.clone(), None).await.unwrap());
    println!("start, compiled before       {:>12.1?}", start.elapsed());

    let registry = Registry::open(config.clone(), None).await.unwrap();
    let profile = registry.serving(Kind::ProfilePosts);
    for count in [1, 3, 5] {
        let pages = pages::Pages::new(&profile, count);
        println!(
            "profile/posts, {count} x {} KiB  {:>12.1?} CPU",
            pages.kib(),
            pages.cost().await
        );
    }
    if std::env::args().any(|argument| argument == "pages") {
        return;
    }

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("post.wasm");
    std::fs::write(&file, (EMBEDDED.component)(PluginName::Post)).unwrap();
    let start = Instant::now();
    let report = test(&config, &file, None, None, Box::new(|_, _| ()))
        .await
        .unwrap();
    println!(
        "admission by {} cases         {:>12.1?}",
        report.cases.len(),
        start.elapsed()
    );

    std::fs::write(&file, MISBEHAVING).unwrap();
    let folder = Some(folder.path().to_owned());
    let registry = Registry::open(Config { folder, ..config }, None)
        .await
        .unwrap();
    let plugin = registry.serving(Kind::Post);

    let small = [exchange(Bytes::new())];
    let large = [exchange(vec![b' '; BODY_BYTES].into())];
    let small = call(&plugin, &small, CALLS).await;
    let large = call(&plugin, &large, CALLS_WITH_BODY).await;
    println!("one empty body               {small:>12.1?}");
    println!("one unread body of 1 MiB     {large:>12.1?}");
}

/// The wall clock of the smallest call with these answers, the median.
async fn call(plugin: &Plugin, exchanges: &[Exchange], calls: usize) -> Duration {
    let target = Target::Shortcode("count".to_owned());
    let query = Arc::new(Query::post(target));
    let context = Arc::new(Context {
        now: 1_700_000_000,
        session: false,
        settings: plugin.settings().to_string(),
    });
    let answers = Arc::new(exchanges.to_vec());
    let mut times = Vec::new();
    for _ in 0..calls {
        let (query, context) = (Arc::clone(&query), Arc::clone(&context));
        let start = Instant::now();
        let arguments = Arguments {
            memo: Bytes::new(),
            answers: Arc::clone(&answers),
        };
        let outcome = plugin.extract(query, context, arguments).await;
        times.push(start.elapsed());
        outcome.unwrap();
    }
    median(times)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn exchange(body: Bytes) -> Exchange {
    let url = "https://www.instagram.com/graphql/query";
    Exchange {
        request: Request {
            method: Method::Get,
            url: url.to_owned(),
            headers: Vec::new(),
            body: None,
            session: false,
        },
        answer: Answer::Response(Response {
            status: 200,
            url: url.to_owned(),
            headers: Vec::new(),
            body,
        }),
    }
}
