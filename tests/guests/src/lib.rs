//! Components that are only used in tests. A separate crate, because the product is built without them.
#![expect(clippy::expect_used, reason = "tests")]

mod handmade;
#[path = "../tricks.rs"]
pub mod tricks;

pub use handmade::{Flaw, component, handmade};

/// A post plugin that misbehaves in the way that its shortcode names.
pub const MISBEHAVING: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/misbehaving.wasm"));

/// A post plugin whose settings say what it reads, so that packing creates versions of it.
pub const MOVABLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/movable.wasm"));

/// The post extractor, built for the contract of `tests/contract-2`.
pub const SECOND_CONTRACT: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/second_contract.wasm"));

/// A different component with the same behaviour: it has one more custom section.
#[must_use]
pub fn variant(component: &[u8], mark: u8) -> Vec<u8> {
    let mut variant = component.to_vec();
    variant.extend([0, 6, 4, b'm', b'a', b'r', b'k', mark]);
    variant
}

/// Who [`MISBEHAVING`] is, as its bytes say.
const WHO: &[u8; 24] = b"misbehaving-as:post\0\0\0\0\0";

/// The plugin of this name that misbehaves as [`MISBEHAVING`] does. Kinds of accounts are asked by usernames, which have
/// dots instead of hyphens.
#[must_use]
pub fn misbehaving(plugin: &str) -> Vec<u8> {
    renamed("misbehaving-as:", plugin)
}

/// The same component, but it returns a plain record wherever the other one misbehaves.
#[must_use]
pub fn tame(plugin: &str) -> Vec<u8> {
    renamed("well-behaved-as", plugin)
}

/// # Panics
/// If the component does not say once who it is.
fn renamed(manner: &str, plugin: &str) -> Vec<u8> {
    let mut component = MISBEHAVING.to_vec();
    let mut places = (0..component.len()).filter(|at| component[*at..].starts_with(WHO));
    let (at, other) = (places.next(), places.next());
    let Some(at) = at.filter(|_| other.is_none()) else {
        unreachable!("the component does not say once who it is");
    };
    let mut who = format!("{manner}{plugin}").into_bytes();
    who.resize(WHO.len(), 0);
    component[at..at + WHO.len()].copy_from_slice(&who);
    component
}
