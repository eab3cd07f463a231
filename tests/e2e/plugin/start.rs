//! Starting: without a cache, with a cache, and with a cache that was tampered with.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use gramhost::{
    config::EMBEDDED,
    contract::Kind,
    plugin::{Config, Registry},
};

use super::{config, open, serving_answers, status};

/// A compiler that fails, and so does everything that needs it.
fn without_compiler(cache: &Path) -> Config {
    Config::new("/bin/false".into(), cache.to_owned(), EMBEDDED)
}

#[tokio::test]
async fn the_embedded_plugins_serve_out_of_the_box() {
    let folder = tempfile::tempdir().unwrap();
    let registry = open(folder.path()).await;
    for kind in Kind::ALL {
        let plugin = registry.serving(kind);
        assert_eq!(plugin.manifest().name, kind.plugin().as_str());
        let label = plugin.label();
        let (version, digest) = label.split_once('+').unwrap();
        assert_eq!(
            version,
            format!("{}@{}", kind.plugin(), plugin.manifest().version)
        );
        assert_eq!(digest.len(), 8);
        let serving = status(&registry, kind.plugin().as_str()).serving.unwrap();
        assert!(serving.digest.starts_with(digest));
        assert_eq!(serving.source, "embedded");
    }
    assert!(serving_answers(&registry).await);
}

#[tokio::test]
async fn a_restart_needs_no_compiler_and_an_edited_cache_does() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).await;
    let cache = tempfile::tempdir().unwrap();
    for file in fs::read_dir(config(folder.path()).cache).unwrap() {
        let file = file.unwrap();
        // Other tests share the folder, and may have deleted unused files.
        let _gone = fs::copy(file.path(), cache.path().join(file.file_name()));
    }
    Registry::open(without_compiler(cache.path()), None)
        .await
        .unwrap();
    let mode = fs::metadata(cache.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);

    for file in fs::read_dir(cache.path()).unwrap() {
        let path = file.unwrap().path();
        let mut code = fs::read(&path).unwrap();
        let last = code.len() - 1;
        code[last] ^= 1;
        fs::write(path, code).unwrap();
    }
    let error = Registry::open(without_compiler(cache.path()), None)
        .await
        .err()
        .unwrap();
    assert!(error.to_string().contains("compile"), "{error}");
}

#[tokio::test]
async fn one_compiled_plugin_cannot_stand_in_for_another() {
    let folder = tempfile::tempdir().unwrap();
    let registry = open(folder.path()).await;
    let cache = tempfile::tempdir().unwrap();
    let digest = |name| status(&registry, name).serving.unwrap().digest;
    let (post, reel) = (digest("post"), digest("reel"));
    for file in fs::read_dir(config(folder.path()).cache).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        let name = name
            .replace(&post, "swap")
            .replace(&reel, &post)
            .replace("swap", &reel);
        fs::copy(file.path(), cache.path().join(name)).unwrap();
    }
    assert!(
        Registry::open(without_compiler(cache.path()), None)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_fifo_in_the_cache_is_compiled_over() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).await;
    let cache = tempfile::tempdir().unwrap();
    let shared = config(folder.path()).cache;
    for file in fs::read_dir(shared).unwrap() {
        let path = cache.path().join(file.unwrap().file_name());
        let mode = rustix::fs::Mode::RUSR;
        rustix::fs::mkfifoat(rustix::fs::CWD, path, mode).unwrap();
    }
    let config = Config {
        cache: cache.path().to_owned(),
        ..config(folder.path())
    };
    let registry = Registry::open(config, None).await.unwrap();
    assert!(serving_answers(&registry).await);
}
