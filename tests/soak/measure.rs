//! What a server holds, once a second, and whether it grows.

use std::{
    fmt::{self, Display},
    fs,
    path::Path,
    time::Instant,
};

use crate::harness::server::Server;

/// What is measured, with its unit.
const NAMES: [&str; 5] = [
    "memory, KiB",
    "descriptors",
    "threads",
    "database, KiB",
    "disk, KiB",
];

/// How much more each may be at the end of a life than after its beginning, however long the life is.
pub(crate) struct Allowance([u64; NAMES.len()]);

impl Allowance {
    /// After this many jobs.
    pub(crate) fn of(jobs: usize) -> Self {
        Self([
            // The pool of plugin memory keeps up to 16 MiB for each of its warm slots, until the next look at it.
            40 << 10,
            64,
            16,
            // The names of expired files are kept for a day.
            (8 << 10) + jobs as u64,
            64 << 10,
        ])
    }
}

/// One second.
struct Sample {
    at_s: f64,
    values: [u64; NAMES.len()],
}

/// A life.
#[derive(Default)]
pub(crate) struct Samples {
    began: Option<Instant>,
    samples: Vec<Sample>,
}

impl Samples {
    pub(crate) fn take(&mut self, server: &Server) {
        let began = *self.began.get_or_insert_with(Instant::now);
        let process = Path::new("/proc").join(server.pid().to_string());
        let status = fs::read_to_string(process.join("status")).unwrap();
        let number = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap()
                .trim()
                .trim_end_matches(" kB")
                .parse()
                .unwrap()
        };
        let data = server.folder.path().join("data");
        let database = ["gramhost.db", "gramhost.db-wal"].map(|name| bytes(&data.join(name)));
        self.samples.push(Sample {
            at_s: began.elapsed().as_secs_f64(),
            values: [
                number("RssAnon:"),
                fs::read_dir(process.join("fd")).unwrap().count() as u64,
                number("Threads:"),
                database.iter().sum::<u64>() / 1024,
                bytes(&data) / 1024,
            ],
        });
    }

    /// Compares the last third of a life with its second one; the first is for warming up.
    pub(crate) fn must_be_flat(&self, allowance: &Allowance) {
        let [_, middle, last] = self.thirds();
        for (index, name) in NAMES.iter().enumerate() {
            let (before, after) = (median(middle, index), median(last, index));
            let allowed = allowance.0[index];
            assert!(
                after <= before + allowed,
                "{name} grew from {before} to {after}; {allowed} are allowed"
            );
        }
    }

    fn thirds(&self) -> [&[Sample]; 3] {
        let third = self.samples.len() / 3;
        assert!(third > 0, "too short a life");
        let (first, rest) = self.samples.split_at(third);
        let (middle, last) = rest.split_at(third);
        [first, middle, last]
    }
}

/// A table: the median of each third, the maximum, and the slope after the first third.
impl Display for Samples {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, middle, last] = self.thirds();
        let measured = &self.samples[first.len()..];
        writeln!(
            to,
            "| what | first third | second | last | maximum | slope an hour |"
        )?;
        writeln!(to, "|---|---|---|---|---|---|")?;
        for (index, name) in NAMES.iter().enumerate() {
            let [first, middle, last] = [first, middle, last].map(|part| median(part, index));
            let maximum = self.samples.iter().map(|sample| sample.values[index]).max();
            let (maximum, slope) = (maximum.unwrap_or_default(), slope(measured, index) * 3600.0);
            writeln!(
                to,
                "| {name} | {first} | {middle} | {last} | {maximum} | {slope:.0} |"
            )?;
        }
        Ok(())
    }
}

/// The size of a file, or of all regular files in a folder. What is deleted meanwhile counts nothing, and links (to the
/// compiled plugins that all tests share) are not followed.
fn bytes(path: &Path) -> u64 {
    let Ok(found) = fs::symlink_metadata(path) else {
        return 0;
    };
    if found.is_dir() {
        let inside = fs::read_dir(path).into_iter().flatten().flatten();
        return inside.map(|entry| bytes(&entry.path())).sum();
    }
    if found.is_file() { found.len() } else { 0 }
}

fn median(samples: &[Sample], index: usize) -> u64 {
    let mut values: Vec<_> = samples.iter().map(|sample| sample.values[index]).collect();
    values.sort_unstable();
    values[values.len() / 2]
}

/// By least squares, a second.
fn slope(samples: &[Sample], index: usize) -> f64 {
    let count = samples.len() as f64;
    let value = |sample: &Sample| sample.values[index] as f64;
    let mean_at = samples.iter().map(|sample| sample.at_s).sum::<f64>() / count;
    let mean = samples.iter().map(value).sum::<f64>() / count;
    let (mut together, mut square) = (0.0, 0.0);
    for sample in samples {
        let from_mean = sample.at_s - mean_at;
        together += from_mean * (value(sample) - mean);
        square += from_mean * from_mean;
    }
    together / square
}
