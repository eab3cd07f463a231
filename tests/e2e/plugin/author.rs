//! The commands under `gramhost plugin` for authors of extractors, run as a person would run them.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use guests::SECOND_CONTRACT;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{sync::mpsc, time::timeout};

use super::POST;
use crate::harness::server::{Server, gramhost, share_compiled_plugins};

/// An empty folder outside this repository.
pub(super) fn desk() -> TempDir {
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

pub(super) fn said(output: &Output) -> String {
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
    // The instruction count is deterministic.
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
    for (name, component, reason) in [
        (
            "post.wasm",
            SECOND_CONTRACT,
            "world: is built for contract 2.0.0; this host serves 1.0.x: update gramhost, or build it for 1.0",
        ),
        (
            "post.wasm",
            &POST[..5000],
            "validation: is not a valid component",
        ),
        (
            "posts.wasm",
            POST,
            "file: there is no plugin \"posts\": the plugins are profile, post, reel, story",
        ),
    ] {
        fs::write(desk.path().join(name), component).unwrap();
        let output = run(desk.path(), &["check", name]);
        assert_eq!(output.status.code(), Some(5), "{}", said(&output));
        assert!(said(&output).contains(reason), "{}", said(&output));
    }
}

/// Creates an extractor of this name in a new folder. It uses the versions of this repository's lock file, because
/// nothing is downloaded here.
fn written(desk: &Path, name: &str) -> PathBuf {
    let output = run(desk, &["new", name]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    fs::copy(lock, desk.join(name).join("Cargo.lock")).unwrap();
    desk.join(name)
}

/// Cargo as an author has it; its build output is kept between runs of this test.
pub(super) fn with_cargo(mut command: Command) -> Command {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("author");
    // Variables that the cargo of this test sets for this repository.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        let ours = name.starts_with("CARGO_") && name != "CARGO_HOME";
        if ours || name.starts_with("RUSTC") || name == "RUSTFLAGS" {
            command.env_remove(&*name);
        }
    }
    command.env("CARGO_TARGET_DIR", target);
    command.env("CARGO_NET_OFFLINE", "true");
    command
}

fn cargo_like(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = with_cargo(gramhost(folder));
    command.arg("plugin").args(arguments).output().unwrap()
}

#[test]
fn a_recorded_case_is_passed_by_the_plugin_that_it_was_recorded_with() {
    let desk = desk();
    fs::write(desk.path().join("post.wasm"), POST).unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let fixtures = fixtures.to_str().unwrap();
    let record = ["record", "post", "DfDjNmTDemo", "--as", "demo", "--replay"];
    let output = run(
        desk.path(),
        &[&record[..], &[fixtures, "--into", "cases"]].concat(),
    );
    assert!(output.status.success(), "{}", said(&output));
    let output = run(desk.path(), &["test", "post.wasm", "--cases", "cases"]);
    let text = said(&output);
    assert!(text.ends_with("1 of 1 cases passed\n"), "{text}");
    // Signatures of links must not be recorded.
    let har = fs::read_to_string(desk.path().join("cases/post/demo/exchange.har")).unwrap();
    assert!(!har.contains("oh=00_Afgramhost"));
}

#[test]
fn a_folder_without_cases_is_no_test() {
    let desk = desk();
    fs::write(desk.path().join("post.wasm"), POST).unwrap();
    for command in ["check", "test"] {
        let output = run(desk.path(), &[command, "post.wasm", "--cases", "data"]);
        assert_eq!(output.status.code(), Some(5), "{}", said(&output));
        let words = "gramhost: replay: data holds no case for post\n";
        assert_eq!(said(&output), words);
    }
}

#[test]
fn new_overwrites_nothing() {
    let desk = desk();
    fs::create_dir(desk.path().join("post")).unwrap();
    fs::write(desk.path().join("post/mine.txt"), "").unwrap();
    let output = run(desk.path(), &["new", "post"]);
    assert_eq!(output.status.code(), Some(1));
    let words =
        "gramhost: post already exists and is not empty: choose another folder with --into\n";
    assert_eq!(said(&output), words);
    assert_eq!(fs::read_dir(desk.path().join("post")).unwrap().count(), 1);
}

#[test]
fn build_says_what_is_missing() {
    let desk = desk();
    for command in ["build", "watch"] {
        let output = run(desk.path(), &[command]);
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains("has no Cargo.toml: `gramhost plugin new` writes"));
    }

    let folder = written(desk.path(), "story");
    let mut command = gramhost(&folder);
    // A compiler that supports only its own target.
    let rustc = desk.path().join("rustc");
    fs::write(&rustc, "#!/bin/sh\necho /nonexistent\n").unwrap();
    fs::set_permissions(&rustc, fs::Permissions::from_mode(0o755)).unwrap();
    let output = command.args(["plugin", "build"]).env("RUSTC", rustc);
    let output = output.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let words = "run `rustup target add wasm32-wasip2`";
    assert!(said(&output).contains(words), "{}", said(&output));
}

#[test]
fn a_build_shows_its_progress_and_what_the_compiler_says() {
    let desk = desk();
    let folder = written(desk.path(), "post");
    let source = folder.join("src/lib.rs");
    let good = fs::read_to_string(&source).unwrap();
    fs::write(
        &source,
        format!("{good}\nfn broken() -> u8 {{ \"text\" }}\n"),
    )
    .unwrap();
    let output = cargo_like(&folder, &["build"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let words = String::from_utf8(output.stderr).unwrap();
    for line in [
        "Compiling post v0.1.0",
        "error[E0308]: mismatched types",
        "fn broken() -> u8",
        "gramhost: the build failed, see above",
    ] {
        assert!(words.contains(line), "no {line:?} in {words}");
    }
}

#[test]
fn every_extractor_that_new_writes_builds_and_passes_its_own_cases() {
    let desk = desk();
    for name in ["profile", "post", "reel", "story"] {
        let folder = written(desk.path(), name);
        let output = cargo_like(&folder, &["build"]);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert!(
            text.contains(&format!("built ./{name}.wasm\n{name} 0.1.0\n")),
            "{text}"
        );
        assert!(text.contains("contract  1.0.0"), "{text}");
        assert!(text.contains("packed with its cases"), "{text}");
        let file = format!("{name}.wasm");
        let output = run(&folder, &["test", &file, "--cases", "cases"]);
        assert!(
            said(&output).ends_with("2 of 2 cases passed\n"),
            "{}",
            said(&output)
        );
    }
    let output = with_cargo(Command::new("cargo"))
        .arg("test")
        .current_dir(desk.path().join("post"))
        .output()
        .unwrap();
    assert!(
        said(&output).contains("4 passed; 0 failed"),
        "{}",
        said(&output)
    );
}

#[tokio::test]
async fn watch_hands_over_what_passes_and_goes_on_after_what_does_not() {
    let folder = desk();
    let author = written(folder.path(), "post");
    let flags = ["--replay", "post/cases"];
    let server = Server::start_in(folder, &flags);
    let mut command = with_cargo(gramhost(&author));
    let admin = server.admin.to_string();
    let data = server.folder.path().join("data");
    let mut watch = Lines::of(
        command
            .args(["plugin", "watch", "--admin-listen", &admin, "--data"])
            .arg(data),
    );
    watch.says("post 0.1.0 ").await;
    let info = || server.get("/instagram/post/info?url_or_code=DfDjNmTDemo");
    let answer = info().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.text.contains("\"count\":1523"), "{}", answer.text);
    let plugin = answer.headers["x-plugin"].to_str().unwrap();
    assert!(plugin.starts_with("post@0.1.0+"), "{plugin}");

    let source = author.join("src/lib.rs");
    let good = fs::read_to_string(&source).unwrap();
    fs::write(&source, format!("{good}\nthis is no Rust\n")).unwrap();
    watch.says("error: expected one of").await;
    watch.says("this is no Rust").await;
    watch.says("the build failed, see above").await;
    let wrong = good.replace("inner[\"comment_count\"].as_u64()", "Some(7)");
    fs::write(&source, &wrong).unwrap();
    watch.says("not installed: some cases failed").await;
    assert_eq!(info().await.status, 200);
    fs::write(&source, &good).unwrap();
    let manifest = fs::read_to_string(author.join("Cargo.toml")).unwrap();
    let next = manifest.replace("version = \"0.1.0\"", "version = \"0.2.0\"");
    fs::write(author.join("Cargo.toml"), next).unwrap();
    watch.says("post 0.2.0 ").await;
}

/// The output of a command that does not end, line by line; the command is killed when this is dropped.
struct Lines {
    child: Child,
    lines: mpsc::UnboundedReceiver<String>,
}

impl Lines {
    fn of(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, lines) = mpsc::unbounded_channel();
        hear(child.stdout.take().unwrap(), send.clone());
        hear(child.stderr.take().unwrap(), send);
        Self { child, lines }
    }

    /// Waits for a line that contains `text`.
    async fn says(&mut self, text: &str) {
        let mut before = Vec::new();
        let heard = async {
            while let Some(line) = self.lines.recv().await {
                if line.contains(text) {
                    return true;
                }
                before.push(line);
            }
            false
        };
        let heard = timeout(Duration::from_secs(120), heard).await;
        assert_eq!(heard, Ok(true), "no {text:?} after {before:?}");
    }
}

/// Passes on the lines of one output of a command, until it ends.
fn hear(output: impl Read + Send + 'static, send: mpsc::UnboundedSender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let _unheard = send.send(line);
        }
    });
}

impl Drop for Lines {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}
