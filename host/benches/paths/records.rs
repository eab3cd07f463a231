//! What happens to a record between the plugin and the client, and the decisions about requests.

use std::{
    fs,
    hint::black_box,
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use gramhost::{
    contract::{
        Manifest, Outcome, Query, Record, Step, Target,
        record::{Media, MediaPage},
        target,
    },
    drift::{Drift, DriftSample},
    driver::{Drive, Rules},
    rate_limit::RateLimiter,
};
use serde::de::DeserializeOwned;

use super::Path;

/// Clients whose requests the limiter remembers.
const CLIENTS: u32 = 1000;

pub(crate) fn paths() -> Vec<Path> {
    let post = Record::Media(expected::<Media>("post/carousel-mixed-polaris"));
    let page = Record::Page(expected::<MediaPage>("profile-posts/demo"));
    let about_post = Query::post(Target::Shortcode("De0N5pLMixd".to_owned()));
    let about_page = Query::posts("gramhost.demo".to_owned(), 12, None);
    vec![
        drift("drift count of a post", "post", &post),
        drift("drift count of a page of twelve", "profile-posts", &page),
        check("check of a post", about_post, post),
        check("check of a page of twelve", about_page, page),
        limiter(),
        Path::new("target of a link", || {
            let link = "https://www.instagram.com/gramhost.demo/reel/DfF-eHzReel/?igsh=MTc4";
            black_box(target::media(black_box(link)).expect("a target"));
        }),
    ]
}

/// The record that a case expects.
fn expected<T: DeserializeOwned>(case: &str) -> T {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/instagram");
    let text = fs::read(format!("{folder}/{case}/expected.json")).expect("a case");
    serde_json::from_slice(&text).expect("a record")
}

/// The last step of an extraction, with a copy of the record that it is given.
fn check(name: &'static str, query: Query, record: Record) -> Path {
    let rules = Rules::default();
    let manifest = Manifest {
        name: "bench".to_owned(),
        version: "1.0.0".to_owned(),
        hosts: vec!["www.instagram.com".to_owned()],
        rounds: 8,
        requests: 12,
        uses_session: false,
        settings: "{}".to_owned(),
    };
    Path::new(name, move || {
        let mut drive = Drive::new(&rules, &manifest, &query);
        let outcome = Outcome {
            door: None,
            diagnostics: Vec::new(),
            step: Step::Done(Box::new(record.clone())),
        };
        let checked = drive.step(Ok(outcome)).break_value();
        assert!(matches!(black_box(checked), Some(Ok(_))), "{name}");
    })
}

fn drift(name: &'static str, kind: &'static str, record: &Record) -> Path {
    let drift = Drift::default();
    let record = record.clone();
    Path::new(name, move || {
        drift.observe(DriftSample {
            kind,
            door: "guest-graphql",
            version: "bench@1.0.0+00000000",
            account: "gramhost.demo",
            record: &record,
        });
    })
}

/// One decision, with many clients in the window.
fn limiter() -> Path {
    let limiter = RateLimiter::new(30);
    let mut now = Instant::now();
    let mut next = 0;
    for _ in 0..CLIENTS {
        next += 1;
        limiter.check(IpAddr::V4(Ipv4Addr::from_bits(next)), now);
    }
    Path::new("decision of the limiter", move || {
        next = next % CLIENTS + 1;
        now += Duration::from_millis(1);
        black_box(limiter.check(IpAddr::V4(Ipv4Addr::from_bits(next)), now));
    })
}
