//! This test binary in place of `gramhost limited-child`, so that the limits under test are the real ones.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::media::{Config, Media, ffmpeg::Ffmpeg, limited_child};

/// Passes its arguments on in the environment, because the test binary takes arguments for names of tests. It uses
/// another descriptor for standard output, because the test binary writes to that as well.
const SHIM: &str = r#"#!/bin/sh
shift
exec 3>&1 >/dev/null
export WORDS="$(printf '%s\n' "$@")"
exec "$TESTS" --exact media::tests::program::becomes_a_limited_child --ignored --test-threads=1 --nocapture
"#;

/// A `Media` with the ffmpeg of this machine.
pub(super) async fn media(folder: &TempDir) -> Media {
    let media = Media::open(config(folder));
    assert!(
        media.abilities().await.converts(),
        "ffmpeg, which `make setup` installs"
    );
    media
}

/// A `Media` with a fake ffmpeg that answers the checks at the start, and runs `body` for a conversion.
pub(super) async fn media_of(folder: &TempDir, version: &str, body: &str) -> (Media, bool) {
    media_within(folder, version, body, config(folder)).await
}

/// Like [`media_of`], with other limits. Also returns whether that ffmpeg was accepted.
pub(super) async fn media_within(
    folder: &TempDir,
    version: &str,
    body: &str,
    config: Config,
) -> (Media, bool) {
    let text = format!(
        "#!/bin/sh\ncase \"$*\" in *-version*) echo \"ffmpeg version {version}\"; exit;; *-codecs*) echo ' DEAIL. aac AAC'; exit;; esac\n{body}\n"
    );
    let path = folder.path().join("path");
    std::fs::create_dir_all(&path).unwrap();
    for name in ["ffmpeg", "ffprobe"] {
        executable(&path.join(name), &text);
    }
    // `unshare` comes from this machine.
    let path = env::join_paths([&path, Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    let ffmpeg = Ffmpeg::find_in(&path, &config).await;
    let taken = ffmpeg.is_some();
    (Media::with(config, OnceCell::from(ffmpeg)), taken)
}

/// The default limits.
pub(super) fn config(folder: &TempDir) -> Config {
    let tests = env::current_exe().unwrap();
    let program = folder.path().join("gramhost");
    if !program.exists() {
        let tests = tests.to_str().unwrap();
        executable(&program, &SHIM.replace("$TESTS", tests));
    }
    Config::new(program)
}

/// Another process installs the file: a file that this process has open for writing cannot be executed, and other tests
/// start children that hold it open until they execute another program.
fn executable(path: &Path, text: &str) {
    let plain: PathBuf = path.with_extension("text");
    std::fs::write(&plain, text).unwrap();
    let installed = Command::new("install")
        .args(["-m", "755"])
        .args([&plain, path])
        .status();
    assert!(installed.unwrap().success());
}

#[test]
#[ignore = "no test: what the shim starts"]
fn becomes_a_limited_child() {
    let Ok(words) = env::var("WORDS") else { return };
    let words: Vec<_> = words.lines().map(OsString::from).collect();
    // The shell comes between the options and the program.
    let end = words.iter().position(|word| word == "--").unwrap() + 1;
    let mut arguments = words[..end].to_vec();
    arguments.extend(["/bin/sh", "-c", "unset WORDS; exec \"$@\" >&3 3>&-", "sh"].map(Into::into));
    arguments.extend_from_slice(&words[end..]);
    let code = limited_child(&arguments);
    unreachable!("it did not become the program: {code:?}");
}
