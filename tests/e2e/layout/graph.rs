//! The import graph of the files of the host: which file imports which, cycles, and imports against the order of the
//! inner modules of a room.
//!
//! A file and the files below it count as one unit, so imports between `plugin.rs` and `plugin/engine.rs` are not
//! edges. Tests do not count.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::source::Source;

/// The inner modules of a large room, top to bottom: each may import only those below it.
pub(super) const ORDERS: [(&str, &[&str]); 2] = [
    ("api", &["web", "admin", "instagram", "http"]),
    (
        "plugin",
        &[
            "author",
            "registry",
            "admission",
            "package",
            "sandbox",
            "contracts",
            "engine",
            "config",
        ],
    ),
];

/// Files by their path without `.rs`, each with the files that it imports.
pub(super) struct Graph {
    imports: BTreeMap<String, BTreeSet<String>>,
}

/// The figures that the layout test prints.
pub(super) struct Counts {
    files: usize,
    arrows: usize,
    back_arrows: usize,
    circles: usize,
    /// For each room with inner modules: its name, and the numbers of its files, of edges among them, and of inner
    /// modules.
    rooms: Vec<(&'static str, usize, usize, usize)>,
}

impl Graph {
    /// Builds the graph of files by their path below their crate, such as `plugin/engine.rs`.
    pub(super) fn new(files: &BTreeMap<String, Source>) -> Self {
        let names: BTreeSet<&str> = files.keys().map(|path| name(path)).collect();
        let imports = files.iter().map(|(path, source)| {
            let file = name(path);
            let targets = source.imports();
            let targets = targets
                .iter()
                .filter_map(|import| target(file, import, &names));
            let targets = targets.filter(|target| !related(file, target));
            (file.to_owned(), targets.map(str::to_owned).collect())
        });
        Self {
            imports: imports.collect(),
        }
    }

    /// Describes every cycle and every import against the order.
    pub(super) fn faults(&self) -> Vec<String> {
        let circles = self.circles().into_iter();
        let circles = circles.map(|files| format!("import each other: {}", files.join(", ")));
        let back = self.back_arrows().into_iter();
        let back = back.map(|(from, to)| format!("{from} imports {to}, which is above it"));
        circles.chain(back).collect()
    }

    /// Returns the figures of the layout.
    pub(super) fn counts(&self) -> Counts {
        let rooms = ORDERS.iter().map(|(room, order)| {
            let inside = |file: &&String| file.split('/').next() == Some(room);
            let files = self.imports.keys().filter(inside).count();
            let arrows = self.arrows();
            let arrows = arrows.filter(|(from, to)| inside(from) && inside(to));
            (*room, files, arrows.count(), order.len())
        });
        Counts {
            files: self.imports.len(),
            arrows: self.arrows().count(),
            back_arrows: self.back_arrows().len(),
            circles: self.circles().len(),
            rooms: rooms.collect(),
        }
    }

    fn arrows(&self) -> impl Iterator<Item = (&String, &String)> {
        let arrows = self.imports.iter();
        arrows.flat_map(|(from, targets)| targets.iter().map(move |to| (from, to)))
    }

    fn back_arrows(&self) -> Vec<(&String, &String)> {
        let is_back = |(from, to): &(&String, &String)| {
            ORDERS.iter().any(|(room, order)| {
                let place = |file: &str| {
                    let below = file.strip_prefix(room)?.strip_prefix('/')?;
                    let inner = below.split('/').next()?;
                    order.iter().position(|it| *it == inner)
                };
                place(from)
                    .zip(place(to))
                    .is_some_and(|(from, to)| from > to)
            })
        };
        self.arrows().filter(is_back).collect()
    }

    /// Groups of files in which every file is reachable from every other.
    fn circles(&self) -> Vec<Vec<&str>> {
        let reached: BTreeMap<&str, BTreeSet<&str>> = self
            .imports
            .keys()
            .map(|file| (file.as_str(), self.reached_from(file)))
            .collect();
        let mut circles = Vec::new();
        for (file, targets) in &reached {
            let together: Vec<&str> = targets
                .iter()
                .copied()
                .filter(|other| reached[other].contains(file))
                .collect();
            // Reports each cycle once, at its first file.
            if together.first() == Some(file) {
                circles.push(together);
            }
        }
        circles
    }

    fn reached_from(&self, file: &str) -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&str> = self.imports[file].iter().map(String::as_str).collect();
        while let Some(file) = next.pop() {
            if reached.insert(file) {
                next.extend(self.imports[file].iter().map(String::as_str));
            }
        }
        reached
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "host: {} files, {} arrows, {} back arrows, {} circles",
            self.files, self.arrows, self.back_arrows, self.circles
        )?;
        for (room, files, arrows, rooms) in &self.rooms {
            write!(f, "\n{room}: {files} files, {arrows} arrows, {rooms} rooms")?;
        }
        Ok(())
    }
}

fn name(path: &str) -> &str {
    path.strip_suffix(".rs").unwrap_or(path)
}

/// Whether one file is above the other in the module tree.
fn related(one: &str, other: &str) -> bool {
    let above = |above: &str, below: &str| {
        let rest = below.strip_prefix(above);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    above(one, other) || above(other, one)
}

/// The file that an import in `file` refers to; `None` for a foreign crate.
fn target<'a>(file: &str, import: &str, files: &BTreeSet<&'a str>) -> Option<&'a str> {
    let mut place: Vec<&str> = file.split('/').collect();
    let mut parts = import.split("::").peekable();
    match parts.peek().copied() {
        Some("crate") => {
            parts.next();
            place.clear();
        }
        Some("self" | "super") => {
            while let Some(up) = parts.next_if(|part| matches!(*part, "self" | "super")) {
                if up == "super" {
                    place.pop();
                }
            }
        }
        // A module of this file, or a foreign crate.
        _ => {}
    }
    place.extend(parts);
    // The last segments may be names of items.
    (1..=place.len())
        .rev()
        .find_map(|length| files.get(place[..length].join("/").as_str()).copied())
}
