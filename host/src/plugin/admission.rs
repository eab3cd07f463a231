//! From the bytes of a component to one that may serve, step by step; says at which step it was refused and why.

use std::{
    fmt,
    fs::OpenOptions,
    io::Read as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use rustix::fs::OFlags;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::task::spawn_blocking;
use wasmtime::component::{Component, Linker};

use super::{
    Config, EMBEDDED, Error, artifact::Artifacts, compiler::Compiler, engine, linker, manifest,
    replay, sandbox::Sandbox, store::State, trial, world,
};
use crate::contract::Manifest;

/// The steps of admission, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Check {
    /// A regular file of a size that is taken.
    File,
    /// A well-formed component.
    Validation,
    /// Asks for nothing that plugins may not have.
    Imports,
    /// Implements the contract of the plugin that it is to be.
    World,
    /// Compiles, within limits.
    Compile,
    /// Says of itself what the host accepts.
    Describe,
    /// Yields what the recorded cases expect.
    Replay,
}

/// Why a component may not serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{step}: {reason}")]
pub struct Refused {
    /// Where it failed.
    pub step: Check,
    /// Why, in words for the plugin's author.
    pub reason: String,
}

impl Refused {
    pub(super) fn new(step: Check, reason: impl fmt::Display) -> Self {
        let reason = reason.to_string();
        Self { step, reason }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "file",
            Self::Validation => "validation",
            Self::Imports => "imports",
            Self::World => "world",
            Self::Compile => "compile",
            Self::Describe => "describe",
            Self::Replay => "replay",
        })
    }
}

/// What admission needs, made once.
pub(super) struct Admission {
    linker: Linker<State>,
    compiler: Compiler,
    artifacts: Artifacts,
    config: Config,
}

/// A component that passed every step so far.
pub(super) struct Admitted {
    /// SHA-256 of the component, 64 hex digits.
    pub(super) digest: String,
    pub(super) manifest: Manifest,
    pub(super) sandbox: Sandbox,
}

impl Admission {
    /// # Errors
    /// [`Error::Start`].
    pub(super) fn open(config: &Config) -> Result<Self, Error> {
        let engine = engine::running(config).map_err(|error| Error::Start(format!("{error:#}")))?;
        let artifacts = Artifacts::open(&config.cache, &engine)
            .map_err(|error| Error::Start(format!("{}: {error}", config.cache.display())))?;
        Ok(Self {
            linker: linker::inert(&engine).map_err(|error| Error::Start(error.to_string()))?,
            compiler: Compiler::new(config.compiler.clone()),
            artifacts,
            config: config.clone(),
        })
    }

    /// Every step: after it, the component may serve as the plugin `name`.
    ///
    /// # Errors
    /// The first step that fails.
    pub(super) async fn admit(
        self: &Arc<Self>,
        name: &'static str,
        component: Bytes,
    ) -> Result<Admitted, Refused> {
        // What is embedded was built for the embedded cases.
        let embedded = EMBEDDED.iter().any(|(_, ours)| *ours == component);
        let own = self.config.cases.clone().filter(|_| !embedded);
        let admitted = self.describe(name, component).await?;
        let refuse = |reason| Refused::new(Check::Replay, reason);
        blocking(Check::Replay, move || {
            let own = own.map(|folder| replay::kept(name, &folder)).transpose();
            let own = own.map_err(|error| refuse(error.to_string()))?;
            let own = own.filter(|cases| !cases.is_empty());
            for case in own.map_or_else(|| trial::cases(name, None), Ok)? {
                replay::run(&admitted.sandbox, &admitted.manifest, &case)
                    .map_err(|reason| refuse(format!("{}: {reason}", replay::title(&case))))?;
            }
            Ok(admitted)
        })
        .await
    }

    /// Every step but the last.
    ///
    /// # Errors
    /// The first step that fails.
    pub(super) async fn describe(
        self: &Arc<Self>,
        name: &'static str,
        component: Bytes,
    ) -> Result<Admitted, Refused> {
        let digest = digest(&component);
        let compiled = match self.artifacts.load(&digest) {
            // It was made here, so the component passed the steps up to this one.
            Some(compiled) => compiled,
            None => self.compile(name, &digest, component.clone()).await?,
        };
        let this = Arc::clone(self);
        blocking(Check::Describe, move || {
            let sandbox =
                Sandbox::new(name, &compiled, &this.linker, &this.config).map_err(|error| {
                    // Compiled before, under another name: only the words are missing.
                    let refused = world::check(name, &component).err();
                    refused.unwrap_or_else(|| Refused::new(Check::World, format!("{error:#}")))
                })?;
            let refuse = |reason| Refused::new(Check::Describe, reason);
            let manifest = sandbox
                .describe()
                .map_err(|fault| refuse(fault.to_string()))?;
            manifest::check(name, &manifest).map_err(refuse)?;
            Ok(Admitted {
                digest,
                manifest,
                sandbox,
            })
        })
        .await
    }

    async fn compile(
        &self,
        name: &'static str,
        digest: &str,
        component: Bytes,
    ) -> Result<Component, Refused> {
        let bytes = component.clone();
        blocking(Check::Validation, move || world::check(name, &bytes)).await?;
        let refuse = |reason| Refused::new(Check::Compile, reason);
        let code = self.compiler.compile(&component).await.map_err(refuse)?;
        self.artifacts.keep(digest, &code).map_err(refuse)
    }
}

/// SHA-256 as 64 hex digits.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The bytes of a file, of which nothing is believed: it may be a directory, a pipe without a writer, or endless.
///
/// # Errors
/// [`Refused`] at the file.
pub(super) async fn read(path: PathBuf, bytes_max: u64) -> Result<Bytes, Refused> {
    blocking(Check::File, move || {
        read_regular(&path, bytes_max).map_err(|reason| Refused::new(Check::File, reason))
    })
    .await
}

fn read_regular(path: &Path, bytes_max: u64) -> Result<Bytes, String> {
    let words = |error: std::io::Error| format!("cannot be read: {error}");
    let file = OpenOptions::new()
        .read(true)
        // Opening a pipe would wait for a writer.
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)
        .map_err(words)?;
    let meta = file.metadata().map_err(words)?;
    if !meta.is_file() {
        return Err("is not a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(words)?;
    if bytes.len() as u64 > bytes_max {
        return Err(format!("is larger than {bytes_max} bytes"));
    }
    Ok(bytes.into())
}

async fn blocking<T: Send + 'static>(
    step: Check,
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(Refused::new(step, format!("the host failed: {error}"))))
}
