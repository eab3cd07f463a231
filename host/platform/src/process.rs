//! Child processes: limits that a process sets for itself, and process groups that end with their owner.

mod confinement;

use std::io;

use rustix::process::{Pid, Rlimit, Signal, kill_process_group, setrlimit};
use tokio::process::Child;

pub use confinement::{Bounds, Calls, InForce, MACHINE, NOWHERE, PROGRAMS};
pub use rustix::process::Resource;

/// Sets limits that this process cannot raise again.
///
/// # Errors
/// If a limit is higher than the one in force.
pub fn limit(limits: &[(Resource, u64)]) -> io::Result<()> {
    for (resource, most) in limits {
        let limit = Rlimit {
            current: Some(*most),
            maximum: Some(*most),
        };
        setrlimit(*resource, limit)?;
    }
    Ok(())
}

/// Makes this process end together with its parent, whose process id is `parent`, even if the parent is killed and
/// cannot end anything itself. The signal depends on the thread that started this process, so that thread must live as
/// long as the parent.
///
/// # Errors
/// If the parent has already ended.
#[cfg(target_os = "linux")]
pub fn end_with(parent: u64) -> io::Result<()> {
    use rustix::process::{getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let current = getppid().map(|parent| parent.as_raw_nonzero().get().unsigned_abs());
    if current.map(u64::from) == Some(parent) {
        Ok(())
    } else {
        Err(io::ErrorKind::NotConnected.into())
    }
}

/// Does nothing: other systems have no such signal.
#[cfg(not(target_os = "linux"))]
pub fn end_with(_parent: u64) -> io::Result<()> {
    Ok(())
}

/// A child's process group. It is killed when dropped, whether or not the child still exists.
#[derive(Debug)]
pub struct Group(Option<Pid>);

impl Group {
    /// The group of a child that was started as the leader of its group.
    #[must_use]
    pub fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // This usually fails because the group has already ended.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
