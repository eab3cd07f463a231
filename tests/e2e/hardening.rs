//! What the processes of a running server gave up, and what that costs: files outside are not read. What each bound does is
//! tested beside it, in `host/platform/src/process/confinement/tests.rs`.
#![cfg(target_os = "linux")]

use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    os::unix::fs::symlink,
    process::{Command, Stdio},
    time::Duration,
};

use embedded::POST;
use serde_json::json;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::{
    cli::stdout,
    harness::{
        bucket::Place,
        cdn::Cdn,
        server::{Server, gramhost},
        store::{KEY_ID, SECRET},
    },
    instagram::download::ended,
};

/// How long a file in the plugin folder, or a child process, may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// As many make statements large enough: without the setting, the 38th was refused.
const BATCHES: usize = 300;

const OFF: [(&str, &str); 1] = [("GRAMHOST_HARDENING", "off")];

/// The values of this field of `/proc/…/status` of all threads of a process.
fn field(process: u32, name: &str) -> BTreeSet<String> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let statuses = threads.filter_map(|thread| {
        // A thread may just have ended.
        fs::read_to_string(thread.ok()?.path().join("status")).ok()
    });
    let values = statuses.map(|status| {
        let value = status.lines().find_map(|line| line.strip_prefix(name));
        value.unwrap().trim_start_matches(':').trim().to_owned()
    });
    values.collect()
}

fn only(value: &str) -> BTreeSet<String> {
    BTreeSet::from([value.to_owned()])
}

/// SQLite puts what a large statement changes into a file of its own, outside the data folder, unless it is told not to.
#[tokio::test(flavor = "multi_thread")]
async fn the_database_needs_no_file_outside_the_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let settings = "[limits]\njobs_waiting_max = 100000\njobs_waiting_per_client_max = 100000\n";
    fs::write(folder.path().join("gramhost.toml"), settings).unwrap();
    let server = Server::start_on_fixtures(folder);
    let batch = json!({ "items": vec![json!({ "url": "DfDjNmTDemo", "type": "post" }); 50] });
    for _ in 0..BATCHES {
        let answer = server.post("/instagram/download/batch", &batch).await;
        assert_eq!(answer.status, 202, "{} {}", answer.text, server.log());
    }
}

#[tokio::test]
async fn every_thread_of_a_server_is_hardened_and_the_log_says_so() {
    let server = Server::start(&[]);
    assert_eq!(server.get("/healthz").await.status, 200);
    let pid = server.pid();
    assert_eq!(field(pid, "NoNewPrivs"), only("1"));
    assert_eq!(field(pid, "Seccomp"), only("2"));
    // Of the powers of root, those of SYS_ADMIN, SYS_PTRACE and so on are gone.
    let powers = field(pid, "CapPrm");
    let powers = u64::from_str_radix(powers.first().unwrap(), 16).unwrap();
    assert_eq!(powers & !0b100_0000_1111, 0, "{powers:b}");
    server.logged("hardening: files and ports").await;
    assert!(
        server.log().contains("system calls restricted"),
        "{}",
        server.log()
    );
}

#[tokio::test]
async fn hardening_can_be_switched_off() {
    let server = Server::start_with(tempfile::tempdir().unwrap(), &OFF, &[]);
    assert_eq!(field(server.pid(), "NoNewPrivs"), only("0"));
    assert_eq!(field(server.pid(), "Seccomp"), only("0"));
    assert!(!server.log().contains("hardening"), "{}", server.log());
}

/// Starts a server whose plugin folder has a link to a component outside, and returns what became of it.
async fn linked(variables: &[(&str, &str)], outside: &TempDir) -> String {
    // An unknown section at the end makes it another component than the embedded one.
    let section = [0, 3, 1, b'x', 1];
    fs::write(outside.path().join("post.wasm"), [POST, &section].concat()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let plugins = folder.path().join("data/plugins");
    fs::create_dir_all(&plugins).unwrap();
    symlink(outside.path().join("post.wasm"), plugins.join("post.wasm")).unwrap();
    let server = Server::start_with(folder, variables, &[]);
    let told = async {
        loop {
            let plugins = server.admin("/plugins").await.json;
            let post = plugins
                .as_array()
                .unwrap()
                .iter()
                .find(|it| it["name"] == "post")
                .unwrap();
            let refused = &post["refused"];
            if post["source"] == "post.wasm" {
                return "serves".to_owned();
            }
            if !refused.is_null() {
                return refused["reason"].to_string();
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, told).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_outside_is_not_read_unless_a_setting_names_it() {
    let outside = tempfile::tempdir().unwrap();
    let refused = linked(&[], &outside).await;
    if refused == "serves" {
        println!("skipped: this kernel has no Landlock");
        return;
    }
    assert!(refused.contains("Permission denied"), "{refused}");
    let named = [("GRAMHOST_READABLE", outside.path().to_str().unwrap())];
    assert_eq!(linked(&named, &outside).await, "serves");
    assert_eq!(linked(&OFF, &outside).await, "serves");
}

#[test]
fn a_compiler_is_hardened_before_it_reads_a_component() {
    let folder = tempfile::tempdir().unwrap();
    for (flags, wanted) in [(&[][..], ["1", "2"]), (&["--unconfined"], ["0", "0"])] {
        let mut compiler = gramhost(folder.path())
            .arg("compile-component")
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // More than a pipe holds: it has read some of it then, and waits for more.
        let mut component = compiler.stdin.take().unwrap();
        component.write_all(&[0; 256 << 10]).unwrap();
        let found = ["NoNewPrivs", "Seccomp"].map(|name| field(compiler.id(), name));
        assert_eq!(found, wanted.map(only));
        drop(component);
        assert!(!compiler.wait().unwrap().success());
    }
}

#[test]
fn the_doctor_says_what_is_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let doctor = |more: &[&str], path: Option<&str>| {
        let mut doctor: Command = gramhost(folder.path());
        doctor.args(["doctor", "--listen", "127.0.0.1:0", "--admin-listen", "off"]);
        doctor.args(["--replay", "."]).args(more);
        doctor.envs(path.map(|path| ("GRAMHOST_HARDENING", path)));
        stdout(&doctor.output().unwrap()).to_owned()
    };
    let found = doctor(&[], None);
    for line in [
        "hardening         files and ports",
        "compiler          files and ports",
        "conversions       ffmpeg",
    ] {
        assert!(found.contains(line), "{line}: {found}");
    }
    assert!(found.contains("system calls restricted"), "{found}");
    let off = doctor(&[], Some("off"));
    assert!(off.contains("note hardening         switched off"), "{off}");
}

/// The store is on a port of its own, and the credentials are where a server may not read once it is hardened.
#[tokio::test(flavor = "multi_thread")]
async fn a_hardened_server_reaches_its_bucket() {
    let outside = tempfile::tempdir().unwrap();
    let credentials = outside.path().join("credentials");
    let text = format!("[default]\naws_access_key_id={KEY_ID}\naws_secret_access_key={SECRET}\n");
    fs::write(&credentials, text).unwrap();
    let place = Place::new()
        .with("AWS_ACCESS_KEY_ID", "")
        .with("AWS_SECRET_ACCESS_KEY", "")
        .with("AWS_SHARED_CREDENTIALS_FILE", credentials.display());
    let cdn = Cdn::start().await;
    let server = place.serve(&cdn);
    server.logged("hardening: files and ports").await;
    let post = json!({ "url": "DfDjNmTDemo" });
    let job = server.post("/instagram/download/post", &post).await;
    let status = ended(&server, &job.json["job_id"]).await;
    assert_eq!(status["status"], "completed", "{status} {}", server.log());
    let url = "/instagram/download/file/DfDjNmTDemo_image.jpg";
    assert!(!server.bytes(url).await.is_empty());
}
