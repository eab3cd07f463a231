//! The endpoints that describe the API itself.

pub(in crate::api) mod formats;
pub(in crate::api) mod info;
