//! Key paths of a request through the host, each alone.
//!
//! `cargo bench -p gramhost --bench paths` measures their time. `make guard` counts their instructions and compares them
//! with `paths/baseline.json`; `make guard ARGS=accept` writes that file anew.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark")]

#[path = "paths/guard.rs"]
mod guard;
#[path = "paths/records.rs"]
mod records;
#[path = "paths/serving.rs"]
mod serving;

use std::{env, process::ExitCode};

use divan::Bencher;

/// One path, ready to run again and again.
struct Path {
    name: &'static str,
    run: Box<dyn FnMut()>,
}

impl Path {
    fn new(name: &'static str, run: impl FnMut() + 'static) -> Self {
        let run = Box::new(run);
        Self { name, run }
    }
}

/// Every path, and why some had to be left out. Each has run before, so that what it needs once is there.
fn all() -> (Vec<Path>, Option<String>) {
    let mut paths = records::paths();
    let left_out = match serving::paths() {
        Ok(serving) => {
            paths.extend(serving);
            None
        }
        Err(why) => Some(why),
    };
    for path in &mut paths {
        (path.run)();
    }
    (paths, left_out)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some(guard::COUNTED) => {
            let (paths, left_out) = all();
            guard::run_counted(paths, left_out);
            ExitCode::SUCCESS
        }
        Some("guard") => guard::compare(arguments.iter().any(|argument| argument == "accept")),
        _ => {
            divan::main();
            ExitCode::SUCCESS
        }
    }
}

#[divan::bench(args = names())]
fn path(bencher: Bencher<'_, '_>, name: &str) {
    let (mut found, _) = all();
    let place = found.iter().position(|path| path.name == name);
    let mut path = found.swap_remove(place.expect("a path"));
    bencher.bench_local(|| (path.run)());
}

fn names() -> Vec<&'static str> {
    let (found, _) = all();
    found.into_iter().map(|path| path.name).collect()
}
