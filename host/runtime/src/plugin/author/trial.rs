//! `gramhost plugin test`: a file through the same steps as a file in the plugin folder, without serving it.

use std::{fmt, path::Path, sync::Arc};

use cases::Case;
use serde::{Serialize, Serializer};
use tokio::task::spawn_blocking;

use crate::{
    contract::{PluginName, UnknownPlugin},
    plugin::{
        admission::{
            self, Admission, Admitted,
            error::Error,
            proof,
            rejection::{AdmissionStep, Rejection},
            replay::Mismatch,
        },
        config::Config,
    },
};

/// How each case ended.
#[derive(Clone, Debug, Serialize)]
pub struct TestReport {
    /// `<kind>/<case>`, and how it ended instead of as it should.
    #[serde(serialize_with = "by_name")]
    pub cases: Vec<(String, Result<(), Mismatch>)>,
}

/// An object with a key a case: null where it passed.
fn by_name<S: Serializer>(
    cases: &[(String, Result<(), Mismatch>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        cases
            .iter()
            .map(|(case, ended)| (case, ended.as_ref().err())),
    )
}

impl TestReport {
    /// Whether every case passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.cases.iter().all(|(_, ended)| ended.is_ok())
    }
}

/// Told how many cases have run, and how many there are.
pub type ProgressListener = Box<dyn Fn(usize, usize) + Send + Sync>;

/// Every case through `file`: those of the folder `cases` (`<kind>/<case>/…`) that are of the plugin's kinds, or else
/// those that it carries, or else the embedded ones.
///
/// # Errors
/// [`Error::Rejected`] with the first step that fails, or [`Error::Start`]. A case that fails is no error.
pub async fn test(
    config: &Config,
    file: &Path,
    cases: Option<&Path>,
    told: ProgressListener,
) -> Result<TestReport, Error> {
    let (name, admitted) = describe(config, file).await?;
    let cases = self::cases(config, name, cases, &admitted)?;
    let refuse = |reason: String| Rejection::new(AdmissionStep::Replay, reason);
    let cases = spawn_blocking(move || proof::run(&admitted.subject(), &cases, &told))
        .await
        .map_err(|error| Error::Start(error.to_string()))?
        .map_err(refuse)?;
    Ok(TestReport { cases })
}

/// The cases of the plugin `name` in a folder, or else those that it carries, or else the built-in ones.
///
/// # Errors
/// [`Rejection`] at the replay: one of them cannot be read, or the folder has none.
pub(super) fn cases(
    config: &Config,
    name: PluginName,
    folder: Option<&Path>,
    admitted: &Admitted,
) -> Result<Vec<Case>, Rejection> {
    let cases = match folder {
        Some(folder) => proof::kept(name, folder),
        None if admitted.cases.is_empty() => proof::embedded(&config.embedded, name),
        None => Ok(admitted.cases.clone()),
    };
    let cases = cases.map_err(|error| Rejection::new(AdmissionStep::Replay, error))?;
    match folder {
        // Else a wrong folder would pass for a test.
        Some(folder) if cases.is_empty() => {
            let reason = format!("{} holds no case for {name}", folder.display());
            Err(Rejection::new(AdmissionStep::Replay, reason))
        }
        _ => Ok(cases),
    }
}

/// `file` through every step up to its description of itself, and the plugin that its name says it is to be.
///
/// # Errors
/// [`Error::Rejected`] with the first step that fails, or [`Error::Start`].
pub(super) async fn describe(
    config: &Config,
    file: &Path,
) -> Result<(PluginName, Admitted), Error> {
    let stem = file.file_stem().unwrap_or_default();
    let name: PluginName = stem
        .to_string_lossy()
        .parse()
        .map_err(|unknown: UnknownPlugin| Rejection::new(AdmissionStep::File, unknown))?;
    let admission = Arc::new(Admission::open(config, None)?);
    let component = admission::read(file.to_owned(), config.component_bytes_max).await?;
    Ok((name, admission.describe(name, component, false).await?))
}

impl fmt::Display for TestReport {
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
