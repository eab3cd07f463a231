//! What an attacker with access to the plugin folder, a full disk or a hostile plugin can do: less than was hoped.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use gramhost::plugin::{Config, Registry};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{MISBEHAVING, POST, config, digest, open, refusal, replace, source, status, until};
use crate::{
    harness::server::{Server, gramhost},
    instagram::download::ended,
};

/// How soon a good file serves among any number of others. It took 72 s.
const SOON: Duration = Duration::from_secs(10);

/// The honest component with a custom section of this length, so that it is a component of its own.
fn padded(bytes: usize) -> Vec<u8> {
    let mut size = bytes + 4;
    let mut component = [POST, &[0]].concat();
    while size >= 0x80 {
        component.push((size & 0x7f) as u8 | 0x80);
        size >>= 7;
    }
    component.extend([size as u8, 3, b'p', b'a', b'd']);
    component.extend(vec![7; bytes]);
    component
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// A server on recorded answers, with this component for posts, and without rollback.
fn serving(folder: TempDir, component: Option<&[u8]>) -> Server {
    let settings = "[limits]\nrollback_failures_min = 10000\n";
    fs::write(folder.path().join("gramhost.toml"), settings).unwrap();
    let plugins = folder.path().join("data/plugins");
    fs::create_dir_all(&plugins).unwrap();
    if let Some(component) = component {
        fs::write(plugins.join("post.wasm"), component).unwrap();
    }
    let fixtures = fixtures();
    let replay = ["--replay", fixtures.to_str().unwrap(), "--rate-limit", "0"];
    Server::start_in(folder, &replay)
}

async fn post_plugin(server: &Server) -> Value {
    let plugins = server.admin("/plugins").await.json;
    let mut all = plugins.as_array().unwrap().iter();
    all.find(|it| it["name"] == "post").unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_file_among_10_000_strays_serves_soon_and_the_list_says_so() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..10_000 {
        fs::write(folder.path().join(format!("x{number}.wasm")), "stray").unwrap();
    }
    // Compiled before, as after the first start.
    drop(open(tempfile::tempdir().unwrap().path()).await);
    let began = Instant::now();
    let registry = open(folder.path()).await;
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    let began = Instant::now();
    replace(folder.path(), "post.wasm", &super::variant(POST, 1));
    until("serves", || source(&registry) == "post.wasm").await;
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    let listed = registry.status();
    assert!(listed.len() < 100, "{}", listed.len());
    assert!(refusal(&registry, "other files/").contains("too full to name more than 50"));
}

/// Adds a case whose files are missing to the cases that the operator keeps.
fn leftover(cases: &Path) -> PathBuf {
    let case = cases.join("post/leftover");
    fs::create_dir_all(&case).unwrap();
    case
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_an_operators_case_kept_out_serves_once_the_case_is_gone() {
    let (folder, cases) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let config = Config {
        cases: Some(cases.path().to_owned()),
        ..config(folder.path())
    };
    let registry = Registry::open(config, None).await.unwrap();
    let left = leftover(cases.path());
    replace(folder.path(), "post.wasm", &super::variant(POST, 2));
    until("refused", || {
        refusal(&registry, "post").contains("the operator's fixtures")
    })
    .await;
    assert!(status(&registry, "post").refused.unwrap().refused.passing);
    assert_eq!(source(&registry), "embedded");
    fs::remove_dir(left).unwrap();
    until("serves", || source(&registry) == "post.wasm").await;
    assert_eq!(refusal(&registry, "post"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_was_not_compiled_serves_once_there_is_a_compiler() {
    let (folder, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(open(folder.path()).await);
    let shared = config(folder.path());
    for file in fs::read_dir(&shared.cache).unwrap() {
        let file = file.unwrap();
        // Other tests share the folder, and may have deleted unused files.
        let _gone = fs::copy(file.path(), cache.path().join(file.file_name()));
    }
    let compiler = cache.path().join("compiler");
    let config = Config {
        cache: cache.path().to_owned(),
        compiler: compiler.clone(),
        ..config(folder.path())
    };
    let registry = Registry::open(config, None).await.unwrap();
    replace(folder.path(), "post.wasm", &padded(4321));
    until("refused", || {
        refusal(&registry, "post").starts_with("compile: cannot run")
    })
    .await;
    symlink(shared.compiler, compiler).unwrap();
    until("serves", || source(&registry) == "post.wasm").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_tells_the_present() {
    let folder = tempfile::tempdir().unwrap();
    let registry = open(folder.path()).await;
    let good = super::variant(POST, 3);
    replace(folder.path(), "post.wasm", &good);
    until("serves", || source(&registry) == "post.wasm").await;
    let serving = digest(&registry);
    // Nothing of a bad file is said any longer once the good one is back, or the file is gone.
    let path = folder.path().join("post.wasm");
    let ends: [&dyn Fn(); 2] = [&|| replace(folder.path(), "post.wasm", &good), &|| {
        fs::remove_file(&path).unwrap()
    }];
    for end in ends {
        replace(folder.path(), "post.wasm", b"garbage");
        until("refused", || {
            refusal(&registry, "post").contains("is not WebAssembly")
        })
        .await;
        assert_eq!(digest(&registry), serving);
        end();
        until("the present", || refusal(&registry, "post").is_empty()).await;
    }
    // A component that was put and rejected is not in the folder.
    let put = registry.put(
        gramhost::contract::PluginName::Post,
        b"garbage".as_slice().into(),
    );
    assert!(put.await.is_err());
    assert!(!status(&registry, "post").refused.unwrap().in_folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_of_up_to_the_limit_can_be_put_and_a_larger_one_is_refused_in_json() {
    let server = serving(tempfile::tempdir().unwrap(), None);
    // axum's own limit is 2 MiB.
    let large = padded((8 << 20) - POST.len() - 16);
    assert!(large.len() <= 8 << 20 && large.len() > (8 << 20) - 32);
    let put = server.put_plugin("post", &large).await;
    assert_eq!(put.status, 200, "{}", put.text);
    assert_eq!(post_plugin(&server).await["source"], "post.wasm");
    for bytes in [(8 << 20) + 1, 20 << 20] {
        let put = server.put_plugin("post", &vec![0; bytes]).await;
        assert_eq!(
            (put.status, &put.json["error"]["code"]),
            (413, &json!("PAYLOAD_TOO_LARGE"))
        );
    }
    // The command says so too.
    let file = server.folder.path().join("post.wasm");
    let mut larger = vec![0; 9 << 20];
    larger[..4].copy_from_slice(&POST[..4]);
    fs::write(&file, larger).unwrap();
    let command = gramhost(server.folder.path())
        .args(["plugin", "put", "post.wasm"])
        .env("GRAMHOST_ADMIN_LISTEN", server.admin.to_string())
        .output()
        .unwrap();
    let words = String::from_utf8(command.stderr).unwrap();
    assert!(words.contains("The request body is too large"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_does_not_serve() {
    let folder = tempfile::tempdir().unwrap();
    let plan = folder.path().join("faults");
    let server = Server::start_with_faults(folder, "", &["--rate-limit", "0"]);
    let file = server.folder.path().join("data/plugins/post.wasm");
    let [one, other] = [4, 5].map(|mark| super::variant(POST, mark));
    for component in [&one, &other] {
        assert_eq!(server.put_plugin("post", component).await.status, 200);
    }
    let before = post_plugin(&server).await["digest"].clone();
    for error in ["enospc", "edquot", "eio", "erofs"] {
        fs::write(&plan, format!("{error} 1 data.file")).unwrap();
        let put = server.put_plugin("post", &one).await;
        assert_eq!(put.status, 500, "{error}: {}", put.text);
        assert_eq!(post_plugin(&server).await["digest"], before, "{error}");
        assert_eq!(fs::read(&file).unwrap(), other, "{error}");
        let left = fs::read_dir(file.parent().unwrap()).unwrap().count();
        assert_eq!(left, 1, "{error}");
    }
    fs::write(&plan, "").unwrap();
    assert_eq!(server.put_plugin("post", &one).await.status, 200);
    assert_eq!(fs::read(&file).unwrap(), one);
}

/// The plugin states that the owner is private, and returns the post nevertheless.
#[tokio::test(flavor = "multi_thread")]
async fn private_content_that_a_plugin_returns_leaves_by_no_way() {
    let server = serving(tempfile::tempdir().unwrap(), Some(MISBEHAVING));
    assert_eq!(post_plugin(&server).await["source"], "post.wasm");
    for path in ["post/info", "post/stats"] {
        let answer = server
            .get(&format!("/instagram/{path}?url_or_code=private"))
            .await;
        let code = &answer.json["error"]["code"];
        assert_eq!(
            (answer.status, code),
            (403, &json!("POST_PRIVATE")),
            "{path}"
        );
    }
    for kind in ["post", "carousel"] {
        let body = json!({ "url": "private" });
        let answer = server
            .post(&format!("/instagram/download/{kind}"), &body)
            .await;
        let code = &answer.json["error"]["code"];
        assert_eq!(
            (answer.status, code),
            (403, &json!("POST_PRIVATE")),
            "{kind}"
        );
    }
    let items = json!({ "items": [{ "url": "private", "type": "post" }] });
    let batch = server.post("/instagram/download/batch", &items).await.json;
    let status = ended(&server, &batch["batch_job_id"]).await;
    assert_eq!(status["status"], "failed", "{status}");
    assert!(status.to_string().contains("POST_PRIVATE"), "{status}");
    let here = server.folder.path();
    for command in [
        &["extract", "post", "private"][..],
        &["download", "private", "-o", "out"],
    ] {
        let output = gramhost(here)
            .args(command)
            .arg("--replay")
            .arg(fixtures())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
    }
    let files = here.join("data/files");
    let published = fs::read_dir(files).unwrap().filter(|file| {
        let name = file.as_ref().unwrap().file_name();
        !name.to_string_lossy().starts_with('.')
    });
    assert_eq!(published.count(), 0);
}

/// Something that blocks whoever opens it, in the place of every file of the data folder that a server opens.
#[tokio::test(flavor = "multi_thread")]
async fn fifos_in_the_place_of_files_hold_up_neither_start_nor_stop() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let fifos = [
        "plugins/post.wasm",
        "plugins/post.toml",
        "plugins/x.wasm",
        "fixtures/post/fifo/query.json",
        "captures/post/fifo/capture.json",
        ".fifo.1-2.part",
    ];
    for file in fifos {
        let file = data.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let mode = rustix::fs::Mode::RUSR;
        rustix::fs::mkfifoat(rustix::fs::CWD, &file, mode).unwrap();
    }
    let mut server = serving(folder, None);
    let refused = post_plugin(&server).await["refused"].clone();
    assert_eq!(refused["reason"], "is not a regular file");
    let info = server
        .get("/instagram/post/info?url_or_code=DfDjNmTDemo")
        .await;
    assert_eq!(info.status, 200, "{}", info.text);
    let captures = gramhost(server.folder.path())
        .args(["plugin", "captures"])
        .output();
    assert!(captures.unwrap().status.success());
    server.signal(rustix::process::Signal::TERM);
    assert!(server.wait().success());
}

/// Resident memory of the server without pages that are backed by a file, MiB.
#[cfg(target_os = "linux")]
fn resident_mib(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let mut lines = status.lines();
    let kib = lines
        .find_map(|line| line.strip_prefix("RssAnon:"))
        .unwrap();
    kib.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn memory_that_hostile_calls_have_filled_is_given_back() {
    let server = serving(tempfile::tempdir().unwrap(), Some(MISBEHAVING));
    let ask = |code: String| {
        let path = format!("/instagram/post/info?url_or_code={code}");
        let server = &server;
        async move { server.get(&path).await.status }
    };
    assert_eq!(ask("trap".to_owned()).await, 502);
    let before = resident_mib(&server);
    for behaviour in ["hoard", "bulk-spin", "flood", "recurse", "shout"] {
        // One extraction serves all who ask for the same, so each asks for another post. More digits would be too long.
        let asked = (0..10).map(|number| ask(format!("{behaviour}_{number}")));
        let answers = futures_util::future::join_all(asked).await;
        assert!(
            answers.iter().all(|status| *status == 502),
            "{behaviour}: {answers:?}"
        );
    }
    let filled = resident_mib(&server);
    println!("resident: {before} MiB before, {filled} MiB after hostile calls");
    let given_back = async {
        while resident_mib(&server) > before + 24 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let given_back = tokio::time::timeout(Duration::from_secs(60), given_back).await;
    println!("resident: {} MiB in the end", resident_mib(&server));
    assert!(
        given_back.is_ok(),
        "{} MiB, {before} before",
        resident_mib(&server)
    );
    // It still serves, on new memory.
    assert_eq!(ask("DfDjNmTDemo".to_owned()).await, 200);
    assert_eq!(ask("trap".to_owned()).await, 502);
}
