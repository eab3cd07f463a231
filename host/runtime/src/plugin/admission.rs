//! Admits components: takes the bytes of a component through every step until it may serve. A rejection names the step
//! and the reason.

pub(crate) mod difference;
pub(crate) mod error;
pub(crate) mod proof;
pub(crate) mod rejection;
pub(crate) mod replay;
pub(crate) mod world;

use std::{
    fs::OpenOptions,
    io::Read as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use cases::Case;
use rustix::fs::OFlags;
use tokio::task::spawn_blocking;
use wasmtime::component::{Component, Linker};

use crate::{
    contract::{Manifest, PluginName},
    data::Owner,
    driver::Rules,
    plugin::{
        config::Config,
        engine::{self, artifact::Artifacts, compiler::Compiler, linker, store::State},
        package::{self, Package, digest, manifest, settings, signature},
        sandbox::Sandbox,
    },
};
use error::Error;
use rejection::{AdmissionStep, Rejection};
use replay::Subject;

/// Everything that admission needs, created once.
pub(crate) struct Admission {
    linker: Linker<State>,
    compiler: Compiler,
    artifacts: Artifacts,
    config: Config,
}

/// A component that has passed every step so far.
pub(crate) struct AdmittedComponent {
    pub(crate) name: PluginName,
    /// SHA-256 of the component, 64 hex digits.
    pub(crate) digest: String,
    pub(crate) manifest: Manifest,
    pub(crate) sandbox: Sandbox,
    /// The settings that were packed with it, TOML.
    pub(crate) settings: Option<String>,
    /// The cases that it carries.
    pub(crate) cases: Vec<Case>,
    /// The rules that it must follow.
    pub(crate) rules: Rules,
}

impl AdmittedComponent {
    pub(crate) fn subject(&self) -> Subject<'_> {
        let (sandbox, manifest) = (&self.sandbox, &self.manifest);
        Subject::new(sandbox, manifest, self.settings.as_deref(), &self.rules)
    }
}

impl Admission {
    /// # Errors
    /// [`Error::Start`].
    pub(crate) fn open(config: &Config, owner: Option<&Owner>) -> Result<Self, Error> {
        let engine = engine::running(config).map_err(|error| Error::Start(format!("{error:#}")))?;
        let artifacts = Artifacts::open(&config.cache, &engine, owner.cloned())
            .map_err(|error| Error::Start(format!("{}: {error}", config.cache.display())))?;
        Ok(Self {
            linker: linker::inert(&engine).map_err(|error| Error::Start(error.to_string()))?,
            compiler: Compiler::new(config.compiler.clone(), config.confined),
            artifacts,
            config: config.clone(),
        })
    }

    /// Runs every step. After it, the component may serve as the plugin `name`.
    ///
    /// # Errors
    /// The rejection at the first step that fails.
    pub(crate) async fn admit(
        self: &Arc<Self>,
        name: PluginName,
        component: Bytes,
    ) -> Result<AdmittedComponent, Rejection> {
        let admitted = self.describe(name, component, true).await?;
        let (embedded, kept) = (self.config.embedded, self.config.cases.clone());
        blocking(AdmissionStep::Replay, move || {
            let refuse = |reason: String| Rejection::new(AdmissionStep::Replay, reason);
            // Whoever packs a component decides which cases it must pass. A component without cases is tested with the
            // embedded ones.
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

    /// Admits an embedded component. It needs no signature: whoever built this program vouches for it.
    ///
    /// # Errors
    /// The rejection at the first step that fails.
    pub(crate) async fn admit_embedded(
        self: &Arc<Self>,
        name: PluginName,
    ) -> Result<AdmittedComponent, Rejection> {
        let component = Bytes::from_static((self.config.embedded.component)(name));
        let admitted = self.describe(name, component, false).await?;
        let embedded = self.config.embedded;
        blocking(AdmissionStep::Replay, move || {
            let cases = proof::embedded(&embedded, name);
            let cases = cases.map_err(|error| Rejection::new(AdmissionStep::Replay, error))?;
            proven(admitted, &cases)
        })
        .await
    }

    /// Runs every step but the last. If `signed`, a trusted key must have signed the component, if there are any keys.
    ///
    /// # Errors
    /// The rejection at the first step that fails.
    pub(crate) async fn describe(
        self: &Arc<Self>,
        name: PluginName,
        component: Bytes,
        signed: bool,
    ) -> Result<AdmittedComponent, Rejection> {
        let digest = digest(&component);
        if signed {
            let (this, component) = (Arc::clone(self), component.clone());
            blocking(AdmissionStep::Signature, move || {
                signature::check(&component, &this.config.keys)
                    .map_err(|reason| Rejection::new(AdmissionStep::Signature, reason))
            })
            .await?;
        }
        let compiled = match self.artifacts.load(&digest) {
            // It was compiled here, so the component passed all steps up to this one.
            Some(compiled) => compiled,
            None => self.compile(name, &digest, component.clone()).await?,
        };
        let this = Arc::clone(self);
        blocking(AdmissionStep::Describe, move || {
            this.look(name, digest, &component, &compiled)
        })
        .await
    }

    fn look(
        &self,
        name: PluginName,
        digest: String,
        component: &[u8],
        compiled: &Component,
    ) -> Result<AdmittedComponent, Rejection> {
        let sandbox =
            Sandbox::new(name, compiled, &self.linker, &self.config).map_err(|error| {
                // It was compiled before, under another name, so this check is repeated only for its error message.
                let refused = world::check(name, component).err();
                refused
                    .unwrap_or_else(|| Rejection::new(AdmissionStep::World, format!("{error:#}")))
            })?;
        let refuse = |reason| Rejection::new(AdmissionStep::Describe, reason);
        let manifest = sandbox
            .describe()
            .map_err(|fault| refuse(fault.to_string()))?;
        manifest::check(name, &manifest).map_err(refuse)?;
        let package = carried(name, &manifest, component)
            .map_err(|reason| Rejection::new(AdmissionStep::Package, reason))?;
        Ok(AdmittedComponent {
            name,
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
        name: PluginName,
        digest: &str,
        component: Bytes,
    ) -> Result<Component, Rejection> {
        let bytes = component.clone();
        blocking(AdmissionStep::Validation, move || {
            world::check(name, &bytes)
        })
        .await?;
        let refuse = |reason| Rejection::new(AdmissionStep::Compile, reason);
        let code = self.compiler.compile(&component).await.map_err(refuse)?;
        self.artifacts.keep(digest, &code).map_err(refuse)
    }
}

fn proven(admitted: AdmittedComponent, cases: &[Case]) -> Result<AdmittedComponent, Rejection> {
    let ends = proof::run(&admitted.subject(), cases, &|_, _| ())
        .map_err(|reason| Rejection::new(AdmissionStep::Replay, reason))?;
    let failed = ends.into_iter().filter_map(|(_, end)| end.err()).collect();
    match Rejection::replay(failed) {
        Some(refused) => Err(refused),
        None => Ok(admitted),
    }
}

/// Returns what the component carries, if that belongs to this plugin and fits it.
fn carried(name: PluginName, manifest: &Manifest, component: &[u8]) -> Result<Package, String> {
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
    let mut cases = package.cases.iter();
    match cases.find(|case| !name.answers(&case.kind)) {
        Some(case) => Err(format!(
            "carries a case of {:.32?}, which it does not answer",
            case.kind
        )),
        None => Ok(package),
    }
}

/// Reads a file without trusting it: it may be a directory, a pipe without a writer, or endless.
///
/// # Errors
/// [`Rejection`] at the step `file`.
pub(crate) async fn read(path: PathBuf, bytes_max: u64) -> Result<Bytes, Rejection> {
    blocking(AdmissionStep::File, move || {
        read_regular(&path, bytes_max).map_err(|reason| Rejection::new(AdmissionStep::File, reason))
    })
    .await
}

fn read_regular(path: &Path, bytes_max: u64) -> Result<Bytes, String> {
    let words = |error: std::io::Error| format!("cannot be read: {error}");
    let file = OpenOptions::new()
        .read(true)
        // Without this flag, opening a pipe would wait for a writer.
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
    step: AdmissionStep,
    work: impl FnOnce() -> Result<T, Rejection> + Send + 'static,
) -> Result<T, Rejection> {
    spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(Rejection::new(step, format!("the host failed: {error}"))))
}
