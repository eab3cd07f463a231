//! `gramhost plugin pack|sign`: one file that carries its own proof.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;

use super::{
    super::{Exit, print},
    build, refused,
};
use crate::{config::Config, plugin};

/// What goes into the component.
#[derive(Args, Debug)]
pub(in crate::command) struct Pack {
    /// Such as post.wasm; the name says which plugin it is
    file: PathBuf,
    /// A folder of cases, `<kind>/<case>/…` [default: the built-in ones]
    #[arg(long, value_name = "FOLDER")]
    cases: Option<PathBuf>,
    /// Settings over its own defaults, TOML
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Where to [default: the file itself]
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
            Err(error) => refused(error),
        }
    }
}

/// A signature that minisign made of the component.
#[derive(Args, Debug)]
pub(in crate::command) struct Sign {
    /// A packed component
    file: PathBuf,
    /// What `minisign -S -m FILE` wrote [default: the file's name with .minisig]
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// Where to [default: the file itself]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Sign {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<Exit> {
        let signature = self.signature.unwrap_or_else(|| {
            let mut name = self.file.clone().into_os_string();
            name.push(".minisig");
            name.into()
        });
        let signature = read(&signature)?;
        match plugin::sign(&config.plugin, &self.file, &signature).await {
            Ok(signed) => write(self.output.as_ref().unwrap_or(&self.file), &signed),
            Err(error) => refused(error),
        }
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

fn write(path: &Path, component: &[u8]) -> anyhow::Result<Exit> {
    build::write(path, component)?;
    let bytes = component.len();
    Ok(print(&format!("{} has {bytes} bytes", path.display())))
}
