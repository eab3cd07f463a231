//! A power failure: data that was written but not synced is lost, and so is a rename that was not synced.
//!
//! The database is configured to sync each commit, so it is assumed to keep what it has committed.

use std::{fs, path::Path};

use super::crashes::{Step, crash_at};

/// Up to the row that records a file: until then both its bytes and its name may be lost.
const STEPS: [Step; 11] = [
    Step("post", "fetch.create", 1, 1),
    Step("post", "fetch.write", 1, 2),
    Step("post", "fetch.flush", 1, 2),
    Step("zip", "storage.measure", 1, 8),
    Step("post", "storage.fsync", 1, 2),
    Step("post", "storage.rename", 1, 2),
    Step("post", "storage.renamed", 1, 2),
    Step("post", "file.published", 1, 2),
    Step("post", "file.keep", 1, 2),
    Step("zip", "zip.finish", 1, 8),
    Step("zip", "storage.renamed", 1, 8),
];

/// Staged files lose their bytes, and renames are lost.
fn lose(data: &Path) {
    let files = data.join("files");
    for entry in fs::read_dir(&files).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::remove_file(path).unwrap();
        }
    }
    empty(&files.join(".staging"));
}

fn empty(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            empty(&path);
        } else {
            fs::File::create(path).unwrap();
        }
    }
}

/// The renames were synced, but not the data: the files contain the same number of zeros.
fn lose_bytes(data: &Path) {
    for entry in fs::read_dir(data.join("files")).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = fs::metadata(&path).unwrap().len();
            let file = fs::File::create(&path).unwrap();
            file.set_len(bytes).unwrap();
        }
    }
    empty(&data.join("files/.staging"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn what_was_not_synced_is_made_again() {
    for step in &STEPS {
        tokio::join!(crash_at(step, lose), crash_at(step, lose_bytes));
    }
}
