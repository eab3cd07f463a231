//! The map of threats: each has a row, and each test that a row names exists.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::Path,
};

use super::repository;

/// The threats that are known, by the letter before their number.
const KNOWN: [(char, u32); 4] = [('T', 126), ('P', 36), ('F', 38), ('L', 23)];
/// Begins the last column of a row without a test; a date and a reason follow.
const UNTESTED: &str = "not tested (20";

#[test]
fn every_threat_has_its_tests_or_a_dated_reason() {
    let mut functions = HashSet::new();
    for folder in ["host", "plugins", "tests"] {
        functions_in(&repository().join(folder), &mut functions);
    }
    let mut faults = Vec::new();
    let mut rows = BTreeMap::new();
    for (id, last) in rows_of(&repository().join("docs/threats")) {
        let named: Vec<_> = last.split('`').skip(1).step_by(2).collect();
        if named.is_empty() && !last.starts_with(UNTESTED) {
            faults.push(format!(
                "{id} has neither a test nor a dated reason: {last:?}"
            ));
        }
        // What is in backticks may also be a setting or a command; a test has several words.
        let tests = named.iter().filter(|name| is_test(name));
        let missing = tests.filter(|name| !functions.contains(**name));
        faults.extend(missing.map(|name| format!("{id}: there is no {name}")));
        if rows.insert(id.clone(), last).is_some() {
            faults.push(format!("{id} has two rows"));
        }
    }
    for (letter, count) in KNOWN {
        let ids = (1..=count).map(|number| format!("{letter}{number}"));
        faults.extend(
            ids.filter(|id| !rows.contains_key(id))
                .map(|id| format!("no row {id}")),
        );
    }
    assert!(faults.is_empty(), "{faults:#?}");
    let untested = rows
        .values()
        .filter(|last| last.starts_with(UNTESTED))
        .count();
    println!("{} threats, {untested} without a test", rows.len());
}

fn is_test(name: &str) -> bool {
    name.matches('_').count() >= 2
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
}

/// The first and the last column of every row that begins with the name of a threat.
fn rows_of(folder: &Path) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        for line in fs::read_to_string(file.unwrap().path()).unwrap().lines() {
            let cells: Vec<_> = line
                .split(" | ")
                .map(|cell| cell.trim_matches(['|', ' ']))
                .collect();
            let mut letters = cells[0].chars();
            let known = letters
                .next()
                .is_some_and(|first| KNOWN.iter().any(|(letter, _)| *letter == first));
            let number = letters.as_str();
            if line.starts_with("| ") && known && number.parse::<u32>().is_ok() {
                rows.push((cells[0].to_owned(), cells[cells.len() - 1].to_owned()));
            }
        }
    }
    rows
}

/// The names of all functions in the Rust files of a folder.
fn functions_in(folder: &Path, found: &mut HashSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            functions_in(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let names = text
                .split("fn ")
                .skip(1)
                .filter_map(|rest| rest.split(['(', '<']).next());
            found.extend(names.map(str::to_owned));
        }
    }
}
