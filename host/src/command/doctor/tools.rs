//! Checks of the programs that some features need: ffmpeg and its encoders, the wasm target.

use std::path::Path;

use tokio::process::Command;

use super::Finding;

/// The encoders that conversions use.
const ENCODERS: [(&str, &str); 3] = [
    ("aac", "AAC sound"),
    ("libmp3lame", "MP3 sound"),
    ("libx264", "smaller videos"),
];

pub(super) async fn look() -> Vec<Finding> {
    let (ffmpeg, ffprobe, encoders, target) = tokio::join!(
        program("ffmpeg"),
        program("ffprobe"),
        encoders(),
        wasm_target()
    );
    vec![ffmpeg, ffprobe, encoders, target]
}

/// Returns the standard output of a program; `None` if it is missing or fails.
async fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().await.ok()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(said)
}

async fn program(what: &'static str) -> Finding {
    match said(what, &["-version"]).await {
        Some(said) => Finding::good(what, said.lines().next().unwrap_or_default()),
        None => Finding::note(what, "not found; only format conversion needs it")
            .get("apt install ffmpeg", "brew install ffmpeg"),
    }
}

async fn encoders() -> Finding {
    const WHAT: &str = "encoders";
    let Some(said) = said("ffmpeg", &["-hide_banner", "-encoders"]).await else {
        return Finding::note(WHAT, "none without ffmpeg")
            .get("apt install ffmpeg", "brew install ffmpeg");
    };
    let there = |name: &str| {
        said.lines()
            .any(|line| line.split_whitespace().nth(1) == Some(name))
    };
    let missing: Vec<_> = ENCODERS
        .into_iter()
        .filter(|(name, _)| !there(name))
        .map(|(name, what)| format!("{name} ({what})"))
        .collect();
    if missing.is_empty() {
        return Finding::good(WHAT, ENCODERS.map(|(name, _)| name).join(", "));
    }
    let said = format!("this ffmpeg lacks {}", missing.join(", "));
    Finding::note(WHAT, said).get("apt install ffmpeg", "brew install ffmpeg")
}

async fn wasm_target() -> Finding {
    const WHAT: &str = "wasm target";
    const ADD: &str = "rustup target add wasm32-wasip2";
    let folder = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", "wasm32-wasip2"])
        .output()
        .await;
    match folder {
        Ok(output) if Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir() => {
            Finding::good(WHAT, "wasm32-wasip2")
        }
        _ => Finding::note(WHAT, "not installed; only plugin authors need it").get(ADD, ADD),
    }
}
