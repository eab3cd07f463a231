//! A child process that sets its own limits before it executes another program.

use std::{
    ffi::OsString,
    io::{self, Write as _},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, ExitCode, Stdio, id},
};

use rustix::process::nice;

use crate::process::{self, Resource};

/// The hidden subcommand that executes the other program.
const SUBCOMMAND: &str = "limited-child";
/// The maximum processor time, seconds.
const CPU_S_MAX: u64 = 300;
/// The maximum address space, bytes.
const ADDRESS_BYTES_MAX: u64 = 3 << 30;
/// The maximum number of open files.
const FILES_MAX: u64 = 64;
/// How much longer a file may be than the size at which ffmpeg stops by itself, bytes: its last packet and its index. A
/// file that is too large is then detected by its size, and this limit only ends a program that does not stop.
const OVERRUN_BYTES_MAX: u64 = 16 << 20;
/// The niceness of the child, so that other processes come first.
const NICENESS: i32 = 10;

/// Runs in the child: executes `arguments[2]`, which must be an absolute path, under limits that it cannot raise. The
/// child ends with the process whose id is `arguments[0]`, and writes no file longer than `arguments[1]`.
#[must_use]
pub fn limited_child(arguments: &[OsString]) -> ExitCode {
    let Err(error) = become_program(arguments);
    // There is nowhere to report it if this fails too.
    let _ = writeln!(io::stderr(), "{error}");
    ExitCode::FAILURE
}

fn become_program(arguments: &[OsString]) -> io::Result<std::convert::Infallible> {
    let [server, bytes, program, arguments @ ..] = arguments else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let number = |text: &OsString| text.to_str().and_then(|text| text.parse::<u64>().ok());
    let (server, bytes) = number(server)
        .zip(number(bytes))
        .ok_or(io::ErrorKind::InvalidInput)?;
    process::end_with(server)?;
    let limits = [
        (Resource::Cpu, CPU_S_MAX),
        (Resource::As, ADDRESS_BYTES_MAX),
        (Resource::Fsize, bytes.saturating_add(OVERRUN_BYTES_MAX)),
        (Resource::Nofile, FILES_MAX),
        (Resource::Core, 0),
    ];
    process::limit(&limits)?;
    nice(NICENESS)?;
    Err(Command::new(program).args(arguments).exec())
}

/// Builds the command that runs `program` as a limited child in its own process group, in `folder`. Its environment
/// only has a PATH, its standard input is empty, and its output is piped.
pub(super) fn command(
    ours: &Path,
    program: &Path,
    folder: &Path,
    output_bytes_max: u64,
) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(ours);
    command
        .arg(SUBCOMMAND)
        .arg(id().to_string())
        .arg(output_bytes_max.to_string())
        .arg(program)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    command
}
