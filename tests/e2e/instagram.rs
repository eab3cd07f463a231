//! The read endpoints over sockets, answered from the project's own fixtures: what the README's demo shows.

mod download;
mod every_case;
mod keys;
mod pages;
mod record;
mod refusals;

use std::path::{Path, PathBuf};

use crate::harness::server::Server;

/// Where the fixtures lie.
fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// A server that answers from them, without the limit of 30 a minute.
fn demo() -> Server {
    let folder = fixtures();
    let folder = folder.to_str().expect("UTF-8");
    Server::start(&["--replay", folder, "--rate-limit", "0"])
}
