//! `--json` of commands with structured output, their exit codes, and progress bars on terminals only.

use std::{fs, process::Output};

use serde_json::Value;

use super::{stderr, stdout, teach::on_a_terminal};
use crate::{
    harness::server::{Server, gramhost, share_compiled_plugins},
    plugin::POST,
};

/// A component in a separate folder, under the name of its plugin.
fn post() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    share_compiled_plugins(folder.path());
    fs::write(folder.path().join("post.wasm"), POST).unwrap();
    folder
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {} {}", stdout(output), stderr(output)))
}

#[test]
fn cases_and_what_they_showed() {
    let folder = post();
    let run = |arguments: &[&str]| {
        let mut command = gramhost(folder.path());
        command
            .args(["plugin", "test", "post.wasm"])
            .args(arguments);
        command.output().unwrap()
    };
    let plain = run(&[]);
    assert_eq!(plain.status.code(), Some(0));
    assert!(!stderr(&plain).contains('\r') && !stdout(&plain).contains('\u{1b}'));
    let tested = json(&run(&["--json"]));
    let cases = tested["cases"].as_object().unwrap();
    assert_eq!(cases["post/video-mobile"], Value::Null);
    assert!(stdout(&plain).ends_with(&format!("{0} of {0} cases passed\n", cases.len())));
}

#[test]
fn a_terminal_gets_a_bar_that_goes_away() {
    let folder = post();
    let file = folder.path().join("post.wasm");
    let screen = on_a_terminal(&format!("plugin test {}", file.display()), true);
    // The bar was drawn, and its line cleared again.
    let (bar, rest) = screen.split_once(" cases ").unwrap();
    assert!(
        bar.contains('░') && rest.contains("\u{1b}[2K"),
        "{screen:?}"
    );
    assert!(screen.trim_end().ends_with("cases passed"), "{screen:?}");
}

#[test]
fn what_the_server_makes_of_a_component() {
    let server = Server::start(&[]);
    let admin = server.admin.to_string();
    let run = |arguments: &[&str]| {
        let mut command = gramhost(server.folder.path());
        command.arg("plugin").args(arguments);
        command
            .args(["--json", "--admin-listen", &admin])
            .output()
            .unwrap()
    };
    fs::write(server.folder.path().join("post.wasm"), POST).unwrap();
    let put = run(&["put", "post.wasm"]);
    assert_eq!(put.status.code(), Some(0), "{}", stderr(&put));
    assert_eq!(json(&put)["name"], "post");
    fs::write(server.folder.path().join("reel.wasm"), "no component").unwrap();
    let wrong = run(&["put", "reel.wasm"]);
    assert_eq!(wrong.status.code(), Some(1), "{}", stderr(&wrong));
    assert!(stderr(&wrong).contains("reel.wasm is not a component"));
    fs::write(
        server.folder.path().join("reel.wasm"),
        &POST[..POST.len() / 2],
    )
    .unwrap();
    let refused = run(&["put", "reel.wasm"]);
    assert_eq!(refused.status.code(), Some(5), "{}", stderr(&refused));
    assert!(json(&refused)["error"]["code"].is_string());
    // No candidate to drop, no earlier version, and no such plugin.
    for (arguments, code) in [
        (["discard", "post"], 1),
        (["rollback", "reel"], 1),
        (["promote", "highlight"], 2),
    ] {
        let output = run(&arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?} {}",
            stderr(&output)
        );
        assert!(
            json(&output)["error"]["message"].is_string(),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_download_says_what_came_or_why_nothing_did() {
    let folder = tempfile::tempdir().unwrap();
    share_compiled_plugins(folder.path());
    let fixtures = format!("{}/../fixtures", env!("CARGO_MANIFEST_DIR"));
    let run = |target: &str| {
        let mut command = gramhost(folder.path());
        command.args([
            "download", target, "--json", "-o", "out", "--replay", &fixtures,
        ]);
        command.output().unwrap()
    };
    let output = run("DfDjNmTDemo");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let came = json(&output);
    for file in came["files"].as_array().unwrap() {
        let path = folder.path().join(file["path"].as_str().unwrap());
        assert!(path.exists(), "{came}");
    }
    let nothing = run("AAAAAAAAAAA");
    assert_ne!(nothing.status.code(), Some(0));
    assert!(json(&nothing)["error"]["code"].is_string());
}
