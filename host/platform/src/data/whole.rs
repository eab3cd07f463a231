//! Files and folders that appear whole or not at all, also across a crash or a power cut.
//!
//! Each is written under a hidden name beside its final one, synced, and renamed. Whoever reads such a folder passes over
//! names that begin with a dot, so nobody sees it before it is finished. What a crash leaves is cleared away by the next
//! owner of the data folder; until then the writer holds a lock on it.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

/// Who may read what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Only this user: files get mode 0600 and folders 0700.
    Private,
    /// Whoever the umask of this process allows.
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

/// Makes a folder and those above it; one that is there is left as it is.
///
/// # Errors
/// The disk's.
pub fn make_folder(path: &Path, access: Access) -> io::Result<()> {
    let mode = access.folder_mode();
    DirBuilder::new().recursive(true).mode(mode).create(path)
}

/// Writes a file whole or not at all, in place of one that has this name: durable when it returns.
///
/// # Errors
/// The disk's. Then the file is as it was before, unless only the sync of its folder failed.
pub fn write_atomically(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let mut file = WholeFile::create(path, access)?;
    file.write_all(bytes)?;
    file.finish()
}

/// A file that nobody sees until it is finished. Dropped before, it is gone.
#[derive(Debug)]
pub struct WholeFile {
    unfinished: Unfinished,
    file: File,
}

impl WholeFile {
    /// Begins the file that is to be called `path`; its folder must be there.
    ///
    /// # Errors
    /// The disk's.
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

    /// Gives the file its name, in place of one that has it: durable when it returns.
    ///
    /// # Errors
    /// The disk's.
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

/// A folder of files that nobody sees until it is finished. Dropped before, it is gone.
#[derive(Debug)]
pub struct WholeFolder {
    unfinished: Unfinished,
    folder: File,
    access: Access,
}

impl WholeFolder {
    /// Begins the folder that is to be called `path`; those above it are made.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] where something has this name, or the disk's.
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

    /// Where its files lie until it is finished; each must be synced by whoever writes it.
    #[must_use]
    pub fn part(&self) -> &Path {
        &self.unfinished.part
    }

    /// Puts a file into it.
    ///
    /// # Errors
    /// The disk's.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(self.access.file_mode())
            .open(self.part().join(name))?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    /// Gives the folder its name: durable when it returns. It takes the place of nothing.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] where something has this name meanwhile, or the disk's.
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

/// What has a hidden name still; deleted when dropped.
#[derive(Debug)]
struct Unfinished {
    part: PathBuf,
    path: PathBuf,
    renamed: bool,
}

impl Unfinished {
    /// `create` makes a file or folder that was not there. A process that has the same number in another container
    /// may have taken the name, or one that died: then it is called again, with the next name.
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
            // An owner that starts at this moment may have taken it for abandoned. Where a file system has no locks,
            // there is nobody to tell that it is not.
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
        // What stays is hidden, and cleared away by the next owner.
        let _stays = match self.part.is_dir() {
            true => fs::remove_dir_all(&self.part),
            false => fs::remove_file(&self.part),
        };
    }
}

/// Whether whoever reads a folder passes over this name.
pub(super) fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".")
}

/// Whether something of this name was begun and is not finished.
pub(super) fn is_unfinished(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    is_hidden(path) && name.as_encoded_bytes().ends_with(b".part")
}

/// The folder that a path lies in.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
