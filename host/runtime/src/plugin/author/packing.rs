//! `gramhost plugin pack|sign`, and writing the results of a component to cases.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use cases::Expected;
use tokio::task::spawn_blocking;

use super::trial;
use crate::{
    contract::PluginName,
    data::{self, Access},
    plugin::{
        admission::{
            self, Admission,
            error::Error,
            proof,
            rejection::{AdmissionStep, Rejection},
            replay,
        },
        config::Config,
        package::{self, digest, signature},
        registry::{
            shelf::Shelf,
            version::{Permits, Plugin},
        },
    },
};

/// Packs these cases and settings into `file`. They replace what it carried before.
///
/// # Errors
/// [`Error::Rejected`] with the step that fails. A component that fails one of its own cases is not packed.
pub async fn pack(
    config: &Config,
    file: &Path,
    cases: Option<&Path>,
    settings: Option<&str>,
) -> Result<Vec<u8>, Error> {
    let (name, admitted) = trial::describe(config, file).await?;
    let refuse = |reason: String| Rejection::new(AdmissionStep::Package, reason);
    let cases = trial::cases(config, name, cases, &admitted)?;
    let component = admission::read(file.to_owned(), config.component_bytes_max).await?;
    let version = admitted.manifest.version.clone();
    let packed =
        package::write(&component, (name.as_str(), &version), &cases, settings).map_err(refuse)?;
    // A packed component must pass its own cases.
    let config = Config {
        cases: None,
        keys: Vec::new(),
        ..config.clone()
    };
    let admission = Arc::new(Admission::open(&config, None)?);
    admission.admit(name, packed.clone().into()).await?;
    Ok(packed)
}

/// Appends the text of a minisign signature to `file` as its last section.
///
/// # Errors
/// [`Error::Rejected`] if the text is not a signature or the file is already signed.
pub async fn sign(config: &Config, file: &Path, signature: &str) -> Result<Vec<u8>, Error> {
    let component = admission::read(file.to_owned(), config.component_bytes_max).await?;
    let signed = signature::attach(&component, signature);
    Ok(signed.map_err(|reason| Rejection::new(AdmissionStep::Signature, reason))?)
}

/// Where a component comes from.
#[derive(Clone, Debug)]
pub enum Component {
    /// A file of any name.
    File(PathBuf),
    /// A version that serves or has served on this machine, by the SHA-256 of its component.
    Digest(String),
}

/// Loads a component as the plugin `name`, to run it by hand.
///
/// # Errors
/// [`Error::Rejected`] with the step that fails, or [`Error::NoVersion`].
pub async fn load(
    config: &Config,
    name: PluginName,
    component: Component,
) -> Result<Arc<Plugin>, Error> {
    let embedded = (config.embedded.component)(name);
    let bytes = match component {
        Component::File(path) => admission::read(path, config.component_bytes_max).await?,
        Component::Digest(digest) if self::digest(embedded) == digest => {
            bytes::Bytes::from_static(embedded)
        }
        Component::Digest(digest) => {
            let shelf = Shelf::new(config.components.clone());
            let found = spawn_blocking(move || shelf.load(&digest)).await;
            found.ok().flatten().ok_or(Error::NoVersion)?
        }
    };
    let admission = Arc::new(Admission::open(config, None)?);
    let admitted = admission.describe(name, bytes, false).await?;
    let plugin = Plugin::new(admitted, "by hand", Permits::new(config));
    Ok(Arc::new(plugin))
}

/// Runs every case of the folder `cases` through `file` and, where the result differs, writes it down as the new
/// expectation, for the author to review. Returns the names of the cases that changed.
///
/// # Errors
/// [`Error::Rejected`] if a case ends in a fault, which cannot be an expected result; [`Error::Folder`].
pub async fn update(config: &Config, file: &Path, cases: &Path) -> Result<Vec<String>, Error> {
    let (name, admitted) = trial::describe(config, file).await?;
    let refuse = |reason: String| Rejection::new(AdmissionStep::Replay, reason);
    let folder = cases.to_owned();
    let work = move || {
        let cases = proof::kept(name, &folder).map_err(|error| refuse(error.to_string()))?;
        let mut changed = Vec::new();
        for case in cases {
            let title = replay::title(&case);
            let end = replay::end(&admitted.subject(), &case)
                .map_err(|reason| refuse(format!("{title}: {reason}")))?;
            if end != case.expected {
                let folder = folder.join(&case.kind).join(&case.name);
                write_end(&folder, &end)
                    .map_err(|error| Error::Folder(format!("{title}: {error}")))?;
                changed.push(title);
            }
        }
        Ok(changed)
    };
    spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(Error::Start(error.to_string())))
}

/// Writes the expected result of the case in this folder.
///
/// # Errors
/// If the disk fails.
pub fn write_end(folder: &Path, end: &Expected) -> io::Result<()> {
    let (file, other, value) = match end {
        Expected::Record(record) => ("expected.json", "refusal.json", record),
        Expected::Refusal(refusal) => ("refusal.json", "expected.json", refusal),
        Expected::NoFailure => return Ok(()),
    };
    // A case must not have both files; without either, it only expects that there is no failure.
    match fs::remove_file(folder.join(other)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let text = serde_json::to_string_pretty(value)? + "\n";
    data::write_atomically(&folder.join(file), text.as_bytes(), Access::Umask)
}
