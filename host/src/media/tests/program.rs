//! This test binary in the place of `gramhost limited-child`: the limits under test are the real ones.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::media::{Config, Media, ffmpeg::Ffmpeg, limited_child};

/// Hands its words on in the environment, because the test binary takes words for names of tests, and keeps standard
/// output apart, because the test binary writes there too.
const SHIM: &str = r#"#!/bin/sh
shift
exec 3>&1 >/dev/null
export WORDS="$(printf '%s\n' "$@")"
exec "$TESTS" --exact media::tests::program::becomes_a_limited_child --ignored --test-threads=1 --nocapture
"#;

/// Media with the ffmpeg of this machine.
pub(super) async fn media(folder: &TempDir) -> Media {
    let media = Media::open(config(folder)).await;
    assert!(media.can_convert(), "ffmpeg, which `make setup` installs");
    media
}

/// Media with an ffmpeg that answers what it is asked at the start, and does `body` for a conversion.
pub(super) async fn media_of(folder: &TempDir, version: &str, body: &str) -> (Media, bool) {
    media_within(folder, version, body, config(folder)).await
}

/// As above, within other limits; and whether that ffmpeg was taken.
pub(super) async fn media_within(
    folder: &TempDir,
    version: &str,
    body: &str,
    config: Config,
) -> (Media, bool) {
    let text = format!(
        "#!/bin/sh\ncase \"$*\" in *-version*) echo \"ffmpeg version {version}\"; exit;; *-encoders*) echo ' A..... aac AAC'; exit;; esac\n{body}\n"
    );
    let path = folder.path().join("path");
    std::fs::create_dir_all(&path).unwrap();
    for name in ["ffmpeg", "ffprobe"] {
        executable(&path.join(name), &text);
    }
    // `unshare` is the one of this machine.
    let path = env::join_paths([&path, Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    let ffmpeg = Ffmpeg::find_in(&path, &config).await;
    let taken = ffmpeg.is_some();
    (Media::with(config, ffmpeg), taken)
}

/// The usual limits.
pub(super) fn config(folder: &TempDir) -> Config {
    let tests = env::current_exe().unwrap();
    let program = folder.path().join("gramhost");
    if !program.exists() {
        let tests = tests.to_str().unwrap();
        executable(&program, &SHIM.replace("$TESTS", tests));
    }
    Config::new(program)
}

/// Put there by another process: a file that this one has open for writing cannot be run, and other tests start
/// children, which hold it open until they become another program.
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
    let mut words = words.lines().map(OsString::from);
    let mut arguments = vec![words.next().unwrap(), words.next().unwrap()];
    arguments.extend(["/bin/sh", "-c", "unset WORDS; exec \"$@\" >&3 3>&-", "sh"].map(Into::into));
    arguments.extend(words);
    let code = limited_child(&arguments);
    unreachable!("it did not become the program: {code:?}");
}
