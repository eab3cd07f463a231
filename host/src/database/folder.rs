//! The data folder: made where it is missing, and owned by one server at a time.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use super::Error;

/// Makes the folder (0700) and locks it until the file is dropped, also by a crash.
pub(super) fn own(folder: &Path) -> Result<File, Error> {
    let failed = |source| Error::Folder {
        folder: folder.to_owned(),
        source,
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(failed)?;
    let owner = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(folder.join("owner.lock"))
        .map_err(failed)?;
    match owner.try_lock() {
        Ok(()) => Ok(owner),
        Err(TryLockError::WouldBlock) => Err(Error::Owned(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}
