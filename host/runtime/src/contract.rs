//! The host's own types for what crosses the plugin boundary; knows no wasmtime, no HTTP, no JSON dialect.
//!
//! They mirror `wit/`, so that a later contract version can be served beside 1.0 by one more conversion
//! in [`crate::plugin`] and no change above it.

mod exchange;
mod fault;
mod kind;
mod query;
pub mod record;
pub mod recorded;
mod step;
pub mod target;

pub use exchange::{Answer, Exchange, FetchError, Header, Method, Request, Response};
pub use fault::Fault;
pub use kind::{Kind, PluginName, Shape, UnknownPlugin};
pub use query::{Query, Subject, Target, WrongSubject};
pub use record::Record;
pub use step::{Change, Context, Diagnostic, Fetch, Manifest, Outcome, Refusal, Severity, Step};
