//! Gramhost: the rooms, in reading order. Imports point down; `tests/e2e/layout.rs` checks it.

pub mod api;
pub mod app;
pub mod capture;
pub mod clock;
pub mod command;
pub mod config;
pub mod contract;
pub mod data;
pub mod database;
pub mod download;
pub mod drift;
pub mod driver;
pub mod extraction;
pub mod job;
pub mod media;
pub mod plugin;
pub mod process;
pub mod rate_limit;
pub mod server;
pub mod statistics;
pub mod storage;
pub mod upstream;
