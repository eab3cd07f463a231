//! Compiled code on disk, by the digest of its component and the engine that it was compiled for, so that a restart
//! loads it in milliseconds. This is the only file that trusts machine code, and only code that our own child process
//! wrote.

use std::{
    fs::{self, File, Permissions},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use rustix::process::geteuid;
use sha2::{Digest as _, Sha256};
use wasmtime::{Engine, component::Component};

use super::compiler::ARTIFACT_BYTES_MAX;
use crate::data::{self, Access, Links, Owner, WholeFile};

/// How many compiled components the owner of the data folder keeps. The least recently used are deleted first.
const FILES_MAX: usize = 64;

/// Maximum number of files in the folder for a command to add one. A command may delete none; the next server makes
/// room.
const VISITOR_FILES_MAX: usize = 4 * FILES_MAX;

/// Length of the seal before the code, bytes.
const SEAL_BYTES: usize = 32;

/// The folder of compiled code.
pub(crate) struct Artifacts {
    folder: PathBuf,
    engine: Engine,
    engine_hash: u64,
    owner: Option<Owner>,
}

impl Artifacts {
    /// Creates the folder, or makes sure that only we can use it. Without an `owner` of the data folder, nothing is
    /// deleted.
    ///
    /// # Errors
    /// If it cannot be created, or belongs to another user.
    pub(crate) fn open(folder: &Path, engine: &Engine, owner: Option<Owner>) -> io::Result<Self> {
        data::make_folder(folder, Access::Private)?;
        if fs::symlink_metadata(folder)?.uid() != geteuid().as_raw() {
            return Err(io::Error::other("belongs to another user"));
        }
        fs::set_permissions(folder, Permissions::from_mode(0o700))?;
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Ok(Self {
            folder: folder.to_owned(),
            engine: engine.clone(),
            engine_hash: hasher.finish(),
            owner,
        })
    }

    /// Returns the compiled component with this digest, if it is there and unchanged.
    pub(crate) fn load(&self, digest: &str) -> Option<Component> {
        let name = self.name(digest);
        let file = data::open(&self.folder.join(&name), Links::Refused).ok()?;
        if !is_ours_alone(&file) {
            tracing::warn!("others can write {name}, so it is compiled again");
            return None;
        }
        let mut sealed = Vec::new();
        let bytes_max = ARTIFACT_BYTES_MAX + SEAL_BYTES as u64;
        (&file).take(bytes_max).read_to_end(&mut sealed).ok()?;
        let (found, code) = sealed.split_at_checked(SEAL_BYTES)?;
        if found != seal(&name, code) {
            tracing::warn!("{name} was changed since it was compiled, and is compiled again");
            return None;
        }
        // Components that are used at every start must not be deleted first. In a folder that cannot be written,
        // nothing is kept anyway.
        let _ = file.set_modified(SystemTime::now());
        self.trust(code).ok()
    }

    /// Keeps the code that was just compiled for the component with this digest, and loads it.
    ///
    /// # Errors
    /// If it is not for this engine. If it cannot be written, that is only logged.
    pub(crate) fn keep(&self, digest: &str, code: &[u8]) -> Result<Component, String> {
        let component = self.trust(code).map_err(|error| format!("{error:#}"))?;
        // Serving matters more than a fast restart.
        if let Err(error) = self.add(&self.name(digest), code) {
            tracing::warn!("{} keeps nothing: {error}", self.folder.display());
        }
        Ok(component)
    }

    #[expect(unsafe_code, reason = "the only way to load machine code")]
    fn trust(&self, code: &[u8]) -> wasmtime::Result<Component> {
        // SAFETY: `code` was read from the pipe of our own compiler, or from a file in a folder that only we can
        // write, with the seal that we wrote with it.
        unsafe { Component::deserialize(&self.engine, code) }
    }

    fn name(&self, digest: &str) -> String {
        format!("{digest}-{:016x}.cwasm", self.engine_hash)
    }

    /// Adds a file, and deletes the least recently used ones if this process may.
    fn add(&self, name: &str, code: &[u8]) -> io::Result<()> {
        match &self.owner {
            Some(owner) => {
                self.write(name, code)?;
                self.prune(owner)
            }
            None if self.files()?.len() < VISITOR_FILES_MAX => self.write(name, code),
            None => Ok(()),
        }
    }

    fn write(&self, name: &str, code: &[u8]) -> io::Result<()> {
        let mut file = WholeFile::create(&self.folder.join(name), Access::Private)?;
        file.write_all(&seal(name, code))?;
        file.write_all(code)?;
        file.finish()
    }

    /// Returns the finished files, the least recently used first.
    fn files(&self) -> io::Result<Vec<(SystemTime, PathBuf)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if !entry.file_name().as_encoded_bytes().starts_with(b".") {
                files.push((entry.metadata()?.modified()?, entry.path()));
            }
        }
        files.sort();
        Ok(files)
    }

    fn prune(&self, owner: &Owner) -> io::Result<()> {
        let mut files = self.files()?;
        let superfluous = files.len().saturating_sub(FILES_MAX);
        for (_, path) in files.drain(..superfluous) {
            owner.remove_file(&path)?;
        }
        Ok(())
    }
}

/// Whether only this user can have written the file: a seal is no secret, and the folder may once have been open.
fn is_ours_alone(file: &File) -> bool {
    const OTHERS_WRITE: u32 = 0o022;
    let ours = geteuid().as_raw();
    let metadata = file.metadata();
    metadata.is_ok_and(|it| it.uid() == ours && it.mode() & OTHERS_WRITE == 0)
}

/// Detects accidental and manual changes of a file that we wrote. It is not a secret: whoever can write to a folder of
/// mode 0700 can replace this program as well. It includes the name, so that one file cannot replace another.
fn seal(name: &str, code: &[u8]) -> [u8; SEAL_BYTES] {
    let mut hash = Sha256::new();
    hash.update(name);
    hash.update(code);
    hash.finalize().into()
}

#[cfg(test)]
mod tests;
