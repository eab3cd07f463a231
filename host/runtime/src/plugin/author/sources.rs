//! Watches the source files of an extractor, at any depth, for changes that its author saves.

use std::{fs, io, path::Path};

use crate::plugin::registry::watcher::{Stamps, Watcher, stamp};

/// The files of a crate that its author writes. Next to them are the output of cargo and, often, a server's data
/// folder.
const FILES: [&str; 2] = ["Cargo.toml", "build.rs"];

/// The folders that are watched, with everything below them.
const FOLDERS: [&str; 4] = ["src", "cases", "tests", "wit"];

/// The source files of one folder.
pub struct Sources {
    watcher: Watcher,
}

impl Sources {
    /// Watches the folder from now on.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let mut watcher = Watcher::of_tree(folder, &FOLDERS, look);
        watcher.first()?;
        Ok(Self { watcher })
    }

    /// Waits until a file was changed and the change has settled.
    pub async fn changed(&mut self) {
        self.watcher.next().await;
    }
}

fn look(folder: &Path) -> io::Result<Stamps> {
    // Distinguishes a missing folder from an empty one.
    fs::read_dir(folder)?;
    let mut stamps = Stamps::new();
    for path in FILES.map(|name| folder.join(name)) {
        take(&path, &mut stamps);
    }
    for path in FOLDERS.map(|name| folder.join(name)) {
        gather(&path, &mut stamps);
    }
    Ok(stamps)
}

/// Collects the files below `folder`. Entries that were deleted after they were listed are left out.
fn gather(folder: &Path, stamps: &mut Stamps) {
    let entries = fs::read_dir(folder).into_iter().flatten();
    for entry in entries.filter_map(Result::ok) {
        // Links are not followed: they may form a cycle. The temporary files of editors begin with a dot.
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            gather(&entry.path(), stamps);
        } else {
            take(&entry.path(), stamps);
        }
    }
}

fn take(path: &Path, stamps: &mut Stamps) {
    if let Some(stamp) = stamp(path) {
        stamps.insert(path.to_string_lossy().into_owned(), stamp);
    }
}

#[cfg(test)]
mod tests {
    //! Which files count.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_others_write_is_no_source() {
        let folder = tempfile::tempdir().unwrap();
        for path in [
            "src/lib.rs",
            "cases/post/a/query.json",
            "target/x/y",
            "post.wasm",
            ".git/HEAD",
            "data/gramhost.db",
            "src/.lib.rs.swp",
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found: Vec<_> = look(folder.path()).unwrap().into_keys().collect();
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[tokio::test]
    async fn a_save_deep_down_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("cases/post/a");
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("query.json"), "{}").unwrap();
        let mut sources = Sources::open(folder.path()).unwrap();
        fs::write(deep.join("query.json"), "{ }").unwrap();
        let changed = sources.changed();
        tokio::time::timeout(std::time::Duration::from_secs(10), changed)
            .await
            .unwrap();
    }
}
