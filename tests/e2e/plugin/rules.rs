//! Admission enforces what serving enforces: a component that would break a rule live is rejected, and the rule is named.

use std::fs;

use gramhost::{
    contract::PluginName,
    plugin::{AdmissionStep, Config, Error, Registry},
};
use guests::MISBEHAVING;
use serde_json::json;

use super::config;

/// The behaviours of the misbehaving plugin that break a rule, and what admission says about each.
const BROKEN: [(&str, &str); 11] = [
    ("fanout", "too many requests"),
    ("forbidden", "\"example.com\" is not on the list"),
    (
        "bad-header",
        "the header \"x-forwarded-for\" is not allowed",
    ),
    (
        "foreign-img",
        "images[0].url: not an https URL on a media host",
    ),
    ("liar", "duration: out of range"),
    ("long-text", "caption: too long"),
    ("nothing", "a fetch without requests"),
    ("other-post", "another post than was asked for"),
    ("own-address", "the host is not a name"),
    ("private", "found the refusal \"Private\""),
    ("taken-name", "more.like_count: the name of a field"),
];

#[tokio::test]
async fn a_component_that_would_break_a_rule_live_is_rejected() {
    let (folder, cases) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (behaviour, _) in BROKEN {
        let case = cases.path().join("post").join(behaviour);
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
        // Without a result of its own, a case asks only that nothing fails. A refusal is no failure.
        if behaviour == "private" {
            fs::write(case.join("expected.json"), "{}").unwrap();
        }
    }
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
