//! What no compiler emits: each flaw of a handmade extractor, in each plugin, in the sandbox in which calls are served.

use std::sync::Arc;

use guests::{Flaw, handmade};
use wasmtime::{
    Engine,
    component::{Linker, Resource},
};
use wasmtime_wasi::p2::DynOutputStream;

use super::*;
use crate::{
    contract::{Context, Fault, Outcome, Query, Refusal, Step, Target},
    driver::{Arguments, Rules},
    plugin::{
        Plugin,
        admission::AdmittedComponent,
        engine::store::{Pace, State},
        registry::version::Permits,
    },
};

/// An engine, and the extractors on it.
struct Bench {
    limits: Config,
    engine: Engine,
    linker: Linker<State>,
}

impl Bench {
    /// Calls have this deadline.
    fn new(call_ms_max: u64) -> Self {
        let limits = Config {
            call_ms_max,
            ..Config::new("/nonexistent".into(), "/nonexistent".into(), EMBEDDED)
        };
        let engine = engine::running(&limits).unwrap();
        let linker = linker::inert(&engine).unwrap();
        Self {
            limits,
            engine,
            linker,
        }
    }

    /// Loads a component as it is loaded to serve.
    fn load(&self, name: PluginName, component: &[u8]) -> Result<Sandbox, String> {
        let compiled = Component::new(&self.engine, component);
        let sandbox = compiled.and_then(|it| Sandbox::new(name, &it, &self.linker, &self.limits));
        sandbox.map_err(|error| format!("{error:#}"))
    }

    fn made(&self, name: PluginName, flaw: Flaw) -> Sandbox {
        let sandbox = self.load(name, &handmade(name.as_str(), flaw));
        sandbox.unwrap_or_else(|error| panic!("{name} {flaw:?}: {error}"))
    }
}

fn query(kind: Kind) -> Query {
    let (code, name) = (Target::Shortcode("A".to_owned()), "a".to_owned());
    match kind {
        Kind::ProfileInfo => Query::profile(name),
        Kind::ProfilePosts => Query::posts(name, 12, None),
        Kind::ProfileReels => Query::reels(name, 12, None),
        Kind::Post => Query::post(code),
        Kind::Reel => Query::reel(code),
        Kind::Story => Query::story(name),
    }
}

fn context() -> Context {
    Context {
        now: 1_700_000_000,
        session: false,
        settings: "{}".to_owned(),
    }
}

fn ask(sandbox: &Sandbox, kind: Kind) -> Result<Outcome, Fault> {
    sandbox.extract(
        Pace::Patient,
        &query(kind),
        &context(),
        &Arguments::default(),
    )
}

/// Whether a call had the outcome of an extractor without a flaw.
fn finds_nothing(outcome: &Result<Outcome, Fault>) -> bool {
    let step = outcome.as_ref().map(|outcome| &outcome.step);
    matches!(step, Ok(Step::Refuse(Refusal::NotFound)))
}

/// The words of the fault that a flaw must end in.
fn fault(flaw: Flaw) -> &'static str {
    match flaw {
        Flaw::SpinInStart | Flaw::SpinInRealloc | Flaw::SpinInPostReturn => "ran too long",
        Flaw::GrowingMemory => "wanted too much memory",
        Flaw::PointerBeyond | Flaw::LengthBeyond | Flaw::LengthOverflow => "out of bounds",
        Flaw::ReallocBeyond => "beyond end of memory",
        Flaw::PointerUnaligned | Flaw::ReallocUnaligned => "not aligned",
        Flaw::BadUtf8 | Flaw::LoneSurrogate => "invalid utf-8",
        Flaw::LoneSurrogateInUtf16 => "unpaired surrogate",
        Flaw::BadStep | Flaw::BadOption | Flaw::BadRefusal | Flaw::BadSeverity => "discriminant",
        Flaw::Handles => "handle limit exceeded",
        Flaw::WriteBeyond => "out of bounds",
        _ => unreachable!("{flaw:?} shows elsewhere"),
    }
}

#[test]
fn every_flaw_of_every_plugin_ends_its_call_alone() {
    // The machine may be busy: only what never ends meets the short deadline.
    let (patient, hasty) = (Bench::new(20_000), Bench::new(30));
    for name in PluginName::ALL {
        let honest = patient.made(name, Flaw::None);
        for flaw in Flaw::OF_CALLS {
            let spins = fault(flaw) == "ran too long";
            let bench = if spins { &hasty } else { &patient };
            let flawed = bench.made(name, flaw);
            for kind in name.kinds() {
                for _ in 0..3 {
                    let ended = ask(&flawed, kind).unwrap_err().to_string();
                    assert!(ended.contains(fault(flaw)), "{kind} {flaw:?}: {ended}");
                }
                let outcome = ask(&honest, kind);
                assert!(
                    finds_nothing(&outcome),
                    "{kind} after {flaw:?}: {outcome:?}"
                );
            }
        }
    }
}

/// A function of the host may refuse what it is given, in words that a plugin can read.
#[test]
fn what_a_host_function_refuses_is_no_harm() {
    let bench = Bench::new(20_000);
    for name in PluginName::ALL {
        let flawed = bench.made(name, Flaw::WriteMuch);
        for kind in name.kinds() {
            let outcome = ask(&flawed, kind);
            assert!(outcome.is_err() || finds_nothing(&outcome), "{outcome:?}");
        }
    }
}

#[test]
fn what_begins_with_too_much_is_not_loaded() {
    let bench = Bench::new(20_000);
    for name in PluginName::ALL {
        for (flaw, words) in [(Flaw::HugeMemory, "memory"), (Flaw::HugeTable, "table")] {
            let refused = bench.load(name, &handmade(name.as_str(), flaw)).err();
            let refused = refused.unwrap_or_default();
            assert!(refused.contains(words), "{name} {flaw:?}: {refused}");
        }
    }
}

/// A version is described by a fresh instance, so it cannot describe itself otherwise later.
#[test]
fn a_description_is_the_same_each_time() {
    let bench = Bench::new(20_000);
    let counting = bench.made(PluginName::Post, Flaw::CountedDescriptions);
    for _ in 0..3 {
        assert_eq!(counting.describe().unwrap().version, "1.0.1");
    }
    let spins = Bench::new(30).made(PluginName::Post, Flaw::SpinInDescribe);
    assert_eq!(spins.describe().unwrap_err(), Fault::Deadline);
}

#[test]
fn what_is_imported_beyond_the_inert_is_named() {
    let strangers = [
        "wasi:sockets/tcp@0.2.12",
        "wasi:filesystem/types@0.2.12",
        "wasi:http/outgoing-handler@0.2.12",
        "wasi:random/random@0.2.12",
        "wasi:clocks/wall-clock@0.2.12",
        "gramhost:extractor/backdoor@1.0.1",
        "other:thing/door@1.0.0",
    ];
    for name in PluginName::ALL {
        for stranger in strangers {
            let component = handmade(name.as_str(), Flaw::Import(stranger));
            let refused = world::check(name, &component).unwrap_err().to_string();
            let words = format!("imports: asks for {stranger}, which no extractor may have");
            assert_eq!(refused, words);
            // Nor would it be linked if it were not for the check.
            assert!(Bench::new(30).load(name, &component).is_err(), "{stranger}");
        }
        assert_eq!(
            world::check(name, &handmade(name.as_str(), Flaw::None)),
            Ok(())
        );
    }
}

/// A host on which opening the standard error panics.
fn panicking(bench: &Bench, name: PluginName) -> Sandbox {
    let mut linker = linker::inert(&bench.engine).unwrap();
    linker.allow_shadowing(true);
    let mut stderr = linker.instance("wasi:cli/stderr@0.2.12").unwrap();
    stderr
        .func_wrap(
            "get-stderr",
            |_, ()| -> wasmtime::Result<(Resource<DynOutputStream>,)> { panic!("in the host") },
        )
        .unwrap();
    let component = handmade(name.as_str(), Flaw::Handles);
    let compiled = Component::new(&bench.engine, component).unwrap();
    Sandbox::new(name, &compiled, &linker, &bench.limits).unwrap()
}

/// A fault of our own in a function that a plugin calls: the call is lost, and its place is free again.
#[tokio::test]
async fn a_host_function_that_panics_costs_one_call() {
    let mut bench = Bench::new(20_000);
    (bench.limits.calls_max, bench.limits.wait_ms_max) = (1, 100);
    let permits = Permits::new(&bench.limits);
    for name in PluginName::ALL {
        let honest = bench.made(name, Flaw::None);
        let version = |sandbox| {
            let admitted = AdmittedComponent {
                name,
                digest: "0".repeat(64),
                manifest: honest.describe().unwrap(),
                sandbox,
                settings: None,
                cases: Vec::new(),
                rules: Rules::default(),
            };
            Plugin::new(admitted, "test", permits.clone())
        };
        let (faulty, honest) = (
            Arc::new(version(panicking(&bench, name))),
            version(bench.made(name, Flaw::None)),
        );
        for kind in name.kinds() {
            let context = Arc::new(context());
            let faulty = Arc::clone(&faulty);
            let query = Arc::new(query(kind));
            let lost = {
                let (query, context) = (Arc::clone(&query), Arc::clone(&context));
                tokio::spawn(
                    async move { faulty.extract(query, context, Arguments::default()).await },
                )
            };
            let is_lost = match lost.await {
                Ok(outcome) => outcome.is_err(),
                Err(error) => error.is_panic(),
            };
            assert!(is_lost, "{kind}");
            let outcome = honest.extract(query, context, Arguments::default()).await;
            assert!(finds_nothing(&outcome), "{kind}: {outcome:?}");
        }
    }
}

/// A call finds neither what an earlier one of its own plugin left in memory, nor what one of another plugin did.
#[test]
fn no_call_of_any_plugin_finds_what_another_call_has_hidden() {
    let mut bench = Bench::new(60_000);
    bench.limits.calls_max = 1;
    let bench = Bench {
        engine: engine::running(&bench.limits).unwrap(),
        ..bench
    };
    let linker = linker::inert(&bench.engine).unwrap();
    let bench = Bench { linker, ..bench };
    // As many as there are places for, so that no place is left that nobody has written to.
    let all_at_once = |sandbox: &Sandbox, kind| {
        std::thread::scope(|scope| {
            let calls = (0..9).map(|_| scope.spawn(|| ask(sandbox, kind)));
            let calls: Vec<_> = calls.collect();
            let ended = calls.into_iter().map(|call| call.join().unwrap());
            ended.collect::<Vec<_>>()
        })
    };
    let of = |name: PluginName| (name.kinds().next().unwrap(), name);
    // Whoever seeks it in its own memory does find it.
    let (kind, name) = of(PluginName::Post);
    assert!(ask(&bench.made(name, Flaw::HideAndSeek), kind).is_err());
    for (kind, hider) in PluginName::ALL.map(of) {
        let hidden = all_at_once(&bench.made(hider, Flaw::Hide), kind);
        assert!(hidden.iter().all(finds_nothing), "{hidden:?}");
        for (kind, seeker) in PluginName::ALL.map(of) {
            let sought = all_at_once(&bench.made(seeker, Flaw::Seek), kind);
            assert!(
                sought.iter().all(finds_nothing),
                "{hider}, {seeker}: {sought:?}"
            );
        }
    }
}
