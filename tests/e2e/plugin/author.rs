//! What an author of an extractor has: the commands under `gramhost plugin`, as a person runs them.

use std::{fs, path::Path, process::Output};

use serde_json::Value;
use tempfile::TempDir;

use super::POST;
use crate::harness::server::{gramhost, share_compiled_plugins};

/// An empty folder, far from this repository.
fn desk() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    share_compiled_plugins(folder.path());
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    gramhost(folder)
        .arg("plugin")
        .args(arguments)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8(text).unwrap()
}

#[test]
fn check_says_what_a_component_is_built_for_and_what_it_costs() {
    let desk = desk();
    fs::write(desk.path().join("post.wasm"), POST).unwrap();
    let output = run(desk.path(), &["check", "post.wasm"]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for line in [
        format!("  size      {} bytes", POST.len()),
        "  contract  1.0.0, world post-plugin; served since gramhost 0.1.0".to_owned(),
        "wasi:cli/stderr@".to_owned(),
        "  hosts     www.instagram.com, i.instagram.com".to_owned(),
    ] {
        assert!(text.contains(&line), "no {line:?} in {text}");
    }

    let output = run(desk.path(), &["check", "post.wasm", "--json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["contract"]["version"], "1.0.0");
    let cases = found["cases"].as_array().unwrap();
    assert!(cases.len() > 20, "{} cases", cases.len());
    let instructions = |case: &Value| case["instructions"].as_u64().unwrap();
    assert!(cases.is_sorted_by(|one, next| instructions(one) >= instructions(next)));
    for case in cases {
        assert!(case["failed"].is_null(), "{case}");
        assert!(instructions(case) > 10_000, "{case}");
        let percent = case["deadline_percent"].as_f64().unwrap();
        assert!((0.0..100.0).contains(&percent), "{case}");
    }
    // Counting is no matter of chance.
    let again = run(desk.path(), &["check", "post.wasm", "--json"]);
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    let counts = |found: &Value| -> Vec<_> {
        let cases = found["cases"].as_array().unwrap();
        cases.iter().map(instructions).collect()
    };
    assert_eq!(counts(&found), counts(&again));
}

#[test]
fn check_names_the_step_and_the_reason_of_what_is_refused() {
    let desk = desk();
    let later = include_bytes!(env!("GUEST_SECOND_CONTRACT"));
    for (name, component, reason) in [
        (
            "post.wasm",
            &later[..],
            "world: is built for contract 2.0.0; this host serves 1.0.x: update gramhost, or build it for 1.0",
        ),
        (
            "post.wasm",
            &POST[..5000],
            "validation: is not a valid component",
        ),
        ("posts.wasm", POST, "file: its name is that of no plugin"),
    ] {
        fs::write(desk.path().join(name), component).unwrap();
        let output = run(desk.path(), &["check", name]);
        assert_eq!(output.status.code(), Some(5), "{}", said(&output));
        assert!(said(&output).contains(reason), "{}", said(&output));
    }
}
