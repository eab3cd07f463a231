//! `gramhost plugin pack|sign`: puts cases, settings and a signature into a component, so that one file is enough.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::Args;

use super::{
    super::{Exit, fail, print},
    build, rejected,
};
use crate::{config::Config, plugin};

/// What every WebAssembly file begins with.
const MAGIC: &[u8] = b"\0asm";

/// Arguments of `gramhost plugin pack`.
#[derive(Args, Debug)]
pub(in crate::command) struct Pack {
    /// The component, such as post.wasm; its name says which plugin it is
    file: PathBuf,
    /// A folder of cases, `<kind>/<case>/…` [default: those in the component, else the built-in ones]
    #[arg(long, value_name = "FOLDER")]
    cases: Option<PathBuf>,
    /// A TOML file with settings that override its defaults
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// The file to write [default: the component itself]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Pack {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<Exit> {
        let settings = match &self.settings {
            Some(path) => Some(read(path)?),
            None => None,
        };
        let cases = self.cases.as_deref();
        match plugin::pack(&config.plugin, &self.file, cases, settings.as_deref()).await {
            Ok(packed) => write(self.output.as_ref().unwrap_or(&self.file), &packed),
            Err(error) => rejected(error),
        }
    }
}

/// Arguments of `gramhost plugin sign`.
#[derive(Args, Debug)]
pub(in crate::command) struct Sign {
    /// A packed component
    file: PathBuf,
    /// The signature that `minisign -S -m FILE` wrote [default: the name of the component with .minisig]
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// The file to write [default: the component itself]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Sign {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<Exit> {
        component(&self.file)?;
        let file = self.signature.unwrap_or_else(|| {
            let mut name = self.file.clone().into_os_string();
            name.push(".minisig");
            name.into()
        });
        let signature = read(&file)?;
        match plugin::sign(&config.plugin, &self.file, &signature).await {
            Ok(signed) => write(self.output.as_ref().unwrap_or(&self.file), &signed),
            Err(plugin::Error::Rejected(why)) => {
                let why = format_args!("{} with {}: {why}", self.file.display(), file.display());
                Ok(fail(Exit::Extractor, &why))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The bytes of a component.
///
/// # Errors
/// If the file cannot be read or is something else; the message names it.
pub(super) fn component(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    if !bytes.starts_with(MAGIC) {
        bail!(
            "{} is not a component: `gramhost plugin build` makes one, such as post.wasm",
            path.display()
        );
    }
    Ok(bytes)
}

/// A text file.
///
/// # Errors
/// If it cannot be read; the message names it.
pub(super) fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

fn write(path: &Path, component: &[u8]) -> anyhow::Result<Exit> {
    build::write(path, component)?;
    let bytes = component.len();
    Ok(print(&format!("wrote {}: {bytes} bytes", path.display())))
}
