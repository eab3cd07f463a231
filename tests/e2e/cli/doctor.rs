//! `gramhost doctor`: it reports each problem with the command that helps; being offline is not a failure.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::Value;

use super::stdout;
use crate::harness::{
    server::{Server, gramhost},
    upstream::{Upstream, reply},
};

/// Free ports, and no requests to the network.
const QUIET: [&str; 7] = [
    "doctor",
    "--listen",
    "127.0.0.1:0",
    "--admin-listen",
    "off",
    "--upstream-override",
    "http://127.0.0.1:1",
];

#[test]
fn what_is_wrong_is_named_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    let good = gramhost(folder.path()).args(QUIET).output().unwrap();
    assert_eq!(good.status.code(), Some(0), "{}", stdout(&good));
    for line in [
        "ok   data folder       data (will be created)",
        "ok   other server      none uses the data folder",
        "ok   free disk ",
        "ok   clock ",
        // Being offline is a note that lists what to check.
        "note Instagram         not reachable (",
    ] {
        assert!(stdout(&good).contains(line), "{line}: {}", stdout(&good));
    }
    let bad = gramhost(folder.path())
        .args(QUIET)
        .args(["--cookies", "absent.txt"])
        .output()
        .unwrap();
    assert_eq!(bad.status.code(), Some(1));
    assert!(stdout(&bad).contains("FAIL cookies           absent.txt: No such file"));
}

#[test]
fn missing_programs_come_with_the_command_that_gets_them() {
    let folder = tempfile::tempdir().unwrap();
    let output = gramhost(folder.path())
        .args(QUIET)
        .args(["--replay", "."])
        .env("PATH", "/nonexistent")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    for line in [
        "note ffmpeg            not found; only format conversion needs it: apt install ffmpeg (Debian), brew install ffmpeg (macOS)",
        "note ffprobe           not found",
        "note encoders          none without ffmpeg: apt install ffmpeg",
        "note wasm target       not installed; only plugin authors need it: rustup target add wasm32-wasip2",
        "ok   Instagram         not contacted: responses are recorded",
    ] {
        assert!(
            stdout(&output).contains(line),
            "{line}: {}",
            stdout(&output)
        );
    }
}

#[test]
fn who_holds_a_port_and_the_data_folder_is_told_as_json() {
    let server = Server::start(&[]);
    let taken = server.address.to_string();
    let output = gramhost(server.folder.path())
        .args([
            "doctor",
            "--json",
            "--listen",
            &taken,
            "--admin-listen",
            "off",
        ])
        .args(["--upstream-override", "http://127.0.0.1:1"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
    let find = |what: &str| {
        let found = findings
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["what"] == what);
        found.unwrap_or_else(|| panic!("{what}: {findings}"))
    };
    assert_eq!(find("port")["mark"], "fail");
    let said = find("port")["said"].as_str().unwrap();
    assert!(said.starts_with(&format!("{taken}: ")), "{said}");
    if cfg!(target_os = "linux") {
        assert!(said.contains("used by gramhost (process "), "{said}");
    }
    assert_eq!(find("other server")["mark"], "note");
    assert!(
        find("other server")["said"]
            .as_str()
            .unwrap()
            .contains("another --data")
    );
    // The check has not released the server's lock: a second server is still rejected.
    let second = gramhost(server.folder.path())
        .args(["--listen", "127.0.0.1:0", "--admin-listen", "off"])
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn instagram_is_asked_once_and_its_clock_compared() {
    let date = [("date", "Wed, 21 Oct 2015 07:28:00 GMT")];
    let upstream = Upstream::start(move |_| reply(200, &date, "")).await;
    let folder = tempfile::tempdir().unwrap();
    let mut command = gramhost(folder.path());
    command.args(&QUIET[..5]);
    command.args(["--upstream-override", &upstream.origin()]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = output.await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let said = stdout(&output);
    assert!(
        said.contains("note Instagram         responded with 200 in "),
        "{said}"
    );
    assert!(
        said.contains("differ by ") && said.contains("timedatectl set-ntp true"),
        "{said}"
    );
    let seen: Vec<_> = upstream
        .seen()
        .iter()
        .map(|seen| seen.path.clone())
        .collect();
    assert_eq!(seen, ["/robots.txt"]);
}

#[test]
fn a_plugin_folder_that_others_can_write_to_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let plugins = folder.path().join("plugins");
    fs::create_dir(&plugins).unwrap();
    for (mode, is_open) in [(0o700, false), (0o755, false), (0o775, true), (0o777, true)] {
        fs::set_permissions(&plugins, fs::Permissions::from_mode(mode)).unwrap();
        let doctor = gramhost(folder.path())
            .args(QUIET)
            .args(["--plugins", "plugins"])
            .output()
            .unwrap();
        let said = stdout(&doctor).contains("other users can install plugins there");
        assert_eq!(said, is_open, "{mode:o}: {}", stdout(&doctor));
    }
}
