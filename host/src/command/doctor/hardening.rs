//! What the server, the compiler of plugins and ffmpeg give up on this machine: each is tried, not looked up.

use std::thread;

use super::{super::confinement, Finding};
use crate::{
    config::Config,
    media::{Isolation, Media},
    plugin::compiler_bounds,
    process::{Bounds, InForce},
};

pub(super) async fn look(config: &Config) -> Vec<Finding> {
    if !config.hardening {
        let said = "switched off (hardening = off)";
        return vec![Finding::note("hardening", said)];
    }
    let media = Media::open(config.media.clone());
    vec![
        process("hardening", confinement::bounds(config)),
        process("compiler", compiler_bounds()),
        conversions(media.isolation().await),
    ]
}

fn process(what: &'static str, bounds: Bounds) -> Finding {
    // What is given up is given up by one thread, which ends at once.
    let in_force = thread::spawn(move || bounds.enforce()).join();
    let in_force = in_force.unwrap_or_else(|_| InForce::nothing("it cannot be tried"));
    let said = in_force.to_string();
    match in_force.is_whole() {
        true => Finding::good(what, said),
        false => Finding::note(what, said),
    }
}

fn conversions(isolation: Option<&Isolation>) -> Finding {
    const WHAT: &str = "conversions";
    match isolation {
        None => Finding::note(WHAT, "none without ffmpeg"),
        Some(Isolation::Confined) => Finding::good(
            WHAT,
            "ffmpeg is restricted as above, to its own files and no network",
        ),
        Some(Isolation::Unshared(_)) => Finding::note(
            WHAT,
            "ffmpeg has no network, but is not restricted to its own files",
        ),
        Some(Isolation::Open) => Finding::note(
            WHAT,
            "ffmpeg can access the network, and is not restricted to its own files",
        ),
    }
}
