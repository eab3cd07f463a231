//! Gramhost: the rooms, in reading order. Imports point down; `tests/e2e/layout.rs` checks it.
//!
//! The lower rooms are in crates of their own, `host/service`, `host/runtime` and `host/platform`, and are named as if
//! they were here.

pub mod api;
pub mod app;
pub mod command;
pub mod config;
pub mod server;

pub use gramhost_platform::{clock, data, database, process};
pub use gramhost_runtime::{contract, driver, plugin, upstream};
pub use gramhost_service::{
    capture, download, drift, extraction, fleet, job, media, rate_limit, statistics, storage,
};
