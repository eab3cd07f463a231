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
use cases::Case;
use rustix::fs::OFlags;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::task::spawn_blocking;
use wasmtime::component::{Component, Linker};

use super::{
    Config, Error,
    artifact::Artifacts,
    compiler::Compiler,
    engine, linker, manifest,
    package::{self, Package},
    proof,
    replay::{Mismatch, Subject},
    sandbox::Sandbox,
    settings, signature,
    store::State,
    world,
};
use crate::{contract::Manifest, data::Owner, driver::Rules};

/// The steps of admission, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Check {
    /// A regular file of a size that is taken.
    File,
    /// Signed by a trusted key, where there are any.
    Signature,
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
    /// Carries fixtures and settings that can be read and are its own.
    Package,
    /// Yields what the recorded cases expect.
    Replay,
    /// Does as well as the version that serves, on the same live answers.
    Shadow,
    /// Was not rolled back from before.
    History,
}

/// Why a component may not serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{step}: {reason}")]
pub struct Refused {
    /// Where it failed.
    pub step: Check,
    /// Why, in words for the plugin's author.
    pub reason: String,
    /// At the replay: each case that ended otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<Mismatch>,
}

impl Refused {
    pub(super) fn new(step: Check, reason: impl fmt::Display) -> Self {
        Self {
            step,
            reason: reason.to_string(),
            cases: Vec::new(),
        }
    }

    fn replay(cases: Vec<Mismatch>) -> Option<Self> {
        let first = cases.first()?;
        let reason = match cases.len() {
            1 => first.to_string(),
            failed => format!("{first}; and {} more cases", failed - 1),
        };
        Some(Self {
            step: Check::Replay,
            reason,
            cases,
        })
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "file",
            Self::Signature => "signature",
            Self::Validation => "validation",
            Self::Imports => "imports",
            Self::World => "world",
            Self::Compile => "compile",
            Self::Describe => "describe",
            Self::Package => "package",
            Self::Replay => "replay",
            Self::Shadow => "shadow",
            Self::History => "history",
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
    /// What was packed with it, TOML.
    pub(super) settings: Option<String>,
    /// The cases that it carries.
    pub(super) cases: Vec<Case>,
    /// What it must keep to.
    pub(super) rules: Rules,
}

impl Admitted {
    pub(super) fn subject(&self) -> Subject<'_> {
        Subject {
            sandbox: &self.sandbox,
            manifest: &self.manifest,
            settings: self.settings.as_deref(),
            rules: &self.rules,
        }
    }
}

impl Admission {
    /// # Errors
    /// [`Error::Start`].
    pub(super) fn open(config: &Config, owner: Option<&Owner>) -> Result<Self, Error> {
        let engine = engine::running(config).map_err(|error| Error::Start(format!("{error:#}")))?;
        let artifacts = Artifacts::open(&config.cache, &engine, owner.cloned())
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
        let admitted = self.describe(name, component, true).await?;
        let (embedded, kept) = (self.config.embedded, self.config.cases.clone());
        blocking(Check::Replay, move || {
            let refuse = |reason: String| Refused::new(Check::Replay, reason);
            // Whoever packs a component says how it is measured; one that carries nothing is measured as ours are.
            let own = match admitted.cases.is_empty() {
                true => {
                    proof::embedded(&embedded, name).map_err(|error| refuse(error.to_string()))?
                }
                false => admitted.cases.clone(),
            };
            let kept = match kept {
                Some(folder) => proof::kept(name, &folder)
                    .map_err(|error| refuse(format!("the operator's fixtures: {error}")))?,
                None => Vec::new(),
            };
            let cases = proof::merge([own, kept]);
            proven(admitted, &cases)
        })
        .await
    }

    /// One of the embedded components: those who built this program vouch for it.
    ///
    /// # Errors
    /// The first step that fails.
    pub(super) async fn admit_embedded(
        self: &Arc<Self>,
        name: &'static str,
        component: &'static [u8],
    ) -> Result<Admitted, Refused> {
        let admitted = self
            .describe(name, Bytes::from_static(component), false)
            .await?;
        let embedded = self.config.embedded;
        blocking(Check::Replay, move || {
            let cases = proof::embedded(&embedded, name);
            let cases = cases.map_err(|error| Refused::new(Check::Replay, error))?;
            proven(admitted, &cases)
        })
        .await
    }

    /// Every step but the last. `signed`: by a trusted key, where there are any.
    ///
    /// # Errors
    /// The first step that fails.
    pub(super) async fn describe(
        self: &Arc<Self>,
        name: &'static str,
        component: Bytes,
        signed: bool,
    ) -> Result<Admitted, Refused> {
        let digest = digest(&component);
        if signed {
            let (this, component) = (Arc::clone(self), component.clone());
            blocking(Check::Signature, move || {
                signature::check(&component, &this.config.keys)
                    .map_err(|reason| Refused::new(Check::Signature, reason))
            })
            .await?;
        }
        let compiled = match self.artifacts.load(&digest) {
            // It was made here, so the component passed the steps up to this one.
            Some(compiled) => compiled,
            None => self.compile(name, &digest, component.clone()).await?,
        };
        let this = Arc::clone(self);
        blocking(Check::Describe, move || {
            this.look(name, digest, &component, &compiled)
        })
        .await
    }

    fn look(
        &self,
        name: &'static str,
        digest: String,
        component: &[u8],
        compiled: &Component,
    ) -> Result<Admitted, Refused> {
        let sandbox =
            Sandbox::new(name, compiled, &self.linker, &self.config).map_err(|error| {
                // Compiled before, under another name: only the words are missing.
                let refused = world::check(name, component).err();
                refused.unwrap_or_else(|| Refused::new(Check::World, format!("{error:#}")))
            })?;
        let refuse = |reason| Refused::new(Check::Describe, reason);
        let manifest = sandbox
            .describe()
            .map_err(|fault| refuse(fault.to_string()))?;
        manifest::check(name, &manifest).map_err(refuse)?;
        let package =
            carried(&manifest, component).map_err(|reason| Refused::new(Check::Package, reason))?;
        Ok(Admitted {
            digest,
            manifest,
            sandbox,
            settings: package.settings,
            cases: package.cases,
            rules: self.config.rules.clone(),
        })
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

fn proven(admitted: Admitted, cases: &[Case]) -> Result<Admitted, Refused> {
    let ends = proof::run(&admitted.subject(), cases, &|_, _| ())
        .map_err(|reason| Refused::new(Check::Replay, reason))?;
    let failed = ends.into_iter().filter_map(|(_, end)| end.err()).collect();
    match Refused::replay(failed) {
        Some(refused) => Err(refused),
        None => Ok(admitted),
    }
}

/// What the component carries, if it is of this plugin and fits it.
fn carried(manifest: &Manifest, component: &[u8]) -> Result<Package, String> {
    let package = package::read(component)?;
    if let Some(label) = &package.label
        && (&label.name, &label.version) != (&manifest.name, &manifest.version)
    {
        let (name, version) = (&label.name, &label.version);
        return Err(format!(
            "was packed as {name:.32?} {version:.32?}, which it is not"
        ));
    }
    settings::over(&manifest.settings, package.settings.as_deref())
        .map_err(|error| format!("its packed settings: {error}"))?;
    match package
        .cases
        .iter()
        .find(|case| !proof::is_of(&manifest.name, case))
    {
        Some(case) => Err(format!(
            "carries a case of {:.32?}, which it does not answer",
            case.kind
        )),
        None => Ok(package),
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
