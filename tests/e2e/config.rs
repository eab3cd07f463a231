//! Tests of settings in a real process: invalid ones are rejected by name, valid ones take effect.

use std::{fs, os::unix::fs::symlink};

use crate::harness::server::{Server, gramhost};

#[test]
fn an_unknown_key_or_variable_or_a_bad_value_ends_the_process_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str| {
        let output = gramhost(folder.path())
            .env("GRAMHOST_CACHE_TTL", "60")
            .env(name, "much")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused("GRAMHOST_LISEN").starts_with("gramhost: GRAMHOST_LISEN is not a setting"));
    assert!(refused("GRAMHOST_RATE_LIMIT").starts_with("gramhost: GRAMHOST_RATE_LIMIT cannot be"));
    fs::write(folder.path().join("gramhost.toml"), "[limits]\nfoo = 1").unwrap();
    assert!(refused("GRAMHOST_LOG").contains("gramhost.toml: limits.foo is not a setting"));
}

#[test]
fn a_named_settings_file_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let output = gramhost(folder.path())
        .args(["serve", "--config", "absent.toml"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let line = String::from_utf8(output.stderr).unwrap();
    assert!(
        line.starts_with("gramhost: absent.toml: No such file"),
        "{line}"
    );
}

/// Each process ends by itself, and says which file is wrong.
#[test]
fn cookies_and_settings_are_regular_files() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    let mode = rustix::fs::Mode::RUSR;
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, mode).unwrap();
    symlink("/dev/zero", folder.path().join("device")).unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    for file in ["fifo", "device", "folder"] {
        for flags in [&[][..], &["doctor"], &["plugin", "list"]] {
            let output = gramhost(folder.path())
                .args(["--config", file])
                .args(flags)
                .output()
                .unwrap();
            let line = String::from_utf8(output.stderr).unwrap();
            assert_eq!(line, format!("gramhost: {file}: is not a regular file\n"));
        }
        let output = gramhost(folder.path())
            .args(["extract", "post", "DfDjNmTDemo", "--cookies", file])
            .output()
            .unwrap();
        let line = String::from_utf8(output.stderr).unwrap();
        assert!(
            line.ends_with(&format!("cookies {file}: is not a regular file\n")),
            "{line}"
        );
    }
}

#[tokio::test]
async fn the_file_in_the_working_folder_is_in_force_and_flags_win() {
    let folder = tempfile::tempdir().unwrap();
    // Port 1 would be refused: the harness's own flag must take precedence.
    let file = "listen = '127.0.0.1:1'\nrate_limit = 1\n";
    fs::write(folder.path().join("gramhost.toml"), file).unwrap();
    let server = Server::start_in(folder, &[]);
    assert_eq!(server.get("/instagram/formats").await.status, 200);
    let limited = server.get("/instagram/formats").await;
    assert_eq!(limited.status, 429, "{}", limited.text);
    assert_eq!(limited.json["error"]["code"], "RATE_LIMIT");
    assert!(limited.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn the_data_folder_holds_what_the_server_owns() {
    let server = Server::start(&[]);
    let data = server.folder.path().join("data");
    for name in [
        "gramhost.db",
        "admin-token",
        "owner.lock",
        "compiled",
        "plugins",
    ] {
        assert!(data.join(name).exists(), "{name} is missing");
    }
}
