//! Checks that some bytes are a component of the right shape before anything is compiled, and explains why if they are
//! not.

use anyhow::Context as _;
use semver::Version;
use wit_component::targets;
use wit_parser::{
    PackageId, Resolve, SourceMap, WorldId, WorldItem,
    decoding::{DecodedWasm, decode},
};

use super::rejection::{AdmissionStep, Rejection};
use crate::{
    contract::PluginName,
    plugin::{
        contracts::{self, BuiltFor, Contract, PACKAGE},
        engine::linker,
    },
};

/// The prefix that `wit_component::targets` puts before the reason.
const OUR_DOINGS: &str = "failed to validate encoded bytes: ";

/// Checks that `component` is well-formed, implements the world of the plugin `name` in a version of the contract that
/// is served, and imports nothing else.
///
/// # Errors
/// [`Rejection`] at the validation, the world or the imports.
pub(crate) fn check(name: PluginName, component: &[u8]) -> Result<(), Rejection> {
    check_against(contracts::SERVED, name, component)
}

/// As [`check`], for a host that serves these versions.
pub(crate) fn check_against(
    served: &[&'static Contract],
    name: PluginName,
    component: &[u8],
) -> Result<(), Rejection> {
    let (resolve, root) = parse(component)?;
    let refuse = |reason: String| Rejection::new(AdmissionStep::World, reason);
    // This check comes first: other errors may only be errors for the wrong version.
    let built_for = built_for(served, &resolve, root).map_err(refuse)?;
    imports(&resolve, root)?;
    implements(name, &built_for, resolve, root, component).map_err(|error| {
        let BuiltFor { contract, release } = built_for;
        let known = &contract.version;
        // The message has several lines from wasmparser, under a prefix about an internal step.
        let error = format!("{error:#}").replace('\n', ": ");
        let mut reason = error.trim_start_matches(OUR_DOINGS).to_owned();
        if release > *known {
            reason += &format!(
                " (it is built for contract {release}, this host knows {known}: update gramhost?)"
            );
        }
        refuse(reason)
    })
}

/// What can be read from a component before it is compiled.
pub(crate) struct Shape {
    pub(crate) built_for: BuiltFor,
    /// The interfaces with functions that it imports, such as `wasi:cli/stderr@0.2.6`. They show what it can do.
    pub(crate) imports: Vec<String>,
}

/// Reads the shape of a component that passed [`check`].
///
/// # Errors
/// As [`check`].
pub(crate) fn shape(component: &[u8]) -> Result<Shape, Rejection> {
    let (resolve, root) = parse(component)?;
    let imports = resolve.worlds[root].imports.iter();
    let imports = imports.filter(|(_, item)| !is_of_types_alone(&resolve, item));
    Ok(Shape {
        imports: imports
            .map(|(key, _)| resolve.name_world_key(key))
            .collect(),
        built_for: built_for(contracts::SERVED, &resolve, root)
            .map_err(|reason| Rejection::new(AdmissionStep::World, reason))?,
    })
}

fn built_for(
    served: &[&'static Contract],
    resolve: &Resolve,
    root: WorldId,
) -> Result<BuiltFor, String> {
    let exports = resolve.worlds[root].exports.keys();
    let exports: Vec<_> = exports.map(|key| resolve.name_world_key(key)).collect();
    contracts::pick(served, exports.iter().map(String::as_str))
}

fn parse(component: &[u8]) -> Result<(Resolve, WorldId), Rejection> {
    let refuse = |reason: String| Err(Rejection::new(AdmissionStep::Validation, reason));
    match component.get(..8) {
        Some(b"\0asm\x0d\0\x01\0") => (),
        Some(b"\0asm\x01\0\0\0") => {
            return refuse("is a core module, not a component: build it for wasm32-wasip2".into());
        }
        Some([0x7f, b'E', b'L', b'F', ..]) => {
            return refuse("is machine code, not a component: only .wasm is taken".into());
        }
        _ => return refuse("is not WebAssembly".into()),
    }
    match decode(component) {
        Ok(DecodedWasm::Component(resolve, world)) => Ok((resolve, world)),
        Ok(DecodedWasm::WitPackage(..)) => refuse("is a WIT package, not a component".into()),
        Err(error) => refuse(format!("is not a valid component: {error:#}")),
    }
}

fn imports(resolve: &Resolve, root: WorldId) -> Result<(), Rejection> {
    for (key, item) in &resolve.worlds[root].imports {
        let name = resolve.name_world_key(key);
        let is_ours = is_of_types_alone(resolve, item) && name.starts_with(PACKAGE);
        if !(is_ours || linker::allows(&name)) {
            let reason = format!("asks for {name}, which no extractor may have");
            return Err(Rejection::new(AdmissionStep::Imports, reason));
        }
    }
    Ok(())
}

fn is_of_types_alone(resolve: &Resolve, item: &WorldItem) -> bool {
    match item {
        WorldItem::Interface { id, .. } => resolve.interfaces[*id].functions.is_empty(),
        WorldItem::Type { .. } => true,
        WorldItem::Function(_) => false,
    }
}

/// Checks the component against the world `<name>-plugin` of the contract, extended by the imports that were just
/// allowed.
fn implements(
    name: PluginName,
    built_for: &BuiltFor,
    resolve: Resolve,
    root: WorldId,
    component: &[u8],
) -> anyhow::Result<()> {
    let (mut contract, package) = as_released(built_for)?;
    let world = contract.select_world(&[package], Some(&format!("{name}-plugin")))?;
    for key in contract.worlds[world].exports.keys() {
        let wanted = contract.name_world_key(key);
        let mut exported = resolve.worlds[root].exports.keys();
        anyhow::ensure!(
            exported.any(|key| resolve.name_world_key(key) == wanted),
            "exports no {wanted}, which a {name} plugin must"
        );
    }
    // Merges into the contract, not the other way round: if both have a type, the contract's is kept.
    let span = resolve.worlds[root].span;
    let merged = contract.merge(resolve)?;
    let root = merged.map_world(root, span)?;
    let allowed = contract.worlds[root].imports.clone();
    contract.worlds[world].imports.extend(allowed);
    targets(&contract, world, component)
}

/// Returns the contract with the version number of the release that the component is built for. Between releases of
/// one version, no function that the host calls changes, so a component that fits under its own number fits.
fn as_released(built_for: &BuiltFor) -> anyhow::Result<(Resolve, PackageId)> {
    let numbered = |version: &Version| format!("package gramhost:extractor@{version};");
    let known = numbered(&built_for.contract.version);
    let released = numbered(&built_for.release);
    let mut resolve = Resolve::default();
    let mut last = None;
    for files in built_for.contract.packages {
        let mut sources = SourceMap::new();
        for (path, text) in *files {
            sources.push_str(path, text.replace(&known, &released));
        }
        let group = sources.parse().map_err(|(_, error)| error)?;
        last = Some(resolve.push_group(group)?);
    }
    let package = last.context("a contract without a package")?;
    Ok((resolve, package))
}
