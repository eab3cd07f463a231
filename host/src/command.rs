//! The command line: the commands of `gramhost` and its exit codes.

mod admin;
mod completions;
mod confinement;
mod demo;
mod doctor;
mod download;
mod drain;
mod extract;
mod log;
mod manual;
mod migrate;
mod plugin;

use std::{ffi::OsString, process::ExitCode, sync::Arc};

use clap::{
    CommandFactory, Parser, Subcommand,
    builder::styling::{AnsiColor, Styles},
};

use crate::{
    api,
    config::{Config, Flags},
    media::limited_child,
    plugin::compile_component,
    process::InForce,
    server::{self, Log as _},
};
use log::Logging;

const EXAMPLES: &str = "\
Examples:
  gramhost                                    serve on http://127.0.0.1:5000
  gramhost demo                               try the web page offline, on recorded responses
  gramhost extract profile-info instagram     print one record as JSON
  gramhost download URL -o DIR                download a post without a server
  gramhost plugin list                        show the serving plugins and their status
  gramhost plugin new post                    write an extractor of your own
  gramhost doctor                             check this machine
  gramhost man plugin check | man -l -        show the manual page of one command
  source <(gramhost completions bash)         enable completion in this shell

Exit codes:
  0  success
  1  failure on this machine or in the server
  2  invalid flag, setting or argument
  3  not available: private, deleted, not found, or only for logged-in users
  4  Instagram did not respond, or is rate-limiting
  5  the extractor failed, or a component was rejected
130  interrupted";

const SERVE_EXAMPLES: &str = "\
Examples:
  gramhost serve                                       serve on http://127.0.0.1:5000
  gramhost serve --replay fixtures                     serve offline, from recorded responses
  gramhost serve --listen 127.0.0.1:0 --data /tmp/g    use any free port and another data folder
  GRAMHOST_LOG=debug gramhost serve                    every setting is also an environment variable

SIGTERM lets running requests finish; a second signal exits immediately. The first line on standard output is the
address on which the server listens.";

const DEMO_EXAMPLES: &str = "\
Examples:
  gramhost demo                            serve on http://127.0.0.1:5000 or any free port, and open the page
  gramhost demo --no-open                  only print the address
  gramhost demo --listen 127.0.0.1:8080    serve on another address

The demo leaves nothing behind: its folder is deleted when it ends. It reads neither gramhost.toml nor GRAMHOST_* variables.";

const OPENAPI_EXAMPLES: &str = "\
Examples:
  gramhost openapi > openapi.json
  gramhost openapi | jq '.paths | keys'";

/// Clap uses colours on terminals only, and none if `NO_COLOR` is set.
const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Serves the Instagram Downloader & Info API. Everything that knows Instagram runs in replaceable plugins.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, styles = STYLES)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API (the default command)
    #[command(after_help = SERVE_EXAMPLES)]
    Serve,
    /// Try the web page on recorded answers, without network access
    #[command(after_help = DEMO_EXAMPLES)]
    Demo(demo::Demo),
    /// Print one record as JSON
    Extract(extract::Extract),
    /// Download a post, reel, carousel or the stories of an account
    Download(download::DownloadArguments),
    /// Manage plugins, and develop your own
    #[command(subcommand)]
    Plugin(plugin::Plugin),
    /// Tell the running server that it is about to stop, so that balancers send it nothing new
    Drain(drain::Drain),
    /// Check this machine, and show how to get what is missing
    Doctor(doctor::Doctor),
    /// Move what one machine has into the database and the store of a fleet
    Migrate(migrate::Migrate),
    /// Print the OpenAPI document
    #[command(after_help = OPENAPI_EXAMPLES)]
    Openapi,
    /// Print a completion script for a shell
    Completions(completions::Completions),
    /// Print a manual page
    Man(manual::Manual),
    /// The child process that compiles one component from standard input
    #[command(hide = true)]
    CompileComponent {
        /// Compile to code that counts its instructions
        #[arg(long)]
        counting: bool,
        /// Do not give up files and sockets
        #[arg(long)]
        unconfined: bool,
    },
    /// The child process that limits its resources and then runs another program
    #[command(hide = true)]
    LimitedChild {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

/// Exit codes of the process; `--help` lists them too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Done = 0,
    Failed = 1,
    Misused = 2,
    NotShown = 3,
    Upstream = 4,
    Extractor = 5,
    /// 128 plus the number of SIGINT, as in shells.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Parses the command line and runs its command.
#[must_use]
pub fn run() -> ExitCode {
    let line = CommandLine::parse();
    let command = line.command.unwrap_or(Command::Serve);
    match command {
        // None of these needs settings, and the child must limit its resources before it starts threads.
        Command::CompileComponent {
            counting,
            unconfined,
        } => return compile_component(counting, !unconfined),
        Command::LimitedChild { arguments } => return limited_child(&arguments),
        Command::Openapi => return print(&api::openapi()).into(),
        Command::Completions(completions) => return completions.run(CommandLine::command()).into(),
        Command::Man(manual) => return manual.run(CommandLine::command()).into(),
        _ => {}
    }
    let mut flags = line.flags;
    if let Command::Migrate(migrate) = &command
        && let Some(database) = migrate.database()
    {
        flags.database = Some(database.to_owned());
    }
    let loaded = match &command {
        Command::Demo(_) => demo_config(flags),
        _ => Config::load(&flags)
            .map(|config| (config, None))
            .map_err(anyhow::Error::from),
    };
    // The folder of a demo is deleted at the end.
    let (config, _folder) = match loaded {
        Ok(loaded) => loaded,
        Err(error) => return fail(Exit::Misused, &words(&error)).into(),
    };
    // Before the first thread: what it gives up, the threads that it starts have given up.
    let (level, in_force) = if matches!(command, Command::Serve) {
        ("info", confinement::enforce(&config))
    } else {
        ("warn", None)
    };
    let logging = match log::start(config.log.as_deref().unwrap_or(level)) {
        Ok(logging) => Arc::new(logging),
        Err(error) => return fail(Exit::Misused, &words(&error)).into(),
    };
    let result = tokio::runtime::Runtime::new()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| {
            runtime.block_on(Box::pin(run_command(command, config, in_force, &logging)))
        });
    // Before the error, which is the last line.
    logging.end();
    match result {
        Ok(exit) => exit.into(),
        Err(error) => fail(Exit::Failed, &words(&error)).into(),
    }
}

/// The settings of the demo, and the folder that they name.
fn demo_config(flags: Flags) -> anyhow::Result<(Config, Option<demo::Folder>)> {
    let folder = demo::Folder::make()?;
    let config = demo::config(flags, &folder)?;
    Ok((config, Some(folder)))
}

/// An error and its causes in one line. Many errors state their cause themselves; it is not repeated.
fn words(error: &anyhow::Error) -> String {
    let mut words = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if words.is_empty() {
            words = cause;
        } else if !words.contains(&cause) {
            words = format!("{words}: {cause}");
        }
    }
    words
}

async fn run_command(
    command: Command,
    config: Config,
    in_force: Option<InForce>,
    logging: &Arc<Logging>,
) -> anyhow::Result<Exit> {
    match command {
        Command::Serve => {
            // On the heap: the operator may have limited the stack, and each move of it would be on that.
            Box::pin(server::serve(
                config,
                in_force,
                Arc::<Logging>::clone(logging),
                None,
            ))
            .await?;
            Ok(Exit::Done)
        }
        Command::Demo(demo) => demo.run(config, Arc::<Logging>::clone(logging)).await,
        Command::Extract(extract) => extract.run(config).await,
        Command::Download(download) => download.run(config).await,
        Command::Plugin(plugin) => plugin.run(config).await,
        Command::Drain(drain) => drain.run(&config).await,
        Command::Doctor(doctor) => doctor.run(&config).await,
        Command::Migrate(migrate) => migrate.run(config).await,
        Command::Openapi
        | Command::Completions(_)
        | Command::Man(_)
        | Command::CompileComponent { .. }
        | Command::LimitedChild { .. } => Ok(Exit::Done),
    }
}

/// Prints an error on standard error, and returns the exit code.
fn fail(exit: Exit, why: &dyn std::fmt::Display) -> Exit {
    eprintln!("gramhost: {why}");
    exit
}

/// Prints a line on standard output.
fn print(text: &str) -> Exit {
    write(format!("{text}\n").as_bytes())
}

/// Writes to standard output. A reader that closes the pipe early (`| head`) is not an error.
fn write(bytes: &[u8]) -> Exit {
    use std::io::Write;

    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => fail(Exit::Failed, &error),
        _ => Exit::Done,
    }
}

#[cfg(test)]
mod tests {
    //! What a person reads when a command fails.

    use std::io;

    use anyhow::Context as _;

    use super::words;

    #[derive(Debug, thiserror::Error)]
    #[error("{path}: {source}")]
    struct File {
        path: &'static str,
        source: io::Error,
    }

    #[test]
    fn a_cause_is_told_once() {
        let source = io::Error::other("the disk is full");
        let error = Err::<(), _>(File {
            path: "a.db",
            source,
        })
        .context("cannot start");
        let error = error.map_err(|error| words(&error));
        assert_eq!(
            error,
            Err("cannot start: a.db: the disk is full".to_owned())
        );
    }
}
