//! The engines of a fleet for tests, real ones on loopback, each in a folder and on a port of its own. They end with the
//! process that started them, however it ends.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod postgres;
mod program;

pub use postgres::Postgres;
pub use program::{Program, free_port};
