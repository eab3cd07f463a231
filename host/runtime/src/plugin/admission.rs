//! Admits components: takes the bytes of a component through every step until it may serve. A rejection names the step
//! and the reason.

pub(crate) mod difference;
pub(crate) mod error;
pub(crate) mod proof;
pub(crate) mod rejection;
pub(crate) mod replay;
mod running;
pub(crate) mod world;

use std::{collections::HashSet, io::ErrorKind, path::PathBuf, sync::Arc};

use arc_swap::ArcSwap;
use bytes::Bytes;
use cases::Case;
use tokio::task::spawn_blocking;
use wasmtime::component::Component;

use crate::{
    contract::{Fault, Manifest, PluginName},
    data::{self, Links, Owner},
    driver::Rules,
    plugin::{
        config::Config,
        engine::compiler::Compiler,
        package::{self, Package, digest, manifest, settings, signature},
        sandbox::Sandbox,
    },
};
use error::Error;
use rejection::{AdmissionStep, Rejection};
use replay::{Mismatch, Subject};
use running::Running;

/// Everything that admission needs, created once.
pub(crate) struct Admission {
    running: ArcSwap<Running>,
    compiler: Compiler,
    owner: Option<Owner>,
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
        Ok(Self {
            running: ArcSwap::new(Running::open(config, owner)?),
            compiler: Compiler::new(config.compiler.clone(), config.confined),
            owner: owner.cloned(),
            config: config.clone(),
        })
    }

    /// About how much memory the pool keeps although no call uses it, bytes, after so many calls that have had much.
    pub(crate) fn kept_bytes(&self, large_calls: usize) -> usize {
        self.running.load().kept_bytes(large_calls)
    }

    /// Gives that memory back: continues on a new engine, and returns a sandbox on it for each of these versions, in
    /// their order. The old engine goes with the last sandbox on it. None if a version cannot be loaded again; then
    /// nothing has changed. Blocks.
    pub(crate) fn renew(&self, versions: &[(PluginName, String)]) -> Option<Vec<Sandbox>> {
        let running = Running::open(&self.config, self.owner.as_ref()).ok()?;
        let link = |(name, digest): &(_, String)| running.link(*name, digest, &self.config);
        let sandboxes = versions.iter().map(link).collect::<Option<Vec<_>>>()?;
        self.running.store(running);
        Some(sandboxes)
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
            // They are the operator's to mend, not the author's.
            let kept = match kept {
                Some(folder) => proof::kept(name, &folder).map_err(|error| {
                    let reason = format!("the operator's fixtures: {error}");
                    Rejection::passing(AdmissionStep::Replay, reason)
                })?,
                None => Vec::new(),
            };
            let titles: HashSet<_> = kept.iter().map(replay::title).collect();
            let cases = proof::merge([own, kept]);
            proven(admitted, &cases, &titles)
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
            proven(admitted, &cases, &HashSet::new())
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
        let running = self.running.load_full();
        let compiled = match running.artifacts.load(&digest) {
            // It was compiled here, so the component passed all steps up to this one.
            Some(compiled) => compiled,
            None => {
                self.compile(&running, name, &digest, component.clone())
                    .await?
            }
        };
        let this = Arc::clone(self);
        blocking(AdmissionStep::Describe, move || {
            this.look(&running, name, digest, &component, &compiled)
        })
        .await
    }

    fn look(
        &self,
        running: &Running,
        name: PluginName,
        digest: String,
        component: &[u8],
        compiled: &Component,
    ) -> Result<AdmittedComponent, Rejection> {
        let sandbox =
            Sandbox::new(name, compiled, &running.linker, &self.config).map_err(|error| {
                // It was compiled before, under another name, so this check is repeated only for its error message.
                let refused = world::check(name, component).err();
                refused
                    .unwrap_or_else(|| Rejection::new(AdmissionStep::World, format!("{error:#}")))
            })?;
        let refuse = |reason| Rejection::new(AdmissionStep::Describe, reason);
        let manifest = sandbox.describe().map_err(|fault| match fault {
            Fault::Busy | Fault::Deadline => Rejection::passing(AdmissionStep::Describe, fault),
            fault => refuse(fault.to_string()),
        })?;
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
        running: &Running,
        name: PluginName,
        digest: &str,
        component: Bytes,
    ) -> Result<Component, Rejection> {
        let bytes = component.clone();
        blocking(AdmissionStep::Validation, move || {
            world::check(name, &bytes)
        })
        .await?;
        let code = self.compiler.compile(&component).await.map_err(|error| {
            let passing = error.may_pass();
            let refused = Rejection::new(AdmissionStep::Compile, error);
            Rejection { passing, ..refused }
        })?;
        let kept = running.artifacts.keep(digest, &code);
        kept.map_err(|reason| Rejection::passing(AdmissionStep::Compile, reason))
    }
}

/// `kept` are the titles of the cases that the operator keeps, and may change.
fn proven(
    admitted: AdmittedComponent,
    cases: &[Case],
    kept: &HashSet<String>,
) -> Result<AdmittedComponent, Rejection> {
    let ends = proof::run(&admitted.subject(), cases, &|_, _| ())
        .map_err(|reason| Rejection::passing(AdmissionStep::Replay, reason))?;
    let failed: Vec<_> = ends.into_iter().filter_map(|(_, end)| end.err()).collect();
    // One case that fails for good is enough.
    let may_pass = |failed: &Mismatch| failed.passing || kept.contains(&failed.case);
    let passing = failed.iter().all(may_pass);
    match Rejection::replay(failed, passing) {
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
        // A link may lead to a file that is swapped elsewhere.
        let read = data::read(&path, Links::Followed, bytes_max).map_err(|error| {
            let is_its_own =
                data::is_not_regular(&error) || error.kind() == ErrorKind::FileTooLarge;
            match is_its_own {
                true => Rejection::new(AdmissionStep::File, error),
                false => {
                    Rejection::passing(AdmissionStep::File, format!("cannot be read: {error}"))
                }
            }
        });
        read.map(Bytes::from)
    })
    .await
}

async fn blocking<T: Send + 'static>(
    step: AdmissionStep,
    work: impl FnOnce() -> Result<T, Rejection> + Send + 'static,
) -> Result<T, Rejection> {
    spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(Rejection::passing(
            step,
            format!("the host failed: {error}"),
        ))
    })
}
