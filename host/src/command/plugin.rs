//! `gramhost plugin …`: which plugins serve, whether a file would, and how an author makes one.

mod build;
mod new;
mod watch;

use std::{net::SocketAddr, path::PathBuf};

use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Exit, print, refuse};
use crate::{
    config::Config,
    plugin::{self, Registry},
    server::token,
};

/// The largest answer of the admin listener that is read, bytes.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;

/// What to do with plugins.
#[derive(Debug, Subcommand)]
pub(super) enum Plugin {
    /// Show the plugins of the running server, or those that would serve if none runs
    List {
        /// Everything that is known, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Say what a component is built for, what it can do, and what recorded cases cost
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
    Test {
        /// Such as post.wasm; the name says which plugin it replaces
        file: PathBuf,
        /// A folder of cases, such as fixtures/instagram [default: the built-in ones]
        #[arg(long, value_name = "FOLDER")]
        cases: Option<PathBuf>,
    },
    /// Write an extractor of your own that builds anywhere
    New {
        /// Which one it is to replace
        name: new::Name,
        /// Where to [default: a folder of that name]
        #[arg(long, value_name = "FOLDER")]
        into: Option<PathBuf>,
    },
    /// Build an extractor and check it
    Build {
        /// Where its Cargo.toml is
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Build an extractor on every save, test it, and hand what passes to the running server
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
                match plugin::check(&config.plugin, &file, cases.as_deref()).await {
                    Ok(found) if json => Ok(print(&serde_json::to_string_pretty(&found)?)),
                    Ok(found) => Ok(print(&found.to_string())),
                    Err(error) => refused(error),
                }
            }
            Self::Test { file, cases } => {
                match plugin::test(&config.plugin, &file, cases.as_deref()).await {
                    Ok(tested) if tested.passed() => Ok(print(&tested.to_string())),
                    Ok(tested) => {
                        print(&tested.to_string());
                        Ok(Exit::Extractor)
                    }
                    Err(error) => refused(error),
                }
            }
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
        plugin::Error::Start(_) => Err(error.into()),
    }
}

async fn list(config: Config, json: bool) -> anyhow::Result<Exit> {
    let running = match config.admin_listen {
        Some(address) => ask(address, &config).await?,
        None => None,
    };
    let status = match running {
        Some(status) => status,
        None => serde_json::to_value(Registry::open(config.plugin).await?.status())?,
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
    line
}

/// `GET /plugins` of the running server; none if nothing listens there.
///
/// HTTP/1.0, so that the answer is one head and one body until the end: no client library needed for it.
async fn ask(address: SocketAddr, config: &Config) -> anyhow::Result<Option<Value>> {
    let Ok(mut stream) = TcpStream::connect(address).await else {
        return Ok(None);
    };
    let token = token::read(&config.data)?;
    let request = format!(
        "GET /plugins HTTP/1.0\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream
        .take(ANSWER_BYTES_MAX)
        .read_to_string(&mut answer)
        .await?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .with_context(|| format!("{address} does not speak HTTP"))?;
    if head.split(' ').nth(1) != Some("200") {
        let status = head.lines().next().unwrap_or_default();
        bail!("{address} answered {status}: is it the server of this --data folder?");
    }
    Ok(Some(serde_json::from_str(body)?))
}
