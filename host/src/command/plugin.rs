//! `gramhost plugin …`: manages the plugins of the running server, and helps authors to write their own.

mod admin;
mod build;
mod captures;
mod examples;
mod new;
mod pack;
mod progress;
mod watch;

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;
use serde_json::Value;

use super::{Exit, fail, print};
use crate::{
    config::Config,
    plugin::{self, Registry},
};

/// Commands that manage plugins, and commands for authors.
#[derive(Debug, Subcommand)]
#[command(after_help = examples::PLUGIN)]
pub(super) enum Plugin {
    /// List the plugins of the running server, or without a server those that would serve
    #[command(after_help = examples::LIST)]
    List {
        /// Print the full status as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the contract, permissions and cost of a component
    #[command(after_help = examples::CHECK)]
    Check {
        /// The component, such as post.wasm; its name says which plugin it replaces
        file: PathBuf,
        /// A folder of cases, such as fixtures/instagram [default: the built-in ones]
        #[arg(long, value_name = "FOLDER")]
        cases: Option<PathBuf>,
        /// Print everything as JSON
        #[arg(long)]
        json: bool,
    },
    /// Check a component and run recorded cases through it
    #[command(after_help = examples::TEST)]
    Test {
        /// The component, such as post.wasm; its name says which plugin it replaces
        file: PathBuf,
        /// A folder of cases, such as fixtures/instagram [default: the built-in ones]
        #[arg(long, value_name = "FOLDER")]
        cases: Option<PathBuf>,
        /// Save the present results as the expected results of --cases; review them before you keep them
        #[arg(long, requires = "cases")]
        update: bool,
        /// Print the result of each case as JSON
        #[arg(long, conflicts_with = "update")]
        json: bool,
    },
    /// Pack recorded cases and settings into a component
    #[command(after_help = examples::PACK)]
    Pack(pack::Pack),
    /// Attach a minisign signature to a component
    #[command(after_help = examples::SIGN)]
    Sign(pack::Sign),
    /// Install a component in the running server
    #[command(after_help = examples::PUT)]
    Put {
        /// The component, such as post.wasm; its name says which plugin it replaces
        file: PathBuf,
        /// Print the response of the server as JSON
        #[arg(long)]
        json: bool,
    },
    /// Return to the previous version
    #[command(after_help = examples::ROLLBACK)]
    Rollback {
        /// The name of the plugin
        name: String,
        /// A reason for the history
        #[arg(long)]
        why: Option<String>,
        /// Print the response of the server as JSON
        #[arg(long)]
        json: bool,
    },
    /// Make the candidate or an earlier version serve
    #[command(after_help = examples::PROMOTE)]
    Promote {
        /// The name of the plugin
        name: String,
        /// The SHA-256 digest of the version [default: the candidate]
        #[arg(long)]
        digest: Option<String>,
        /// A reason for the history
        #[arg(long)]
        why: Option<String>,
        /// Print the response of the server as JSON
        #[arg(long)]
        json: bool,
    },
    /// Drop the candidate
    #[command(after_help = examples::DISCARD)]
    Discard {
        /// The name of the plugin
        name: String,
        /// A reason for the history
        #[arg(long)]
        why: Option<String>,
        /// Print the response of the server as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the history of versions, newest first
    #[command(after_help = examples::HISTORY)]
    History {
        /// The name of the plugin [default: all]
        name: Option<String>,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// List the captured failures, newest first
    #[command(after_help = examples::CAPTURES)]
    Captures {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Repeat a captured failure exactly
    #[command(after_help = examples::REPLAY)]
    Replay(captures::Replay),
    /// Turn a capture into a case that every later version must pass
    #[command(after_help = examples::ADOPT)]
    Adopt(captures::Adopt),
    /// Record one live extraction as a case
    #[command(after_help = examples::RECORD)]
    Record(captures::Record),
    /// Write a new extractor that builds outside this repository
    #[command(after_help = examples::NEW)]
    New {
        /// The plugin that it replaces
        name: new::Name,
        /// The folder to write to [default: a folder of that name]
        #[arg(long, value_name = "FOLDER")]
        into: Option<PathBuf>,
    },
    /// Build an extractor and check it
    #[command(after_help = examples::BUILD)]
    Build {
        /// The folder with its Cargo.toml
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Build and test an extractor on every save, and install it if it passes
    #[command(after_help = examples::WATCH)]
    Watch {
        /// The folder with its Cargo.toml
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
}

impl Plugin {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<Exit> {
        match self {
            Self::List { json } => list(config, json).await,
            Self::Check { file, cases, json } => {
                let progress = progress::of_cases();
                match plugin::check(&config.plugin, &file, cases.as_deref(), progress).await {
                    Ok(found) if json => Ok(print(&serde_json::to_string_pretty(&found)?)),
                    Ok(found) => Ok(print(&found.to_string())),
                    Err(error) => rejected(error),
                }
            }
            Self::Test {
                file,
                cases: Some(cases),
                update: true,
                ..
            } => match plugin::update(&config.plugin, &file, &cases).await {
                Ok(changed) if changed.is_empty() => {
                    Ok(print("every case already expects its result"))
                }
                Ok(changed) => Ok(print(&format!("updated: {}", changed.join(", ")))),
                Err(error) => rejected(error),
            },
            Self::Test {
                file, cases, json, ..
            } => test(&config, &file, cases.as_deref(), json).await,
            Self::Pack(pack) => pack.run(&config).await,
            Self::Sign(sign) => sign.run(&config).await,
            Self::Put { file, json } => admin::put(&config, &file, json).await,
            Self::Rollback { name, why, json } => {
                admin::decide(&config, &name, "rollback", &[("why", why)], json).await
            }
            Self::Promote {
                name,
                digest,
                why,
                json,
            } => {
                let words = [("digest", digest), ("why", why)];
                admin::decide(&config, &name, "promote", &words, json).await
            }
            Self::Discard { name, why, json } => {
                admin::decide(&config, &name, "discard", &[("why", why)], json).await
            }
            Self::History { name, json } => admin::history(&config, name, json).await,
            Self::Captures { json } => captures::list(&config, json),
            Self::Replay(replay) => replay.run(&config).await,
            Self::Adopt(adopt) => adopt.run(&config).await,
            Self::Record(record) => record.run(&config).await,
            Self::New { name, into } => new::run(name, into),
            Self::Build { folder } => build::run(&config, &folder).await,
            Self::Watch { folder } => watch::run(&config, &folder).await,
        }
    }
}

/// A rejected component is the fault of the extractor; every other error is ours.
fn rejected(error: plugin::Error) -> anyhow::Result<Exit> {
    match error {
        plugin::Error::Rejected(why) => Ok(fail(Exit::Extractor, &why)),
        error => Err(error.into()),
    }
}

async fn test(
    config: &Config,
    file: &Path,
    cases: Option<&Path>,
    json: bool,
) -> anyhow::Result<Exit> {
    let progress = progress::of_cases();
    let tested = match plugin::test(&config.plugin, file, cases, progress).await {
        Ok(tested) => tested,
        Err(error) => return rejected(error),
    };
    if json {
        print(&serde_json::to_string_pretty(&tested)?);
    } else {
        print(&tested.to_string());
    }
    let passed = tested.passed();
    Ok(if passed { Exit::Done } else { Exit::Extractor })
}

async fn list(config: Config, json: bool) -> anyhow::Result<Exit> {
    let status = match admin::plugins(&config).await? {
        Some(status) => status,
        None => serde_json::to_value(Registry::open(config.plugin, None).await?.status())?,
    };
    if json {
        return Ok(print(&serde_json::to_string_pretty(&status)?));
    }
    let plugins = status.as_array().context("not a list of plugins")?;
    let lines: Vec<_> = plugins.iter().map(line).collect();
    Ok(print(&lines.join("\n")))
}

/// One line for each plugin, followed by its rejection, settings error, candidate and drift, if any.
fn line(plugin: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let mut line = format!(
        "{:<9}{:<10}{:<10.8}{:<14}{:>7} calls  since {:.19} UTC",
        text(&plugin["name"]),
        text(&plugin["version"]),
        text(&plugin["digest"]),
        text(&plugin["source"]),
        plugin["calls"],
        text(&plugin["since"]),
    );
    let refused = &plugin["refused"];
    if let Some(why) = refused["reason"].as_str() {
        let why = match refused["replica"].as_str() {
            Some(replica) => format!("{why} (on the replica {replica})"),
            None => why.to_owned(),
        };
        line += &match (refused["in_folder"] == true, refused["passing"] == true) {
            (true, false) => format!("\n  {} is not active: {why}", text(&refused["file"])),
            (true, true) => format!(
                "\n  {} is not active, and is tried again: {why}",
                text(&refused["file"])
            ),
            (false, _) => format!("\n  a component that was put was rejected: {why}"),
        };
    }
    if let Some(why) = plugin["settings"]["error"].as_str() {
        line += &format!("\n  settings is not active: {why}");
    }
    if plugin["candidate"].is_object() {
        let candidate = &plugin["candidate"];
        let (version, digest) = (text(&candidate["version"]), text(&candidate["digest"]));
        let state = match candidate["held"].as_str() {
            Some(why) => format!("is held for your decision: {why}"),
            None => format!(
                "in shadow mode, {} of {} compared",
                candidate["shadow"]["compared"], candidate["wanted"]
            ),
        };
        line += &format!("\n  candidate {version} {digest:.8} {state}");
    }
    let rollout = &plugin["rollout"];
    if rollout.is_object() {
        let admitted = rollout["admitted_by"].as_array().into_iter().flatten();
        let admitted: Vec<_> = admitted.filter_map(Value::as_str).collect();
        let (version, digest) = (text(&rollout["version"]), text(&rollout["digest"]));
        let admitted = admitted.join(", ");
        line +=
            &format!("\n  {version} {digest:.8} is being checked; admitted by {admitted} so far");
    }
    if let Some(why) = plugin["behind"].as_str() {
        line += &format!("\n  this replica does not do what the fleet does: {why}");
    }
    for drift in plugin["drift"].as_array().into_iter().flatten() {
        line += &format!(
            "\n  drift: {} of door {} is present in {} % of records, usually in {} %",
            text(&drift["field"]),
            text(&drift["door"]),
            drift["after_percent"],
            drift["before_percent"],
        );
    }
    line
}
