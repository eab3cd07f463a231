//! `gramhost plugin pack|sign`, and writing down what a component yields: an author's work on files.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use cases::Expected;
use tokio::task::spawn_blocking;

use super::{
    Config, Error, Plugin,
    admission::{self, Admission, Check, Refused},
    package, proof, replay, signature, trial,
    version::Permits,
};
use crate::data::{self, Access};

/// `file` with these cases and settings in it; what it carried before is replaced.
///
/// # Errors
/// [`Error::Refused`] with the step that fails: a component that fails one of its own cases is not packed.
pub async fn pack(
    config: &Config,
    file: &Path,
    cases: Option<&Path>,
    settings: Option<&str>,
) -> Result<Vec<u8>, Error> {
    let (name, admitted) = trial::describe(config, file).await?;
    let refuse = |reason: String| Refused::new(Check::Package, reason);
    let cases = trial::cases(config, name, cases, &admitted)?;
    let component = admission::read(file.to_owned(), config.component_bytes_max).await?;
    let version = admitted.manifest.version.clone();
    let packed = package::write(&component, (name, &version), &cases, settings).map_err(refuse)?;
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
/// [`Error::Refused`]: it is no such text, or the file is signed already.
pub async fn sign(config: &Config, file: &Path, signature: &str) -> Result<Vec<u8>, Error> {
    let component = admission::read(file.to_owned(), config.component_bytes_max).await?;
    let signed = signature::attach(&component, signature);
    Ok(signed.map_err(|reason| Refused::new(Check::Signature, reason))?)
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
/// [`Error::Refused`] with the step that fails, [`Error::Unknown`], [`Error::NoVersion`].
pub async fn load(config: &Config, name: &str, component: Component) -> Result<Arc<Plugin>, Error> {
    let embedded = config.embedded.find(name);
    let (name, embedded) = embedded.ok_or_else(|| Error::Unknown(name.to_owned()))?;
    let bytes = match component {
        Component::File(path) => admission::read(path, config.component_bytes_max).await?,
        Component::Digest(digest) if admission::digest(embedded) == digest => {
            bytes::Bytes::from_static(embedded)
        }
        Component::Digest(digest) => {
            let shelf = super::shelf::Shelf::new(config.components.clone());
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
/// [`Error::Refused`]: a case ends in a fault, which nobody may expect; [`Error::Folder`].
pub async fn update(config: &Config, file: &Path, cases: &Path) -> Result<Vec<String>, Error> {
    let (name, admitted) = trial::describe(config, file).await?;
    let refuse = |reason: String| Refused::new(Check::Replay, reason);
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
