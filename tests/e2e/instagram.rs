//! The read endpoints over sockets, served from the project's own fixtures, as in the README's demo.

mod compressed;
pub(crate) mod download;
mod every_case;
mod keys;
mod pages;
mod record;
mod refusals;
mod side_fields;

use std::path::{Path, PathBuf};

use crate::harness::server::Server;

/// The folder of the fixtures.
fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// A server that uses the fixtures, without the limit of 30 requests a minute.
pub(crate) fn demo() -> Server {
    let folder = fixtures();
    let folder = folder.to_str().expect("UTF-8");
    Server::start(&["--replay", folder, "--rate-limit", "0"])
}
