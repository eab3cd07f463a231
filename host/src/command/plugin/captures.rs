//! `gramhost plugin captures|replay|adopt|record`: turns a captured failure, or a live extraction, into a case.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, bail};
use cases::{Case, Expected, Har, Question};
use clap::Args;
use serde_json::{Value, json};

use super::{
    super::{Exit, extract::Question as QuestionArguments, fail, print},
    admin, rejected,
};
use crate::{
    capture::{self, Captures},
    config::Config,
    contract::Kind,
    data::{Access, Folder, WholeFolder},
    extraction::Extraction,
    plugin::{self, Component, Plugin, Registry, RunResult},
    server,
};

/// Maximum length of the name of a case, characters.
const NAME_CHARS_MAX: usize = 64;

/// The captures of the data folder; a running server may be adding more.
fn captures(config: &Config) -> anyhow::Result<Captures> {
    let folder = Folder::visit(&config.data);
    Ok(Captures::visit(config.capture.clone(), &folder)?)
}

/// Lists all captures, one line each.
pub(super) fn list(config: &Config, json: bool) -> anyhow::Result<Exit> {
    let captures = captures(config)?.list();
    if json {
        return Ok(print(&serde_json::to_string_pretty(&captures)?));
    }
    let lines = captures.iter().map(|listed| {
        let it = &listed.capture;
        format!(
            "{}  {:.19}  {:<13} {}  {}: {}",
            it.id, it.at, it.kind, it.plugin, it.class, it.reason
        )
    });
    Ok(print(&lines.collect::<Vec<_>>().join("\n")))
}

/// Arguments of `gramhost plugin replay`.
#[derive(Args, Debug)]
pub(in crate::command) struct Replay {
    /// The id of the capture, from `gramhost plugin captures`
    id: String,
    /// The component to run, a file of any name [default: the version that failed]
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,
}

impl Replay {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<Exit> {
        let found = match find(config, &self.id, self.plugin.clone()).await? {
            Ok(found) => found,
            Err(error) => return rejected(error),
        };
        let ran = found.run(config).await?;
        let before = &found.capture.reason;
        Ok(match &ran {
            RunResult::Failed(why) if why == before => {
                fail(Exit::Extractor, &format_args!("fails as before: {why}"))
            }
            RunResult::Failed(why) => fail(
                Exit::Extractor,
                &format_args!("fails in another way: {why}\nthe captured failure: {before}"),
            ),
            RunResult::OtherRequest(request) => fail(
                Exit::Extractor,
                &format_args!("requests {request}, which was not recorded"),
            ),
            RunResult::Record(record) => print(&serde_json::to_string_pretty(record)?),
            RunResult::Refusal(refusal) => print(&serde_json::to_string_pretty(refusal)?),
        })
    }
}

/// Arguments of `gramhost plugin adopt`.
#[derive(Args, Debug)]
pub(in crate::command) struct Adopt {
    /// The id of the capture, from `gramhost plugin captures`
    id: String,
    /// The name of the case: what is special about it, in kebab case
    #[arg(long = "as", value_name = "CASE")]
    name: String,
    /// A component that handles it correctly: its result becomes the expected result [default: any result but a failure]
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,
    /// The folder of cases to write to [default: fixtures in the data folder, which every new version must pass]
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
}

impl Adopt {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<Exit> {
        let captures = captures(config)?;
        let mut case = captures.case(&self.id)?;
        if self.plugin.is_some() {
            let found = match find(config, &self.id, self.plugin.clone()).await? {
                Ok(found) => found,
                Err(error) => return rejected(error),
            };
            case.expected = match expected(found.run(config).await?) {
                Ok(expected) => expected,
                Err(why) => return Ok(fail(Exit::Extractor, &why)),
            };
        }
        case.name = self.name;
        keep(config, self.into, &case).await
    }
}

/// Arguments of `gramhost plugin record`.
#[derive(Args, Debug)]
pub(in crate::command) struct Record {
    #[command(flatten)]
    question: QuestionArguments,
    /// The name of the case: what is special about it, in kebab case
    #[arg(long = "as", value_name = "CASE")]
    name: String,
    /// The folder of cases to write to [default: fixtures in the data folder, which every new version must pass]
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
}

impl Record {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<Exit> {
        let query = match self.question.query() {
            Ok(query) => query,
            Err(why) => return Ok(fail(Exit::Misused, &why)),
        };
        let (ran, recorded) = extraction(config).await?.record(&query).await;
        let expected = match ran
            .context("Instagram did not respond in time")
            .map(expected)?
        {
            Ok(expected) => expected,
            // A failure is worth a case too, although its correct result is not known yet.
            Err(why) => {
                fail(Exit::Extractor, &why);
                Expected::NoFailure
            }
        };
        let case = Case {
            kind: query.kind().name().to_owned(),
            name: self.name,
            question: recorded.question,
            har: recorded.har,
            expected,
        };
        keep(config, self.into, &case).await
    }
}

/// A capture, and the plugin to run on it.
struct CaptureRun {
    capture: capture::Capture,
    question: Question,
    har: Har,
    plugin: Arc<Plugin>,
}

impl CaptureRun {
    async fn run(&self, config: &Config) -> anyhow::Result<RunResult> {
        // The captured settings belong to the version that failed; another version uses its own.
        let same = self.plugin.digest() == self.capture.digest;
        let settings = same.then(|| self.capture.settings.to_string());
        let extraction = extraction(config).await?;
        let plugin = Arc::clone(&self.plugin);
        let ran = extraction.replay(plugin, &self.question, settings, &self.har);
        ran.await.map_err(anyhow::Error::msg)
    }
}

/// Loads a capture and a component. The inner error says that the component was rejected.
async fn find(
    config: &Config,
    id: &str,
    file: Option<PathBuf>,
) -> anyhow::Result<Result<CaptureRun, plugin::Error>> {
    let captures = captures(config)?;
    let capture = captures.get(id)?.capture;
    let case = captures.case(id)?;
    let kind = Kind::ALL.into_iter().find(|it| it.name() == capture.kind);
    let name = kind
        .context("this program does not know the kind of this capture")?
        .plugin();
    let component = match file {
        Some(file) => Component::File(file),
        None => Component::Digest(capture.digest.clone()),
    };
    // The limits at the time of the failure.
    let limited = plugin::Config {
        call_ms_max: capture.limits.call_ms_max,
        memory_bytes_max: capture.limits.memory_bytes_max,
        ..config.plugin.clone()
    };
    Ok(plugin::load(&limited, name, component)
        .await
        .map(|plugin| CaptureRun {
            capture,
            question: case.question,
            har: case.har,
            plugin,
        }))
}

async fn extraction(config: &Config) -> anyhow::Result<Extraction> {
    let plugins = plugin::Config {
        shadow: 0,
        ..config.plugin.clone()
    };
    server::extraction(config, Registry::open(plugins, None).await?)
}

fn expected(ran: RunResult) -> Result<Expected, String> {
    match ran {
        RunResult::Record(record) => Ok(Expected::Record(record)),
        RunResult::Refusal(refusal) => Ok(Expected::Refusal(refusal)),
        RunResult::Failed(why) => Err(format!("the extraction failed: {why}")),
        RunResult::OtherRequest(request) => Err(format!(
            "the plugin requests {request}, which was not recorded"
        )),
    }
}

/// Writes a new case completely or not at all, because a server may be reading all of them.
async fn keep(config: &Config, into: Option<PathBuf>, case: &Case) -> anyhow::Result<Exit> {
    let is_kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let name = &case.name;
    if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(is_kebab) {
        let why =
            format!("{name:?} is not a valid case name: use lower-case letters, digits and dashes");
        return Ok(fail(Exit::Misused, &why));
    }
    if into.is_none() && config.database.address.is_some() {
        return admin::keep_case(config, case, &files(case)?).await;
    }
    let cases = into.unwrap_or_else(|| Folder::visit(&config.data).cases());
    let folder = cases.join(&case.kind).join(name);
    match write(&folder, case) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!("{} already exists", folder.display());
        }
        written => written.with_context(|| folder.display().to_string())?,
    }
    Ok(print(&format!("saved the case {}", folder.display())))
}

/// The text of each file of a case.
fn files(case: &Case) -> anyhow::Result<Value> {
    let mut files = json!({
        "query.json": serde_json::to_string_pretty(&case.question)? + "\n",
        "exchange.har": case.har.to_json(),
    });
    let end = match &case.expected {
        Expected::Record(record) => Some(("expected.json", record)),
        Expected::Refusal(refusal) => Some(("refusal.json", refusal)),
        Expected::NoFailure => None,
    };
    if let Some((file, end)) = end {
        files[file] = (serde_json::to_string_pretty(end)? + "\n").into();
    }
    Ok(files)
}

fn write(folder: &Path, case: &Case) -> io::Result<()> {
    let question = json!(case.question);
    let question = serde_json::to_string_pretty(&question)? + "\n";
    let whole = WholeFolder::create(folder, Access::Umask)?;
    whole.write("query.json", question.as_bytes())?;
    whole.write("exchange.har", case.har.to_json().as_bytes())?;
    plugin::write_end(whole.part(), &case.expected)?;
    whole.finish()
}
