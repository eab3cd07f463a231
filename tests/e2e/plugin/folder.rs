//! Arbitrary files in the plugin folder: only complete components serve, and everything else is reported.

use std::{
    fs,
    os::unix::{fs::symlink, net::UnixListener},
    path::Path,
    process::Command,
    sync::Arc,
};

use embedded::REEL;
use gramhost::plugin::{Config, Registry};
use guests::SECOND_CONTRACT;
use tempfile::TempDir;

use super::{
    MISBEHAVING, POST, config, digest, open, refusal, replace, serving_answers, source, status,
    until, variant,
};

async fn empty() -> (TempDir, Arc<Registry>) {
    let folder = tempfile::tempdir().unwrap();
    let registry = open(folder.path()).await;
    (folder, registry)
}

/// Puts a file at `post.wasm` and waits for the expected reason; the embedded plugin continues to serve.
async fn refused(put: impl FnOnce(&Path), reason: &str) {
    let (folder, registry) = empty().await;
    put(&folder.path().join("post.wasm"));
    until(reason, || refusal(&registry, "post").contains(reason)).await;
    assert_eq!(source(&registry), "embedded");
    assert!(serving_answers(&registry).await);
}

#[tokio::test]
async fn a_component_in_the_folder_serves_until_it_is_gone() {
    let (folder, registry) = empty().await;
    let embedded = digest(&registry);
    replace(folder.path(), "post.wasm", &variant(POST, 1));
    until("serves", || source(&registry) == "post.wasm").await;
    assert_ne!(digest(&registry), embedded);
    fs::remove_file(folder.path().join("post.wasm")).unwrap();
    until("embedded again", || source(&registry) == "embedded").await;
    assert_eq!(digest(&registry), embedded);
}

#[tokio::test]
async fn a_symlink_that_is_swapped_is_followed() {
    let (folder, registry) = empty().await;
    let elsewhere = tempfile::tempdir().unwrap();
    for mark in [1, 2] {
        let target = elsewhere.path().join(format!("{mark}.wasm"));
        fs::write(&target, variant(POST, mark)).unwrap();
        symlink(&target, folder.path().join(".link")).unwrap();
        let before = digest(&registry);
        fs::rename(folder.path().join(".link"), folder.path().join("post.wasm")).unwrap();
        until("swapped", || digest(&registry) != before).await;
    }
    assert_eq!(refusal(&registry, "post"), "");
}

#[tokio::test]
async fn a_half_written_file_serves_once_it_is_whole() {
    let (folder, registry) = empty().await;
    let path = folder.path().join("post.wasm");
    let whole = variant(POST, 3);
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    until("half", || refusal(&registry, "post").contains("validation")).await;
    assert_eq!(source(&registry), "embedded");
    fs::write(&path, &whole).unwrap();
    until("whole", || source(&registry) == "post.wasm").await;
}

#[tokio::test]
async fn a_truncated_component_never_serves() {
    let (folder, registry) = empty().await;
    let mut seen = String::new();
    for length in (0..POST.len()).step_by(POST.len().div_ceil(24).next_multiple_of(4096)) {
        replace(folder.path(), "post.wasm", &POST[..length]);
        let last = || status(&registry, "post").refused.and_then(|it| it.digest);
        until("refused", || last().is_some_and(|digest| digest != seen)).await;
        seen = last().unwrap_or_default();
        assert_eq!(source(&registry), "embedded");
    }
}

#[tokio::test]
async fn garbage_is_refused() {
    refused(
        |path| fs::write(path, [7; 5000]).unwrap(),
        "is not WebAssembly",
    )
    .await;
    refused(|path| fs::write(path, []).unwrap(), "is not WebAssembly").await;
    refused(
        |path| fs::write(path, [&POST[..8], &[9; 500]].concat()).unwrap(),
        "is not a valid component",
    )
    .await;
}

#[tokio::test]
async fn a_core_module_is_refused() {
    refused(
        |path| fs::write(path, b"\0asm\x01\0\0\0").unwrap(),
        "is a core module",
    )
    .await;
}

#[tokio::test]
async fn machine_code_is_refused_even_if_we_compiled_it() {
    let elf = env!("CARGO_BIN_EXE_gramhost");
    let head = fs::read(elf).unwrap()[..5000].to_vec();
    refused(|path| fs::write(path, head).unwrap(), "is machine code").await;
    let (folder, registry) = empty().await;
    let ours = config(folder.path()).cache;
    let ours = fs::read_dir(ours).unwrap().next().unwrap().unwrap().path();
    fs::copy(ours, folder.path().join("post.wasm")).unwrap();
    until("refused", || {
        refusal(&registry, "post").contains("is not WebAssembly")
    })
    .await;
}

#[tokio::test]
async fn what_is_no_regular_file_is_refused() {
    refused(
        |path| fs::create_dir(path).unwrap(),
        "is not a regular file",
    )
    .await;
    refused(
        |path| symlink("/dev/zero", path).unwrap(),
        "is not a regular file",
    )
    .await;
    refused(|path| symlink("/nowhere", path).unwrap(), "cannot be read").await;
    refused(
        |path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
        "is not a regular file",
    )
    .await;
    refused(
        |path| drop(UnixListener::bind(path).unwrap()),
        "is not a regular file",
    )
    .await;
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused() {
    let put = |path: &Path| fs::File::create(path).unwrap().set_len(100 << 20).unwrap();
    refused(put, "is larger than 8388608 bytes").await;
}

#[tokio::test]
async fn another_plugin_is_refused_by_what_it_lacks() {
    refused(
        |path| fs::write(path, REEL).unwrap(),
        "world: exports no gramhost:extractor/post@1.0.0",
    )
    .await;
}

#[tokio::test]
async fn a_component_for_a_later_contract_is_told_so() {
    refused(
        |path| fs::write(path, SECOND_CONTRACT).unwrap(),
        "world: is built for contract 2.0.0; this host serves 1.0.x: update gramhost",
    )
    .await;
}

#[tokio::test]
async fn the_operators_cases_count_for_the_folder_alone() {
    let desk = tempfile::tempdir().unwrap();
    let case = desk.path().join("cases/post/missing");
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/instagram/post/missing");
    fs::create_dir_all(&case).unwrap();
    for file in ["query.json", "exchange.har"] {
        fs::copy(recorded.join(file), case.join(file)).unwrap();
    }
    // The embedded plugin does not return this result, and still serves.
    fs::write(case.join("refusal.json"), "\"Private\"").unwrap();
    let plugins = desk.path().join("plugins");
    let config = Config {
        cases: Some(desk.path().join("cases")),
        ..config(&plugins)
    };
    let registry = Registry::open(config, None).await.unwrap();
    assert_eq!(source(&registry), "embedded");
    replace(&plugins, "post.wasm", &variant(POST, 9));
    until("refused", || {
        refusal(&registry, "post").contains("replay: post/missing")
    })
    .await;
    // The folder has no case of its kind.
    replace(&plugins, "reel.wasm", &variant(REEL, 9));
    let serves = || status(&registry, "reel").serving.unwrap().source == "reel.wasm";
    until("reel serves", serves).await;
}

#[tokio::test]
async fn files_that_name_no_plugin_are_named() {
    let (folder, registry) = empty().await;
    fs::write(folder.path().join("posts.wasm"), MISBEHAVING).unwrap();
    fs::write(folder.path().join("notes.txt"), "").unwrap();
    let named = |name: &str| registry.status().iter().any(|it| it.name == name);
    until("named", || named("posts.wasm")).await;
    assert!(refusal(&registry, "posts.wasm").contains("profile, post, reel, story"));
    assert!(!named("notes.txt"));
    fs::remove_file(folder.path().join("posts.wasm")).unwrap();
    until("forgotten", || !named("posts.wasm")).await;
}

#[tokio::test]
async fn settings_are_laid_over_and_bad_ones_change_nothing() {
    use gramhost::contract::Kind;
    let (folder, registry) = empty().await;
    let settings = || registry.serving(Kind::Post).settings();
    let error = || status(&registry, "post").serving.unwrap().settings.error;
    let defaults = settings();
    let table: toml::Table = registry
        .serving(Kind::Post)
        .manifest()
        .settings
        .parse()
        .unwrap();
    let (key, value) = table.iter().next().unwrap();
    replace(folder.path(), "post.toml", b"surely_unknown = 1");
    until("refused", || error().is_some()).await;
    assert_eq!(error().unwrap(), "unknown key \"surely_unknown\"");
    assert_eq!(settings(), defaults);

    let empty = match value {
        toml::Value::Array(_) => format!("{key} = []"),
        other => format!("{key} = {other}"),
    };
    replace(folder.path(), "post.toml", empty.as_bytes());
    until("taken", || error().is_none()).await;
    replace(folder.path(), "post.toml", b"= 1");
    until("refused", || {
        error().is_some_and(|it| it.starts_with("line 1"))
    })
    .await;
    fs::remove_file(folder.path().join("post.toml")).unwrap();
    until("defaults", || error().is_none()).await;
    assert_eq!(settings(), defaults);
}
