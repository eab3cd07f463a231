//! `gramhost plugin check|test`: a file through the same steps as a file in the plugin folder, without serving it.

use std::{fmt, path::Path, sync::Arc};

use tokio::task::spawn_blocking;

use super::{
    Config, EMBEDDED, Error,
    admission::{self, Admission, Admitted, Check, Refused},
    proof,
    replay::Mismatch,
};
use crate::contract::Manifest;

/// What a component says of itself, once it passed every check that needs no recording.
#[derive(Clone, Debug)]
pub struct Checked {
    /// SHA-256, 64 hex digits.
    pub digest: String,
    /// Its own words, checked.
    pub manifest: Manifest,
}

/// How each case ended.
#[derive(Clone, Debug)]
pub struct Tested {
    /// `<kind>/<case>`, and how it ended instead of as it should.
    pub cases: Vec<(String, Result<(), Mismatch>)>,
}

impl Tested {
    /// Whether every case passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.cases.iter().all(|(_, ended)| ended.is_ok())
    }
}

/// Whether `file` would be let in, up to its description of itself.
///
/// # Errors
/// [`Error::Refused`] with the first step that fails, or [`Error::Start`].
pub async fn check(config: &Config, file: &Path) -> Result<Checked, Error> {
    let (_, admitted) = describe(config, file).await?;
    Ok(Checked {
        digest: admitted.digest,
        manifest: admitted.manifest,
    })
}

/// Every case through `file`: those of the folder `cases` (`<kind>/<case>/…`) that are of the plugin's kinds, or else
/// those that it carries, or else the embedded ones.
///
/// # Errors
/// As [`check`], or the cases cannot be read. A case that fails is no error.
pub async fn test(config: &Config, file: &Path, cases: Option<&Path>) -> Result<Tested, Error> {
    let (name, admitted) = describe(config, file).await?;
    let cases = match cases {
        Some(folder) => proof::kept(name, folder),
        None if admitted.cases.is_empty() => proof::embedded(name),
        None => Ok(admitted.cases.clone()),
    };
    let refuse = |reason: String| Refused::new(Check::Replay, reason);
    let cases = cases.map_err(|error| refuse(error.to_string()))?;
    let cases = spawn_blocking(move || proof::run(&admitted.subject(), &cases))
        .await
        .map_err(|error| Error::Start(error.to_string()))?
        .map_err(refuse)?;
    Ok(Tested { cases })
}

/// `file` through every step up to its description of itself, and the plugin that its name says it is to be.
///
/// # Errors
/// [`Error::Refused`] with the first step that fails, or [`Error::Start`].
pub(super) async fn describe(
    config: &Config,
    file: &Path,
) -> Result<(&'static str, Admitted), Error> {
    let stem = file.file_stem().unwrap_or_default();
    let names = EMBEDDED.map(|(name, _)| name);
    let name = names
        .into_iter()
        .find(|name| stem == *name)
        .ok_or_else(|| {
            let names = names.join(", ");
            Refused::new(
                Check::File,
                format!("its name is that of no plugin: they are {names}"),
            )
        })?;
    let admission = Arc::new(Admission::open(config)?);
    let component = admission::read(file.to_owned(), config.component_bytes_max).await?;
    Ok((name, admission.describe(name, component, false).await?))
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Manifest {
            name,
            version,
            hosts,
            rounds,
            requests,
            uses_session,
            settings,
        } = &self.manifest;
        writeln!(f, "{name} {version}")?;
        writeln!(f, "  digest    {}", self.digest)?;
        writeln!(f, "  hosts     {}", hosts.join(", "))?;
        writeln!(f, "  limits    {rounds} rounds, {requests} requests")?;
        let session = if *uses_session { "used" } else { "not used" };
        writeln!(f, "  session   {session}")?;
        write!(
            f,
            "  settings  {} lines of defaults",
            settings.lines().count()
        )
    }
}

impl fmt::Display for Tested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (case, ended) in &self.cases {
            match ended {
                Ok(()) => writeln!(f, "ok    {case}")?,
                Err(mismatch) if mismatch.differences.is_empty() => {
                    writeln!(f, "FAIL  {case}\n      {}", mismatch.reason)?;
                }
                Err(mismatch) => {
                    writeln!(f, "FAIL  {case}")?;
                    for difference in &mismatch.differences {
                        writeln!(f, "      {difference}")?;
                    }
                }
            }
        }
        let passed = self.cases.iter().filter(|(_, ended)| ended.is_ok()).count();
        write!(f, "{passed} of {} cases passed", self.cases.len())
    }
}
