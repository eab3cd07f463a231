//! Counts the instructions of every path with valgrind, and compares them with the committed baseline.
//!
//! A count does not depend on how busy a machine is, so a path that became more expensive fails by its name. Counts are
//! those of a debug build, because that is what everybody has built; a new compiler or library changes them, and then the
//! baseline is written anew.

use std::{
    collections::BTreeMap,
    env, fs,
    hint::black_box,
    process::{Command, ExitCode, Stdio},
};

use super::Path;

/// The argument with which this program runs the paths under valgrind.
pub(crate) const COUNTED: &str = "counted";

/// How much more a path may cost, percent. Seeds of hash maps and addresses make a difference of up to 3.
const MORE_PERCENT_MAX: u64 = 10;
/// How often a path runs while it is counted.
const RUNS: u64 = 10;
const BASELINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/paths/baseline.json");

/// Begins the line that says why some paths are left out.
const LEFT_OUT: &str = "left out: ";

/// Runs every path between the marks that valgrind looks for.
pub(crate) fn run_counted(paths: Vec<Path>, left_out: Option<String>) {
    if let Some(why) = left_out {
        println!("{LEFT_OUT}{why}");
    }
    for Path { name, mut run } in paths {
        println!("{name}");
        counted_path(&mut *run);
        written_count(name);
    }
}

/// valgrind counts only inside this function.
#[inline(never)]
fn counted_path(run: &mut dyn FnMut()) {
    for _ in 0..RUNS {
        run();
    }
}

/// valgrind writes its count down where this function begins.
#[inline(never)]
fn written_count(name: &str) {
    black_box(name);
}

/// Compares the counts with the baseline, or accepts them as the new one.
pub(crate) fn compare(accept: bool) -> ExitCode {
    if !cfg!(debug_assertions) {
        println!("the baseline is that of a debug build: make guard");
        return ExitCode::FAILURE;
    }
    let Some(Counted { counts, left_out }) = counted() else {
        println!("skipped: valgrind is not installed");
        return ExitCode::SUCCESS;
    };
    if let Some(why) = &left_out {
        println!(
            "valgrind does not know all that this processor can do, so paths with plugins are {LEFT_OUT}{why}"
        );
    }
    if accept && left_out.is_some() {
        println!("a baseline needs every path: accept on another machine");
        return ExitCode::FAILURE;
    }
    if accept {
        let text = serde_json::to_string_pretty(&counts).expect("JSON");
        fs::write(BASELINE, text + "\n").expect("the baseline");
        println!("{} counts accepted", counts.len());
        return ExitCode::SUCCESS;
    }
    let baseline = fs::read(BASELINE).expect("the baseline");
    let baseline: BTreeMap<String, u64> =
        serde_json::from_slice(&baseline).expect("counts by name");
    let (mut passed, mut failed) = (0, 0);
    for (name, count) in &counts {
        let verdict = verdict(*count, baseline.get(name).copied());
        match verdict {
            Ok(_) => passed += 1,
            Err(_) => failed += 1,
        }
        let (Ok(words) | Err(words)) = verdict;
        println!("{name:<36} {count:>10}  {words}");
    }
    let gone = baseline.keys().filter(|name| !counts.contains_key(*name));
    for gone in gone.filter(|_| left_out.is_none()) {
        println!("{gone:<36}             is in the baseline, but was not counted: FAILED");
        failed += 1;
    }
    if failed > 0 {
        println!("If this is the price of something worth it: make guard ARGS=accept");
    }
    println!("{passed} passed, {failed} failed");
    ExitCode::from(u8::from(failed > 0))
}

fn verdict(count: u64, before: Option<u64>) -> Result<String, String> {
    let Some(before) = before else {
        return Err("is not in the baseline: FAILED".to_owned());
    };
    let percent = count * 100 / before;
    let change = format!("{percent} % of the baseline");
    if count * 100 > before * (100 + MORE_PERCENT_MAX) {
        Err(format!("{change}: FAILED"))
    } else if count * 100 < before * (100 - MORE_PERCENT_MAX) {
        Ok(format!("{change}: accept it (make guard ARGS=accept)"))
    } else {
        Ok(change)
    }
}

/// What valgrind counted.
struct Counted {
    /// The instructions of one run of every path, by name.
    counts: BTreeMap<String, u64>,
    /// Why some paths are not there.
    left_out: Option<String>,
}

/// Counts every path; `None` without valgrind.
fn counted() -> Option<Counted> {
    let mut version = Command::new("valgrind");
    version.arg("--version").stdout(Stdio::null());
    version.status().ok()?;
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("counts");
    let output = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--collect-atstart=no",
            "--combine-dumps=yes",
        ])
        .args([
            "--toggle-collect=*counted_path*",
            "--dump-before=*written_count*",
        ])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(env::current_exe().expect("this program"))
        .arg(COUNTED)
        .output()
        .expect("valgrind");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = fs::read_to_string(out).expect("counts");
    let totals = text
        .lines()
        .filter_map(|line| line.strip_prefix("totals: "));
    let counts = totals.map(|total| total.parse::<u64>().expect("a number") / RUNS);
    let (left_out, names): (Vec<&str>, Vec<&str>) =
        said.lines().partition(|line| line.starts_with(LEFT_OUT));
    let left_out = left_out
        .first()
        .and_then(|line| line.strip_prefix(LEFT_OUT));
    Some(Counted {
        // One more total is written at the end.
        counts: names.into_iter().map(str::to_owned).zip(counts).collect(),
        left_out: left_out.map(str::to_owned),
    })
}
