//! `gramhost plugin watch`: the author's loop: save, and see what serves.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Context;
use serde_json::Value;
use tokio::time::sleep;

use super::{admin, build, progress};
use crate::{
    command::{Exit, print},
    config::Config,
    plugin::{self, Sources},
};

/// How long the server may take to say what it made of a component.
const SERVED: Duration = Duration::from_secs(30);

/// Between two questions to the server.
const PAUSE: Duration = Duration::from_millis(50);

/// Builds, tests and hands over on every save; ends only with the process, or where it cannot begin.
pub(super) async fn run(config: &Config, folder: &Path) -> anyhow::Result<Exit> {
    let plugins = config.plugin.folder.clone().context("no plugin folder")?;
    build::manifest(folder)?;
    let mut sources = Sources::open(folder).with_context(|| folder.display().to_string())?;
    print(&format!(
        "watching {}: what passes its cases goes to {}",
        folder.display(),
        plugins.display()
    ));
    loop {
        // What fails is for the author to mend, and the next save tells whether it is.
        if let Err(error) = turn(config, folder, &plugins).await {
            print(&format!("{error:#}"));
        }
        sources.changed().await;
    }
}

/// One save.
async fn turn(config: &Config, folder: &Path, plugins: &Path) -> anyhow::Result<()> {
    let start = Instant::now();
    let component = build::component(folder).await?;
    print(&format!("built in {:.1} s", start.elapsed().as_secs_f64()));
    let cases = build::cases(folder);
    let tested = plugin::test(
        &config.plugin,
        &component,
        cases.as_deref(),
        progress::of_cases(),
    )
    .await?;
    print(&tested.to_string());
    if !tested.passed() {
        anyhow::bail!("not handed over: not every case passed");
    }
    build::pack(config, folder, &component).await??;
    let name = component.file_name().unwrap_or_default();
    fs::create_dir_all(plugins).with_context(|| plugins.display().to_string())?;
    let served: PathBuf = plugins.join(name);
    build::put(&component, &served)?;
    let digest = plugin::digest(&fs::read(&component)?);
    print(&outcome(config, &served, &digest).await?);
    Ok(())
}

/// What the running server made of the component with this digest.
async fn outcome(config: &Config, served: &Path, digest: &str) -> anyhow::Result<String> {
    let name = served.file_stem().unwrap_or_default().to_string_lossy();
    let place = served.display();
    let start = Instant::now();
    while start.elapsed() < SERVED {
        let Some(status) = admin::plugins(config).await? else {
            return Ok(format!(
                "{place} is there; no server runs that could take it"
            ));
        };
        let all = status.as_array().map(Vec::as_slice).unwrap_or_default();
        let status = all.iter().find(|it| it["name"] == *name);
        if let Some(said) = status.and_then(|status| said(status, digest)) {
            return Ok(said);
        }
        sleep(PAUSE).await;
    }
    Ok(format!(
        "{place} is there; the server says nothing of it: does it use this folder?"
    ))
}

/// What the server says of this digest, if it says anything yet.
fn said(status: &Value, digest: &str) -> Option<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let short = digest.get(..8).unwrap_or_default();
    let name = text(&status["name"]);
    if status["digest"] == digest {
        return Some(format!(
            "{name} {} {short} serves",
            text(&status["version"])
        ));
    }
    let candidate = &status["candidate"];
    if candidate["digest"] == digest {
        let state = match candidate["held"].as_str() {
            Some(why) => format!("waits for the operator: {why}"),
            None => "runs beside what serves".to_owned(),
        };
        return Some(format!("{name} {short} {state}"));
    }
    let refused = &status["refused"];
    (refused["digest"] == digest).then(|| {
        let (step, reason) = (text(&refused["step"]), text(&refused["reason"]));
        format!("{name} {short} was refused at {step}: {reason}")
    })
}

#[cfg(test)]
mod tests {
    //! What the server's words come to.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::said;

    #[test]
    fn the_outcome_is_that_of_this_digest() {
        let status = json!({
            "name": "post", "version": "1.2.3", "digest": "aaaaaaaaaa",
            "refused": { "digest": "bbbbbbbbbb", "step": "replay", "reason": "why" },
        });
        let said = |digest| said(&status, digest);
        assert_eq!(said("aaaaaaaaaa").unwrap(), "post 1.2.3 aaaaaaaa serves");
        let refused = "post bbbbbbbb was refused at replay: why";
        assert_eq!(said("bbbbbbbbbb").unwrap(), refused);
        assert_eq!(said("cccccccccc"), None);
    }
}
