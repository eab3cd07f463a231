//! What it does wrong: one behaviour for each name.

use std::{
    env,
    hint::black_box,
    iter::{self, repeat_n},
    process,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use instagram::contract::{
    exchanges::{Exchange, Header, Method, Request},
    queries::{AccountQuery, ListQuery, MediaQuery, Target},
    steps::{Change, Diagnostic, Fetch, Refusal, Report, Severity},
};

use crate::{
    lie::Lie,
    tricks::{HEADERS, URLS},
};

/// What a query asks for.
pub(crate) struct Asked {
    /// The shortcode or username.
    pub(crate) name: String,
    /// The behaviour that the name stands for. `spin_7` is as wrong as `spin`, and another post; a username has dots
    /// instead of hyphens.
    behaviour: String,
    number: u32,
}

impl Asked {
    fn new(name: &str) -> Self {
        let behaviour = name.replace('.', "-");
        let (behaviour, number) = match behaviour.rsplit_once('_') {
            Some((behaviour, number)) if let Ok(number) = number.parse() => {
                (behaviour.to_owned(), number)
            }
            _ => (behaviour, 0),
        };
        Self {
            name: name.to_owned(),
            behaviour,
            number,
        }
    }
}

impl From<&MediaQuery> for Asked {
    fn from(query: &MediaQuery) -> Self {
        match &query.target {
            Target::Shortcode(code) => Self::new(code),
            Target::Share(_) => Self::new(""),
        }
    }
}

impl From<&AccountQuery> for Asked {
    fn from(query: &AccountQuery) -> Self {
        Self::new(&query.username)
    }
}

impl From<&ListQuery> for Asked {
    fn from(query: &ListQuery) -> Self {
        Self::new(&query.username)
    }
}

/// How a step ends that is wrong.
pub(crate) enum Wrong {
    Fetch(Fetch),
    Refuse(Refusal),
    Lie(Lie),
}

/// The number of calls of this instance: always one if every call has its own instance.
static CALLS: AtomicU32 = AtomicU32::new(0);

/// Does what the query asks for; `None` if it asks for nothing wrong. If it is not to be wrong, it returns a plain record
/// instead.
pub(crate) fn misbehave(
    asked: &Asked,
    answers: &[Exchange],
    is_wrong: bool,
) -> Option<(Report, Wrong)> {
    let report = |door: Option<String>, diagnostics| Report { door, diagnostics };
    let silent = |wrong| Some((report(None, Vec::new()), wrong));
    let behaviour = asked.behaviour.as_str();
    if !is_wrong {
        return is_known(behaviour).then(|| (report(None, Vec::new()), Wrong::Lie(Lie::None)));
    }
    if let Some(lie) = Lie::named(behaviour, asked.number) {
        return silent(Wrong::Lie(lie));
    }
    match behaviour {
        "babble" => {
            let line = Diagnostic {
                severity: Severity::Warning,
                door: Some("\u{1b}[2J\nbabbling".to_owned()),
                message: format!("babble\r\n%s \u{1b}[31m\u{202e}{}", "x".repeat(5000)),
            };
            let lines = repeat_n(line, 1000).collect();
            Some((report(None, lines), refuse("babbled")))
        }
        "new-door" => {
            let door = format!("door-{}", asked.number);
            Some((report(Some(door), Vec::new()), Wrong::Lie(Lie::None)))
        }
        "odd-door" => {
            let door = "\u{1b}\"\n".repeat(300_000);
            Some((report(Some(door), Vec::new()), Wrong::Lie(Lie::None)))
        }
        _ => silent(exhaust(behaviour, answers).or_else(|| ask(behaviour, asked.number))?),
    }
}

fn is_known(behaviour: &str) -> bool {
    const NAMES: [&str; 9] = [
        "babble",
        "flood",
        "hoard",
        "long-change",
        "new-door",
        "odd-door",
        "recurse",
        "spin",
        "trap",
    ];
    NAMES.contains(&behaviour) || Lie::named(behaviour, 0).is_some()
}

/// Uses up something, or ends otherwise than by returning.
fn exhaust(behaviour: &str, answers: &[Exchange]) -> Option<Wrong> {
    Some(match behaviour {
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
        "recurse-in-host" => refuse(&recurse_in_host(1).to_string()),
        "trap" => refuse(&answers[7].request.url),
        "shout" => {
            eprintln!("\u{1b}[31m{}", "loud ".repeat(100_000));
            process::abort()
        }
        "exit" => process::exit(0),
        "flood" => refuse(&"x".repeat(20 * 1024 * 1024)),
        "long-change" => {
            let text = || "\u{1b}[31m\n\"x".repeat(100_000);
            Wrong::Refuse(Refusal::Changed(Change {
                path: text(),
                expected: text(),
                found: text(),
            }))
        }
        "flood-memo" => Wrong::Fetch(Fetch {
            requests: vec![request("https://www.instagram.com/")],
            memo: vec![1; 32 * 1024 * 1024],
        }),
        "flood-fetch" => fetch(repeat_n("https://www.instagram.com/", 300_000)),
        "sleep" => {
            thread::sleep(Duration::from_secs(3600));
            refuse("slept")
        }
        "count" => refuse(&(CALLS.fetch_add(1, Ordering::Relaxed) + 1).to_string()),
        _ => return None,
    })
}

/// Asks the host to send what it may not.
fn ask(behaviour: &str, number: u32) -> Option<Wrong> {
    let number = number as usize;
    Some(match behaviour {
        "fanout" => fetch(repeat_n("https://www.instagram.com/", 500)),
        "forever" => fetch(repeat_n("https://www.instagram.com/", 1)),
        "forbidden" => fetch(repeat_n("https://example.com/", 1)),
        "own-address" => fetch(repeat_n("https://127.0.0.1/", 1)),
        "bad-url" => fetch(iter::once(*URLS.get(number)?)),
        "bad-header" => {
            let (name, value) = *HEADERS.get(number)?;
            let (name, value) = (name.to_owned(), value.to_owned());
            with_headers(vec![Header { name, value }])
        }
        "long-header" => with_headers(vec![Header {
            name: "user-agent".to_owned(),
            value: "x".repeat(1 << 20),
        }]),
        "nothing" => fetch(iter::empty()),
        _ => return None,
    })
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

/// Calls a function of the host at every depth, also at the one where there is hardly any stack left.
fn recurse_in_host(depth: u64) -> u64 {
    black_box(env::args_os().len());
    if depth == u64::MAX {
        0
    } else {
        black_box(recurse_in_host(depth + 1)) ^ depth
    }
}

fn refuse(reason: &str) -> Wrong {
    Wrong::Refuse(Refusal::Unavailable(reason.to_owned()))
}

fn fetch<'a>(urls: impl Iterator<Item = &'a str>) -> Wrong {
    Wrong::Fetch(Fetch {
        requests: urls.map(request).collect(),
        memo: Vec::new(),
    })
}

fn with_headers(headers: Vec<Header>) -> Wrong {
    Wrong::Fetch(Fetch {
        requests: vec![Request {
            headers,
            ..request("https://www.instagram.com/")
        }],
        memo: Vec::new(),
    })
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
