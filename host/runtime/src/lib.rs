//! The runtime of plugins: the contract, the requests to Instagram, the driver between them, and the plugin host.
//!
//! A separate crate, so that a change to an endpoint does not recompile the plugin host.

pub mod contract;
pub mod driver;
pub mod plugin;
pub mod upstream;

use gramhost_platform::{clock, data, database, process};
