//! What a conversion may not do: use the network, use too much, outlive its caller, or leave an incomplete file.

use std::{os::unix::fs::MetadataExt as _, time::Duration};

use tokio::{io::AsyncReadExt as _, net::unix::pipe, time::timeout};

use super::{program, *};

/// Longer than any step in these tests, so that a test that would wait forever fails.
const PATIENCE: Duration = Duration::from_secs(60);

fn remuxed(folder: &TempDir) -> (PathBuf, PathBuf) {
    (film(folder, "from.mp4", &[]), folder.path().join("to.mp4"))
}

/// Runs a conversion with this script in place of ffmpeg, and returns what it wrote to `seen`.
async fn told(body: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = remuxed(&folder);
    let (media, taken) = program::media_of(&folder, "5.1", body).await;
    assert!(taken);
    let made = media.film(&from, None, &to, plain(VideoFormat::Mp4)).await;
    assert!(matches!(made, Err(Error::Failed(_))), "{made:?}");
    fs::read_to_string(folder.path().join("seen")).unwrap()
}

#[tokio::test]
async fn a_child_has_limits_and_nothing_of_ours() {
    let told = told("(ulimit -t; ulimit -v; ulimit -n; ulimit -c; nice; pwd; env) > seen").await;
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(&lines[..5], ["300", "3145728", "64", "0", "10"], "{told}");
    // `seen` was written where the output goes, which is the child's working folder.
    let mut names: Vec<_> = lines[6..]
        .iter()
        .filter_map(|l| Some(l.split_once('=')?.0))
        .collect();
    names.retain(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name));
    assert_eq!(names, ["PATH"], "{told}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_child_has_no_network() {
    let allowed = Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", "true"])
        .status();
    let allowed = allowed.is_ok_and(|status| status.success());
    let told = told("readlink /proc/self/ns/net > seen").await;
    let ours = fs::read_link("/proc/self/ns/net").unwrap();
    // Where the system forbids it, the child runs with the network and is only restricted to the file protocol.
    assert!(!allowed || told.trim() != ours.to_str().unwrap(), "{told}");
}

#[tokio::test]
async fn one_that_takes_too_long_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = remuxed(&folder);
    let config = Config {
        wall_s_max: 1,
        ..program::config(&folder)
    };
    let hang = "for to do :; done; echo part > \"${to#file:}\"; exec tail -f /dev/null";
    let (media, _) = program::media_within(&folder, "5.1", hang, config).await;
    let ended = timeout(
        PATIENCE,
        media.film(&from, None, &to, plain(VideoFormat::Mp4)),
    )
    .await;
    assert!(matches!(ended, Ok(Err(Error::TookTooLong))), "{ended:?}");
    assert!(!to.exists());
}

#[tokio::test]
async fn one_that_nobody_waits_for_ends_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = remuxed(&folder);
    let alive = folder.path().join("alive");
    assert!(
        Command::new("mkfifo")
            .arg(&alive)
            .status()
            .unwrap()
            .success()
    );
    // Open the reader before there is a writer: it only sees the end if it saw the beginning.
    let mut reader = pipe::OpenOptions::new().open_receiver(&alive).unwrap();
    let hang = "for to do :; done; echo part > \"${to#file:}\"; exec 4> alive; tail -f /dev/null > /dev/null 2>&1 & echo x >&4; wait";
    let (media, _) = program::media_of(&folder, "5.1", hang).await;
    let begun = async { reader.read_u8().await };
    let begun = tokio::select! {
        ended = media.film(&from, None, &to, plain(VideoFormat::Mp4)) => unreachable!("{ended:?}"),
        begun = timeout(PATIENCE, begun) => begun,
    };
    assert_eq!(begun.unwrap().unwrap(), b'x');
    assert!(!to.exists(), "half a file is left");
    // A pipe ends when no process is left that could write to it.
    let mut rest = Vec::new();
    let ended = timeout(PATIENCE, reader.read_to_end(&mut rest)).await;
    ended.unwrap().unwrap();
}

#[tokio::test]
async fn one_that_talks_without_end_is_heard_out() {
    let chatter = "head -c 1000000 /dev/zero | tr '\\0' e >&2 || exit 1; cp from.mp4 to.mp4";
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = remuxed(&folder);
    let (media, _) = program::media_of(&folder, "5.1", chatter).await;
    let ended = timeout(
        PATIENCE,
        media.film(&from, None, &to, plain(VideoFormat::Mp4)),
    )
    .await;
    assert!(matches!(ended, Ok(Ok(()))), "{ended:?}");
}

#[tokio::test]
async fn its_last_words_are_told_without_paths() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = remuxed(&folder);
    let words = "echo first >&2; echo 'file:/secret/b.mp4: bad\t' >&2; echo >&2; exit 1";
    let (media, _) = program::media_of(&folder, "5.1", words).await;
    let ended = media.film(&from, None, &to, plain(VideoFormat::Mp4)).await;
    let why = ended.unwrap_err().to_string();
    assert!(why.contains("bad") && !why.contains("secret"), "{why}");
}

#[tokio::test]
async fn one_that_ends_well_and_makes_nothing_has_failed() {
    for body in [
        "exit 0",
        "for to do :; done; : > \"${to#file:}\"",
        "kill -SEGV $$",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = remuxed(&folder);
        let (media, _) = program::media_of(&folder, "5.1", body).await;
        let made = media.film(&from, None, &to, plain(VideoFormat::Mp4)).await;
        assert!(matches!(made, Err(Error::Failed(_))), "{body}: {made:?}");
        assert!(!to.exists(), "{body}");
    }
}

#[tokio::test]
async fn a_file_that_was_cut_at_the_limit_is_too_large() {
    let folder = tempfile::tempdir().unwrap();
    let from = film(&folder, "from.mp4", &[]);
    let whole = fs::metadata(&from).unwrap().size();
    let config = Config {
        output_bytes_max: whole / 2,
        ..program::config(&folder)
    };
    let media = Media::open(config);
    for (name, format) in [("to.mp4", VideoFormat::Mp4), ("to.mkv", VideoFormat::Mkv)] {
        let to = folder.path().join(name);
        let refused = media.film(&from, None, &to, plain(format)).await;
        assert!(matches!(refused, Err(Error::TooLarge(_))), "{refused:?}");
        assert!(!to.exists());
    }
}

#[tokio::test]
async fn an_ffmpeg_that_is_too_old_or_lacks_an_encoder_is_told_at_the_start() {
    for (version, taken) in [
        ("4.4.2-0ubuntu0.22.04.1", false),
        ("5.0.3", false),
        ("5.1.9-0+deb12u1", true),
        ("n7.0", true),
        ("N-117000-gabcdef", true),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (media, found) = program::media_of(&folder, version, "exit 1").await;
        assert_eq!(
            (found, media.abilities().await.converts()),
            (taken, taken),
            "{version}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = remuxed(&folder);
    let (media, _) = program::media_of(&folder, "5.1", "exit 1").await;
    let refused = media.sound(&from, &to, AudioFormat::Mp3).await;
    assert!(matches!(refused, Err(Error::Unavailable)), "{refused:?}");
}
