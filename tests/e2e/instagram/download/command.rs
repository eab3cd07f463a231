//! `gramhost download`: the same engine without a server.

use std::{fs, process::Output, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{task::spawn_blocking, time::interval};

use crate::harness::{
    cdn::{Cdn, media},
    server::{gramhost, share_compiled_plugins},
    upstream::Reply,
};

async fn run(cdn: &Cdn, folder: &std::path::Path, arguments: &[&str]) -> Output {
    share_compiled_plugins(folder);
    let mut command = gramhost(folder);
    command.arg("download").args(arguments).args(cdn.flags());
    spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_lies_in_the_folder_and_nothing_else() {
    let cdn = Cdn::start().await;
    let folder = tempfile::tempdir().unwrap();
    let url = "https://www.instagram.com/p/De0N5pLMixd/?igsh=x";
    let output = run(
        &cdn,
        folder.path(),
        &[url, "-o", "out", "--quality", "high"],
    )
    .await;
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut names: Vec<_> = fs::read_dir(folder.path().join("out"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "De0N5pLMixd_image_1.jpg",
            "De0N5pLMixd_image_3.jpg",
            "De0N5pLMixd_video_2.mp4"
        ]
    );
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 3);
    let image = fs::read(folder.path().join("out/De0N5pLMixd_image_1.jpg")).unwrap();
    assert_eq!(image, media("/x_640_n.jpg"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_item_and_its_cover_lie_in_the_folder() {
    let cdn = Cdn::start().await;
    let folder = tempfile::tempdir().unwrap();
    let url = "https://www.instagram.com/p/De0N5pLMixd/?img_index=1";
    let chosen = [url, "-o", "out", "--item", "2", "--cover"];
    let output = run(&cdn, folder.path(), &chosen).await;
    let names = String::from_utf8(output.stdout).unwrap();
    let names: Vec<_> = names
        .lines()
        .filter_map(|line| line.rsplit('/').next())
        .collect();
    assert_eq!(
        names,
        ["De0N5pLMixd_video_2.mp4", "De0N5pLMixd_cover_2.jpg"]
    );
    let beyond = run(&cdn, folder.path(), &[url, "-o", "out", "--item", "4"]).await;
    assert_eq!(beyond.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_say_whose_matter_it_is() {
    let cdn = Cdn::start().await;
    let folder = tempfile::tempdir().unwrap();
    for (arguments, code) in [
        (&["De2yxZrMiss"][..], 3),
        (&["DfDjNmTDemo", "--as", "carousel"], 2),
        (&["DfDjNmTDemo", "--quality", "huge"], 2),
        (&["DfDjNmTDemo", "--video-codec", "vp8"], 2),
        (&["https://example.com/"], 2),
        (
            &[
                "DfF-eHzReel",
                "--as",
                "reel",
                "--audio",
                "mp3",
                "-o",
                "music",
            ],
            0,
        ),
    ] {
        let output = run(&cdn, folder.path(), arguments).await;
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?} {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    assert!(folder.path().join("music/DfF-eHzReel_audio.mp3").exists());
}

#[test]
fn the_demo_needs_no_network() {
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let folder = tempfile::tempdir().unwrap();
    share_compiled_plugins(folder.path());
    let output = gramhost(folder.path())
        .args(["download", "DfF-eHzReel", "--as", "reel", "--replay"])
        .arg(fixtures)
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let video = fs::read(folder.path().join("DfF-eHzReel_video.mp4")).unwrap();
    let found = super::probed(&video, "a.mp4");
    assert_eq!(
        (&found["video"], &found["audio"]),
        (&"h264".into(), &"aac".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_download_ends_with_130_and_leaves_nothing() {
    let cdn = Cdn::start().await;
    cdn.misbehave(|_, _, _| Some(Reply::Stall(Vec::new())));
    let folder = tempfile::tempdir().unwrap();
    share_compiled_plugins(folder.path());
    let mut child = gramhost(folder.path())
        .args(["download", "DfDjNmTDemo", "-o", "out"])
        .args(cdn.flags())
        .spawn()
        .unwrap();
    let mut looks = interval(Duration::from_millis(20));
    while cdn.media_requests() == 0 {
        looks.tick().await;
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let status = spawn_blocking(move || child.wait().unwrap()).await.unwrap();
    assert_eq!(status.code(), Some(130));
    assert_eq!(fs::read_dir(folder.path().join("out")).unwrap().count(), 0);
}
