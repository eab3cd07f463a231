//! The command line: what `gramhost` may be told to do, and the exit codes.

mod completions;
mod doctor;
mod download;
mod extract;
mod log;
mod manual;
mod plugin;

use std::{ffi::OsString, process::ExitCode};

use clap::{
    CommandFactory, Parser, Subcommand,
    builder::styling::{AnsiColor, Styles},
};

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
  gramhost man plugin check | man -l -        the manual of one command
  source <(gramhost completions bash)         completions for this shell

Exit codes:
  0  done
  1  failed, for a reason of this machine or of the server
  2  misused: a flag, a setting or an argument
  3  Instagram does not show it: private, deleted, not found, behind a login
  4  Instagram did not answer, or asks to wait
  5  the extractor failed, or a component is refused
130  interrupted: a download, or a server that was still stopping";

const SERVE_EXAMPLES: &str = "\
Examples:
  gramhost serve                                       on http://127.0.0.1:5000
  gramhost serve --replay fixtures                     from recorded answers, without a network
  gramhost serve --listen 127.0.0.1:0 --data /tmp/g    on any free port, with a data folder of its own
  GRAMHOST_LOG=debug gramhost serve                    every setting is a variable, too

SIGTERM lets running requests finish; a second one does not wait. The first line on standard output says where it
listens.";

const OPENAPI_EXAMPLES: &str = "\
Examples:
  gramhost openapi > openapi.json
  gramhost openapi | jq '.paths | keys'";

/// Clap writes colours on a terminal alone, and none where `NO_COLOR` is set.
const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Serves the Instagram Downloader & Info API; what knows Instagram runs in swappable plugins.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, styles = STYLES)]
struct Line {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API (what happens without a command)
    #[command(after_help = SERVE_EXAMPLES)]
    Serve,
    /// Print one record as JSON
    Extract(extract::Extract),
    /// Download a post, reel, carousel or the stories of an account
    Download(download::DownloadArguments),
    /// List, check and test plugins; write, build and watch your own
    #[command(subcommand)]
    Plugin(plugin::Plugin),
    /// Say what is missing on this machine, and how to get it
    Doctor(doctor::Doctor),
    /// Print the OpenAPI document
    #[command(after_help = OPENAPI_EXAMPLES)]
    Openapi,
    /// Print what makes a shell complete this command line
    Completions(completions::Completions),
    /// Print a manual page
    Man(manual::Manual),
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
    /// 128 and SIGINT, as a shell has it.
    Interrupted = 130,
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
        Command::Completions(completions) => return completions.run(Line::command()).into(),
        Command::Man(manual) => return manual.run(Line::command()).into(),
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
    let _tracing = match log::start(config.log.as_deref().unwrap_or(level)) {
        Ok(tracing) => tracing,
        Err(error) => return refuse(Exit::Misused, &format_args!("{error:#}")).into(),
    };
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
        Command::Doctor(doctor) => doctor.run(&config).await,
        Command::Openapi
        | Command::Completions(_)
        | Command::Man(_)
        | Command::CompileComponent { .. }
        | Command::LimitedChild { .. } => Ok(Exit::Done),
    }
}

/// One line on standard error.
fn refuse(exit: Exit, why: &dyn std::fmt::Display) -> Exit {
    eprintln!("gramhost: {why}");
    exit
}

/// A line on standard output.
fn print(text: &str) -> Exit {
    write(format!("{text}\n").as_bytes())
}

/// On standard output; a reader that has seen enough (`| head`) is no failure.
fn write(bytes: &[u8]) -> Exit {
    use std::io::Write;

    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            refuse(Exit::Failed, &error)
        }
        _ => Exit::Done,
    }
}
