//! The endpoints about a reel.

pub(in crate::api) mod info;
pub(in crate::api) mod statistics;
