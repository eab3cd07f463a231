//! The configuration of the plugin host: where plugins come from, and what limits them. Imports no other module of
//! `plugin`.

mod key;

use std::{fmt, path::PathBuf};

use cases::Case;

pub(crate) use key::Minisign;
pub use key::TrustedKey;

use crate::{contract::PluginName, driver::Rules};

/// The components and cases in the program, so that it works without a plugin folder: a component for each plugin, and
/// the cases that a new version must pass. They are passed in from outside, so that plugins are built separately from
/// the host.
#[derive(Clone, Copy)]
pub struct Embedded {
    /// The component of a plugin.
    pub component: fn(PluginName) -> &'static [u8],
    /// The recorded cases of a kind, by its name.
    pub cases: fn(&str) -> Result<Vec<Case>, cases::Error>,
}

impl fmt::Debug for Embedded {
    // The addresses of two functions are of no use to anybody.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Embedded")
    }
}

/// Where plugins come from and what limits them.
#[derive(Clone, Debug)]
pub struct Config {
    /// The plugins that serve if no file overrides them.
    pub embedded: Embedded,
    /// The folder with `<name>.wasm` and `<name>.toml`, which override the embedded plugins. It is watched.
    pub folder: Option<PathBuf>,
    /// The folder of compiled code, by digest. Created with mode 0700.
    pub cache: PathBuf,
    /// This program, which compiles components in a child process (`gramhost compile-component`).
    pub compiler: PathBuf,
    /// Whether that child process gives up what compiling does not need: files, sockets, other programs.
    pub confined: bool,
    /// Maximum time of one plugin call, milliseconds of wall clock in steps of 10 ms.
    pub call_ms_max: u64,
    /// Maximum linear memory of one plugin call, bytes.
    pub memory_bytes_max: usize,
    /// Maximum number of plugin calls at once.
    pub calls_max: usize,
    /// Maximum wait for a free call, milliseconds.
    pub wait_ms_max: u64,
    /// Maximum size of a component, bytes.
    pub component_bytes_max: u64,
    /// Cases that the operator keeps (`<kind>/<case>/…`). A new version must pass them too.
    pub cases: Option<PathBuf>,
    /// Components of versions that have served, so that one can come back after a restart.
    pub components: Option<PathBuf>,
    /// Keys whose signatures are trusted. If there are none, no signature is required.
    pub keys: Vec<TrustedKey>,
    /// In a fleet: how long a replica that is alive may take to say whether a new version may serve, seconds. One that
    /// takes longer stops the version.
    pub vote_s_max: u64,
    /// Live extractions on which a new version is compared with the serving one before it serves. 0: no shadow run.
    pub shadow: u32,
    /// Maximum number of versions of one plugin that stay loaded, including the one that serves.
    pub versions_max: usize,
    /// When the host goes back to an earlier version by itself.
    pub rollback: Rollback,
    /// The rules of every extraction, also of those that prove a component.
    pub rules: Rules,
}

impl Config {
    /// The defaults, with only the embedded plugins: 16 calls at once with half a second and 64 MiB each, a wait of
    /// two seconds for a free call, components of 8 MiB, three versions of each plugin, a minute for the vote of a replica.
    #[must_use]
    pub fn new(compiler: PathBuf, cache: PathBuf, embedded: Embedded) -> Self {
        Self {
            embedded,
            folder: None,
            cache,
            compiler,
            confined: true,
            call_ms_max: 500,
            memory_bytes_max: 64 * 1024 * 1024,
            calls_max: 16,
            wait_ms_max: 2000,
            component_bytes_max: 8 * 1024 * 1024,
            cases: None,
            components: None,
            keys: Vec::new(),
            vote_s_max: 60,
            shadow: 0,
            versions_max: 3,
            rollback: Rollback::default(),
            rules: Rules::default(),
        }
    }
}

/// When the host rolls back by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rollback {
    /// The number of latest extractions that count.
    pub window: u32,
    /// Minimum number of extractions for a decision.
    pub sample_min: u32,
    /// Minimum number of failures for a decision.
    pub failures_min: u32,
    /// By how much the share of failures must exceed that of the previous version, percentage points.
    pub margin_percent: u32,
}

impl Default for Rollback {
    fn default() -> Self {
        Self {
            window: 50,
            sample_min: 10,
            failures_min: 5,
            margin_percent: 20,
        }
    }
}
