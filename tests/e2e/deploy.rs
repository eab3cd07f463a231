//! The files of `deploy/` name only what exists: settings, commands and flags, metrics, and each other.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::harness::server::{Server, gramhost};

/// Variables of other programs, which the store of files reads as they do.
const OTHERS: [&str; 1] = ["AWS_SHARED_CREDENTIALS_FILE"];
/// The only metric that a server has only if something is wrong.
const UNSEEN: &str = "gramhost_drift_percent";
/// Commands whose flags appear in the files.
const COMMANDS: [&str; 4] = ["serve", "drain", "doctor", "plugin list"];

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy")
}

/// Every file that people or programs read, with its text.
fn files() -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![deploy()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                // Whoever tries the fleet out keeps secrets there.
                true if path.ends_with("secrets") => {}
                true => folders.push(path),
                false => {
                    let text = fs::read_to_string(&path).unwrap();
                    files.insert(path, text);
                }
            }
        }
    }
    assert!(files.len() > 15, "{files:?}");
    files
}

/// The words that begin with a prefix and go on with these characters.
fn words(text: &str, prefix: &str, goes_on: impl Fn(char) -> bool) -> BTreeSet<String> {
    let word = |(at, _): (usize, _)| {
        let is_inside = text[..at].ends_with(|it: char| goes_on(it));
        let rest = &text[at..];
        let end = rest.find(|it: char| !goes_on(it)).unwrap_or(rest.len());
        (!is_inside && end > prefix.len()).then(|| rest[..end].to_owned())
    };
    text.match_indices(prefix).filter_map(word).collect()
}

#[tokio::test]
async fn every_variable_is_a_setting() {
    let server = Server::start(&[]);
    let settings = server.admin("/limits").await.json;
    let settings = settings.as_array().unwrap().iter();
    let variable = |key: &str| format!("GRAMHOST_{}", key.replace('.', "_").to_uppercase());
    let known: BTreeSet<_> = settings
        .map(|setting| variable(setting["key"].as_str().unwrap()))
        .collect();
    let is_of_a_variable = |it: char| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_';
    let mut found = 0;
    for (file, text) in files() {
        for name in words(&text, "GRAMHOST_", is_of_a_variable) {
            assert!(known.contains(&name), "{}: {name}", file.display());
            found += 1;
        }
        for name in words(&text, "AWS_", is_of_a_variable) {
            assert!(OTHERS.contains(&&*name), "{}: {name}", file.display());
        }
    }
    assert!(found > 20, "only {found}");
}

#[test]
fn every_flag_of_gramhost_exists() {
    let folder = tempfile::tempdir().unwrap();
    let help = |command: &str| {
        let mut asked = gramhost(folder.path());
        asked.args(command.split(' ')).arg("--help");
        String::from_utf8(asked.output().unwrap().stdout).unwrap()
    };
    let help: BTreeMap<_, _> = COMMANDS.iter().map(|it| (*it, help(it))).collect();
    let mut found = 0;
    for (file, text) in files() {
        // In a shell, or as a list in YAML and JSON.
        let plain = text.replace(['"', ',', '[', ']'], " ");
        for line in plain.lines() {
            let line: Vec<_> = line.split_whitespace().collect();
            let line = line.join(" ");
            let Some((_, rest)) = line.rsplit_once("gramhost ") else {
                continue;
            };
            let command = COMMANDS.iter().find(|it| rest.starts_with(**it));
            let Some(command) = command else { continue };
            for flag in words(rest, "--", |it| it.is_ascii_lowercase() || it == '-') {
                let is_known = help[command].contains(&format!("{flag} "))
                    || help[command].contains(&format!("{flag}\n"));
                assert!(is_known, "{}: gramhost {command} {flag}", file.display());
                found += 1;
            }
        }
    }
    assert!(found >= 2, "only {found}");
}

/// The names of the families and of the samples that a server may have.
async fn samples() -> (BTreeSet<String>, BTreeSet<String>) {
    let server = Server::start_on_fixtures(tempfile::tempdir().unwrap());
    // Something to count.
    let info = "/instagram/post/info?url_or_code=DfDjNmTDemo";
    assert_eq!(server.get(info).await.status, 200);
    let text = server.admin("/metrics").await.text;
    let mut families: BTreeSet<_> = [UNSEEN.to_owned()].into();
    let mut samples = families.clone();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (family, kind) = line.split_once(' ').unwrap();
        families.insert(family.to_owned());
        let endings: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_count", "_sum"],
            "info" => &["_info"],
            _ => &[""],
        };
        samples.extend(endings.iter().map(|ending| format!("{family}{ending}")));
    }
    assert!(families.len() > 20, "{text}");
    (families, samples)
}

#[tokio::test]
async fn every_metric_of_the_alerts_and_the_dashboard_exists_and_is_explained() {
    let (families, samples) = samples().await;
    let is_of_a_metric = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
    let mut used = 0;
    for name in ["alerts.yaml", "grafana.json"] {
        let text = fs::read_to_string(deploy().join(name)).unwrap();
        for metric in words(&text, "gramhost_", is_of_a_metric) {
            assert!(samples.contains(&metric), "{name}: {metric}");
            used += 1;
        }
    }
    assert!(used > 15, "only {used}");
    let guide = fs::read_to_string(deploy().join("../docs/operators.md")).unwrap();
    for family in families {
        assert!(
            guide.contains(&format!("`{family}")),
            "docs/operators.md: {family}"
        );
    }
}

#[test]
fn every_alert_has_its_advice() {
    let alerts = fs::read_to_string(deploy().join("alerts.yaml")).unwrap();
    let guide = fs::read_to_string(deploy().join("../docs/operators.md")).unwrap();
    let names: Vec<_> = alerts
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        let row = |line: &str| line.starts_with("| Gramhost") && line.contains(name);
        assert!(guide.lines().any(row), "docs/operators.md: {name}");
    }
}

#[test]
fn the_dashboard_can_be_read() {
    let text = fs::read_to_string(deploy().join("grafana.json")).unwrap();
    let dashboard: serde_json::Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64()).collect();
    assert_eq!(ids.len(), panels.len(), "two panels have the same id");
}
