//! Child processes: limits that a process sets itself, and groups that end with their owner.

use std::io;

use rustix::process::{Pid, Rlimit, Signal, kill_process_group, setrlimit};
use tokio::process::Child;

pub use rustix::process::Resource;

/// Takes limits that this process cannot lift again.
///
/// # Errors
/// A limit is higher than the one in force.
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

/// Lets this process end with its parent, which is the one of the number `parent`, also when that is killed and can end
/// nobody itself. It is bound to the thread that started this process, so that must be one that stays.
///
/// # Errors
/// The parent is gone already.
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

/// Elsewhere nothing tells it.
#[cfg(not(target_os = "linux"))]
pub fn end_with(_parent: u64) -> io::Result<()> {
    Ok(())
}

/// A child's process group, killed when dropped, whether or not the child is still there.
#[derive(Debug)]
pub struct Group(Option<Pid>);

impl Group {
    /// Of a child that was made the first of its group.
    #[must_use]
    pub fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Usually it has ended by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
