//! The versions of the contract that are served side by side. Each is one module: what wasmtime generates from its
//! WIT, and how its types become the host's own. The names of a component's exports say which one it is built for.

mod convert;
pub(crate) mod v1;
#[cfg(test)]
pub(crate) mod v2;

use semver::Version;
use wasmtime::{
    Result, Store,
    component::{Instance, InstancePre},
};

use crate::{
    contract::{Context, Exchange, Manifest, Outcome, PluginName, Query},
    plugin::engine::store::State,
};

/// The newest version of the contract that this program serves.
pub const CONTRACT: &str = "1.0.0";

/// What the names of every version's interfaces begin with, as in `gramhost:extractor/post@1.0.0`.
pub(crate) const PACKAGE: &str = "gramhost:extractor/";

/// The versions that this program serves, newest first.
///
/// The second is there for tests alone: it proves that a later version can be served beside the first.
pub(crate) static SERVED: &[&Contract] = &[
    #[cfg(test)]
    &v2::CONTRACT,
    &v1::CONTRACT,
];

/// One version of the contract.
pub(crate) struct Contract {
    /// The newest release of it that this program knows. Later minors only add, so what is built for one still has
    /// everything that is called here.
    pub(crate) version: Version,
    /// The first gramhost that serves it.
    pub(crate) since: &'static str,
    /// The files of the WIT packages that it is made of, by name; its own comes last.
    pub(crate) packages: &'static [&'static [(&'static str, &'static str)]],
    /// Finds what the plugin of this name must export, and checks its types.
    pub(crate) find: Find,
}

/// Finds the functions of a component.
pub(crate) type Find = fn(PluginName, &InstancePre<State>) -> Result<Box<dyn Functions>>;

/// The functions of one component, found and type-checked once.
pub(crate) trait Functions: Send + Sync {
    /// What the plugin says of itself.
    ///
    /// # Errors
    /// A trap.
    fn describe(&self, store: &mut Store<State>, instance: &Instance) -> Result<Manifest>;

    /// Calls the function for the kind of `query`, with what the step before wrote down and the answers to its requests.
    ///
    /// # Errors
    /// A trap, or a query of a kind that this plugin does not have.
    fn extract(
        &self,
        store: &mut Store<State>,
        instance: &Instance,
        query: &Query,
        context: &Context,
        memo: &[u8],
        answers: &[Exchange],
    ) -> Result<Outcome>;
}

/// A version of the contract, and which of its releases a component is built for.
pub(crate) struct BuiltFor {
    pub(crate) contract: &'static Contract,
    pub(crate) release: Version,
}

/// The version for a component with exports of these names: the newest of `served` that it has.
///
/// # Errors
/// It is built for none of them, in words for the plugin's author.
pub(crate) fn pick<'a>(
    served: &[&'static Contract],
    exports: impl IntoIterator<Item = &'a str>,
) -> Result<BuiltFor, String> {
    let mut releases: Vec<Version> = exports.into_iter().filter_map(release).collect();
    releases.sort_by(|one, other| other.cmp(one));
    for contract in served {
        let mut releases = releases.iter();
        if let Some(release) = releases.find(|it| it.major == contract.version.major) {
            let release = release.clone();
            return Ok(BuiltFor { contract, release });
        }
    }
    Err(unserved(served, releases.first()))
}

/// The version in `gramhost:extractor/post@1.0.0`.
fn release(export: &str) -> Option<Version> {
    let (_, version) = export.strip_prefix(PACKAGE)?.split_once('@')?;
    Version::parse(version).ok()
}

fn unserved(served: &[&'static Contract], built_for: Option<&Version>) -> String {
    let minor = |it: &&Contract| format!("{}.{}", it.version.major, it.version.minor);
    let newest = served.first().map_or_else(String::new, minor);
    let Some(built_for) = built_for else {
        return format!(
            "exports nothing of {PACKAGE}…@{newest}.0, so it is no extractor: \
             `gramhost plugin new` writes one"
        );
    };
    let all: Vec<String> = served.iter().map(|it| minor(it) + ".x").collect();
    let advice = if served.iter().any(|it| *built_for < it.version) {
        format!("build it for {newest}")
    } else {
        format!("update gramhost, or build it for {newest}")
    };
    format!(
        "is built for contract {built_for}; this host serves {}: {advice}",
        all.join(" and ")
    )
}
