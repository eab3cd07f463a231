//! `gramhost plugin pack|sign`, and writing down what a component yields: an author's work on files.

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

/// `file` with these cases and settings in it; what it carried before is replaced.
///
/// # Errors
/// [`Error::Rejected`] with the step that fails: a component that fails one of its own cases is not packed.
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
    // Packed means proven.
    let config = Config {
        cases: None,
        keys: Vec::new(),
        ..config.clone()
    };
    let admission = Arc::new(Admission::open(&config, None)?);
    admission.admit(name, packed.clone().into()).await?;
    Ok(packed)
}

/// `file` with the text of a minisign signature over it as its last section.
///
/// # Errors
/// [`Error::Rejected`]: it is no such text, or the file is signed already.
pub async fn sign(config: &Config, file: &Path, signature: &str) -> Result<Vec<u8>, Error> {
    let component = admission::read(file.to_owned(), config.component_bytes_max).await?;
    let signed = signature::attach(&component, signature);
    Ok(signed.map_err(|reason| Rejection::new(AdmissionStep::Signature, reason))?)
}

/// Where a component is to be had.
#[derive(Clone, Debug)]
pub enum Component {
    /// A file of any name.
    File(PathBuf),
    /// A version that serves or has served on this machine, by the SHA-256 of its component.
    Digest(String),
}

/// The plugin `name` out of a component, to run it by hand.
///
/// # Errors
/// [`Error::Rejected`] with the step that fails, [`Error::NoVersion`].
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

/// Runs every case of the folder `cases` through `file` and writes down how it ended, where that differs: the new
/// expectations, for the author to read. The names of the cases that changed.
///
/// # Errors
/// [`Error::Rejected`]: a case ends in a fault, which nobody may expect; [`Error::Folder`].
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

/// Writes down how the case in this folder is to end.
///
/// # Errors
/// The disk's.
pub fn write_end(folder: &Path, end: &Expected) -> io::Result<()> {
    let (file, other, value) = match end {
        Expected::Record(record) => ("expected.json", "refusal.json", record),
        Expected::Refusal(refusal) => ("refusal.json", "expected.json", refusal),
        Expected::NoFailure => return Ok(()),
    };
    // A case with both would be none; with neither it asks for no failure.
    match fs::remove_file(folder.join(other)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let text = serde_json::to_string_pretty(value)? + "\n";
    data::write_atomically(&folder.join(file), text.as_bytes(), Access::Umask)
}
