//! A child process that limits itself before it becomes another program.

use std::{
    ffi::OsString,
    io::{self, Write as _},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, ExitCode, Stdio, id},
};

use rustix::process::nice;

use crate::process::{self, Resource};

/// The hidden subcommand that becomes the other program.
const SUBCOMMAND: &str = "limited-child";
/// Processor time, seconds.
const CPU_S_MAX: u64 = 300;
/// Address space, bytes.
const ADDRESS_BYTES_MAX: u64 = 3 << 30;
/// Open files.
const FILES_MAX: u64 = 64;
/// What a file may be longer than the size at which ffmpeg stops by itself, bytes: its last packet and its index, so
/// that a file which is too large is told by its size, and this limit only ends a program that does not stop.
const OVERRUN_BYTES_MAX: u64 = 16 << 20;
/// How much others come first.
const NICENESS: i32 = 10;

/// The child's whole work: becomes `arguments[2]`, which must be an absolute path, under limits that it cannot lift. It
/// ends with the process of the number `arguments[0]`, and writes no file longer than `arguments[1]`.
#[must_use]
pub fn limited_child(arguments: &[OsString]) -> ExitCode {
    let Err(error) = become_program(arguments);
    // Nobody is left to tell if this fails too.
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

/// `program` as a limited child in a group of its own, at work in `folder`: no environment but a path, nothing to read,
/// its words piped.
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
