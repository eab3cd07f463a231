//! The driver: the only code that runs a plugin from a query to a record. Live extractions, admission, shadow runs,
//! replays and captures all use it, so that the rules that are proven are the rules that are enforced: the request
//! rules, the limits of rounds and requests, the check of the record, and that only public content is served.
//!
//! It does no input or output and knows nothing about wasm: its caller calls the plugin and sends the requests.

mod check;
mod drive;
mod ending;
mod privacy;
mod replay;

use std::sync::Arc;

pub use drive::{Arguments, Drive};
pub use ending::{Cause, Class, Ending};
pub use replay::{answers, replay};

use crate::upstream::RequestRules;

/// Limits of one extraction.
#[derive(Clone, Debug)]
pub struct Config {
    /// Maximum number of plugin calls of one extraction that end in a fetch. A manifest may set less.
    pub rounds_max: u32,
    /// Maximum number of requests of one extraction. A manifest may set less.
    pub requests_max: u32,
    /// Maximum number of requests of one round.
    pub requests_at_once_max: usize,
    /// Maximum size of the memo that a plugin may pass from one call to the next, bytes.
    pub memo_bytes_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            rounds_max: 8,
            requests_max: 12,
            requests_at_once_max: 4,
            memo_bytes_max: 4 * 1024 * 1024,
        }
    }
}

/// The rules of every extraction, live or recorded. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    config: Arc<Config>,
    requests: RequestRules,
}

impl Rules {
    /// The rules that follow from the operator's settings.
    #[must_use]
    pub fn new(config: Config, requests: RequestRules) -> Self {
        Self {
            config: Arc::new(config),
            requests,
        }
    }
}
