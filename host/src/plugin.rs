//! The plugin host; the only room that knows wasmtime and watches the plugin folder.

mod admission;
mod artifact;
mod compiler;
mod contracts;
mod desk;
mod difference;
mod engine;
mod health;
mod history;
mod inspection;
mod linker;
mod manifest;
mod package;
mod packing;
mod permission;
mod proof;
mod registry;
mod replay;
mod sandbox;
mod settings;
mod shadow;
mod shelf;
mod signature;
mod slot;
mod sources;
mod status;
mod store;
mod trial;
mod version;
mod watcher;
mod world;

use std::{fmt, path::PathBuf};

use cases::Case;

pub use admission::{Check, Refused, digest};
pub use compiler::compile_component;
pub use difference::Difference;
pub use health::{End, Rollback};
pub use inspection::{BuiltFor, Cost, Inspection, check};
pub use packing::{Component, load, pack, sign, update, write_end};
pub use registry::Registry;
pub use replay::{Mismatch, without_kind};
pub use shadow::{Candidate, Comparison, Ran, Report, Verdict};
pub use signature::TrustedKey;
pub use sources::Sources;
pub use status::{Brief, Candidacy, Refusal, Serving, Settings, Status};
pub use trial::{Tested, Told, test};
pub use version::Plugin;

use crate::driver::Rules;

/// What the program carries, so that it works without a plugin folder: one plugin of each name, and the cases that a
/// new version must pass. Whoever opens this room hands it over, so plugins are built apart from the host.
#[derive(Clone, Copy)]
pub struct Embedded {
    /// Name and component of each plugin.
    pub plugins: &'static [(&'static str, &'static [u8])],
    /// The recorded cases of a kind, by its name.
    pub cases: fn(&str) -> Result<Vec<Case>, cases::Error>,
}

impl Embedded {
    /// The component of the plugin `name`, with the name as it lives on.
    fn find(&self, name: &str) -> Option<(&'static str, &'static [u8])> {
        let mut plugins = self.plugins.iter().copied();
        plugins.find(|(known, _)| *known == name)
    }

    /// The names of the plugins, for messages.
    fn names(&self) -> String {
        let names: Vec<_> = self.plugins.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }
}

impl fmt::Debug for Embedded {
    // Half a megabyte of components tells nobody anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Embedded").field(&self.names()).finish()
    }
}

/// The newest version of the contract that this program serves.
pub const CONTRACT: &str = "1.0.0";

/// Where plugins come from and what limits them.
#[derive(Clone, Debug)]
pub struct Config {
    /// What serves where no file overrides it.
    pub embedded: Embedded,
    /// `<name>.wasm` and `<name>.toml` here override the embedded plugins; watched.
    pub folder: Option<PathBuf>,
    /// Compiled code, by digest; made with mode 0700.
    pub cache: PathBuf,
    /// This program, which compiles components in a child process (`gramhost compile-component`).
    pub compiler: PathBuf,
    /// Most time for one plugin call, milliseconds of wall clock in 10 ms steps.
    pub call_ms_max: u64,
    /// Most linear memory for one plugin call, bytes.
    pub memory_bytes_max: usize,
    /// Most plugin calls at once.
    pub calls_max: usize,
    /// Longest wait for a free call, milliseconds.
    pub wait_ms_max: u64,
    /// Largest component, bytes.
    pub component_bytes_max: u64,
    /// Cases that the operator keeps (`<kind>/<case>/…`): a new version must pass them too.
    pub cases: Option<PathBuf>,
    /// Components of versions that have served, so that one can come back after a restart.
    pub components: Option<PathBuf>,
    /// Whose signatures are believed. None: signatures are not asked for.
    pub keys: Vec<TrustedKey>,
    /// Live extractions on which a new version is compared with the one that serves, before it does; 0: none.
    pub shadow: u32,
    /// Most versions of one plugin that stay loaded, the one that serves included.
    pub versions_max: usize,
    /// When the host goes back to an earlier version by itself.
    pub rollback: Rollback,
    /// What every extraction must keep to, also those that prove a component.
    pub rules: Rules,
}

impl Config {
    /// The defaults, with the embedded plugins alone: 16 calls at once of half a second and 64 MiB each, two seconds of
    /// waiting for one, components of 8 MiB, three versions of each plugin.
    #[must_use]
    pub fn new(compiler: PathBuf, cache: PathBuf, embedded: Embedded) -> Self {
        Self {
            embedded,
            folder: None,
            cache,
            compiler,
            call_ms_max: 500,
            memory_bytes_max: 64 * 1024 * 1024,
            calls_max: 16,
            wait_ms_max: 2000,
            component_bytes_max: 8 * 1024 * 1024,
            cases: None,
            components: None,
            keys: Vec::new(),
            shadow: 0,
            versions_max: 3,
            rollback: Rollback::default(),
            rules: Rules::default(),
        }
    }
}

/// Why the host cannot start, or what was asked of it cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An embedded plugin does not load, or a folder cannot be used.
    #[error("{0}")]
    Start(String),
    /// The component would not be let in.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// No plugin has this name.
    #[error("no plugin is called {0:.64?}")]
    Unknown(String),
    /// There is no such version, or none to go back to.
    #[error("there is no such version")]
    NoVersion,
    /// The server was started without a plugin folder.
    #[error("this server has no plugin folder: start it with --plugins")]
    NoFolder,
    /// The plugin folder cannot be written.
    #[error("{0}")]
    Folder(String),
}
