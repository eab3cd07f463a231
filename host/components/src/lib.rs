//! Builds WebAssembly components of this workspace from a build script, with a nested cargo. All callers share one
//! target folder and one profile, so that common dependencies are compiled once.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

/// The root of the workspace, from the folder of each package whose build script calls [`build`].
const ROOT: &str = "../..";

const TARGET: &str = "wasm32-wasip2";

/// The profile in the root `Cargo.toml` that builds components.
const PROFILE: &str = "plugin";

/// Variables that configure the outer build and must not reach the nested one: flags for the host's processor, clippy,
/// coverage, a target folder.
const OUTER: [&str; 9] = [
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_INCREMENTAL",
    "CARGO_TARGET_DIR",
    "LLVM_PROFILE_FILE",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
];

/// One component.
#[derive(Clone, Copy, Debug)]
pub struct Guest {
    /// Its package in this workspace.
    pub package: &'static str,
    /// Its library: the result is `library.wasm`.
    pub library: &'static str,
}

/// The whole build script: writes `<library>.wasm` of each guest to `OUT_DIR`, and rebuilds when one of the `sources`
/// changes. Those are paths relative to the root of the workspace.
#[must_use]
pub fn build(guests: &[Guest], sources: &[&str]) -> ExitCode {
    match try_build(guests, sources) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn try_build(guests: &[Guest], sources: &[&str]) -> Result<(), String> {
    // Relative, because cargo runs a build script in the folder of its package. The path of this crate may belong to
    // another clone that shares the target folder.
    let root = Path::new(ROOT);
    for source in ["Cargo.lock", "Cargo.toml"].iter().chain(sources) {
        println!("cargo:rerun-if-changed={}", root.join(source).display());
    }
    let out = PathBuf::from(variable("OUT_DIR")?);
    // `OUT_DIR` is `…/target/debug/build/embedded-…/out`. The nested build needs its own folder below the target
    // folder, because the outer cargo holds a lock on the target folder, and both would wait for each other.
    let target = out.ancestors().nth(4).unwrap_or(&out).join("plugins");

    let mut cargo = Command::new(variable("CARGO")?);
    cargo
        .current_dir(root)
        .args(["build", "--locked", "--profile", PROFILE])
        .args(["--target", TARGET, "--target-dir"])
        .arg(&target);
    for guest in guests {
        cargo.args(["--package", guest.package]);
    }
    for name in OUTER {
        cargo.env_remove(name);
    }
    let status = cargo.status().map_err(|error| format!("cargo: {error}"))?;
    if !status.success() {
        return Err(explain());
    }
    for guest in guests {
        let file = format!("{}.wasm", guest.library);
        let built = target.join(TARGET).join(PROFILE).join(&file);
        fs::copy(&built, out.join(&file))
            .map_err(|error| format!("{}: {error}", built.display()))?;
    }
    Ok(())
}

fn variable(name: &str) -> Result<OsString, String> {
    env::var_os(name).ok_or(format!("{name} is not set"))
}

/// Explains why the nested build failed, for people who build this project for the first time.
fn explain() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let installed = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).exists());
    if installed {
        "the WebAssembly components do not compile, see above".to_owned()
    } else {
        format!(
            "Rust lacks the target of the plugins: run `rustup target add {TARGET}`, or `make setup`"
        )
    }
}
