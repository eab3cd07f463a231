//! The versions of the contract that are served side by side. Each is one module: the code that wasmtime generates
//! from its WIT, and the conversion of its types to those of the host. The names of a component's exports show which
//! version it is built for.

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

/// The prefix of all interface names of every version, as in `gramhost:extractor/post@1.0.0`.
pub(crate) const PACKAGE: &str = "gramhost:extractor/";

/// The versions that this program serves, newest first.
///
/// The second version exists only for tests: it proves that a later version can be served beside the first.
pub(crate) static SERVED: &[&Contract] = &[
    #[cfg(test)]
    &v2::CONTRACT,
    &v1::CONTRACT,
];

/// One version of the contract.
pub(crate) struct Contract {
    /// The newest release of it that this program knows. Later minor releases only add, so a component that is built
    /// for one still has everything that is called here.
    pub(crate) version: Version,
    /// The first gramhost that serves it.
    pub(crate) since: &'static str,
    /// The files of the WIT packages that it consists of, by name. Its own package comes last.
    pub(crate) packages: &'static [&'static [(&'static str, &'static str)]],
    /// Finds the functions that the plugin of this name must export, and checks their types.
    pub(crate) find: Find,
}

/// Finds the functions of a component.
pub(crate) type Find = fn(PluginName, &InstancePre<State>) -> Result<Box<dyn Functions>>;

/// The functions of one component, found and type-checked once.
pub(crate) trait Functions: Send + Sync {
    /// Returns the manifest, as the plugin states it.
    ///
    /// # Errors
    /// If the plugin traps.
    fn describe(&self, store: &mut Store<State>, instance: &Instance) -> Result<Manifest>;

    /// Calls the function for the kind of `query`, with what the previous step wrote down and the answers to its
    /// requests.
    ///
    /// # Errors
    /// If the plugin traps, or does not have the kind of the query.
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

/// A version of the contract, and the release of it that a component is built for.
pub(crate) struct BuiltFor {
    pub(crate) contract: &'static Contract,
    pub(crate) release: Version,
}

/// Returns the newest version of `served` that a component with exports of these names is built for.
///
/// # Errors
/// If it is built for none of them, in words for the plugin's author.
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

/// Parses the version in `gramhost:extractor/post@1.0.0`.
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
