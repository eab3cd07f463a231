//! `gramhost plugin captures|replay|adopt|record`: from what a plugin failed at to a case that the next one must pass.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, bail};
use cases::{Case, Expected, Har, Question};
use clap::Args;
use serde_json::json;

use super::{
    super::{Exit, extract::Question as Asked, print, refuse},
    refused,
};
use crate::{
    capture::{self, Captures},
    config::Config,
    contract::Kind,
    data::{Access, Folder, WholeFolder},
    extraction::Extraction,
    plugin::{self, Component, Plugin, Ran, Registry},
    server,
};

/// Longest name of a case, characters.
const NAME_CHARS_MAX: usize = 64;

/// The captures of the data folder, of which a running server may be writing more.
fn captures(config: &Config) -> anyhow::Result<Captures> {
    let folder = Folder::visit(&config.data);
    Ok(Captures::visit(config.capture.clone(), &folder)?)
}

/// All captures, on one line each.
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

/// Which capture, and on which component.
#[derive(Args, Debug)]
pub(in crate::command) struct Replay {
    /// As `gramhost plugin captures` lists it
    id: String,
    /// A component of any name [default: the one that failed]
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,
}

impl Replay {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<Exit> {
        let found = match find(config, &self.id, self.plugin.clone()).await? {
            Ok(found) => found,
            Err(error) => return refused(error),
        };
        let ran = found.run(config).await?;
        let before = &found.capture.reason;
        Ok(match &ran {
            Ran::Failed(why) if why == before => {
                refuse(Exit::Extractor, &format_args!("fails as before: {why}"))
            }
            Ran::Failed(why) => refuse(
                Exit::Extractor,
                &format_args!("fails in another way: {why}\nbefore: {before}"),
            ),
            Ran::Wants(request) => refuse(
                Exit::Extractor,
                &format_args!("asks for {request}, which was not recorded"),
            ),
            Ran::Record(record) => print(&serde_json::to_string_pretty(record)?),
            Ran::Refusal(refusal) => print(&serde_json::to_string_pretty(refusal)?),
        })
    }
}

/// Which capture, under which name.
#[derive(Args, Debug)]
pub(in crate::command) struct Adopt {
    /// As `gramhost plugin captures` lists it
    id: String,
    /// What is special about it, in kebab case
    #[arg(long = "as", value_name = "CASE")]
    name: String,
    /// A component that reads it right: how it ends becomes what is expected [default: any end but a failure]
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,
    /// A folder of cases [default: fixtures in the data folder, which every new version must pass]
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
                Err(error) => return refused(error),
            };
            case.expected = match expected(found.run(config).await?) {
                Ok(expected) => expected,
                Err(why) => return Ok(refuse(Exit::Extractor, &why)),
            };
        }
        case.name = self.name;
        keep(config, self.into, &case)
    }
}

/// What to ask Instagram, and the name of the case.
#[derive(Args, Debug)]
pub(in crate::command) struct Record {
    #[command(flatten)]
    asked: Asked,
    /// What is special about it, in kebab case
    #[arg(long = "as", value_name = "CASE")]
    name: String,
    /// A folder of cases [default: fixtures in the data folder, which every new version must pass]
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
}

impl Record {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<Exit> {
        let query = match self.asked.query() {
            Ok(query) => query,
            Err(why) => return Ok(refuse(Exit::Misused, &why)),
        };
        let (ran, recorded) = extraction(config).await?.record(&query).await;
        let expected = match ran
            .context("Instagram did not answer in time")
            .map(expected)?
        {
            Ok(expected) => expected,
            // What a plugin fails at is worth a case, of which nobody knows yet how it should end.
            Err(why) => {
                refuse(Exit::Extractor, &why);
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
        keep(config, self.into, &case)
    }
}

/// A capture and a plugin to run it on.
struct Found {
    capture: capture::Capture,
    question: Question,
    har: Har,
    plugin: Arc<Plugin>,
}

impl Found {
    async fn run(&self, config: &Config) -> anyhow::Result<Ran> {
        // The version that failed had these; another one has its own.
        let same = self.plugin.digest() == self.capture.digest;
        let settings = same.then(|| self.capture.settings.to_string());
        let extraction = extraction(config).await?;
        let plugin = Arc::clone(&self.plugin);
        let ran = extraction.replay(plugin, &self.question, settings, &self.har);
        ran.await.map_err(anyhow::Error::msg)
    }
}

/// A component that is not let in is an answer, everything else an error.
async fn find(
    config: &Config,
    id: &str,
    file: Option<PathBuf>,
) -> anyhow::Result<Result<Found, plugin::Error>> {
    let captures = captures(config)?;
    let capture = captures.get(id)?.capture;
    let case = captures.case(id)?;
    let kind = Kind::ALL.into_iter().find(|it| it.name() == capture.kind);
    let name = kind
        .context("a kind that this program does not know")?
        .plugin()
        .as_str();
    let component = match file {
        Some(file) => Component::File(file),
        None => Component::Digest(capture.digest.clone()),
    };
    // As it was limited then.
    let limited = plugin::Config {
        call_ms_max: capture.limits.call_ms_max,
        memory_bytes_max: capture.limits.memory_bytes_max,
        ..config.plugin.clone()
    };
    Ok(plugin::load(&limited, name, component)
        .await
        .map(|plugin| Found {
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

fn expected(ran: Ran) -> Result<Expected, String> {
    match ran {
        Ran::Record(record) => Ok(Expected::Record(plugin::without_kind(record))),
        Ran::Refusal(refusal) => Ok(Expected::Refusal(refusal)),
        Ran::Failed(why) => Err(format!("it fails: {why}")),
        Ran::Wants(request) => Err(format!("it asks for {request}, which was not recorded")),
    }
}

/// Writes a case that is not there yet, whole or not at all: a server may be reading all of them.
fn keep(config: &Config, into: Option<PathBuf>, case: &Case) -> anyhow::Result<Exit> {
    let is_kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let name = &case.name;
    if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(is_kebab) {
        let why = format!("{name:?} is no name for a case: give small letters, digits and dashes");
        return Ok(refuse(Exit::Misused, &why));
    }
    let cases = into.unwrap_or_else(|| Folder::visit(&config.data).cases());
    let folder = cases.join(&case.kind).join(name);
    match write(&folder, case) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!("{} is there already", folder.display());
        }
        written => written.with_context(|| folder.display().to_string())?,
    }
    Ok(print(&format!("{} is a case now", folder.display())))
}

fn write(folder: &Path, case: &Case) -> io::Result<()> {
    let question = json!(case.question);
    let question = serde_json::to_string_pretty(&question)? + "\n";
    let whole = WholeFolder::create(folder, Access::Umask)?;
    whole.write("query.json", question.as_bytes())?;
    whole.write("exchange.har", case.har.to_json().as_bytes())?;
    plugin::write_end(whole.path(), &case.expected)?;
    whole.finish()
}
