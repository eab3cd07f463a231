//! The endpoints that start downloads.

pub(in crate::api) mod batch;
pub(in crate::api) mod carousel;
mod choices;
pub(in crate::api) mod post;
pub(in crate::api) mod reel;
mod request;
mod started;
pub(in crate::api) mod story;
