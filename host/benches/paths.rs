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

/// Every path. Each has run before, so that what it needs once is there.
fn all() -> Vec<Path> {
    let mut paths = records::paths();
    paths.extend(serving::paths());
    for path in &mut paths {
        (path.run)();
    }
    paths
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some(guard::COUNTED) => {
            guard::run_counted(all());
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
    let mut found = all();
    let place = found.iter().position(|path| path.name == name);
    let mut path = found.swap_remove(place.expect("a path"));
    bencher.bench_local(|| (path.run)());
}

fn names() -> Vec<&'static str> {
    all().into_iter().map(|path| path.name).collect()
}
