//! The endpoints for Instagram content, one file each with request, handler, body, examples and error codes.

pub(in crate::api) mod about;
pub(in crate::api) mod answer;
pub(in crate::api) mod download;
pub(in crate::api) mod file;
pub(in crate::api) mod job;
pub(in crate::api) mod parameters;
pub(in crate::api) mod post;
pub(in crate::api) mod profile;
pub(in crate::api) mod record;
pub(in crate::api) mod reel;
pub(in crate::api) mod statistics;
pub(in crate::api) mod status;
pub(in crate::api) mod story;
pub(in crate::api) mod view;
