//! Checks the layout: modules ("rooms") import only those below them, foreign libraries stay in their rooms, files stay
//! small.
//!
//! It reads text, not types: names in comments and strings do not count, and macros are not expanded.

mod graph;
mod rooms;
mod source;
mod tests;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use graph::Graph;
use rooms::{OWNERS, ROOMS};
use source::Source;

/// The sources of the host: its rooms are spread over four crates.
const SOURCES: [&str; 4] = [
    "host/src/",
    "host/service/src/",
    "host/runtime/src/",
    "host/platform/src/",
];

/// Parts of the standard library and tokio that only some rooms may use.
const OWNED_PATHS: [(&str, &[&str]); 3] = [
    ("std::env", &["command", "config", "media/ffmpeg"]),
    (
        "std::fs",
        &[
            "capture", "command", "config", "data", "download", "media", "plugin", "server",
            "storage", "upstream",
        ],
    ),
    ("tokio::fs", &["media", "plugin", "upstream"]),
];

/// Names that say nothing about the content of a file.
const BAGS: [&str; 9] = [
    "common", "helper", "helpers", "manager", "misc", "mod", "shared", "util", "utils",
];

/// The only file that loads compiled code.
const UNSAFE: &str = "host/runtime/src/plugin/engine/artifact.rs";

/// Maximum length of a file, tests included, lines.
const LINES_MAX: usize = 400;

#[test]
fn the_layout_holds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for folder in ["host", "plugins", "tests"] {
        collect(&root.join(folder), &mut files);
    }
    assert!(files.len() > 30, "only {} files found", files.len());
    let mut faults = Vec::new();
    let mut product = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a source file");
        let path = file.strip_prefix(&root).expect("below the root");
        let path = path.to_str().expect("UTF-8");
        faults.extend(faults_of(path, &text));
        if let Some(inside) = of_host(path)
            && is_product(inside)
        {
            product.insert(inside.to_owned(), Source::new(&text));
        }
    }
    let graph = Graph::new(&product);
    println!("{}", graph.counts());
    faults.extend(graph.faults());
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// Returns the path of a source of the host below its crate; it begins with the room.
fn of_host(path: &str) -> Option<&str> {
    let mut sources = SOURCES.iter();
    sources.find_map(|folder| path.strip_prefix(folder))
}

/// Whether a file is production code: tests may use a room from outside it.
fn is_product(inside: &str) -> bool {
    !inside.contains("tests/") && !inside.ends_with("tests.rs")
}

/// Returns the errors of one file, each with its path.
fn faults_of(path: &str, text: &str) -> Vec<String> {
    let source = Source::new(text);
    let mut faults = form(path, text, &source);
    if let Some(inside) = of_host(path)
        && is_product(inside)
    {
        faults.extend(directions(inside, &source));
        faults.extend(foreign(inside, &source));
    }
    faults
        .into_iter()
        .map(|fault| format!("{path}: {fault}"))
        .collect()
}

/// Rules for every file.
fn form(path: &str, text: &str, source: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    if !text.starts_with("//!") {
        faults.push("does not open with `//!`".to_owned());
    }
    let lines = text.lines().count();
    if lines > LINES_MAX {
        faults.push(format!("{lines} lines, more than {LINES_MAX}"));
    }
    for part in path.trim_end_matches(".rs").split('/') {
        if BAGS.contains(&part) {
            faults.push(format!("`{part}` names a bag, not a thing"));
        }
    }
    if path != UNSAFE && source.says("unsafe") {
        faults.push(format!("`unsafe` outside {UNSAFE}"));
    }
    faults
}

/// Rules of direction between rooms.
fn directions(inside: &str, source: &Source) -> Vec<String> {
    let parts: Vec<&str> = inside.trim_end_matches(".rs").split('/').collect();
    let room = parts[0];
    if matches!(room, "lib" | "main") {
        return Vec::new();
    }
    let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        return vec![format!("room `{room}` is not in the import table")];
    };
    let mut faults = Vec::new();
    for import in source.imports() {
        // As many `super` as there are levels lead to the crate root, like `crate`.
        let supers = import
            .split("::")
            .take_while(|part| *part == "super")
            .count();
        let target = match import.strip_prefix("crate::") {
            Some(target) => target,
            None if supers >= parts.len() => &import[supers * "super::".len()..],
            None => continue,
        };
        let target = target.split("::").next().unwrap_or_default();
        let known = ROOMS.iter().any(|(name, _)| *name == target);
        if import.starts_with("crate::") && !known {
            faults.push(format!("imports `{import}`, which is no room"));
        } else if known && target != room && !allowed.contains(&target) {
            faults.push(format!("room `{room}` may not import `{target}`"));
        }
    }
    if source.names_crate_outside_imports() {
        faults.push("says `crate::` outside a `use` line".to_owned());
    }
    faults
}

/// Rules of ownership.
fn foreign(inside: &str, source: &Source) -> Vec<String> {
    let place = inside.trim_end_matches(".rs");
    let owned = |owners: &[&str]| {
        owners
            .iter()
            .any(|owner| place == *owner || place.starts_with(&format!("{owner}/")))
    };
    let mut faults = Vec::new();
    for (library, owners) in OWNERS {
        let named = source.says(&format!("{library}::"))
            || source.imports().iter().any(|import| import == library);
        if named && !owned(owners) {
            faults.push(format!("`{library}` belongs to {}", owners.join(", ")));
        }
    }
    for (path, owners) in OWNED_PATHS {
        let below = format!("{path}::");
        let named = source.says(&below)
            || source
                .imports()
                .iter()
                .any(|import| import == path || import.starts_with(&below));
        if named && !owned(owners) {
            faults.push(format!("`{path}` belongs to {}", owners.join(", ")));
        }
    }
    faults
}
