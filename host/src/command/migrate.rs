//! `gramhost migrate --from DATA --to URL`: moves what one machine has into the database and the store of a fleet.

use std::{
    fs,
    io::{IsTerminal as _, stderr},
    path::PathBuf,
};

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Exit, fail, print};
use crate::{
    clock::Clock,
    config::Config,
    data::{Copied, Folder, Owner},
    database::{Database, FileRow, Transfer},
    download::{Carried, carry_files},
    fleet,
    storage::Storage,
};

const EXAMPLES: &str = "\
Examples:
  gramhost migrate --from data --dry-run
  gramhost migrate --from data --to postgres://gramhost@db/gramhost --files s3://my-bucket/gramhost
  gramhost migrate --from data --to postgres://gramhost@db/gramhost --data replica-1

Stop the server of DATA first, and start no replica before it has ended. If it is interrupted, repeat it: the database
gets everything or nothing. DATA is only read. --data names the data folder of the first replica, which gets cases,
captures and plugins, and the files too without --files; with --data DATA they stay where they are. A password belongs in
database_password_file, or the whole URL in GRAMHOST_DATABASE instead of --to.";

/// Arguments of `gramhost migrate`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Migrate {
    /// The data folder of the single machine
    #[arg(long, value_name = "DATA")]
    from: PathBuf,
    /// The database that the replicas will share, postgres://USER@HOST/NAME [default: --database]
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// Only count what there is
    #[arg(long)]
    dry_run: bool,
}

impl Migrate {
    /// The database that takes the place of the setting.
    pub(super) fn database(&self) -> Option<&str> {
        self.to.as_deref()
    }

    pub(super) async fn run(self, config: Config) -> anyhow::Result<Exit> {
        let from = Folder::visit(&self.from);
        if !from.database().is_file() {
            let why = format!("{} is not the data folder of a server", self.from.display());
            return Ok(fail(Exit::Misused, &why));
        }
        if config.database.address.is_none() && !self.dry_run {
            return Ok(fail(
                Exit::Misused,
                &"--to must name the database of the fleet",
            ));
        }
        let from = Folder::own(&self.from)?;
        let source = Database::read(&from).await?;
        if self.dry_run {
            return count(&from, &source).await;
        }
        let same = fs::canonicalize(&config.data).is_ok_and(|data| {
            let from = fs::canonicalize(from.path());
            from.is_ok_and(|from| from == data)
        });
        let to = match same {
            true => from.clone(),
            false => Folder::own(&config.data)?,
        };
        let target = Database::share(&to, &config.database).await?;
        let moved = Move {
            config,
            from,
            source,
            to,
            target,
            same,
        };
        moved.run().await
    }
}

/// Prints what there is to move.
async fn count(from: &Owner, source: &Database) -> anyhow::Result<Exit> {
    let files = source.live_files(Clock::system().now_ms()).await?;
    for (table, rows) in source.row_counts().await? {
        print(&line(table, rows, None));
    }
    let bytes = files.iter().map(|row| row.bytes).sum();
    print(&line("live files", files.len() as u64, Some(bytes)));
    told(from.copyable()?);
    print("nothing was moved");
    Ok(Exit::Done)
}

/// A migration that may begin.
struct Move {
    config: Config,
    from: Owner,
    source: Database,
    to: Owner,
    target: Database,
    /// Whether the first replica keeps the data folder.
    same: bool,
}

impl Move {
    async fn run(self) -> anyhow::Result<Exit> {
        let clock = Clock::system();
        self.target.correct(&clock).await?;
        let mut transfer = Transfer {
            now_ms: clock.now_ms(),
            alive_ms: fleet::ALIVE_MS,
            lost: Vec::new(),
        };
        self.target.is_vacant(&transfer).await?;
        let files = self.source.live_files(transfer.now_ms).await?;
        // First the bytes: a row makes a file known, and whoever asks for it gets it.
        let carried = self.carry(&files).await?;
        let copied = match self.same {
            true => Copied::default(),
            false => {
                let (from, to) = (self.from.clone(), self.to.clone());
                let copy = tokio::task::spawn_blocking(move || to.copy_from(&from));
                copy.await?.context("cases, captures and plugins")?
            }
        };
        transfer.lost.clone_from(&carried.lost);
        let bar = Bar::new("rows", total(&self.source).await?);
        let added = self
            .target
            .take_over(&self.source, &transfer, |table, rows| {
                bar.at(table, rows);
            });
        let added = added.await?;
        bar.end();
        self.target.close().await;
        for (table, rows) in added {
            print(&line(table, rows, None));
        }
        print(&line("live files", carried.files, Some(carried.bytes)));
        told(copied);
        for name in &carried.lost {
            eprintln!("{name} is not served: its bytes are gone or changed");
        }
        let from = self.from.path().display();
        print(&format!(
            "{from} was only read. Start replicas now, and no server on its database, which has the same jobs"
        ));
        Ok(Exit::Done)
    }

    /// Brings the files to where the replicas look for them.
    async fn carry(&self, files: &[FileRow]) -> anyhow::Result<Carried> {
        if self.same && self.config.storage.files.is_none() {
            return Ok(Carried {
                files: files.len() as u64,
                bytes: files.iter().map(|row| row.bytes).sum(),
                ..Carried::default()
            });
        }
        let storage = Storage::open(self.config.storage.clone(), &self.to).await?;
        let bar = Bar::new("files", files.len() as u64);
        let carried = carry_files(&self.from, &storage, files, |carried| {
            bar.at("files", carried.files + carried.lost.len() as u64);
        });
        let carried = carried.await?;
        bar.end();
        Ok(carried)
    }
}

async fn total(source: &Database) -> anyhow::Result<u64> {
    let counts = source.row_counts().await?;
    Ok(counts.iter().map(|(_, rows)| rows).sum())
}

/// Prints what beside the database was or would be copied.
fn told(copied: Copied) {
    for (what, count) in [
        ("cases", copied.cases),
        ("captures", copied.captures),
        ("plugin files", copied.plugins),
        ("components", copied.components),
    ] {
        print(&line(what, count, None));
    }
}

fn line(what: &str, count: u64, bytes: Option<u64>) -> String {
    let bytes = bytes.map(|bytes| format!("  {bytes} bytes"));
    format!("{what:16}{count:>10}{}", bytes.unwrap_or_default())
}

/// The progress of one part: a bar on a terminal, else one line.
struct Bar(Option<ProgressBar>);

impl Bar {
    fn new(what: &str, total: u64) -> Self {
        if !stderr().is_terminal() {
            eprintln!("moving {total} {what}");
        }
        Self(stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:30} {pos:>8}  {msg}");
            let bar = ProgressBar::new(total);
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        }))
    }

    fn at(&self, what: &'static str, done: u64) {
        if let Some(bar) = &self.0 {
            bar.set_message(what);
            bar.set_position(done);
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
