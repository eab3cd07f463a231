//! `gramhost plugin …`: which plugins serve, whether a file would, how an author makes one, and what happens to
//! versions.

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

use super::{Exit, print, refuse};
use crate::{
    config::Config,
    plugin::{self, Registry},
};

/// What to do with plugins.
#[derive(Debug, Subcommand)]
#[command(after_help = examples::PLUGIN)]
pub(super) enum Plugin {
    /// Show the plugins of the running server, or those that would serve if none runs
    #[command(after_help = examples::LIST)]
    List {
        /// Everything that is known, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Say what a component is built for, what it can do, and what recorded cases cost
    #[command(after_help = examples::CHECK)]
    Check {
        /// Such as post.wasm; the name says which plugin it replaces
        file: PathBuf,
        /// A folder of cases, such as fixtures/instagram [default: the built-in ones]
        #[arg(long, value_name = "FOLDER")]
        cases: Option<PathBuf>,
        /// Everything, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Check a component and replay recorded cases through it
    #[command(after_help = examples::TEST)]
    Test {
        /// Such as post.wasm; the name says which plugin it replaces
        file: PathBuf,
        /// A folder of cases, such as fixtures/instagram [default: the built-in ones]
        #[arg(long, value_name = "FOLDER")]
        cases: Option<PathBuf>,
        /// Write down how each case of --cases ends now; read it before you keep it
        #[arg(long, requires = "cases")]
        update: bool,
        /// How each case ended, as JSON
        #[arg(long, conflicts_with = "update")]
        json: bool,
    },
    /// Put recorded cases and settings into a component: one file, one digest, one proof
    #[command(after_help = examples::PACK)]
    Pack(pack::Pack),
    /// Attach a minisign signature to a component
    #[command(after_help = examples::SIGN)]
    Sign(pack::Sign),
    /// Let the running server take a component in
    #[command(after_help = examples::PUT)]
    Put {
        /// Such as post.wasm; the name says which plugin it replaces
        file: PathBuf,
        /// What the server says, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Go back to the version before
    #[command(after_help = examples::ROLLBACK)]
    Rollback {
        /// Which plugin
        name: String,
        /// For the history
        #[arg(long)]
        why: Option<String>,
        /// What the server says, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Let the candidate serve, or an earlier version
    #[command(after_help = examples::PROMOTE)]
    Promote {
        /// Which plugin
        name: String,
        /// SHA-256 of the version [default: the candidate]
        #[arg(long)]
        digest: Option<String>,
        /// For the history
        #[arg(long)]
        why: Option<String>,
        /// What the server says, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Drop the candidate
    #[command(after_help = examples::DISCARD)]
    Discard {
        /// Which plugin
        name: String,
        /// For the history
        #[arg(long)]
        why: Option<String>,
        /// What the server says, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show what happened to versions, newest first
    #[command(after_help = examples::HISTORY)]
    History {
        /// Which plugin [default: all]
        name: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show what plugins failed at, newest first
    #[command(after_help = examples::CAPTURES)]
    Captures {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Run a capture again, exactly
    #[command(after_help = examples::REPLAY)]
    Replay(captures::Replay),
    /// Make a capture a case that every later version must pass
    #[command(after_help = examples::ADOPT)]
    Adopt(captures::Adopt),
    /// Make a case of one live extraction
    #[command(after_help = examples::RECORD)]
    Record(captures::Record),
    /// Write an extractor of your own that builds anywhere
    #[command(after_help = examples::NEW)]
    New {
        /// Which one it is to replace
        name: new::Name,
        /// Where to [default: a folder of that name]
        #[arg(long, value_name = "FOLDER")]
        into: Option<PathBuf>,
    },
    /// Build an extractor and check it
    #[command(after_help = examples::BUILD)]
    Build {
        /// Where its Cargo.toml is
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Build an extractor on every save, test it, and hand what passes to the running server
    #[command(after_help = examples::WATCH)]
    Watch {
        /// Where its Cargo.toml is
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
}

impl Plugin {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<Exit> {
        match self {
            Self::List { json } => list(config, json).await,
            Self::Check { file, cases, json } => {
                let told = progress::of_cases();
                match plugin::check(&config.plugin, &file, cases.as_deref(), told).await {
                    Ok(found) if json => Ok(print(&serde_json::to_string_pretty(&found)?)),
                    Ok(found) => Ok(print(&found.to_string())),
                    Err(error) => refused(error),
                }
            }
            Self::Test {
                file,
                cases: Some(cases),
                update: true,
                ..
            } => match plugin::update(&config.plugin, &file, &cases).await {
                Ok(changed) if changed.is_empty() => Ok(print("every case ends as written")),
                Ok(changed) => Ok(print(&format!("written anew: {}", changed.join(", ")))),
                Err(error) => refused(error),
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

/// A component that is not let in is the extractor's failure; all else is ours.
fn refused(error: plugin::Error) -> anyhow::Result<Exit> {
    match error {
        plugin::Error::Refused(why) => Ok(refuse(Exit::Extractor, &why)),
        error => Err(error.into()),
    }
}

async fn test(
    config: &Config,
    file: &Path,
    cases: Option<&Path>,
    json: bool,
) -> anyhow::Result<Exit> {
    let told = progress::of_cases();
    let tested = match plugin::test(&config.plugin, file, cases, told).await {
        Ok(tested) => tested,
        Err(error) => return refused(error),
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

/// One plugin on one line, and below it the last file that was not let in.
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
    for (what, why) in [
        (
            text(&plugin["refused"]["file"]),
            &plugin["refused"]["reason"],
        ),
        ("settings".to_owned(), &plugin["settings"]["error"]),
    ] {
        if let Some(why) = why.as_str() {
            line += &format!("\n  {what} is not in force: {why}");
        }
    }
    if plugin["candidate"].is_object() {
        let candidate = &plugin["candidate"];
        let (version, digest) = (text(&candidate["version"]), text(&candidate["digest"]));
        let state = match candidate["held"].as_str() {
            Some(why) => format!("waits for you: {why}"),
            None => format!(
                "beside it: {} of {} comparisons",
                candidate["shadow"]["compared"], candidate["wanted"]
            ),
        };
        line += &format!("\n  candidate {version} {digest:.8} {state}");
    }
    for drift in plugin["drift"].as_array().into_iter().flatten() {
        line += &format!(
            "\n  drift: {} from {} stated by {} % before, {} % now",
            text(&drift["field"]),
            text(&drift["door"]),
            drift["before_percent"],
            drift["after_percent"],
        );
    }
    line
}
