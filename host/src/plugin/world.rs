//! Whether some bytes are a component of the right shape, before anything is compiled; says why not in plain words.

use wit_component::targets;
use wit_parser::{
    Resolve, SourceMap, WorldId, WorldItem,
    decoding::{DecodedWasm, decode},
};

use super::{
    admission::{Check, Refused},
    linker,
};

/// The contract, as the plugins were given it.
const CONTRACT: [(&str, &str); 5] = [
    ("exchange.wit", include_str!("../../../wit/exchange.wit")),
    ("kind.wit", include_str!("../../../wit/kind.wit")),
    ("record.wit", include_str!("../../../wit/record.wit")),
    ("step.wit", include_str!("../../../wit/step.wit")),
    ("world.wit", include_str!("../../../wit/world.wit")),
];

/// The package whose type-only interfaces every component imports.
const PACKAGE: &str = "gramhost:extractor/";

/// Checks that `component` is well-formed, implements the world of the plugin `name`, and asks for nothing else.
///
/// # Errors
/// [`Refused`] at validation, world or imports.
pub(super) fn check(name: &str, component: &[u8]) -> Result<(), Refused> {
    let (mut resolve, root) = parse(component)?;
    imports(&resolve, root)?;
    implements(name, &mut resolve, root, component)
        .map_err(|error| Refused::new(Check::World, format!("{error:#}")))
}

fn parse(component: &[u8]) -> Result<(Resolve, WorldId), Refused> {
    let refuse = |reason: String| Err(Refused::new(Check::Validation, reason));
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

fn imports(resolve: &Resolve, root: WorldId) -> Result<(), Refused> {
    for (key, item) in &resolve.worlds[root].imports {
        let name = resolve.name_world_key(key);
        let types_alone = match item {
            WorldItem::Interface { id, .. } => resolve.interfaces[*id].functions.is_empty(),
            WorldItem::Type { .. } => true,
            WorldItem::Function(_) => false,
        };
        let is_ours = types_alone && name.starts_with(PACKAGE);
        if !(is_ours || linker::allows(&name)) {
            let reason = format!("asks for {name}, which no extractor may have");
            return Err(Refused::new(Check::Imports, reason));
        }
    }
    Ok(())
}

/// The component against `<name>-plugin` of the contract, with the imports that it was just allowed added to it.
fn implements(
    name: &str,
    resolve: &mut Resolve,
    root: WorldId,
    component: &[u8],
) -> anyhow::Result<()> {
    let mut contract = Resolve::default();
    let mut sources = SourceMap::new();
    for (path, text) in CONTRACT {
        sources.push_str(path, text);
    }
    let group = sources.parse().map_err(|(_, error)| error)?;
    let package = contract.push_group(group)?;
    let world = contract.select_world(&[package], Some(&format!("{name}-plugin")))?;
    for key in contract.worlds[world].exports.keys() {
        let wanted = contract.name_world_key(key);
        let mut exported = resolve.worlds[root].exports.keys();
        anyhow::ensure!(
            exported.any(|key| resolve.name_world_key(key) == wanted),
            "exports no {wanted}, which a {name} plugin must"
        );
    }
    let allowed = resolve.worlds[root].imports.clone();
    let merged = resolve.merge(contract)?;
    let world = merged.map_world(world, resolve.worlds[root].span)?;
    resolve.worlds[world].imports.extend(allowed);
    targets(resolve, world, component)
}
