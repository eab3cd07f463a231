//! Components that only tests run. A crate of its own, because the product is built without them.

/// A post plugin that misbehaves as its shortcode says.
pub const MISBEHAVING: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/misbehaving.wasm"));

/// A post plugin whose settings say where it reads, so that packing makes versions of it.
pub const MOVABLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/movable.wasm"));

/// The post extractor, built for the contract of `tests/contract-2`.
pub const SECOND_CONTRACT: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/second_contract.wasm"));
