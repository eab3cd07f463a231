//! `gramhost plugin test`: runs a file through the same steps as a file in the plugin folder, without serving it.

use std::{fmt, path::Path, sync::Arc};

use cases::Case;
use serde::{Serialize, Serializer};
use tokio::task::spawn_blocking;

use crate::{
    contract::{PluginName, UnknownPlugin},
    plugin::{
        admission::{
            self, Admission, AdmittedComponent,
            error::Error,
            proof,
            rejection::{AdmissionStep, Rejection},
            replay::Mismatch,
        },
        config::Config,
        package::settings,
    },
};

/// The results of all cases.
#[derive(Clone, Debug, Serialize)]
pub struct TestReport {
    /// `<kind>/<case>`, and what the check dropped from its record, or the mismatch if it did not end as expected.
    #[serde(serialize_with = "by_name")]
    pub cases: Vec<(String, Result<Vec<String>, Mismatch>)>,
}

/// Serializes the cases as an object with one key per case; the value is null if it passed.
fn by_name<S: Serializer>(
    cases: &[(String, Result<Vec<String>, Mismatch>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        cases
            .iter()
            .map(|(case, ended)| (case, ended.as_ref().err())),
    )
}

impl TestReport {
    /// Returns whether every case passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.cases.iter().all(|(_, ended)| ended.is_ok())
    }
}

/// Called with the number of cases that have run and the total number.
pub type ProgressListener = Box<dyn Fn(usize, usize) + Send + Sync>;

/// Runs every case through `file`: those in the folder `cases` (`<kind>/<case>/…`) that are of the plugin's kinds, or
/// else those that it carries, or else the embedded ones. `overrides` are settings over its own ones, TOML.
///
/// # Errors
/// [`Error::Rejected`] with the first step that fails, or [`Error::Start`]. A failed case is not an error.
pub async fn test(
    config: &Config,
    file: &Path,
    cases: Option<&Path>,
    overrides: Option<&str>,
    told: ProgressListener,
) -> Result<TestReport, Error> {
    let (name, admitted) = describe(config, file).await?;
    let cases = self::cases(config, name, cases, &admitted)?;
    let refuse = |reason: String| Rejection::new(AdmissionStep::Replay, reason);
    let layers = admitted.settings.as_deref().into_iter().chain(overrides);
    let settings = settings::over(&admitted.manifest.settings, layers)
        .map_err(|reason| Rejection::new(AdmissionStep::File, format!("its settings: {reason}")))?;
    let run = move || proof::run(&admitted.subject().with_settings(settings), &cases, &told);
    let cases = spawn_blocking(run)
        .await
        .map_err(|error| Error::Start(error.to_string()))?
        .map_err(refuse)?;
    Ok(TestReport { cases })
}

/// Returns the cases of the plugin `name` in a folder, or else those that it carries, or else the built-in ones.
///
/// # Errors
/// [`Rejection`] at the replay if a case cannot be read or the folder has none.
pub(super) fn cases(
    config: &Config,
    name: PluginName,
    folder: Option<&Path>,
    admitted: &AdmittedComponent,
) -> Result<Vec<Case>, Rejection> {
    let cases = match folder {
        Some(folder) => proof::kept(name, folder),
        None if admitted.cases.is_empty() => proof::embedded(&config.embedded, name),
        None => Ok(admitted.cases.clone()),
    };
    let cases = cases.map_err(|error| Rejection::new(AdmissionStep::Replay, error))?;
    match folder {
        // Otherwise a wrong folder would pass as a successful test.
        Some(folder) if cases.is_empty() => {
            let reason = format!("{} holds no case for {name}", folder.display());
            Err(Rejection::new(AdmissionStep::Replay, reason))
        }
        _ => Ok(cases),
    }
}

/// Runs `file` through every step up to its manifest. The name of the file decides which plugin it must be.
///
/// # Errors
/// [`Error::Rejected`] with the first step that fails, or [`Error::Start`].
pub(super) async fn describe(
    config: &Config,
    file: &Path,
) -> Result<(PluginName, AdmittedComponent), Error> {
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
                Ok(dropped) => {
                    writeln!(f, "ok    {case}")?;
                    for message in dropped {
                        writeln!(f, "      warning: {message}")?;
                    }
                }
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
