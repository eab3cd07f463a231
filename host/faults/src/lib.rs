//! Named places where a test lets the server die or its disk fail. Unless armed they compile to nothing.
//!
//! The environment variable `FAULTS` names a file, the plan: `crash` or the name of an error; the how-manieth time counts;
//! and a place. Whoever changes the plan starts the count anew, so that one process can
//! be tried again and again. What is passed is written to `FAULTS.log`, a line each, and what a plan did to `FAULTS.did`.

#[cfg(feature = "armed")]
mod armed;

#[cfg(feature = "armed")]
pub use armed::{may_fail, reached};

/// A place where the process may die.
#[cfg(not(feature = "armed"))]
#[inline(always)]
pub fn reached(_place: &str) {}

/// An operation on something that may fail, or where the process may die.
///
/// # Errors
/// What the plan says; none unless armed.
#[cfg(not(feature = "armed"))]
#[inline(always)]
pub fn may_fail(_place: &str, _on: impl AsRef<std::path::Path>) -> std::io::Result<()> {
    Ok(())
}
