//! What a process gives up at its start, and cannot take back: files, ports, system calls, new privileges.
//!
//! Linux has three parts for it, each used as far as the kernel has it: Landlock (files, ports, signals to strangers), a
//! filter of system calls, and the powers of root, which are dropped and cannot come back by executing a program. Other
//! systems have none of them here. What could not be enforced is said, and is no error: the limits of every process still
//! hold.

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(all(test, target_os = "linux"))]
mod tests;

use std::{fmt, path::PathBuf};

#[cfg(not(target_os = "linux"))]
use elsewhere as system;
#[cfg(target_os = "linux")]
use linux as system;

/// Where programs and the libraries that they load are installed, by distributions and by package managers.
pub const PROGRAMS: [&str; 10] = [
    "/bin",
    "/gnu/store",
    "/home/linuxbrew/.linuxbrew",
    "/lib",
    "/lib64",
    "/nix/store",
    "/opt",
    "/sbin",
    "/snap",
    "/usr",
];
/// What programs read of the machine: the linker's table of libraries, randomness, and the number of processors.
/// And how the system wants its cryptography, because libraries end the program if they find that but cannot read it.
pub const MACHINE: [&str; 10] = [
    "/dev/random",
    "/dev/urandom",
    "/etc/crypto-policies",
    "/etc/ld.so.cache",
    "/etc/pki/tls/openssl.cnf",
    "/etc/ssl/openssl.cnf",
    "/proc/cpuinfo",
    "/proc/sys/crypto",
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
];
/// Where output that nobody wants goes.
pub const NOWHERE: &str = "/dev/null";

/// What a process and everything that it starts can still do. It can only become less.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Files, and folders with all that is in them, that can be read. What does not exist is left out.
    pub readable: Vec<PathBuf>,
    /// The same for what can be read and executed.
    pub runnable: Vec<PathBuf>,
    /// The same for what can be read, changed, created and deleted.
    pub writable: Vec<PathBuf>,
    /// The TCP ports to listen on; 0 is any free port. `None`: all.
    pub listens: Option<Vec<u16>>,
    /// The TCP ports to connect to. `None`: all.
    pub connects: Option<Vec<u16>>,
    /// The system calls.
    pub calls: Calls,
}

/// The system calls that a process can still make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Calls {
    /// Those of a server: nothing that changes the machine, looks into other processes, or is a way around the other
    /// bounds.
    #[default]
    Serve,
    /// The same without sockets, for a program of others that reads and writes files.
    Convert,
    /// Only memory, threads, and reading and writing what is open already.
    Compute,
}

/// What is in force, part by part; `Err` says why a part is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The powers of root, and that no program that this process executes gains any.
    pub privileges: Result<(), String>,
    /// Files, ports and signals; the version of Landlock that the kernel has.
    pub files: Result<i32, String>,
    /// System calls.
    pub calls: Result<(), String>,
}

impl InForce {
    /// Nothing, because of `why`.
    #[must_use]
    pub fn nothing(why: &str) -> Self {
        Self {
            privileges: Err(why.to_owned()),
            files: Err(why.to_owned()),
            calls: Err(why.to_owned()),
        }
    }

    /// Returns whether every part is in force.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.privileges.is_ok() && self.files.is_ok() && self.calls.is_ok()
    }
}

impl fmt::Display for InForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.files {
            Ok(version) => write!(f, "files and ports restricted (Landlock {version})")?,
            Err(why) => write!(f, "files and ports not restricted ({why})")?,
        }
        match &self.calls {
            Ok(()) => f.write_str(", system calls restricted")?,
            Err(why) => write!(f, ", system calls not restricted ({why})")?,
        }
        match &self.privileges {
            Ok(()) => f.write_str(", no new privileges"),
            Err(why) => write!(f, ", new privileges possible ({why})"),
        }
    }
}

impl Bounds {
    /// Enforces them on this thread and on all threads and processes that it will start, so it comes before the first of
    /// them. Never fails: a part that this system does not have is left out and said.
    #[must_use = "a part may not be in force"]
    pub fn enforce(&self) -> InForce {
        system::enforce(self)
    }
}
