//! One version of one plugin. An extraction holds it, so that it finishes on the version that it started on.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use cases::Case;
use time::OffsetDateTime;
use tokio::{sync::Semaphore, time::timeout};

use super::health::Window;
use crate::{
    contract::{Context, Fault, Manifest, Outcome, PluginName, Query},
    driver::{Arguments, Class, Ending, Rules},
    plugin::{
        admission::{
            AdmittedComponent,
            replay::{self, Mismatch, Subject},
        },
        config::Config,
        engine::store::Pace,
        package::settings,
        sandbox::Sandbox,
    },
    process,
};

/// The maximum size of the answers of a short call, bytes. The sandbox reads about 200 of them in a microsecond.
const SHORT_CALL_BYTES_MAX: usize = 128 * 1024;

/// One version of one plugin, compiled and admitted, with its current settings.
pub struct Plugin {
    version: Arc<Version>,
    settings: Arc<str>,
    permits: Permits,
}

/// The part that stays the same when only the settings change.
struct Version {
    name: PluginName,
    label: Arc<str>,
    digest: String,
    source: String,
    since: OffsetDateTime,
    manifest: Manifest,
    /// The settings that were packed with it, TOML.
    packed: Option<String>,
    sandbox: ArcSwap<Sandbox>,
    calls: AtomicU64,
    patience: Patience,
    endings: [AtomicU64; Class::ALL.len()],
    trimmed: AtomicU64,
    window: Mutex<Window>,
}

/// How many calls of a version are patient from the start, because one was too long for a short call. Without an end, one
/// slow moment of the machine would make a version slower until the server is restarted.
#[derive(Default)]
struct Patience(AtomicU32);

impl Patience {
    /// How many calls one that took too long makes patient: a version that is always slow holds up others in one of a
    /// thousand calls.
    const CALLS: u32 = 1000;

    fn renew(&self) {
        self.0.store(Self::CALLS, Ordering::Relaxed);
    }

    /// Returns whether this call is patient, and counts it.
    fn take(&self) -> bool {
        let one_less = |left: u32| left.checked_sub(1);
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
        taken.is_ok()
    }
}

/// Limits how many calls may run at once, over all plugins.
#[derive(Clone)]
pub(crate) struct Permits {
    free: Arc<Semaphore>,
    wait: Duration,
}

impl Permits {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            free: Arc::new(Semaphore::new(config.calls_max)),
            wait: Duration::from_millis(config.wait_ms_max),
        }
    }
}

impl Plugin {
    /// Creates a version with its own settings. `source` is `embedded` or the name of a file.
    pub(crate) fn new(admitted: AdmittedComponent, source: &str, permits: Permits) -> Self {
        let AdmittedComponent {
            name,
            digest,
            manifest,
            sandbox,
            settings: packed,
            ..
        } = admitted;
        let short = digest.get(..8).unwrap_or_default();
        // The settings were checked on admission.
        let settings = settings::over(&manifest.settings, packed.as_deref()).unwrap_or_default();
        let version = Version {
            name,
            label: format!("{}@{}+{short}", manifest.name, manifest.version).into(),
            digest,
            source: source.to_owned(),
            since: OffsetDateTime::now_utc(),
            manifest,
            packed,
            sandbox: ArcSwap::from_pointee(sandbox),
            calls: AtomicU64::new(0),
            patience: Patience::default(),
            endings: Default::default(),
            trimmed: AtomicU64::new(0),
            window: Mutex::default(),
        };
        Self {
            version: Arc::new(version),
            settings: settings.into(),
            permits,
        }
    }

    /// Applies the operator's `<name>.toml` over its own settings. If the file does not fit, keeps its own settings
    /// and returns the error too.
    pub(super) fn configured(&self, file: Option<&str>) -> (Self, Option<String>) {
        let Version {
            manifest, packed, ..
        } = &*self.version;
        let own = || packed.as_deref().into_iter();
        let (settings, error) = match settings::over(&manifest.settings, own().chain(file)) {
            Ok(settings) => (settings, None),
            Err(error) => {
                let settings = settings::over(&manifest.settings, own());
                (settings.unwrap_or_default(), Some(error))
            }
        };
        (self.with_settings(settings), error)
    }

    /// The same version with other settings; it keeps its counters.
    fn with_settings(&self, settings: String) -> Self {
        Self {
            version: Arc::clone(&self.version),
            settings: settings.into(),
            permits: self.permits.clone(),
        }
    }

    /// `name@version+digest`, the digest shortened to 8 hex digits.
    #[must_use]
    pub fn label(&self) -> Arc<str> {
        Arc::clone(&self.version.label)
    }

    /// Which plugin it is a version of.
    #[must_use]
    pub fn name(&self) -> PluginName {
        self.version.name
    }

    /// The manifest, as the plugin states it.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.version.manifest
    }

    /// Its settings, a JSON object.
    #[must_use]
    pub fn settings(&self) -> Arc<str> {
        Arc::clone(&self.settings)
    }

    /// Runs one step of an extraction in a fresh store. `memo` is what the previous step wrote down, `answers` are the
    /// answers to its requests. A caller that goes away does not stop it: it runs to its outcome or its deadline and
    /// holds its permit until then.
    ///
    /// A call with small answers takes less time than to wake another thread, so it runs on the thread of its caller.
    /// One that takes long, or writes a message, is stopped and repeated on a thread of its own, which changes nothing,
    /// because a call has no side effects. The next calls of this version have such threads from the start.
    ///
    /// # Errors
    /// Any [`Fault`].
    pub async fn extract(
        &self,
        query: Arc<Query>,
        context: Arc<Context>,
        arguments: Arguments,
    ) -> Result<Outcome, Fault> {
        let free = Arc::clone(&self.permits.free);
        let permit = timeout(self.permits.wait, free.acquire_owned())
            .await
            .map_err(|_| Fault::Busy)?
            .map_err(|_| Fault::Busy)?;
        let version = Arc::clone(&self.version);
        version.calls.fetch_add(1, Ordering::Relaxed);
        let span = tracing::error_span!("plugin_call", answers = arguments.answers.len());
        if arguments.bytes() <= SHORT_CALL_BYTES_MAX && !version.patience.take() {
            let extract = || {
                let sandbox = version.sandbox.load_full();
                sandbox.extract(Pace::Short, &query, &context, &arguments)
            };
            match span.in_scope(extract) {
                Err(Fault::Deadline) => version.patience.renew(),
                outcome => return outcome,
            }
        }
        // A hostile plugin that keeps all processors busy must not hold up those who wait for something else.
        process::give_way("plugin-call", move || {
            let sandbox = version.sandbox.load_full();
            let extract = || sandbox.extract(Pace::Patient, &query, &context, &arguments);
            let outcome = span.in_scope(extract);
            drop(permit);
            outcome
        })
        .await
        .unwrap_or_else(|error| Err(Fault::Trap(format!("the host failed: {error}"))))
    }

    /// Runs the first of these cases that it passes with its settings, and not with `other` ones (JSON); returns how it
    /// ends then. Blocks.
    pub(super) fn spoilt(&self, other: &str, cases: &[Case], rules: &Rules) -> Option<Mismatch> {
        let sandbox = self.version.sandbox.load_full();
        let run = |settings: &str, case: &Case| {
            let subject = Subject::new(&sandbox, &self.version.manifest, None, rules);
            replay::run(&subject.with_settings(settings.to_owned()), case)
        };
        cases.iter().find_map(|case| {
            let failed = run(other, case).err()?;
            run(&self.settings, case).is_ok().then_some(failed)
        })
    }

    /// How many calls in its present sandbox have had much memory.
    pub(crate) fn large_calls(&self) -> usize {
        self.version.sandbox.load().large_calls()
    }

    /// Runs further calls in another sandbox of the same component.
    pub(crate) fn move_to(&self, sandbox: Sandbox) {
        self.version.sandbox.store(Arc::new(sandbox));
    }

    /// Counts the result of an extraction on this version.
    pub fn ended(&self, ending: &Ending) {
        if let Some(class) = ending.class() {
            self.version.endings[class as usize].fetch_add(1, Ordering::Relaxed);
        }
        if !ending.dropped.is_empty() {
            self.version.trimmed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The results of its latest extractions.
    pub(super) fn window(&self) -> MutexGuard<'_, Window> {
        let window = self.version.window.lock();
        window.unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether both are the same version, whatever their settings.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.version, &other.version)
    }

    /// SHA-256 of its component, 64 hex digits.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.version.digest
    }

    pub(super) fn source(&self) -> &str {
        &self.version.source
    }

    pub(super) fn since(&self) -> OffsetDateTime {
        self.version.since
    }

    pub(super) fn calls(&self) -> u64 {
        self.version.calls.load(Ordering::Relaxed)
    }

    /// The number of records from which the check dropped something.
    pub(super) fn trimmed(&self) -> u64 {
        self.version.trimmed.load(Ordering::Relaxed)
    }

    pub(super) fn endings(&self) -> BTreeMap<Class, u64> {
        Class::ALL
            .into_iter()
            .zip(&self.version.endings)
            .map(|(class, count)| (class, count.load(Ordering::Relaxed)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    //! A version that was slow once is not slow for good.

    use super::*;

    #[test]
    fn patience_has_an_end_and_can_be_renewed() {
        let patience = Patience::default();
        assert!(!patience.take());
        patience.renew();
        let taken = (0..2 * Patience::CALLS).filter(|_| patience.take()).count();
        assert_eq!(taken, Patience::CALLS as usize);
        patience.renew();
        assert!(patience.take());
    }
}
