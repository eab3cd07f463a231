//! A child process that sets its own limits before it executes another program.

use std::{
    ffi::{OsStr, OsString},
    fs::OpenOptions,
    io::{self, Write as _},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio, id},
};

use rustix::process::nice;

use crate::process::{self, Bounds, Calls, MACHINE, NOWHERE, PROGRAMS, Resource};

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

/// The only files that a confined program can reach, besides what is installed on the machine.
#[derive(Clone, Debug, Default)]
pub(super) struct Reach {
    /// The program, if it is not where programs usually are.
    pub(super) program: Option<PathBuf>,
    /// What it reads.
    pub(super) inputs: Vec<PathBuf>,
    /// What it writes; created before it starts, because it can create nothing.
    pub(super) output: Option<PathBuf>,
}

const PROGRAM: &str = "--program";
const INPUT: &str = "--input";
const OUTPUT: &str = "--output";
/// Confines the program, even if none of the other options is there.
const CONFINED: &str = "--confined";
/// The end of the options, before the program.
const END: &str = "--";

impl Reach {
    /// The options of the child for it.
    fn options(&self) -> Vec<&OsStr> {
        let programs = self.program.iter().map(|path| (PROGRAM, path));
        let inputs = self.inputs.iter().map(|path| (INPUT, path));
        let outputs = self.output.iter().map(|path| (OUTPUT, path));
        let paths = programs.chain(inputs).chain(outputs);
        let paths = paths.flat_map(|(option, path)| [OsStr::new(option), path.as_os_str()]);
        std::iter::once(OsStr::new(CONFINED)).chain(paths).collect()
    }

    /// Reads the options, and leaves what follows them. `None`: the program is not confined.
    fn parse(arguments: &mut std::slice::Iter<'_, OsString>) -> io::Result<Option<Self>> {
        let mut reach = None;
        loop {
            let option = arguments.next().ok_or(io::ErrorKind::InvalidInput)?;
            if option.as_os_str() == OsStr::new(END) {
                return Ok(reach);
            }
            let files: &mut Self = reach.get_or_insert_default();
            if option.as_os_str() == OsStr::new(CONFINED) {
                continue;
            }
            let path = PathBuf::from(arguments.next().ok_or(io::ErrorKind::InvalidInput)?);
            match option.to_str() {
                Some(PROGRAM) => files.program = Some(path),
                Some(INPUT) => files.inputs.push(path),
                Some(OUTPUT) => files.output = Some(path),
                _ => return Err(io::ErrorKind::InvalidInput.into()),
            }
        }
    }

    fn bounds(&self) -> Bounds {
        let mut runnable: Vec<PathBuf> = PROGRAMS.map(PathBuf::from).to_vec();
        if let Some(program) = &self.program {
            runnable.push(program.clone());
            // A program that is installed in a folder of its own has its libraries there.
            let real = program.canonicalize().unwrap_or_else(|_| program.clone());
            let own = real.parent().and_then(Path::parent).into_iter();
            runnable.extend(own.flat_map(|own| [own.join("lib"), own.join("lib64")]));
        }
        let machine = MACHINE.map(PathBuf::from);
        let nowhere = PathBuf::from(NOWHERE);
        Bounds {
            readable: machine.into_iter().chain(self.inputs.clone()).collect(),
            runnable,
            writable: self.output.clone().into_iter().chain([nowhere]).collect(),
            listens: Some(Vec::new()),
            connects: Some(Vec::new()),
            calls: Calls::Convert,
        }
    }

    /// Confines this process and what it becomes.
    ///
    /// # Errors
    /// If the output cannot be created, or if sockets cannot be denied here: then another way must be found. Without
    /// Landlock, files are only protected by the arguments of the program.
    fn enforce(&self) -> io::Result<()> {
        if let Some(output) = &self.output {
            let mut file = OpenOptions::new();
            file.write(true).create(true).truncate(true).open(output)?;
        }
        let in_force = self.bounds().enforce();
        in_force.calls.map_err(io::Error::other)
    }
}

/// Runs in the child: executes a program under limits that it cannot raise. The arguments are the id of the process with
/// which the child ends, the size of the longest file that it may write, the options of [`Reach`], and the program with
/// its own arguments; it must be an absolute path.
#[must_use]
pub fn limited_child(arguments: &[OsString]) -> ExitCode {
    let Err(error) = become_program(arguments);
    // There is nowhere to report it if this fails too.
    let _ = writeln!(io::stderr(), "{error}");
    ExitCode::FAILURE
}

fn become_program(arguments: &[OsString]) -> io::Result<std::convert::Infallible> {
    let mut arguments = arguments.iter();
    let mut number = || arguments.next()?.to_str()?.parse::<u64>().ok();
    let (server, bytes) = number().zip(number()).ok_or(io::ErrorKind::InvalidInput)?;
    let reach = Reach::parse(&mut arguments)?;
    let program = arguments.next().ok_or(io::ErrorKind::InvalidInput)?;
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
    if let Some(reach) = reach {
        reach.enforce()?;
    }
    Err(Command::new(program).args(arguments).exec())
}

/// Builds the command that runs `program` as a limited child in its own process group, in `folder`. Its environment
/// only has a PATH, its standard input is empty, and its output is piped. With `reach`, it is confined.
pub(super) fn command(
    ours: &Path,
    program: &Path,
    folder: &Path,
    output_bytes_max: u64,
    reach: Option<&Reach>,
) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(ours);
    command
        .arg(SUBCOMMAND)
        .arg(id().to_string())
        .arg(output_bytes_max.to_string())
        .args(reach.map(Reach::options).unwrap_or_default())
        .arg(END)
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
