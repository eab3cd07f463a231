//! Files and folders that appear complete or not at all, even after a crash or a power failure.
//!
//! Each is written under a hidden name beside its final one, synced, and renamed. Readers of such a folder skip names
//! that begin with a dot, so nobody sees an unfinished file. The next owner of the data folder deletes what a crash
//! leaves; until a file is finished, its writer holds a lock on it.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

/// Who may read the written files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Only this user: files get mode 0600 and folders 0700.
    Private,
    /// Everyone whom the umask of this process allows.
    Umask,
}

impl Access {
    fn file_mode(self) -> u32 {
        match self {
            Self::Private => 0o600,
            Self::Umask => 0o666,
        }
    }

    fn folder_mode(self) -> u32 {
        match self {
            Self::Private => 0o700,
            Self::Umask => 0o777,
        }
    }
}

/// Creates a folder and its parents; an existing folder is left unchanged.
///
/// # Errors
/// If the disk fails.
pub fn make_folder(path: &Path, access: Access) -> io::Result<()> {
    let mode = access.folder_mode();
    DirBuilder::new().recursive(true).mode(mode).create(path)
}

/// Writes a file atomically and replaces an existing file of this name. The file is durable when the function returns.
///
/// # Errors
/// If the disk fails. The file is then unchanged, unless only the sync of its folder failed.
pub fn write_atomically(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let mut file = WholeFile::create(path, access)?;
    file.write_all(bytes)?;
    file.finish()
}

/// A file that is invisible until it is finished. It is deleted if dropped before that.
#[derive(Debug)]
pub struct WholeFile {
    unfinished: Unfinished,
    file: File,
}

impl WholeFile {
    /// Begins the file that will have the name `path`; its folder must exist.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn create(path: &Path, access: Access) -> io::Result<Self> {
        let (unfinished, file) = Unfinished::begin(path, |part| {
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(access.file_mode())
                .open(part)
        })?;
        Ok(Self { unfinished, file })
    }

    /// Gives the file its final name and replaces an existing file of this name. The file is durable when the function
    /// returns.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn finish(self) -> io::Result<()> {
        faults::may_fail("data.file", &self.unfinished.path)?;
        self.file.sync_all()?;
        self.unfinished.finish()
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A folder of files that is invisible until it is finished. It is deleted if dropped before that.
#[derive(Debug)]
pub struct WholeFolder {
    unfinished: Unfinished,
    folder: File,
    access: Access,
}

impl WholeFolder {
    /// Begins the folder that will have the name `path`; missing parents are created.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] if the name is taken, or if the disk fails.
    pub fn create(path: &Path, access: Access) -> io::Result<Self> {
        if path.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        make_folder(parent(path), access)?;
        let (unfinished, folder) = Unfinished::begin(path, |part| {
            DirBuilder::new().mode(access.folder_mode()).create(part)?;
            File::open(part)
        })?;
        Ok(Self {
            unfinished,
            folder,
            access,
        })
    }

    /// The path of its files until it is finished. Whoever writes a file must sync it.
    #[must_use]
    pub fn part(&self) -> &Path {
        &self.unfinished.part
    }

    /// Adds a file to the folder.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(self.access.file_mode())
            .open(self.part().join(name))?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    /// Gives the folder its final name. It is durable when the function returns. It never replaces anything.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] if the name was taken in the meantime, or if the disk fails.
    pub fn finish(self) -> io::Result<()> {
        faults::may_fail("data.folder", &self.unfinished.path)?;
        self.folder.sync_all()?;
        let finished = self.unfinished.finish();
        finished.map_err(|error| match error.kind() {
            io::ErrorKind::DirectoryNotEmpty => io::ErrorKind::AlreadyExists.into(),
            _ => error,
        })
    }
}

/// A file or folder that still has its hidden name; deleted when dropped.
#[derive(Debug)]
struct Unfinished {
    part: PathBuf,
    path: PathBuf,
    renamed: bool,
}

impl Unfinished {
    /// Calls `create` for a file or folder that must not exist yet. A process with the same id in another container,
    /// or one that died, may have taken the name; then `create` is called again with the next name.
    fn begin(path: &Path, create: impl Fn(&Path) -> io::Result<File>) -> io::Result<(Self, File)> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let mut hidden = OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".{}-{number}.part", process::id()));
            let part = path.with_file_name(hidden);
            let file = match create(&part) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                made => made?,
            };
            // An owner that starts at this moment may have considered the file abandoned. On a file system without
            // locks, there is no way to tell it otherwise.
            if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
                continue;
            }
            let unfinished = Self {
                part,
                path: path.to_owned(),
                renamed: false,
            };
            return Ok((unfinished, file));
        }
    }

    fn finish(mut self) -> io::Result<()> {
        fs::rename(&self.part, &self.path)?;
        self.renamed = true;
        File::open(parent(&self.path))?.sync_all()
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.renamed {
            return;
        }
        // If it cannot be deleted, it stays hidden, and the next owner deletes it.
        let _stays = match self.part.is_dir() {
            true => fs::remove_dir_all(&self.part),
            false => fs::remove_file(&self.part),
        };
    }
}

/// Returns whether readers of a folder skip this name.
pub(super) fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".")
}

/// Returns whether a name is that of an unfinished file or folder.
pub(super) fn is_unfinished(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    is_hidden(path) && name.as_encoded_bytes().ends_with(b".part")
}

/// The parent folder of a path.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
