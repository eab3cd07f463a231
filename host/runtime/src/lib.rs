//! What runs plugins: the contract, the requests to Instagram, the driver between them, and the plugin host.
//!
//! A crate of its own, so that a change of an endpoint does not compile the plugin host again.

pub mod contract;
pub mod driver;
pub mod plugin;
pub mod upstream;

use platform::{clock, data, database, process};
