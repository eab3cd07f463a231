//! A program that ends with this process.

use std::{
    net::{Ipv4Addr, TcpListener},
    process::{Child, Command, Stdio},
};

/// Runs its arguments, and ends them with the signal `$0` when its standard input ends, which the kernel does when this
/// process is gone.
const GUARD: &str = r#""$@" </dev/null & read -r _; kill -"$0" $!; wait $!"#;

/// A running program.
#[derive(Debug)]
pub struct Program(Child);

impl Program {
    /// Starts a program that `signal`, such as `QUIT`, ends at once.
    ///
    /// # Panics
    /// If there is no shell.
    #[must_use]
    pub fn start(signal: &str, command: &Command) -> Self {
        let mut guard = Command::new("sh");
        guard.args(["-c", GUARD, signal]);
        guard.arg(command.get_program()).args(command.get_args());
        guard.envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        guard.stdin(Stdio::piped());
        guard.stdout(Stdio::null()).stderr(Stdio::null());
        Self(guard.spawn().expect("a shell"))
    }

    /// Ends it and waits until it is gone.
    pub fn end(&mut self) {
        self.0.stdin.take();
        let _gone = self.0.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end();
    }
}

/// A port of the loopback address that nobody uses at the moment.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
