//! What the API says about itself.

pub(in crate::api) mod formats;
pub(in crate::api) mod info;
