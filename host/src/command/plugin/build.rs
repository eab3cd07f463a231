//! `gramhost plugin build`: runs cargo for the wasm target, checks the component, and packs its cases.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, bail};
use serde_json::Value;
use tokio::process::Command;

use super::{progress, rejected};
use crate::{
    command::{Exit, print},
    config::Config,
    data::{self, Access},
    plugin,
};

/// The target that plugins are built for.
const TARGET: &str = "wasm32-wasip2";

/// Builds the extractor in `folder`, shows its permissions and cost, and packs its cases into it.
pub(super) async fn run(config: &Config, folder: &Path) -> anyhow::Result<Exit> {
    let component = component(folder).await?;
    print(&format!("built {}", component.display()));
    let progress = progress::of_cases();
    let cases = cases(folder);
    let checked = plugin::check(&config.plugin, &component, cases.as_deref(), progress).await;
    match checked {
        Ok(found) => print(&found.to_string()),
        Err(error) => return rejected(error),
    };
    match pack(config, folder, &component).await? {
        Ok(()) => Ok(Exit::Done),
        Err(error) => rejected(error),
    }
}

/// Packs the author's cases into the component, if there are any. A packed component is admitted by its own cases.
///
/// # Errors
/// If reading or writing fails. The inner error says that the component fails one of the cases.
pub(super) async fn pack(
    config: &Config,
    folder: &Path,
    component: &Path,
) -> anyhow::Result<Result<(), plugin::Error>> {
    let Some(cases) = cases(folder) else {
        return Ok(Ok(()));
    };
    let packed = match plugin::pack(&config.plugin, component, Some(&cases), None).await {
        Ok(packed) => packed,
        Err(error) => return Ok(Err(error)),
    };
    write(component, &packed)?;
    let bytes = packed.len();
    print(&format!("packed with its cases: {bytes} bytes"));
    Ok(Ok(()))
}

/// The folder of the author's cases, if there is one.
pub(super) fn cases(folder: &Path) -> Option<PathBuf> {
    Some(folder.join("cases")).filter(|cases| cases.is_dir())
}

/// The `Cargo.toml` of the extractor in `folder`.
///
/// # Errors
/// If the file does not exist.
pub(super) fn manifest(folder: &Path) -> anyhow::Result<PathBuf> {
    let manifest = folder.join("Cargo.toml");
    if manifest.is_file() {
        return Ok(manifest);
    }
    bail!(
        "{} has no Cargo.toml: `gramhost plugin new` writes an extractor",
        folder.display()
    );
}

/// Builds the extractor in `folder`, and copies `<name>.wasm` into that folder. Cargo's messages go to standard error.
///
/// # Errors
/// If a tool is missing, or the extractor does not compile.
pub(super) async fn component(folder: &Path) -> anyhow::Result<PathBuf> {
    let manifest = manifest(folder)?;
    target_is_there(folder).await?;
    let cargo = Command::new(tool("CARGO", "cargo"))
        .current_dir(folder)
        .args(["build", "--release", "--target", TARGET])
        .arg("--message-format=json-render-diagnostics")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .context("cargo cannot be run: install Rust from https://rustup.rs")?;
    // Unlike `Command::output`, this leaves standard error to the author.
    let output = cargo.wait_with_output().await?;
    if !output.status.success() {
        bail!("the build failed, see above");
    }
    let built = built(&String::from_utf8_lossy(&output.stdout))
        .with_context(|| format!("{} builds no cdylib", manifest.display()))?;
    let name = built.file_name().context("a component without a name")?;
    let component = folder.join(name);
    put(&built, &component)?;
    Ok(component)
}

/// The last component in the output of `cargo --message-format=json`.
fn built(messages: &str) -> Option<PathBuf> {
    let messages = messages
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    let files = messages.flat_map(|message: Value| {
        let files = message["filenames"].as_array().cloned();
        files.unwrap_or_default()
    });
    let mut files = files.filter_map(|file| Some(PathBuf::from(file.as_str()?)));
    files.rfind(|file| file.extension().is_some_and(|ending| ending == "wasm"))
}

/// Copies a component atomically, so that a reader sees either the old one or the new one, never a part.
///
/// # Errors
/// If a file cannot be read or written.
pub(super) fn put(from: &Path, to: &Path) -> anyhow::Result<()> {
    let component = fs::read(from).with_context(|| from.display().to_string())?;
    write(to, &component)
}

/// Writes a component completely or not at all, and replaces an existing one.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn write(to: &Path, component: &[u8]) -> anyhow::Result<()> {
    data::write_atomically(to, component, Access::Umask).with_context(|| to.display().to_string())
}

async fn target_is_there(folder: &Path) -> anyhow::Result<()> {
    let libraries = Command::new(tool("RUSTC", "rustc"))
        .current_dir(folder)
        .args(["--print", "target-libdir", "--target", TARGET])
        .stdin(Stdio::null())
        .output()
        .await
        .context("rustc cannot be run: install Rust from https://rustup.rs")?;
    let path = String::from_utf8_lossy(&libraries.stdout);
    if Path::new(path.trim()).is_dir() {
        return Ok(());
    }
    bail!("the Rust target of plugins is not installed: run `rustup target add {TARGET}`");
}

fn tool(variable: &str, name: &str) -> OsString {
    env::var_os(variable).unwrap_or_else(|| name.into())
}

#[cfg(test)]
mod tests {
    //! Parsing the output of cargo, and replacing files.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_last_component_is_what_was_built() {
        let messages = "\
            {\"reason\":\"compiler-artifact\",\"filenames\":[\"/t/libserde.rlib\",\"/t/libserde.rmeta\"]}\n\
            not json\n\
            {\"reason\":\"compiler-artifact\",\"filenames\":[\"/t/post.wasm\"]}\n\
            {\"reason\":\"build-finished\",\"success\":true}\n";
        assert_eq!(built(messages), Some(PathBuf::from("/t/post.wasm")));
        assert_eq!(built("{}\n"), None);
    }

    #[test]
    fn a_component_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a.wasm"), folder.path().join("b.wasm"));
        fs::write(&from, "new").unwrap();
        fs::write(&to, "old").unwrap();
        put(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(&to).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
