//! Tests of the command line: exit codes, and errors in one line.

mod demo;
mod doctor;
mod structured;
mod teach;

use std::process::Output;

use gramhost::{data::Folder, database::ObservationLog};
use serde_json::Value;

use crate::harness::server::{Server, gramhost};

fn run(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    gramhost(folder.path()).args(arguments).output().unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

pub(crate) fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

#[test]
fn help_gives_examples_and_exit_codes() {
    let output = run(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    for part in ["Examples:", "Exit codes:", "--rate-limit", "doctor"] {
        assert!(stdout(&output).contains(part), "{part} is missing");
    }
    assert!(!stdout(&output).contains("compile-component"));
}

#[test]
fn an_unknown_flag_is_refused_by_name() {
    let output = run(&["serve", "--lisen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--lisen"));
}

#[test]
fn openapi_prints_a_json_document() {
    let output = run(&["openapi"]);
    assert_eq!(output.status.code(), Some(0));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    assert!(document["paths"]["/instagram/post/info"].is_object());
}

#[test]
fn extract_refuses_a_bad_target_before_it_loads_anything() {
    for arguments in [
        ["extract", "profile-info", "no spaces"],
        ["extract", "post", "https://example.com/p/abc/"],
        ["extract", "highlight", "abc"],
    ] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(!stderr(&output).is_empty());
    }
}

#[tokio::test]
async fn extract_observes_a_post_in_the_data_folder_of_a_server() {
    let server = Server::start(&[]);
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");
    let output = gramhost(server.folder.path())
        .args(["extract", "post", "DfDjNmTDemo", "--json"])
        .args(["--replay", fixtures])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let record: Value = serde_json::from_slice(&output.stdout).unwrap();
    let folder = Folder::visit(server.folder.path().join("data"));
    let log = ObservationLog::visit(&folder).await.unwrap().unwrap();
    let observed = log.of(record["media_id"].as_str().unwrap()).await.unwrap();
    assert_eq!(observed.len(), 1);
    assert_eq!(observed[0].likes, record["like_count"].as_u64());
    assert!(observed[0].likes.is_some());
}

#[test]
fn a_second_server_on_the_same_data_folder_is_refused() {
    let server = Server::start(&[]);
    let output = gramhost(server.folder.path())
        .args(["--listen", "127.0.0.1:0", "--admin-listen", "off"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        stderr(&output),
        "gramhost: data folder data is in use by another gramhost; stop it or give another --data\n"
    );
}

#[test]
fn a_taken_port_is_named() {
    let server = Server::start(&[]);
    let taken = server.address.to_string();
    let output = run(&["--listen", &taken, "--admin-listen", "off"]);
    assert_eq!(output.status.code(), Some(1));
    let line = stderr(&output);
    assert!(
        line.contains(&format!("cannot listen on {taken}")),
        "{line}"
    );
    assert_eq!(line.lines().count(), 1);
}

#[test]
fn plugin_list_shows_the_running_server_and_without_one_the_built_in_plugins() {
    let server = Server::start(&[]);
    let admin = server.admin.to_string();
    for flags in [["--admin-listen", &admin], ["--admin-listen", "off"]] {
        let output = gramhost(server.folder.path())
            .args(["plugin", "list"])
            .args(flags)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        for name in ["profile", "post", "reel", "story"] {
            let listed = stdout(&output).lines().any(|line| line.starts_with(name));
            assert!(listed, "{name} is missing: {}", stdout(&output));
        }
    }
}

#[tokio::test]
async fn the_admin_listener_wants_the_token_of_the_data_folder() {
    let server = Server::start(&[]);
    assert_eq!(server.admin("/plugins").await.status, 200);
    let other = Server::start(&[]);
    let output = gramhost(other.folder.path())
        .args([
            "plugin",
            "list",
            "--admin-listen",
            &server.admin.to_string(),
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("401"), "{}", stderr(&output));
}
