//! Builds the four plugins as WebAssembly components, so that one binary works out of the box, and two more
//! for the tests: one that misbehaves, and one that is built for a later contract. Hands their paths to `include_bytes!` and `env!`.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

const TARGET: &str = "wasm32-wasip2";

/// Package, library, variable.
const GUESTS: [(&str, &str, &str); 7] = [
    ("plugin-profile", "profile", "PLUGIN_PROFILE"),
    ("plugin-post", "post", "PLUGIN_POST"),
    ("plugin-reel", "reel", "PLUGIN_REEL"),
    ("plugin-story", "story", "PLUGIN_STORY"),
    ("misbehaving", "misbehaving", "GUEST_MISBEHAVING"),
    ("movable", "movable", "GUEST_MOVABLE"),
    (
        "second-contract",
        "second_contract",
        "GUEST_SECOND_CONTRACT",
    ),
];

/// What the outer build says about *its* compiler: flags for the host's processor, clippy, coverage, a target folder.
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

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), String> {
    let variable = |name| env::var_os(name).ok_or(format!("{name} is not set"));
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("..");
    for path in [
        "Cargo.lock",
        "Cargo.toml",
        "fixtures/instagram",
        "plugins",
        "tests/contract-2",
        "tests/guests",
        "wit",
    ] {
        println!("cargo:rerun-if-changed={}", root.join(path).display());
    }
    // `…/target/debug/build/gramhost-…/out`. A folder of its own below the target folder: the outer cargo holds the
    // lock of its own, and would wait for us as we for it.
    let out = PathBuf::from(variable("OUT_DIR")?);
    let target = out.ancestors().nth(4).unwrap_or(&out).join("plugins");

    let mut cargo = Command::new(variable("CARGO")?);
    cargo
        .current_dir(&root)
        .args([
            "build",
            "--locked",
            "--profile",
            "plugin",
            "--target",
            TARGET,
            "--target-dir",
        ])
        .arg(&target);
    for (package, ..) in GUESTS {
        cargo.args(["--package", package]);
    }
    for name in OUTER {
        cargo.env_remove(name);
    }
    let status = cargo.status().map_err(|error| format!("cargo: {error}"))?;
    if !status.success() {
        return Err(explain());
    }
    for (_, library, name) in GUESTS {
        let path = target
            .join(TARGET)
            .join("plugin")
            .join(format!("{library}.wasm"));
        println!("cargo:rustc-env={name}={}", path.display());
    }
    Ok(())
}

fn explain() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let installed = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).exists());
    if installed {
        "the plugins do not compile, see above".to_owned()
    } else {
        format!(
            "Rust lacks the target of the plugins: run `rustup target add {TARGET}`, or `make setup`"
        )
    }
}
