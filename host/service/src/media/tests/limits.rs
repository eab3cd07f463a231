//! What a conversion may not do: use the network, use too much, outlive its caller, or leave an incomplete file.

use std::{net::TcpListener, os::unix::fs::MetadataExt as _, thread, time::Duration};

use tokio::{io::AsyncReadExt as _, net::unix::pipe, time::timeout};

use super::{program, *};
use crate::{media::child::Reach, process::Bounds};

/// Longer than any step in these tests, so that a test that would wait forever fails.
const PATIENCE: Duration = Duration::from_secs(60);

fn remuxed(folder: &TempDir) -> (PathBuf, PathBuf) {
    (film(folder, "from.mp4", &[]), folder.path().join("to.mp4"))
}

/// Runs this script in place of ffmpeg, with a film that it may read (`$1`) and a file that it may write (`$2`), and
/// returns what it printed.
async fn told(confined: bool, body: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = remuxed(&folder);
    let config = Config {
        confined,
        ..program::config(&folder)
    };
    let (media, taken) = program::media_within(&folder, "5.1", body, config).await;
    assert!(taken);
    let arguments = [from.clone().into(), to.clone().into()];
    let program = folder.path().join("path/ffmpeg");
    let reach = Reach {
        program: Some(program.clone()),
        inputs: vec![from],
        output: Some(to),
    };
    let ffmpeg = media.ffmpeg().await.unwrap();
    let call = ffmpeg.call(&program, &arguments, folder.path(), 60, 1 << 20, &reach);
    String::from_utf8(call.await.unwrap()).unwrap()
}

#[tokio::test]
async fn a_child_has_limits_and_nothing_of_ours() {
    for confined in [true, false] {
        let told = told(
            confined,
            "ulimit -t; ulimit -v; ulimit -n; ulimit -c; nice; pwd; env",
        )
        .await;
        let lines: Vec<_> = told.lines().collect();
        assert_eq!(&lines[..5], ["300", "3145728", "64", "0", "10"], "{told}");
        let mut names: Vec<_> = lines[6..]
            .iter()
            .filter_map(|l| Some(l.split_once('=')?.0))
            .collect();
        names.retain(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name));
        assert_eq!(names, ["PATH"], "{told}");
    }
}

/// Whether this kernel has everything that confines a child.
#[cfg(target_os = "linux")]
fn confines() -> bool {
    let in_force = thread::spawn(|| Bounds::default().enforce())
        .join()
        .unwrap();
    if !in_force.is_whole() {
        println!("skipped: {in_force}");
    }
    in_force.is_whole()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_confined_child_connects_to_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let connect = format!(
        "bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}' 2>/dev/null && echo connected || echo refused"
    );
    if confines() {
        assert_eq!(told(true, &connect).await, "refused\n");
    }
    // Without it, a namespace keeps it from the network where the system allows that.
    let namespaces = Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", "true"])
        .status();
    let namespaces = namespaces.is_ok_and(|status| status.success());
    let open = told(false, &connect).await;
    let wanted = if namespaces { "refused" } else { "connected" };
    assert_eq!(open.trim(), wanted);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_confined_child_reaches_only_its_own_files() {
    if !confines() {
        return;
    }
    let outside = tempfile::NamedTempFile::new().unwrap();
    let outside = outside.path().display();
    // Each line is an attempt; what it says on errors does not matter.
    let body = format!(
        "exec 2>/dev/null
         try() {{ \"$@\" >/dev/null && echo yes || echo no; }}
         try head -c 1 \"$1\"
         try sh -c 'echo x > \"$0\"' \"$2\"
         try head -c 1 \"$2\"
         try sh -c 'echo x >> \"$0\"' \"$1\"
         try head -c 1 {outside}
         try sh -c 'echo x >> {outside}'
         try ls .
         try touch beside
         try rm \"$2\"
         try cat /etc/passwd
         try kill -0 {}",
        std::process::id()
    );
    let told = told(true, &body).await;
    let answers: Vec<_> = told.lines().collect();
    let (own, others) = answers.split_at(3);
    assert_eq!(own, ["yes"; 3], "{told}");
    assert_eq!(others, ["no"; 8], "{told}");
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
    // It tells by a pipe of its own.
    let config = Config {
        confined: false,
        ..program::config(&folder)
    };
    let (media, _) = program::media_within(&folder, "5.1", hang, config).await;
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
