//! The command line: what `gramhost` may be told to do, and the exit codes.

mod doctor;
mod download;
mod extract;
mod log;
mod plugin;

use std::{ffi::OsString, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{
    api,
    config::{Config, Flags},
    media::limited_child,
    plugin::compile_component,
    server,
};

const EXAMPLES: &str = "\
Examples:
  gramhost                                    serve on http://127.0.0.1:5000
  gramhost --replay fixtures                  serve without a network, from recorded answers
  gramhost extract profile-info instagram     print one record as JSON
  gramhost download URL -o DIR                download it here, without a server
  gramhost plugin list                        which plugins serve, and how they fare
  gramhost plugin new post                    an extractor of your own, which builds anywhere
  gramhost doctor                             what is missing here, and how to get it

Exit codes:
  0 done · 1 failed · 2 misused (flag, setting, argument) · 3 Instagram does not show it
  4 Instagram did not answer · 5 the extractor failed";

/// Serves the Instagram Downloader & Info API; what knows Instagram runs in swappable plugins.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Line {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API (what happens without a command)
    Serve,
    /// Print one record as JSON
    Extract(extract::Extract),
    /// Download a post, reel, carousel or the stories of an account
    Download(download::DownloadArguments),
    /// List, check and test plugins; write, build and watch your own
    #[command(subcommand)]
    Plugin(plugin::Plugin),
    /// Say what is missing on this machine, and how to get it
    Doctor,
    /// Print the OpenAPI document
    Openapi,
    /// The child process that compiles one component from standard input
    #[command(hide = true)]
    CompileComponent {
        /// Into code that counts its instructions
        #[arg(long)]
        counting: bool,
    },
    /// The child process that limits itself and becomes another program
    #[command(hide = true)]
    LimitedChild {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

/// What a process ends with; also listed in `--help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Done = 0,
    Failed = 1,
    Misused = 2,
    NotShown = 3,
    Upstream = 4,
    Extractor = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Reads the command line and does what it says.
#[must_use]
pub fn run() -> ExitCode {
    let line = Line::parse();
    let command = line.command.unwrap_or(Command::Serve);
    match command {
        // Neither needs settings, and the child must not start threads before it has limited itself.
        Command::CompileComponent { counting } => return compile_component(counting),
        Command::LimitedChild { arguments } => return limited_child(&arguments),
        Command::Openapi => return print(&api::openapi()).into(),
        _ => {}
    }
    let config = match Config::load(&line.flags) {
        Ok(config) => config,
        Err(error) => return refuse(Exit::Misused, &error).into(),
    };
    let level = if matches!(command, Command::Serve) {
        "info"
    } else {
        "warn"
    };
    log::start(config.log.as_deref().unwrap_or(level));
    let done = tokio::runtime::Runtime::new()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(obey(command, config)));
    match done {
        Ok(exit) => exit.into(),
        Err(error) => refuse(Exit::Failed, &format_args!("{error:#}")).into(),
    }
}

async fn obey(command: Command, config: Config) -> anyhow::Result<Exit> {
    match command {
        Command::Serve => server::serve(config).await.map(|()| Exit::Done),
        Command::Extract(extract) => extract.run(config).await,
        Command::Download(download) => download.run(config).await,
        Command::Plugin(plugin) => plugin.run(config).await,
        Command::Doctor => doctor::run(&config).await,
        Command::Openapi | Command::CompileComponent { .. } | Command::LimitedChild { .. } => {
            Ok(Exit::Done)
        }
    }
}

/// One line on standard error.
fn refuse(exit: Exit, why: &dyn std::fmt::Display) -> Exit {
    eprintln!("gramhost: {why}");
    exit
}

/// On standard output; a reader that has seen enough (`| head`) is no failure.
fn print(text: &str) -> Exit {
    use std::io::Write;

    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            refuse(Exit::Failed, &error)
        }
        _ => Exit::Done,
    }
}
