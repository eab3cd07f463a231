//! Carries out a plan: counts, and at the right time kills the process or returns an error.

use std::{
    env,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process,
    sync::{Mutex, OnceLock, PoisonError},
};

use rustix::{
    io::Errno,
    process::{Signal, getpid, kill_process},
};

static FAULTS: OnceLock<Option<Faults>> = OnceLock::new();

struct Faults {
    plan: PathBuf,
    count: Mutex<Count>,
}

#[derive(Default)]
struct Count {
    /// The plan that the count belongs to.
    plan: String,
    passed: u64,
}

/// A place where the process may be killed.
pub fn reached(place: &str) {
    // Only `may_fail` can report an error.
    let _told = pass(place, Path::new(""));
}

/// An operation that may fail, or during which the process may be killed.
///
/// # Errors
/// The error of the plan.
pub fn may_fail(place: &str, on: impl AsRef<Path>) -> io::Result<()> {
    pass(place, on.as_ref())
}

fn pass(place: &str, on: &Path) -> io::Result<()> {
    let faults = FAULTS.get_or_init(|| {
        let plan = env::var_os("FAULTS")?;
        let (plan, count) = (plan.into(), Mutex::default());
        Some(Faults { plan, count })
    });
    let Some(faults) = faults else { return Ok(()) };
    let plan = fs::read_to_string(&faults.plan).unwrap_or_default();
    let mut count = faults.count.lock().unwrap_or_else(PoisonError::into_inner);
    if plan != count.plan {
        *count = Count { plan, passed: 0 };
    }
    let line = format!("{place} {}\n", on.display());
    faults.note("log", &line)?;
    let Count { plan, passed } = &mut *count;
    let mut words = plan.split_whitespace();
    let (Some(what), Some(at), Some(meant)) = (words.next(), words.next(), words.next()) else {
        return Ok(());
    };
    if meant != place {
        return Ok(());
    }
    let error = match what {
        "enospc" => Errno::NOSPC,
        "eio" => Errno::IO,
        "erofs" => Errno::ROFS,
        "eacces" => Errno::ACCESS,
        "edquot" => Errno::DQUOT,
        "efbig" => Errno::FBIG,
        "emfile" => Errno::MFILE,
        "enfile" => Errno::NFILE,
        _ => Errno::INTR,
    };
    *passed += 1;
    if at.parse() != Ok(*passed) {
        return Ok(());
    }
    faults.note("did", &line)?;
    if what == "crash" {
        // As if killed from outside: nothing is unwound, flushed or reported.
        let _dead = kill_process(getpid(), Signal::KILL);
        process::abort();
    }
    Err(error.into())
}

impl Faults {
    fn note(&self, ending: &str, line: &str) -> io::Result<()> {
        let mut path = self.plan.clone().into_os_string();
        path.push(".");
        path.push(ending);
        let mut log = OpenOptions::new().append(true).create(true).open(path)?;
        log.write_all(line.as_bytes())
    }
}
