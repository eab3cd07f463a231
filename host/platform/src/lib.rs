//! What gramhost needs from its machine: the clock, processes, the data folder, and the database in it.
//!
//! It is a crate of its own, so that a change in a crate above does not recompile it.

pub mod clock;
pub mod data;
pub mod database;
pub mod process;
