//! Gramhost: the rooms, in reading order. Imports point down; `tests/e2e/layout.rs` checks it.
//!
//! The lower rooms are in two crates of their own, `host/runtime` and `host/platform`, and are named as if they were here.

pub mod api;
pub mod app;
pub mod capture;
pub mod command;
pub mod config;
pub mod download;
pub mod drift;
pub mod extraction;
pub mod job;
pub mod media;
pub mod rate_limit;
pub mod server;
pub mod statistics;
pub mod storage;

pub use gramhost_platform::{clock, data, database, process};
pub use gramhost_runtime::{contract, driver, plugin, upstream};
