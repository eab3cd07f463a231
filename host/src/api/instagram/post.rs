//! The endpoints about a post.

pub(in crate::api) mod info;
pub(in crate::api) mod statistics;
