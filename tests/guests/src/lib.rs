//! Components that are only used in tests. A separate crate, because the product is built without them.

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
