//! Named places where a test can make the server die or its disk fail. Unless armed, they compile to nothing.
//!
//! The environment variable `FAULTS` names a file, the plan. It contains `crash` or the name of an error, the number of
//! the pass at which it happens, and a place. Changing the plan restarts the count, so that one process can be tested
//! repeatedly. Every place that is passed is written to `FAULTS.log`, one per line, and what a plan did to
//! `FAULTS.did`.

#[cfg(feature = "armed")]
mod armed;

#[cfg(feature = "armed")]
pub use armed::{may_fail, reached};

/// A place where the process may be killed.
#[cfg(not(feature = "armed"))]
#[inline(always)]
pub fn reached(_place: &str) {}

/// An operation that may fail, or during which the process may be killed.
///
/// # Errors
/// The error of the plan; none unless armed.
#[cfg(not(feature = "armed"))]
#[inline(always)]
pub fn may_fail(_place: &str, _on: impl AsRef<std::path::Path>) -> std::io::Result<()> {
    Ok(())
}
