//! `gramhost doctor`: checks this machine, and shows the command that installs what is missing on Debian and macOS.

mod bucket;
mod database;
mod hardening;
mod machine;
mod network;
mod tools;

use std::fmt;

use clap::Args;
use serde::Serialize;

use super::{Exit, print};
use crate::config::Config;

const EXAMPLES: &str = "\
Examples:
  gramhost doctor
  gramhost doctor --data /var/lib/gramhost --proxy socks5://127.0.0.1:1080
  gramhost doctor --files s3://my-bucket/gramhost
  gramhost doctor --database postgres://gramhost@db.example.com/gramhost
  gramhost doctor --json | jq '.[] | select(.mark != \"ok\")'

Each check ends in \"ok\", \"note\" (only some features need it) or \"FAIL\" (the server will not work; exit code 1).
One small file is requested from Instagram; being offline is only a note. In a bucket, a small object is written, read and
deleted.";

/// Arguments of `gramhost doctor`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Doctor {
    /// Print all findings as JSON
    #[arg(long)]
    json: bool,
}

/// The result of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Mark {
    /// Everything is fine.
    #[serde(rename = "ok")]
    Good,
    /// Only some users or features need it.
    #[serde(rename = "note")]
    Optional,
    /// The server will not work.
    #[serde(rename = "fail")]
    Bad,
}

/// One line of the report.
#[derive(Debug, Serialize)]
struct Finding {
    mark: Mark,
    what: &'static str,
    said: String,
    /// The commands that fix it.
    #[serde(skip_serializing_if = "Option::is_none")]
    get: Option<Commands>,
}

/// The commands that install what is missing.
#[derive(Clone, Copy, Debug, Serialize)]
struct Commands {
    debian: &'static str,
    macos: &'static str,
}

impl Finding {
    fn new(mark: Mark, what: &'static str, said: impl Into<String>) -> Self {
        Self {
            mark,
            what,
            said: said.into(),
            get: None,
        }
    }

    fn good(what: &'static str, said: impl Into<String>) -> Self {
        Self::new(Mark::Good, what, said)
    }

    fn note(what: &'static str, said: impl Into<String>) -> Self {
        Self::new(Mark::Optional, what, said)
    }

    fn bad(what: &'static str, said: impl Into<String>) -> Self {
        Self::new(Mark::Bad, what, said)
    }

    fn get(self, debian: &'static str, macos: &'static str) -> Self {
        Self {
            get: Some(Commands { debian, macos }),
            ..self
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.mark {
            Mark::Good => "ok",
            Mark::Optional => "note",
            Mark::Bad => "FAIL",
        };
        write!(f, "{mark:<5}{:<18}{}", self.what, self.said)?;
        match self.get {
            Some(Commands { debian, macos }) if debian == macos => write!(f, ": {debian}"),
            Some(Commands { debian, macos }) => write!(f, ": {debian} (Debian), {macos} (macOS)"),
            None => Ok(()),
        }
    }
}

impl Doctor {
    /// Prints every finding; fails if one of them is [`Mark::Bad`].
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<Exit> {
        let mut findings = machine::look(config);
        // Each engine that a fleet shares has a module of its own.
        let (ports, database, bucket, hardening, tools, instagram) = tokio::join!(
            network::ports(config),
            database::look(config),
            bucket::look(config),
            hardening::look(config),
            tools::look(),
            network::instagram(config)
        );
        findings.extend(ports);
        findings.extend(bucket);
        findings.extend(database);
        findings.extend(hardening);
        findings.extend(tools);
        findings.push(instagram);
        if self.json {
            print(&serde_json::to_string_pretty(&findings)?);
        } else {
            for finding in &findings {
                print(&finding.to_string());
            }
        }
        let bad = findings.iter().any(|finding| finding.mark == Mark::Bad);
        Ok(if bad { Exit::Failed } else { Exit::Done })
    }
}
