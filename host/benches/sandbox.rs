//! The same plugin code in the sandbox and native: for each kind, dialect and size one step that reads an answer, and
//! the fixed cost of a call. Prints the processor time of each, the least of several rounds in turn, and their ratio. With an
//! argument, only the lines that contain it; with `GRAMHOST_RECORDINGS`, also the recorded answers.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark"
)]

#[path = "sandbox/answers.rs"]
mod answers;
#[path = "sandbox/native.rs"]
mod native;
#[path = "sandbox/node.rs"]
mod node;
#[path = "sandbox/page.rs"]
mod page;
#[path = "plugin/processor_time.rs"]
mod processor_time;
#[path = "sandbox/recorded.rs"]
mod recorded;

use std::{hint::black_box, sync::Arc, time::Duration};

use bytes::Bytes;
use gramhost::{
    config::EMBEDDED,
    contract::{Context, Exchange, Kind, Query, Target},
    driver::Arguments,
    plugin::{Config, Plugin, Registry},
};
use guests::MISBEHAVING;
use processor_time::processor_time;
use tokio::{runtime::Runtime, task::spawn_blocking};

/// Rounds of each line, in turn native and in the sandbox.
const ROUNDS: usize = 15;
/// Processor time of one round, about. Long enough for the resolution of the clock.
const ROUND: Duration = Duration::from_millis(10);

/// One step of an extraction: the first one without answers, or the one that reads them.
pub(crate) struct Step {
    name: String,
    query: Query,
    memo: Bytes,
    answers: Vec<Exchange>,
    /// Size of one answer, bytes.
    bytes: usize,
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|it| it != "--bench");
    let only = arguments.next().unwrap_or_default();
    let runtime = Runtime::new().unwrap();
    let cache = tempfile::tempdir().unwrap();
    let config = Config::new(
        env!("CARGO_BIN_EXE_gramhost").into(),
        cache.path().to_owned(),
        EMBEDDED,
    );
    let registry = runtime
        .block_on(Registry::open(config.clone(), None))
        .unwrap();
    fixed(&runtime, &registry, &config, &only);
    println!(
        "{:<56} {:>9} {:>20} {:>20} {:>6}",
        "one step that reads an answer", "bytes", "native", "sandbox", "ratio"
    );
    for step in answers::steps().into_iter().chain(recorded::steps()) {
        if step.name.contains(&only) {
            read(&runtime, &registry, &step);
        }
    }
}

/// The fixed cost of a call.
fn fixed(runtime: &Runtime, registry: &Registry, config: &Config, only: &str) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("post.wasm"), MISBEHAVING).unwrap();
    let folder = Some(folder.path().to_owned());
    let config = Config {
        folder,
        ..config.clone()
    };
    let guests = runtime.block_on(Registry::open(config, None)).unwrap();
    let hop = || runtime.block_on(async { spawn_blocking(|| ()).await.unwrap() });
    let (hop, _) = both(hop, || ());
    println!("{:<56} {:>52.1?}", "hop to a thread and back", hop);
    let count = Query::post(Target::Shortcode("count".to_owned()));
    let smallest = Step::first("smallest call", count);
    let plugin = guests.serving(Kind::Post);
    let (smallest, _) = both(|| smallest.in_sandbox(runtime, &plugin), || ());
    println!("{:<56} {:>52.1?}", "smallest call", smallest);
    for step in answers::first_steps() {
        if step.name.contains(only) {
            let plugin = registry.serving(step.query.kind());
            let context = plugin.context();
            let native = native::Call::new(&step, &context);
            let (native, sandbox) = both(|| native.run(), || step.in_sandbox(runtime, &plugin));
            println!("{:<66} {native:>20.1?} {sandbox:>20.1?}", step.name);
        }
    }
}

fn read(runtime: &Runtime, registry: &Registry, step: &Step) {
    let plugin = registry.serving(step.query.kind());
    let native = native::Call::new(step, &plugin.context());
    let (native, sandbox) = both(|| native.run(), || step.in_sandbox(runtime, &plugin));
    let rate = |time: Duration| step.bytes as f64 / time.as_secs_f64() / 1e6;
    let shown = |time| format!("{:>9.1?} {:>5.0} MB/s", time, rate(time));
    println!(
        "{:<56} {:>9} {:>20} {:>20} {:>6.2}",
        step.name,
        step.bytes,
        shown(native),
        shown(sandbox),
        sandbox.as_secs_f64() / native.as_secs_f64()
    );
}

/// The least processor time of one and of the other, in turn, so that both run on the same machine.
fn both<T, U>(mut one: impl FnMut() -> T, mut other: impl FnMut() -> U) -> (Duration, Duration) {
    let calls = (times_in(&mut one), times_in(&mut other));
    let mut least = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        least.0 = least.0.min(time(calls.0, &mut one));
        least.1 = least.1.min(time(calls.1, &mut other));
    }
    least
}

/// How often something fits into a round.
fn times_in<T>(mut run: impl FnMut() -> T) -> u32 {
    let once = time(3, &mut run).max(Duration::from_nanos(10));
    u32::try_from(ROUND.as_nanos() / once.as_nanos()).map_or(u32::MAX, |times| times.max(1))
}

/// Processor time of one of so many calls, of all threads.
fn time<T>(calls: u32, run: &mut impl FnMut() -> T) -> Duration {
    let before = processor_time();
    for _ in 0..calls {
        black_box(run());
    }
    processor_time().saturating_sub(before) / calls
}

/// The context of every step.
trait Contextual {
    fn context(&self) -> Context;
}

impl Contextual for Plugin {
    fn context(&self) -> Context {
        Context {
            now: 1_795_000_000,
            session: false,
            settings: self.settings().to_string(),
        }
    }
}

impl Step {
    fn first(name: &str, query: Query) -> Self {
        Self {
            name: name.to_owned(),
            query,
            memo: Bytes::new(),
            answers: Vec::new(),
            bytes: 0,
        }
    }

    fn in_sandbox(&self, runtime: &Runtime, plugin: &Arc<Plugin>) {
        let query = Arc::new(self.query.clone());
        let context = Arc::new(plugin.context());
        let arguments = Arguments {
            memo: self.memo.clone(),
            answers: Arc::new(self.answers.clone()),
        };
        let outcome = runtime.block_on(plugin.extract(query, context, arguments));
        outcome.unwrap();
    }
}
