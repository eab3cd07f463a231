//! Child processes: limits that a process sets for itself, and process groups that end with their owner. Threads that
//! give way to all others.

mod confinement;

use std::{io, thread};

use rustix::process::{Pid, Rlimit, Signal, kill_process_group, setrlimit};
use tokio::{process::Child, sync::oneshot};

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

/// How nice a thread is that gives way: it gets about a third of what another one gets while both want to run. With less,
/// an honest call on a large answer could miss its deadline, which is by the clock, while others keep the machine busy.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

/// Runs a task on a new thread, to which the system prefers all other threads of this process (on Linux; elsewhere it is
/// like the others). The thread runs to its end even if nobody waits for it any longer.
///
/// # Errors
/// If no thread can be started, or if the task panics.
pub async fn give_way<T: Send + 'static>(
    name: &str,
    task: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (end, ended) = oneshot::channel();
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            // Where it is not allowed, the thread is like the others.
            #[cfg(target_os = "linux")]
            let _refused = rustix::process::setpriority_process(None, NICENESS);
            // Nobody may wait any longer.
            let _unheard = end.send(task());
        })?;
    let panicked = |_| io::Error::other("the thread panicked");
    ended.await.map_err(panicked)
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_thread_gives_way_and_no_other_does() {
        let niceness = || rustix::process::getpriority_process(None).unwrap();
        let before = niceness();
        let inside = give_way("test", niceness).await.unwrap();
        assert_eq!((inside, niceness()), ((before + NICENESS).min(19), before));
    }

    #[tokio::test]
    async fn a_task_that_panics_is_an_error() {
        let ended = give_way("test", || assert!(thread::panicking())).await;
        assert!(ended.is_err());
    }
}
