//! Runs a reader with mutated seeds: a fixed number of the same ones in every run of the tests, and other ones for as long
//! as [`SECONDS`] says in `make fuzz`.
//!
//! A target is an ordinary test in a module called `fuzz`, beside what it reads, so that it reaches what is private and
//! needs no other compiler. What fails is made small and kept in a file, which [`INPUT`] repeats.

#![expect(clippy::panic, reason = "a test that fails panics")]

mod mutation;

use std::{
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use mutation::mutated;

/// The variable with the number of seconds that each target runs.
pub const SECONDS: &str = "FUZZ_SECONDS";
/// The variable with the file that a target reads instead of mutated seeds.
pub const INPUT: &str = "FUZZ_INPUT";

/// Inputs of each target in a run of the tests.
const INPUTS: u32 = 1_000;
/// Inputs between two looks at the clock, when it runs for long.
const INPUTS_AT_ONCE: u32 = 5_000;
/// The seed of the inputs in a run of the tests.
const FIXED: u64 = 20_261_129;
/// A reader that needs longer for one input has no bound, seconds. The slowest need some milliseconds.
const INPUT_S_MAX: u64 = 10;
/// How often what failed is made smaller.
const SMALLER_MAX: u32 = 5_000;

/// Runs `read`, which must not panic, with mutations of the `seeds`.
///
/// # Panics
/// If `read` panics or does not come to an end, with the name of the file that has its smallest such input.
pub fn target(name: &str, seeds: &[Vec<u8>], read: impl Fn(&[u8])) {
    assert!(!seeds.is_empty(), "{name} has no seeds");
    if let Some(file) = env::var_os(INPUT) {
        let input = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        return read(&input);
    }
    // A seed that fails needs no mutation.
    seeds.iter().for_each(|seed| read(seed));
    let seconds = env::var(SECONDS).ok().and_then(|text| text.parse().ok());
    let Some(seconds) = seconds else {
        return run(name, seeds, RngSeed::Fixed(FIXED), INPUTS, &read);
    };
    let (start, mut inputs) = (Instant::now(), 0_u64);
    while start.elapsed() < Duration::from_secs(seconds) {
        run(name, seeds, RngSeed::Random, INPUTS_AT_ONCE, &read);
        inputs += u64::from(INPUTS_AT_ONCE);
    }
    println!("{name}: {inputs} inputs");
}

fn run(name: &str, seeds: &[Vec<u8>], seed: RngSeed, inputs: u32, read: &impl Fn(&[u8])) {
    let mut runner = TestRunner::new(Config {
        cases: inputs,
        failure_persistence: None,
        max_shrink_iters: SMALLER_MAX,
        rng_seed: seed,
        ..Config::default()
    });
    let fault = |input: &[u8]| {
        let start = Instant::now();
        let read = catch_unwind(AssertUnwindSafe(|| read(input)));
        let is_slow = start.elapsed() > Duration::from_secs(INPUT_S_MAX);
        match read {
            Err(_) => Some("it panics"),
            Ok(()) => is_slow.then_some("it takes too long"),
        }
    };
    let ended = runner.run(&mutated(seeds), |input| match fault(&input) {
        Some(why) => Err(TestCaseError::fail(why)),
        None => Ok(()),
    });
    if let Err(TestError::Fail(why, input)) = ended {
        let input = without_pieces(input, |input| fault(input).is_some());
        let file = env::temp_dir().join(format!("fuzz-{}", name.replace(' ', "-")));
        let kept = fs::write(&file, &input);
        panic!(
            "{name}: {why}, with {:?} (kept: {kept:?}; repeat it with {INPUT}={})",
            String::from_utf8_lossy(&input[..input.len().min(400)]),
            file.display()
        );
    }
}

/// Leaves out every piece without which it fails as well, from halves down to single bytes.
fn without_pieces(mut input: Vec<u8>, fails: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut piece = input.len() / 2;
    while piece > 0 {
        let mut at = 0;
        while at < input.len() {
            let end = (at + piece).min(input.len());
            let shorter = [&input[..at], &input[end..]].concat();
            if fails(&shorter) {
                input = shorter;
            } else {
                at = end;
            }
        }
        piece /= 2;
    }
    input
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use std::cell::RefCell;

    use super::*;

    #[test]
    fn what_fails_is_found_and_made_small() {
        let seeds = [b"one = 1\ntwo = [\"a\", \"b\"]\nthree = \"c\"\n".to_vec()];
        let found = catch_unwind(|| {
            target("a planted fault", &seeds, |input| {
                assert!(!input.ends_with(b"["), "planted");
            });
        });
        let why = *found
            .expect_err("a fault")
            .downcast::<String>()
            .expect("text");
        assert!(why.contains("it panics"), "{why}");
        let file = env::temp_dir().join("fuzz-a-planted-fault");
        let input = fs::read(file).expect("the input");
        assert_eq!(input, b"[");
    }

    #[test]
    fn every_run_of_the_tests_has_the_same_inputs_and_they_differ_from_the_seeds() {
        let seeds = [b"{\"key\": [1, 2, 3]}".to_vec(), b"GET /".to_vec()];
        let inputs = || {
            let seen = RefCell::new(Vec::new());
            target("inputs", &seeds, |input| {
                seen.borrow_mut().push(input.to_vec())
            });
            seen.into_inner()
        };
        let seen = inputs();
        assert_eq!(seen, inputs());
        assert_eq!(seen.len(), seeds.len() + INPUTS as usize);
        let mut different = seen.clone();
        different.sort();
        different.dedup();
        assert!(different.len() > seen.len() / 2, "{}", different.len());
    }
}
