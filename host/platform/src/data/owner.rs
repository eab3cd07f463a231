//! The one process that owns a data folder, and what only this process may do there: delete.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    ops::Deref,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rustix::fs::OFlags;

use super::{
    Error, Folder, Links,
    open::open_regular,
    whole::{Access, is_hidden, is_unfinished, make_folder},
};

/// How long a start waits for a folder that is in use: a child that a killed server had just begun to start may hold
/// its files for a moment longer than the server.
const PATIENCE: Duration = Duration::from_secs(1);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Proof that this process owns a data folder. A cheap handle: ownership ends when the last handle is dropped, or when
/// the process crashes.
#[derive(Clone, Debug)]
pub struct Owner(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: Folder,
    /// The same folder as an absolute path; the file store uses its paths in this form.
    resolved: PathBuf,
    _lock: File,
}

impl Deref for Owner {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.0.folder
    }
}

impl Owner {
    pub(super) fn take(folder: Folder) -> Result<Self, Error> {
        let failed = |source| Error::Folder {
            folder: folder.path().to_owned(),
            source,
        };
        make_folder(folder.path(), Access::Private).map_err(failed)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        let lock =
            open_regular(&mut options, &folder.lock(), Links::Refused).map_err(|source| {
                let reason = format!("{}: {source}", folder.lock().display());
                failed(io::Error::new(source.kind(), reason))
            })?;
        match try_lock(&lock) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Owned(folder.0)),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let owner = Self(Arc::new(Inner {
            folder: folder.clone(),
            resolved: folder.path().canonicalize().map_err(failed)?,
            _lock: lock,
        }));
        owner.clear_unfinished().map_err(failed)?;
        Ok(owner)
    }

    /// Deletes a file of the data folder. A file that does not exist is not an error.
    ///
    /// # Errors
    /// If the disk fails, or the file is outside the data folder.
    pub fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.remove(path, |path| fs::remove_file(path))
    }

    /// Deletes a folder of the data folder with everything in it. A folder that does not exist is not an error.
    ///
    /// # Errors
    /// If the disk fails, or the folder is outside the data folder.
    pub fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.remove(path, |path| fs::remove_dir_all(path))
    }

    fn remove(&self, path: &Path, remove: fn(&Path) -> io::Result<()>) -> io::Result<()> {
        if !self.holds(path) {
            let reason = format!("{} is not in the data folder", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        match remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Returns whether a path is in the data folder, or in a part of it that the operator moved elsewhere and replaced
    /// with a link.
    fn holds(&self, path: &Path) -> bool {
        let mut parts = [self.files(), self.captures(), self.components()].into_iter();
        path.starts_with(self.path())
            || path.starts_with(&self.0.resolved)
            || parts.any(|part| part.canonicalize().is_ok_and(|it| path.starts_with(it)))
    }

    /// Deletes unfinished files and folders of other processes, in all folders whose files are written
    /// atomically. Staged downloads are left to `storage`.
    fn clear_unfinished(&self) -> io::Result<()> {
        let flat = [
            self.path().to_owned(),
            self.compiled(),
            self.components(),
            self.plugins(),
        ];
        for folder in flat {
            self.clear(&folder, is_unfinished)?;
        }
        for folder in [self.cases(), self.shapes()] {
            for kind in entries(&folder)? {
                self.clear(&kind, is_unfinished)?;
            }
        }
        // Only a server writes captures, so hidden files there are left over.
        for kind in entries(&self.captures())? {
            self.clear(&kind, is_hidden)?;
        }
        Ok(())
    }

    fn clear(&self, folder: &Path, left_over: fn(&Path) -> bool) -> io::Result<()> {
        for path in entries(folder)? {
            if !left_over(&path) || is_being_written(&path) {
                continue;
            }
            let is_folder = fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_dir());
            match is_folder {
                true => self.remove_folder(&path)?,
                false => self.remove_file(&path)?,
            }
        }
        Ok(())
    }
}

fn try_lock(file: &File) -> Result<(), TryLockError> {
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => thread::sleep(PAUSE),
            found => return found,
        }
    }
}

/// Returns whether a command beside the server is writing this file at the moment; it then holds a lock on the file.
fn is_being_written(path: &Path) -> bool {
    // It may be a folder, or a FIFO that somebody has put there.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path);
    matches!(
        file.map(|file| file.try_lock()),
        Ok(Err(TryLockError::WouldBlock))
    )
}

/// The direct entries of a folder; empty if the folder does not exist or is a file.
pub(super) fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect()
}
