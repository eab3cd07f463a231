//! The plugin host: the only module that uses wasmtime and watches the plugin folder. Its submodules follow the life
//! of a plugin, from the engine that runs it to the registry that selects the serving version. As elsewhere, imports
//! only point down.

mod admission;
mod author;
mod config;
mod contracts;
mod engine;
mod package;
mod registry;
mod sandbox;
#[cfg(test)]
mod tests;

pub use admission::{
    difference::Difference,
    error::Error,
    rejection::{AdmissionStep, Rejection},
    replay::Mismatch,
};
pub use author::{
    inspection::{BuiltFor, Cost, Inspection, check},
    packing::{Component, load, pack, sign, update, write_end},
    sources::Sources,
    trial::{ProgressListener, TestReport, test},
};
pub use config::{Config, Embedded, Rollback, TrustedKey};
pub use contracts::CONTRACT;
pub use engine::compiler::{compile_component, compiler_bounds};
pub use package::digest;
pub use registry::{
    Registry,
    fleet::{
        Member,
        artifacts::{ArtifactError, Artifacts},
    },
    health::Judgement,
    shadow::{Candidate, Comparison, Report, RunResult, Verdict},
    status::{Brief, Candidacy, Checking, RejectedFile, Serving, Settings, Status},
    version::Plugin,
};
