//! The endpoints about an account.

pub(in crate::api) mod info;
pub(in crate::api) mod posts;
pub(in crate::api) mod reels;
