//! Compiles components in a child process that limits itself: wasmtime does not treat an endless or memory-hungry
//! compilation as a vulnerability, so it must not become one of ours. In addition, memory that Cranelift never frees
//! does not stay in the server.

use std::{
    io::{self, Read as _, Write as _},
    path::PathBuf,
    process::{ExitCode, ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::Signal;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, Command},
    sync::Mutex,
    time::timeout,
};

use crate::plugin::engine;
use crate::process::{self, Bounds, Calls, Group, Resource};

/// Maximum processor time of one compilation, seconds. The largest plugin takes about one second.
const CPU_SECONDS_MAX: u64 = 10;

/// Maximum address space of one compilation, bytes.
const ADDRESS_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;

/// Maximum size of the output of one compilation, bytes.
pub(super) const ARTIFACT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Maximum wall-clock time of one compilation, seconds, for a child that waits instead of working.
const WALL_SECONDS_MAX: u64 = 20;

/// Threads of one compilation. Each has its own heap in the address space, so there is not one for every core.
const THREADS: &str = "4";

/// Maximum length of the child's error message, bytes.
const WORDS_BYTES_MAX: u64 = 4096;

/// The flag of the child process that keeps it from giving anything up but its limits.
const UNCONFINED: &str = "--unconfined";

/// The entire work of the child process: reads a component from stdin, and writes its machine code to stdout or an
/// error message to stderr. With `counting`, the code counts its instructions. If it is `confined`, it can open no file
/// and no socket by then, as far as this system has the means; the server says at its start if it has not.
#[must_use]
pub fn compile_component(counting: bool, confined: bool) -> ExitCode {
    let limited = limit().map(|()| confined.then(|| compiler_bounds().enforce()));
    match limited.and_then(|_| compile(counting)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If this fails too, there is nowhere else to report it.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

/// What the child process keeps: it computes, and nothing can be opened, started or connected to.
#[must_use]
pub fn compiler_bounds() -> Bounds {
    Bounds {
        listens: Some(Vec::new()),
        connects: Some(Vec::new()),
        calls: Calls::Compute,
        ..Bounds::default()
    }
}

fn limit() -> io::Result<()> {
    let limits = [
        (Resource::Cpu, CPU_SECONDS_MAX),
        (Resource::As, ADDRESS_BYTES_MAX),
        (Resource::Fsize, ARTIFACT_BYTES_MAX),
        (Resource::Core, 0),
    ];
    process::limit(&limits)
}

fn compile(counting: bool) -> io::Result<()> {
    let mut component = Vec::new();
    io::stdin().read_to_end(&mut component)?;
    let engine = if counting {
        engine::counting()
    } else {
        engine::compiling()
    };
    let artifact = engine
        .and_then(|engine| engine.precompile_component(&component))
        .map_err(|error| io::Error::other(format!("{error:#}")))?;
    io::stdout().write_all(&artifact)
}

/// Why a component was not compiled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// What the compiler says about the component.
    #[error("{0}")]
    Refused(String),
    /// It took too long or too much memory. On a machine that is less busy, it may not.
    #[error("{0}")]
    Limited(String),
    /// The compiler could not do its work.
    #[error("{0}")]
    Failed(String),
}

impl Error {
    /// Returns whether the same component may compile later.
    pub(crate) fn may_pass(&self) -> bool {
        !matches!(self, Self::Refused(_))
    }
}

/// Runs the child processes, one at a time.
pub(crate) struct Compiler {
    program: PathBuf,
    confined: bool,
    one: Mutex<()>,
}

impl Compiler {
    /// `program` is this binary. Its children give up what they do not need if they are `confined`.
    pub(crate) fn new(program: PathBuf, confined: bool) -> Self {
        let one = Mutex::new(());
        Self {
            program,
            confined,
            one,
        }
    }

    /// Returns the machine code of a component, for [`engine::running`].
    ///
    /// # Errors
    /// Why it cannot be compiled, in words for the plugin's author.
    pub(crate) async fn compile(&self, component: &[u8]) -> Result<Vec<u8>, Error> {
        self.run(component, &[]).await
    }

    /// As [`Self::compile`], for [`engine::counting`].
    ///
    /// # Errors
    /// As [`Self::compile`].
    pub(crate) async fn compile_counting(&self, component: &[u8]) -> Result<Vec<u8>, Error> {
        self.run(component, &["--counting"]).await
    }

    async fn run(&self, component: &[u8], flags: &[&str]) -> Result<Vec<u8>, Error> {
        let _one = self.one.lock().await;
        let child = Command::new(&self.program)
            .arg("compile-component")
            .args(flags)
            .args((!self.confined).then_some(UNCONFINED))
            .env_clear()
            .env("RAYON_NUM_THREADS", THREADS)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                Error::Failed(format!("cannot run {}: {error}", self.program.display()))
            })?;
        let group = Group::of(&child);
        let wall = Duration::from_secs(WALL_SECONDS_MAX);
        let (status, artifact, words) = timeout(wall, converse(child, component))
            .await
            .map_err(|_| {
                Error::Limited(format!("compiling it took more than {WALL_SECONDS_MAX} s"))
            })?
            .map_err(|error| Error::Failed(format!("the compiler cannot be talked to: {error}")))?;
        drop(group);
        if status.success() {
            Ok(artifact)
        } else {
            Err(failure(status, &words))
        }
    }
}

async fn converse(mut child: Child, component: &[u8]) -> io::Result<(ExitStatus, Vec<u8>, String)> {
    let (Some(mut stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::Error::other("no pipes"));
    };
    let mut artifact = Vec::new();
    let mut words = Vec::new();
    let mut stdout = stdout.take(ARTIFACT_BYTES_MAX);
    let mut stderr = stderr.take(WORDS_BYTES_MAX);
    let write = async {
        // A child that died early is reported by its status, not by the broken pipe.
        let _ = stdin.write_all(component).await;
        drop(stdin);
        Ok(())
    };
    tokio::try_join!(
        write,
        stdout.read_to_end(&mut artifact),
        stderr.read_to_end(&mut words)
    )?;
    let status = child.wait().await?;
    let words = String::from_utf8_lossy(&words).trim().to_owned();
    Ok((status, artifact, words))
}

fn failure(status: ExitStatus, words: &str) -> Error {
    use std::os::unix::process::ExitStatusExt as _;
    let killed = [Signal::XCPU, Signal::KILL].map(|signal| Some(signal.as_raw()));
    if killed.contains(&status.signal()) {
        let reason = format!("compiling it took more than {CPU_SECONDS_MAX} s of processor time");
        Error::Limited(reason)
    } else if status.code().is_none() || words.is_empty() {
        // Out of memory, for example.
        Error::Failed(format!("compiling it ended with {status}"))
    } else {
        Error::Refused(words.replace(char::is_control, " "))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    //! What is left of a process that compiles.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::{fs::File, net::TcpStream, thread};

    use super::*;

    #[test]
    fn a_compiling_process_opens_no_file_and_no_socket_and_still_compiles() {
        // What is given up is given up by one thread and those that it starts.
        let confined = thread::spawn(|| {
            assert!(File::open("/proc/self/stat").is_ok());
            let in_force = compiler_bounds().enforce();
            if let Err(why) = in_force.calls {
                println!("skipped: {why}");
                return;
            }
            for path in ["/proc/self/stat", "/etc/passwd", "/dev/null", "/"] {
                assert!(File::open(path).is_err(), "{path}");
            }
            assert!(File::create("/tmp/gramhost-forbidden").is_err());
            assert!(TcpStream::connect("127.0.0.1:9").is_err_and(|error| {
                // Not that nobody listens there.
                error.kind() != io::ErrorKind::ConnectionRefused
            }));
            assert!(std::process::Command::new("/bin/true").status().is_err());
            // The smallest component.
            let component = b"\0asm\x0d\0\x01\0";
            let engine = engine::compiling().unwrap();
            assert!(engine.precompile_component(component).is_ok());
        });
        confined.join().unwrap();
    }
}
