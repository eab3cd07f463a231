//! The ways in which a call of a plugin fails. They are not in `wit/`, because the host sees them from outside.

/// A plugin call that ended without an outcome. It is the plugin's own fault, except for [`Fault::Busy`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It panicked or trapped, with its message from stderr.
    #[error("the plugin trapped: {0}")]
    Trap(String),
    /// It ran longer than `plugin_call_ms_max`.
    #[error("the plugin ran too long")]
    Deadline,
    /// It needed more than `plugin_memory_bytes_max`.
    #[error("the plugin wanted too much memory")]
    Memory,
    /// It recursed too deeply.
    #[error("the plugin's stack overflowed")]
    Stack,
    /// It returned more than the host accepts.
    #[error("the plugin returned too much")]
    Output,
    /// There was no free call within `plugin_wait_ms_max`. This is not the plugin's fault.
    #[error("too many plugin calls at once")]
    Busy,
}
