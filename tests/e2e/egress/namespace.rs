//! A network of the test's own: the test runs itself again where every address of the world is this machine, and names
//! are resolved as the test says.

use std::{
    env, fs,
    net::Ipv4Addr,
    path::Path,
    process::{Command, Stdio},
};

/// Set in the run inside.
const INSIDE: &str = "EGRESS_INSIDE";

/// Returns whether this is the run inside, and otherwise makes it and checks its end. `test` is the path of the test,
/// as `cargo test` prints it. Says so where there are no namespaces.
pub(super) fn entered(test: &str) -> bool {
    if env::var_os(INSIDE).is_some() {
        furnish();
        return true;
    }
    if let Some(missing) = missing() {
        println!("skipped: {missing}");
        return false;
    }
    let run = alone(env::current_exe().unwrap().as_os_str().to_str().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = [run.stdout, run.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    let said = said.join("\n");
    println!("{said}");
    assert!(
        run.status.success() && said.contains("1 passed"),
        "inside its own network: {said}"
    );
    false
}

/// A command in namespaces of its own, in which it is root.
fn alone(program: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--net", "--mount", "--"]);
    command.arg(program).stdin(Stdio::null());
    command
}

/// What this machine lacks for such a network.
fn missing() -> Option<String> {
    for (program, argument) in [("ip", "-V"), ("openssl", "version")] {
        if Command::new(program).arg(argument).output().is_err() {
            return Some(format!("{program} is not installed"));
        }
    }
    let tried = alone("ip").args(["link", "set", "lo", "up"]).output();
    match tried {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Some(format!("unshare: {error}")),
    }
}

/// Every address is local, and the only name server is the test's own.
fn furnish() {
    run("ip", &["link", "set", "lo", "up"]);
    run("ip", &["route", "add", "local", "0.0.0.0/0", "dev", "lo"]);
    run("ip", &["-6", "route", "add", "local", "::/0", "dev", "lo"]);
    let nameserver = format!("nameserver {}\n", Ipv4Addr::LOCALHOST);
    replace("/etc/resolv.conf", &nameserver);
    replace("/etc/nsswitch.conf", "hosts: files dns\n");
}

/// Puts another file in the place of a file of the system, for this namespace only.
fn replace(file: &str, text: &str) {
    let Ok(place) = Path::new(file).canonicalize() else {
        return;
    };
    let other = tempfile::NamedTempFile::new().unwrap();
    fs::write(&other, text).unwrap();
    let (from, to) = (other.path().to_str().unwrap(), place.to_str().unwrap());
    run("mount", &["--bind", from, to]);
}

pub(super) fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {output:?}"
    );
}
