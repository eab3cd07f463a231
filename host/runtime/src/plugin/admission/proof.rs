//! The cases that a component must pass before it may serve: every recorded case that it carries (or, if it carries
//! none, every built-in one of its plugin), and every case that the operator keeps. If two cases have the same name,
//! the operator's counts.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use cases::Case;

use super::replay::{self, Mismatch, Subject};
use crate::{
    contract::PluginName,
    data::{self, Links},
    plugin::{config::Embedded, engine::CASES_AT_ONCE},
};

/// Maximum time for all cases of one component, seconds. A hundred cases take a fraction of one second.
const WALL_S_MAX: u64 = 30;

/// What is larger is no file of a case, bytes.
const CASE_FILE_BYTES_MAX: u64 = 256 << 20;

/// The result of each case, in the order of the cases: what the check dropped from its record, or the mismatch.
pub(crate) type Ends = Vec<(String, Result<Vec<String>, Mismatch>)>;

/// Returns the embedded cases of the plugin `name`.
///
/// # Errors
/// If a case cannot be read; the message names it.
pub(crate) fn embedded(embedded: &Embedded, name: PluginName) -> Result<Vec<Case>, cases::Error> {
    let mut cases = Vec::new();
    for kind in name.kinds() {
        cases.extend((embedded.cases)(kind.name())?);
    }
    Ok(cases)
}

/// Returns the cases for the plugin `name` in a folder that the author or the operator keeps. None if the folder does
/// not exist.
///
/// # Errors
/// As [`embedded`].
pub(crate) fn kept(name: PluginName, folder: &Path) -> Result<Vec<Case>, cases::Error> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    // Others may write to the folder.
    let read = |file: &Path| data::read(file, Links::Refused, CASE_FILE_BYTES_MAX);
    let mut cases = cases::load_all_with(folder, &read)?;
    cases.retain(|case| name.answers(&case.kind));
    Ok(cases)
}

/// Merges cases from several places. If two have the same title, the later one wins.
pub(crate) fn merge(places: impl IntoIterator<Item = Vec<Case>>) -> Vec<Case> {
    let cases = places.into_iter().flatten();
    let merged: BTreeMap<_, _> = cases.map(|case| (replay::title(&case), case)).collect();
    merged.into_values().collect()
}

/// Runs every case. Calls `told` with the number of cases that have run and the total number. Blocks.
///
/// # Errors
/// If it takes too long.
pub(crate) fn run(
    subject: &Subject<'_>,
    cases: &[Case],
    told: &(dyn Fn(usize, usize) + Send + Sync),
) -> Result<Ends, String> {
    let wall = Duration::from_secs(WALL_S_MAX);
    within(wall, cases, &|case| replay::run(subject, case), told)
}

fn within(
    wall: Duration,
    cases: &[Case],
    run: &(dyn Fn(&Case) -> Result<Vec<String>, Mismatch> + Sync),
    told: &(dyn Fn(usize, usize) + Send + Sync),
) -> Result<Ends, String> {
    let deadline = Instant::now() + wall;
    let next = AtomicUsize::new(0);
    let ends = Mutex::new(BTreeMap::new());
    let work = || {
        while let Some((at, case)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            cases.get(at).map(|case| (at, case))
        } {
            if Instant::now() >= deadline {
                return;
            }
            let end = run(case);
            let mut ends = ends.lock().unwrap_or_else(PoisonError::into_inner);
            ends.insert(at, (replay::title(case), end));
            told(ends.len(), cases.len());
        }
    };
    thread::scope(|scope| {
        for _ in 1..CASES_AT_ONCE.min(cases.len()) {
            scope.spawn(work);
        }
        work();
    });
    let ends = ends.into_inner().unwrap_or_else(PoisonError::into_inner);
    if ends.len() < cases.len() {
        return Err(format!(
            "only {} of {} cases ran in {} s",
            ends.len(),
            cases.len(),
            wall.as_secs()
        ));
    }
    Ok(ends.into_values().collect())
}

#[cfg(test)]
mod tests {
    //! Every case runs, or the component is rejected; the operator's cases replace others.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn every_case_runs_once_and_in_order() {
        let cases = ::embedded::cases("post").unwrap();
        let runs = AtomicUsize::new(0);
        let run = |_: &Case| {
            runs.fetch_add(1, Ordering::Relaxed);
            Ok(Vec::new())
        };
        let ends = within(Duration::from_secs(60), &cases, &run, &|_, _| ()).unwrap();
        let titles: Vec<_> = ends.iter().map(|(title, _)| title.clone()).collect();
        assert_eq!(titles, cases.iter().map(replay::title).collect::<Vec<_>>());
        assert_eq!(runs.into_inner(), cases.len());
    }

    #[test]
    fn cases_that_take_too_long_are_no_proof() {
        let cases = ::embedded::cases("post").unwrap();
        let refused = within(Duration::ZERO, &cases, &|_| Ok(Vec::new()), &|_, _| ()).unwrap_err();
        assert_eq!(
            refused,
            format!("only 0 of {} cases ran in 0 s", cases.len())
        );
    }

    #[test]
    fn the_last_place_has_the_last_word() {
        let own = ::embedded::cases("post").unwrap();
        let mut kept = own[..1].to_vec();
        kept[0].question.now = 7;
        let merged = merge([own.clone(), kept]);
        assert_eq!((merged.len(), merged[0].question.now), (own.len(), 7));
    }
}
