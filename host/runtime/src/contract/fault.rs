//! How a call of a plugin fails. Not in `wit/`: the host sees it from outside.

/// A plugin call that ended without an outcome: the plugin's own fault, except [`Fault::Busy`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Panicked or trapped; with its own words from stderr.
    #[error("the plugin trapped: {0}")]
    Trap(String),
    /// Ran longer than `plugin_call_ms_max`.
    #[error("the plugin ran too long")]
    Deadline,
    /// Needed more than `plugin_memory_bytes_max`.
    #[error("the plugin wanted too much memory")]
    Memory,
    /// Recursed too deep.
    #[error("the plugin's stack overflowed")]
    Stack,
    /// Returned more than the host accepts.
    #[error("the plugin returned too much")]
    Output,
    /// No free call within `plugin_wait_ms_max`: not the plugin's fault.
    #[error("too many plugin calls at once")]
    Busy,
}
