//! The components of versions that have served, by digest, so that an earlier one can come back after a restart.

use std::{collections::HashSet, fs, io, path::PathBuf};

use bytes::Bytes;

use crate::{
    data::{self, Access, Links, Owner},
    plugin::package::digest,
};

/// What is larger was not kept here, bytes: a component that was admitted under any limit is smaller.
const COMPONENT_BYTES_MAX: u64 = 1 << 30;

/// A folder of files `<digest>.wasm`. If there is none, nothing is kept.
pub(crate) struct Shelf(Option<PathBuf>);

impl Shelf {
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        Self(folder)
    }

    /// Keeps a component, whole or not at all. If the disk fails, only the way back after a restart is lost, so the
    /// error is just logged. Blocks.
    pub(super) fn keep(&self, digest: &str, component: &[u8]) {
        let Some(folder) = &self.0 else {
            return;
        };
        let kept = || {
            data::make_folder(folder, Access::Private)?;
            let path = folder.join(format!("{digest}.wasm"));
            // Something else may be in its place.
            if self.load(digest).is_some() {
                return Ok(());
            }
            data::write_atomically(&path, component, Access::Private)
        };
        if let Err(error) = kept() {
            let folder = folder.display();
            tracing::warn!("{folder} cannot keep {digest}: {error}");
        }
    }

    /// Returns the component with this digest, if it is there and unchanged. Blocks.
    pub(crate) fn load(&self, digest: &str) -> Option<Bytes> {
        let path = self.0.as_ref()?.join(format!("{digest}.wasm"));
        let component = data::read(&path, Links::Refused, COMPONENT_BYTES_MAX).ok()?;
        (self::digest(&component) == digest).then(|| component.into())
    }

    /// Deletes all components but these. Blocks.
    pub(super) fn prune(&self, owner: &Owner, keep: &HashSet<String>) {
        let Some(folder) = &self.0 else {
            return;
        };
        let prune = || -> io::Result<()> {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                if !keep.contains(name.as_ref()) {
                    owner.remove_file(&path)?;
                }
            }
            Ok(())
        };
        match prune() {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!("{}: {error}", folder.display());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    //! A component comes back unchanged or not at all.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_component_comes_back_as_it_was_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(Some(folder.path().join("components")));
        let digest = digest(b"one");
        assert_eq!(shelf.load(&digest), None);
        shelf.keep(&digest, b"one");
        assert_eq!(shelf.load(&digest).as_deref(), Some(b"one".as_slice()));
        let file = folder
            .path()
            .join("components")
            .join(format!("{digest}.wasm"));
        fs::write(&file, b"two").unwrap();
        assert_eq!(shelf.load(&digest), None);
    }

    #[test]
    fn something_else_in_the_place_of_a_component_is_replaced_and_blocks_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(Some(folder.path().to_owned()));
        let digest = digest(b"one");
        let path = folder.path().join(format!("{digest}.wasm"));
        let fifo = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(fifo.unwrap().success());
        assert_eq!(shelf.load(&digest), None);
        shelf.keep(&digest, b"one");
        assert_eq!(shelf.load(&digest).as_deref(), Some(b"one".as_slice()));
        let elsewhere = folder.path().join("elsewhere");
        fs::rename(&path, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        assert_eq!(shelf.load(&digest), None);
    }

    #[test]
    fn what_nobody_needs_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let owner = data::Folder::own(folder.path()).unwrap();
        let shelf = Shelf::new(Some(owner.components()));
        let (one, two) = (digest(b"one"), digest(b"two"));
        shelf.keep(&one, b"one");
        shelf.keep(&two, b"two");
        shelf.prune(&owner, &HashSet::from([two.clone()]));
        assert!(shelf.load(&one).is_none() && shelf.load(&two).is_some());
    }
}
