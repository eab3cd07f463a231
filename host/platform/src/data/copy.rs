//! Copies what a data folder contains besides its database and its downloads into another one: the cases that the operator
//! keeps, captures, plugins, and the components of versions that have served.

use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use super::{
    Access, Folder, Links, WholeFile, WholeFolder, make_folder, open, owner::entries,
    whole::is_hidden,
};

/// What was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// The cases that the operator keeps.
    pub cases: u64,
    /// Captures.
    pub captures: u64,
    /// Files of the plugin folder.
    pub plugins: u64,
    /// Components of versions that have served.
    pub components: u64,
    /// All their bytes.
    pub bytes: u64,
}

impl Folder {
    /// Copies what `from` has and this folder does not have. Each file or case appears whole or not at all, so doing it
    /// again completes what was interrupted. Blocks.
    ///
    /// # Errors
    /// If a disk fails.
    pub fn copy_from(&self, from: &Self) -> io::Result<Copied> {
        let mut bytes = 0;
        Ok(Copied {
            cases: folders(&from.cases(), &self.cases(), &mut bytes)?,
            captures: folders(&from.captures(), &self.captures(), &mut bytes)?,
            plugins: files(&from.plugins(), &self.plugins(), &mut bytes)?,
            components: files(&from.components(), &self.components(), &mut bytes)?,
            bytes,
        })
    }

    /// What [`Folder::copy_from`] would copy into an empty folder, without its size. Blocks.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn copyable(&self) -> io::Result<Copied> {
        let in_folders = |folder: &Path| -> io::Result<u64> {
            let mut count = 0;
            for kind in visible(folder)? {
                let found = visible(&kind)?;
                count += found.iter().filter(|path| path.is_dir()).count() as u64;
            }
            Ok(count)
        };
        let in_one = |folder: &Path| -> io::Result<u64> {
            let found = visible(folder)?;
            Ok(found.iter().filter(|path| path.is_file()).count() as u64)
        };
        Ok(Copied {
            cases: in_folders(&self.cases())?,
            captures: in_folders(&self.captures())?,
            plugins: in_one(&self.plugins())?,
            components: in_one(&self.components())?,
            bytes: 0,
        })
    }
}

/// Copies folders of files, `<kind>/<name>/…`.
fn folders(from: &Path, to: &Path, bytes: &mut u64) -> io::Result<u64> {
    let mut copied = 0;
    for kind in visible(from)? {
        for folder in visible(&kind)?.iter().filter(|path| path.is_dir()) {
            let below = folder.strip_prefix(from).map_err(io::Error::other)?;
            let whole = match WholeFolder::create(&to.join(below), Access::Private) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                whole => whole?,
            };
            for file in visible(folder)? {
                let name = file.file_name().unwrap_or_default();
                *bytes += copy(&file, |mut bytes| {
                    let mut options = OpenOptions::new();
                    options.write(true).create_new(true).mode(0o600);
                    let mut file = options.open(whole.part().join(name))?;
                    let copied = io::copy(&mut bytes, &mut file)?;
                    file.sync_all()?;
                    Ok(copied)
                })?;
            }
            whole.finish()?;
            copied += 1;
        }
    }
    Ok(copied)
}

/// Copies the files of one folder.
fn files(from: &Path, to: &Path, bytes: &mut u64) -> io::Result<u64> {
    let mut copied = 0;
    for path in visible(from)?.iter().filter(|path| path.is_file()) {
        make_folder(to, Access::Private)?;
        let target = to.join(path.file_name().unwrap_or_default());
        if target.symlink_metadata().is_ok() {
            continue;
        }
        *bytes += copy(path, |mut bytes| {
            let mut file = WholeFile::create(&target, Access::Private)?;
            let copied = io::copy(&mut bytes, &mut file)?;
            file.finish()?;
            Ok(copied)
        })?;
        copied += 1;
    }
    Ok(copied)
}

/// Hands an open file to `write`. Whatever else is in its place is left behind.
fn copy(path: &Path, write: impl FnOnce(fs::File) -> io::Result<u64>) -> io::Result<u64> {
    match open(path, Links::Followed) {
        Ok(file) => write(file),
        Err(error) if super::is_not_regular(&error) => Ok(0),
        Err(error) => Err(error),
    }
}

/// The entries of a folder whose names do not begin with a dot, in the order of their names.
fn visible(folder: &Path) -> io::Result<Vec<std::path::PathBuf>> {
    let mut found = entries(folder)?;
    found.retain(|path| !is_hidden(path));
    found.sort();
    Ok(found)
}
