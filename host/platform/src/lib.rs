//! What gramhost needs of its machine: the clock, processes, the data folder, and the database in it.
//!
//! A crate of its own, so that a change above it does not compile them again.

pub mod clock;
pub mod data;
pub mod database;
pub mod process;
