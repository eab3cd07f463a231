//! End-to-end tests over real sockets; the folders mirror the routes.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

#[path = "../harness.rs"]
mod harness;

mod cli;
mod clock;
mod config;
mod data;
mod deploy;
mod docs;
mod egress;
mod fleet;
mod fuzz;
mod hardening;
mod hostile;
mod instagram;
mod layout;
mod metrics;
mod operating;
mod operator;
#[cfg(feature = "otel")]
mod otel;
mod page;
mod plugin;
mod recordings;
mod secrets;
mod shutdown;
mod spans;
mod start;
mod supply;
mod surface;
