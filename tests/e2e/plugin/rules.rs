//! Admission enforces what serving enforces: a component that would break a rule live is rejected, and the rule is named.
//! What serving would drop from a record is a warning.

use std::{fs, path::Path};

use gramhost::{
    contract::PluginName,
    plugin::{self, AdmissionStep, Config, Error, Registry},
};
use guests::MISBEHAVING;
use serde_json::json;

use super::config;

/// The behaviours of the misbehaving plugin that break a rule, and what admission says about each.
const BROKEN: [(&str, &str); 7] = [
    ("fanout", "too many requests"),
    ("forbidden", "\"example.com\" is not on the list"),
    (
        "bad-header",
        "the header \"x-forwarded-for\" is not allowed",
    ),
    ("nothing", "a fetch without requests"),
    ("other-post", "another post than was asked for"),
    ("own-address", "the host is not a name"),
    ("private", "found the refusal \"Private\""),
];

/// The behaviours that cost the record a field, and the warning about each.
const TRIMMED: [(&str, &str); 4] = [
    (
        "foreign-img",
        "images[0] dropped: images[0].url: not an https URL on a media host",
    ),
    ("liar", "duration dropped: out of range"),
    ("long-text", "caption dropped: too long"),
    ("taken-name", "more.like_count dropped: the name of a field"),
];

/// Writes a case for each behaviour, which has no result of its own: it asks only that nothing fails.
fn write_cases(folder: &Path, behaviours: &[(&str, &str)]) {
    for (behaviour, _) in behaviours {
        let case = folder.join("post").join(behaviour);
        fs::create_dir_all(&case).unwrap();
        let query = json!({"kind": "post", "target": {"shortcode": behaviour}});
        let question = json!({"now": 1_700_000_000, "session": false, "query": query});
        fs::write(case.join("query.json"), question.to_string()).unwrap();
        let har = json!({"log": {
            "version": "1.2",
            "creator": {"name": "test", "version": "1"},
            "entries": [],
        }});
        fs::write(case.join("exchange.har"), har.to_string()).unwrap();
    }
}

#[tokio::test]
async fn what_serving_would_drop_is_a_warning_of_the_case() {
    let (folder, cases) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_cases(cases.path(), &TRIMMED);
    let file = folder.path().join("post.wasm");
    fs::write(&file, MISBEHAVING).unwrap();
    let told = Box::new(|_, _| ());
    let report = plugin::test(&config(folder.path()), &file, Some(cases.path()), told).await;
    let report = report.unwrap();
    assert!(report.passed(), "{report}");
    for (behaviour, warning) in TRIMMED {
        let lines = format!("ok    post/{behaviour}\n      warning: {warning}\n");
        assert!(report.to_string().contains(&lines), "{report}");
    }
}

#[tokio::test]
async fn a_component_that_would_break_a_rule_live_is_rejected() {
    let (folder, cases) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_cases(cases.path(), &BROKEN);
    // A refusal is no failure, unless a record is expected.
    let private = cases.path().join("post/private/expected.json");
    fs::write(private, "{}").unwrap();
    let config = Config {
        cases: Some(cases.path().to_owned()),
        ..config(folder.path())
    };
    let registry = Registry::open(config, None).await.unwrap();
    let put = registry.put(PluginName::Post, MISBEHAVING.into()).await;
    let Err(Error::Rejected(rejection)) = put else {
        panic!("it was admitted");
    };
    assert_eq!(rejection.step, AdmissionStep::Replay);
    for (behaviour, rule) in BROKEN {
        let title = format!("post/{behaviour}");
        let mut mismatches = rejection.cases.iter();
        let mismatch = mismatches.find(|it| it.case == title);
        let reason = mismatch.map_or("passed", |it| &it.reason);
        assert!(reason.contains(rule), "{behaviour}: {reason}");
    }
    assert_eq!(rejection.cases.len(), BROKEN.len());
    assert!(!folder.path().join("post.wasm").exists());
}
