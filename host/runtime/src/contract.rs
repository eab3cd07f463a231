//! The host's own types for all data that crosses the plugin boundary. They depend on neither wasmtime, nor HTTP, nor
//! a JSON format.
//!
//! They mirror `wit/`, so that a later contract version can be served beside 1.0 with one more conversion in
//! [`crate::plugin`] and no change above it.

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
