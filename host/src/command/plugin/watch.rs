//! `gramhost plugin watch`: builds, tests and installs an extractor whenever the author saves a file.

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

/// How long the server may take to admit or reject a component.
const ADMISSION: Duration = Duration::from_secs(30);

/// Pause between two requests to the server.
const PAUSE: Duration = Duration::from_millis(50);

/// Builds, tests and installs on every save. Returns only if it cannot start.
pub(super) async fn run(config: &Config, folder: &Path) -> anyhow::Result<Exit> {
    let plugins = config.plugin.folder.clone().context("no plugin folder")?;
    build::manifest(folder)?;
    let mut sources = Sources::open(folder).with_context(|| folder.display().to_string())?;
    print(&format!(
        "watching {}: builds that pass their cases are copied to {}",
        folder.display(),
        plugins.display()
    ));
    loop {
        // The author fixes the failure, and the next save tries again.
        if let Err(error) = save(config, folder, &plugins).await {
            print(&format!("{error:#}"));
        }
        sources.changed().await;
    }
}

/// Handles one save.
async fn save(config: &Config, folder: &Path, plugins: &Path) -> anyhow::Result<()> {
    let start = Instant::now();
    let component = build::component(folder).await?;
    print(&format!("built in {:.1} s", start.elapsed().as_secs_f64()));
    let cases = build::cases(folder);
    let tested = plugin::test(
        &config.plugin,
        &component,
        cases.as_deref(),
        None,
        progress::of_cases(),
    )
    .await?;
    print(&tested.to_string());
    if !tested.passed() {
        anyhow::bail!("not installed: some cases failed");
    }
    build::pack(config, folder, &component).await??;
    let name = component.file_name().unwrap_or_default();
    fs::create_dir_all(plugins).with_context(|| plugins.display().to_string())?;
    let installed: PathBuf = plugins.join(name);
    build::put(&component, &installed)?;
    let digest = plugin::digest(&fs::read(&component)?);
    print(&result(config, &installed, &digest).await?);
    Ok(())
}

/// How the running server has handled the component with this digest.
async fn result(config: &Config, installed: &Path, digest: &str) -> anyhow::Result<String> {
    let name = installed.file_stem().unwrap_or_default().to_string_lossy();
    let file = installed.display();
    let start = Instant::now();
    while start.elapsed() < ADMISSION {
        let Some(status) = admin::plugins(config).await? else {
            return Ok(format!(
                "copied to {file}; no server is running to admit it"
            ));
        };
        let all = status.as_array().map(Vec::as_slice).unwrap_or_default();
        let status = all.iter().find(|it| it["name"] == *name);
        if let Some(line) = status.and_then(|status| described(status, digest)) {
            return Ok(line);
        }
        sleep(PAUSE).await;
    }
    Ok(format!(
        "copied to {file}; the server has not noticed it: does it use this folder?"
    ))
}

/// What the status of the plugin says about this digest; `None` if it does not mention it yet.
fn described(status: &Value, digest: &str) -> Option<String> {
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
            Some(why) => format!("is held for the operator: {why}"),
            None => "runs in shadow mode".to_owned(),
        };
        return Some(format!("{name} {short} {state}"));
    }
    let refused = &status["refused"];
    (refused["digest"] == digest).then(|| {
        let (step, reason) = (text(&refused["step"]), text(&refused["reason"]));
        format!("{name} {short} was rejected at the step {step}: {reason}")
    })
}

#[cfg(test)]
mod tests {
    //! The line that describes the status of a component.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::described;

    #[test]
    fn the_outcome_is_that_of_this_digest() {
        let status = json!({
            "name": "post", "version": "1.2.3", "digest": "aaaaaaaaaa",
            "refused": { "digest": "bbbbbbbbbb", "step": "replay", "reason": "why" },
        });
        let described = |digest| described(&status, digest);
        let serving = "post 1.2.3 aaaaaaaa serves";
        assert_eq!(described("aaaaaaaaaa").unwrap(), serving);
        let rejected = "post bbbbbbbb was rejected at the step replay: why";
        assert_eq!(described("bbbbbbbbbb").unwrap(), rejected);
        assert_eq!(described("cccccccccc"), None);
    }
}
