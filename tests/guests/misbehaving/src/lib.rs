//! A post extractor that misbehaves in the way that the shortcode of its query names; for all other shortcodes it is
//! the honest one.
#![expect(missing_docs, unsafe_code, reason = "generated; documented in wit/")]

wit_bindgen::generate!({
    path: "../../../wit",
    world: "post-plugin",
    with: {
        "gramhost:extractor/exchanges@1.0.0": instagram::contract::exchanges,
        "gramhost:extractor/queries@1.0.0": instagram::contract::queries,
        "gramhost:extractor/records@1.0.0": instagram::contract::records,
        "gramhost:extractor/steps@1.0.0": instagram::contract::steps,
    },
});

#[path = "../../media.rs"]
mod media;

use std::{
    hint::black_box,
    iter::{self, repeat_n},
    process,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use exports::gramhost::extractor::{about, post};
use instagram::contract::{
    exchanges::{Header, Method, Request},
    queries::Target,
    records::{Image, Media, Renditions, User},
    steps::{Fetch, Report},
};
use media::media;

struct Honest;
instagram::export_kind!(Honest, post, post);

struct Component;
instagram::export_about!(Component, "post", instagram::settings::MEDIA);
export!(Component);

/// The number of calls of this instance: always one if every call has its own instance.
static CALLS: AtomicU32 = AtomicU32::new(0);

impl post::Guest for Component {
    fn extract(
        query: post::Query,
        context: post::Context,
        memo: Vec<u8>,
        answers: Vec<post::Exchange>,
    ) -> post::Outcome {
        let wrong = match &query.target {
            Target::Shortcode(code) => code.clone(),
            Target::Share(_) => String::new(),
        };
        // `spin_7` is as wrong as `spin`, and another post.
        let behaviour = match wrong.rsplit_once('_') {
            Some((behaviour, number)) if number.parse::<u32>().is_ok() => behaviour,
            _ => &wrong,
        };
        match behaviour {
            "spin" => loop {
                black_box(0);
            },
            // Some 50 to 300 ms.
            "toil" => {
                (0..200_000_000_u32).for_each(|turn| {
                    black_box(turn);
                });
                refuse("toiled")
            }
            "bulk-spin" => loop {
                black_box(vec![1_u8; 32 * 1024 * 1024]);
            },
            "hoard" => {
                let hoard: Vec<Vec<u8>> = (0..1024).map(|_| vec![1; 1024 * 1024]).collect();
                refuse(&format!(
                    "{} bytes",
                    hoard.iter().map(Vec::len).sum::<usize>()
                ))
            }
            "recurse" => refuse(&recurse(1).to_string()),
            "recurse-with-frames" => refuse(&recurse_with_frames(1).to_string()),
            "trap" => refuse(&answers[7].request.url),
            "shout" => {
                eprintln!("\u{1b}[31m{}", "loud ".repeat(100_000));
                process::abort()
            }
            "exit" => process::exit(0),
            "flood" => refuse(&"x".repeat(20 * 1024 * 1024)),
            "fanout" => fetch(repeat_n("https://www.instagram.com/", 500)),
            "forever" => fetch(repeat_n("https://www.instagram.com/", 1)),
            "forbidden" => fetch(repeat_n("https://example.com/", 1)),
            "own-address" => fetch(repeat_n("https://127.0.0.1/", 1)),
            "other-post" => done(media("CnU4zIh9x_F")),
            "liar" => done(Media {
                renditions: Renditions {
                    duration: Some(f64::NAN),
                    ..media("liar").renditions
                },
                ..media("liar")
            }),
            "foreign-img" => done(with(&wrong, |media| {
                media.renditions.images = vec![Image {
                    url: "https://example.com/a.jpg".to_owned(),
                    width: None,
                    height: None,
                }];
            })),
            "long-text" => done(with(&wrong, |media| {
                media.caption = Some("x".repeat(20_000));
            })),
            "private" => done(with(&wrong, |media| {
                media.owner = Some(User {
                    user_id: None,
                    username: Some("somebody".to_owned()),
                    full_name: None,
                    picture_url: None,
                    is_verified: None,
                    is_private: Some(true),
                    more: Vec::new(),
                });
            })),
            "taken-name" => done(with(&wrong, |media| {
                media.more = vec![("like_count".to_owned(), "1".to_owned())];
            })),
            "bad-header" => outcome(post::Step::Fetch(Fetch {
                requests: vec![Request {
                    headers: vec![Header {
                        name: "x-forwarded-for".to_owned(),
                        value: "1.1.1.1".to_owned(),
                    }],
                    ..request("https://www.instagram.com/")
                }],
                memo: Vec::new(),
            })),
            "nothing" => fetch(iter::empty()),
            "sleep" => {
                thread::sleep(Duration::from_secs(3600));
                refuse("slept")
            }
            "count" => refuse(&(CALLS.fetch_add(1, Ordering::Relaxed) + 1).to_string()),
            _ => Honest::extract(query, context, memo, answers),
        }
    }
}

/// Keeps everything in registers: fills the engine's stack. The box prevents tail-call optimisation into a loop.
fn recurse(depth: u64) -> u64 {
    if depth == u64::MAX {
        0
    } else {
        black_box(recurse(depth + 1)) ^ depth
    }
}

/// Has an array in every frame: fills the stack that Rust keeps in linear memory.
fn recurse_with_frames(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    if depth == u64::MAX {
        frame[0]
    } else {
        recurse_with_frames(depth + 1) + frame[7]
    }
}

fn refuse(reason: &str) -> post::Outcome {
    outcome(post::Step::Refuse(post::Refusal::Unavailable(
        reason.to_owned(),
    )))
}

fn fetch<'a>(urls: impl Iterator<Item = &'a str>) -> post::Outcome {
    outcome(post::Step::Fetch(Fetch {
        requests: urls.map(request).collect(),
        memo: Vec::new(),
    }))
}

fn request(url: &str) -> Request {
    Request {
        method: Method::Get,
        url: url.to_owned(),
        headers: Vec::new(),
        body: None,
        session: false,
    }
}

/// The post with this shortcode, changed.
fn with(shortcode: &str, change: impl FnOnce(&mut Media)) -> Media {
    let mut media = media(shortcode);
    change(&mut media);
    media
}

fn done(media: Media) -> post::Outcome {
    outcome(post::Step::Done(media))
}

fn outcome(step: post::Step) -> post::Outcome {
    post::Outcome {
        report: Report {
            door: None,
            diagnostics: Vec::new(),
        },
        step,
    }
}
