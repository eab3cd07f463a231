//! The services behind the API and the command line: extractions, downloads, and what both need.
//!
//! A separate crate, so that a change to an endpoint does not recompile them.

pub mod capture;
pub mod download;
pub mod drift;
pub mod extraction;
pub mod fleet;
pub mod job;
pub mod media;
pub mod rate_limit;
pub mod statistics;
pub mod storage;

use gramhost_platform::{clock, data, database, process};
use gramhost_runtime::{contract, driver, plugin, upstream};
