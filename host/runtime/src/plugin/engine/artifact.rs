//! Compiled code on disk, by the digest of its component and the engine it was made for, so that a restart loads in
//! milliseconds. The one place that trusts machine code: only what our own child process wrote.

use std::{
    fs::{self, OpenOptions, Permissions},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use rustix::{fs::OFlags, process::geteuid};
use sha2::{Digest as _, Sha256};
use wasmtime::{Engine, component::Component};

use crate::data::{self, Access, Owner, WholeFile};

/// How many compiled components the owner of the data folder keeps; the least recently used go first.
const FILES_MAX: usize = 64;

/// A command may delete none, so it adds none where so many are there already: the next server makes room.
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
    /// Makes the folder, or makes sure that it is ours alone. Without an `owner` of the data folder nothing is deleted.
    ///
    /// # Errors
    /// It cannot be made, or belongs to somebody else.
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

    /// The compiled component with this digest, if it is there and as it was written.
    pub(crate) fn load(&self, digest: &str) -> Option<Component> {
        let name = self.name(digest);
        let mut file = OpenOptions::new()
            .read(true)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(self.folder.join(&name))
            .ok()?;
        let mut sealed = Vec::new();
        file.read_to_end(&mut sealed).ok()?;
        let (found, code) = sealed.split_at_checked(SEAL_BYTES)?;
        if found != seal(&name, code) {
            tracing::warn!("{name} was changed since it was compiled, and is compiled again");
            return None;
        }
        // Those of every start are not to be the first that go. A folder that cannot be written keeps none anyway.
        let _ = file.set_modified(SystemTime::now());
        self.trust(code).ok()
    }

    /// Keeps what the compiler just made of the component with this digest, and loads it.
    ///
    /// # Errors
    /// It is not for this engine, or cannot be written.
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
        // SAFETY: `code` came out of our own compiler's pipe, or out of a file in a folder that only we can write,
        // with the seal that we wrote with it.
        unsafe { Component::deserialize(&self.engine, code) }
    }

    fn name(&self, digest: &str) -> String {
        format!("{digest}-{:016x}.cwasm", self.engine_hash)
    }

    /// Adds a file, and drops the oldest where this process may.
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

    /// Those that are finished, the least recently used first.
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

/// Tells accidents and edits apart from what we wrote. It is no secret: whoever can write to a folder of mode 0700 can
/// replace this program as well. The name is part of it, so that one file cannot stand in for another.
fn seal(name: &str, code: &[u8]) -> [u8; SEAL_BYTES] {
    let mut hash = Sha256::new();
    hash.update(name);
    hash.update(code);
    hash.finalize().into()
}
