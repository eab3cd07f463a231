//! Starts where something is missing: they end soon, with one line that says what it is, or serve with less.
#![cfg(target_os = "linux")]

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::{
    harness::{
        cdn::Cdn,
        server::{Server, gramhost},
    },
    instagram::download::ended,
};

/// Without the rights of root on files.
const POWERLESS: [&str; 3] = ["unshare", "--user", "--"];
const ALONE: [&str; 6] = [
    "unshare",
    "--user",
    "--map-root-user",
    "--mount",
    "sh",
    "-c",
];
/// How long a start that must fail may take, on a busy machine.
const SOON: Duration = Duration::from_secs(20);

fn has_namespaces() -> bool {
    let tried = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "true"])
        .output();
    let has = tried.is_ok_and(|output| output.status.success());
    if !has {
        println!("skipped: namespaces are not allowed here");
    }
    has
}

/// The only line of a server that does not start.
fn refused(within: &[&str], folder: &Path, flags: &[&str]) -> String {
    let server = gramhost(folder);
    let arguments = [
        within,
        &[server.get_program().to_str().unwrap(), "serve"],
        flags,
    ]
    .concat();
    let began = Instant::now();
    let output = Command::new(arguments[0])
        .args(&arguments[1..])
        .args(["--listen", "127.0.0.1:0", "--admin-listen", "off"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && output.stdout.is_empty(),
        "{output:?}"
    );
    let lines: Vec<_> = said
        .lines()
        .filter(|line| line.starts_with("gramhost: "))
        .collect();
    assert_eq!(lines.len(), 1, "{said}");
    lines[0].to_owned()
}

#[test]
fn a_data_folder_that_cannot_be_used_is_named_and_ends_the_start() {
    if !has_namespaces() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let serve = |within: &[&str], data: &str| refused(within, here, &["--data", data]);
    fs::write(here.join("file"), "x").unwrap();
    assert!(serve(&[], "file").contains("file: "));
    assert!(serve(&[], "file/data").contains("file/data: "));
    symlink("around", here.join("around")).unwrap();
    assert!(serve(&[], "around").contains("around: "));
    for mode in [0o500, 0o000] {
        let data = here.join(format!("closed{mode}"));
        fs::create_dir(&data).unwrap();
        fs::set_permissions(&data, fs::Permissions::from_mode(mode)).unwrap();
        let said = serve(&POWERLESS, data.to_str().unwrap());
        assert!(
            said.contains("Permission denied") && said.contains("closed"),
            "{said}"
        );
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    }
    for name in ["read-only", "full"] {
        fs::create_dir(here.join(name)).unwrap();
    }
    let mount = |options: &str, name: &str, then: &str| {
        format!("mount -t tmpfs -o {options} tmpfs {name} && {then} exec \"$@\"")
    };
    let read_only = mount("ro,size=1m", "read-only", "");
    let said = serve(&[&ALONE[..], &[&read_only, "sh"]].concat(), "read-only");
    assert!(
        said.contains("Read-only file system") && said.contains("read-only"),
        "{said}"
    );
    let full = mount("size=64k", "full", "(cat /dev/zero >full/x 2>/dev/null;:);");
    let said = serve(&[&ALONE[..], &[&full, "sh"]].concat(), "full");
    assert!(said.contains("full"), "{said}");
}

/// The folder of files is closed while the server runs, as by another program, and opened again.
#[tokio::test(flavor = "multi_thread")]
async fn without_rights_a_job_fails_and_with_them_the_next_one_is_done() {
    if !has_namespaces() {
        return;
    }
    let cdn = Cdn::start().await;
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let server = Server::start_within(&POWERLESS, tempfile::tempdir().unwrap(), &flags);
    let files = server.folder.path().join("data/files");
    let body = json!({ "url": "DfDjNmTDemo" });
    let job = async || {
        let answer = server.post("/instagram/download/post", &body).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        ended(&server, &answer.json["job_id"]).await
    };
    let staging = files.join(".staging");
    for closed in [&files, &staging] {
        fs::set_permissions(closed, fs::Permissions::from_mode(0o500)).unwrap();
        let status = job().await;
        assert_eq!(status["error"]["code"], "SERVER_ERROR", "{status}");
        fs::set_permissions(closed, fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(job().await["status"], "completed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_at_any_moment_of_the_start_ends_it_and_spoils_nothing() {
    let folder = tempfile::tempdir().unwrap();
    crate::harness::server::share_compiled_plugins(folder.path());
    for step in 0..10 {
        let mut child = gramhost(folder.path())
            .args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "off"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Just waits: the signal comes at this moment, whatever the server is doing.
        let moment = Duration::from_millis(step * 25);
        let _late = tokio::time::timeout(moment, std::future::pending::<()>()).await;
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        let began = Instant::now();
        while child.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < SOON, "it goes on");
            tokio::task::yield_now().await;
        }
    }
    let server = Server::start_in(folder, &[]);
    assert_eq!(server.get("/instagram/formats").await.status, 200);
}

/// Descriptors and the stack are few, and then there are too few addresses even for one plugin.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_little_serves_or_says_what_is_missing() {
    let replay = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let flags = ["--replay", replay.to_str().unwrap()];
    for limit in ["-n 256", "-n 64", "-s 1024", "-s 65536"] {
        let shell = format!("ulimit {limit} && exec \"$@\"");
        let server = Server::start_within(
            &["sh", "-c", &shell, "sh"],
            tempfile::tempdir().unwrap(),
            &flags,
        );
        let answer = server
            .get("/instagram/post/info?url_or_code=DfDjNmTDemo")
            .await;
        assert_eq!(answer.status, 200, "{limit}: {}", answer.text);
    }
    let folder = tempfile::tempdir().unwrap();
    crate::harness::server::share_compiled_plugins(folder.path());
    let shell = ["sh", "-c", "ulimit -v 3000000 && exec \"$@\"", "sh"];
    let said = refused(&shell, folder.path(), &flags);
    assert!(said.contains("Cannot allocate memory"), "{said}");
}
