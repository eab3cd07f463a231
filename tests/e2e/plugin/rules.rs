//! Admission enforces what serving enforces: a component that would break a rule live is rejected, and the rule is named.
//! What serving would drop from a record is a warning.

use std::{fs, path::Path};

use gramhost::{
    contract::{Kind, PluginName},
    plugin::{self, AdmissionStep, Config, Error, Registry},
};
use guests::{
    misbehaving,
    tricks::{HEADERS, URLS},
};
use serde_json::json;

use super::{config, query};

/// The behaviours that break a rule, and what admission says about each.
const BROKEN: [(&str, &str); 7] = [
    ("fanout", "too many requests"),
    ("forbidden", "\"example.com\" is not on the list"),
    ("long-header", "more than 16384 bytes of headers"),
    ("nothing", "a fetch without requests"),
    ("other-post", "than was asked for"),
    ("own-address", "the host is not a name"),
    ("private", "found the refusal \"Private\""),
];

/// The behaviours that cost a record of every kind a field, and the warning about each.
const TRIMMED: [(&str, &str); 4] = [
    ("foreign-img", "url: not an https URL on a media host"),
    ("long-text", "dropped: too long"),
    ("many-fields", "dropped: too many"),
    ("taken-name", "dropped: the name of a field"),
];

/// All behaviours that break a rule; each trick of a request is one.
fn broken() -> Vec<(String, &'static str)> {
    let numbered = |name: &str, count: usize| -> Vec<_> {
        let each =
            (0..count).map(|number| (format!("{name}_{number}"), "a request that is not allowed"));
        each.collect()
    };
    let named = BROKEN
        .iter()
        .map(|(name, words)| ((*name).to_owned(), *words));
    let urls = numbered("bad-url", URLS.len());
    let headers = numbered("bad-header", HEADERS.len());
    named.chain(urls).chain(headers).collect()
}

/// Writes a case of this kind for each behaviour, which has no result of its own: it asks only that nothing fails.
fn write_cases<'a>(folder: &Path, kind: Kind, behaviours: impl Iterator<Item = &'a str>) {
    for behaviour in behaviours {
        let case = folder.join(kind.name()).join(behaviour);
        fs::create_dir_all(&case).unwrap();
        let query = query(kind, behaviour);
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
    for kind in Kind::ALL {
        write_cases(
            cases.path(),
            kind,
            TRIMMED.iter().map(|(behaviour, _)| *behaviour),
        );
    }
    for name in PluginName::ALL {
        let file = folder.path().join(format!("{name}.wasm"));
        fs::write(&file, misbehaving(name.as_str())).unwrap();
        let told = Box::new(|_, _| ());
        let report = plugin::test(
            &config(folder.path()),
            &file,
            Some(cases.path()),
            None,
            told,
        )
        .await;
        let report = report.unwrap();
        assert!(report.passed(), "{report}");
        let report = report.to_string();
        for kind in Kind::ALL.into_iter().filter(|kind| kind.plugin() == name) {
            for (behaviour, warning) in TRIMMED {
                let title = format!("ok    {kind}/{behaviour}\n");
                let after = report.split_once(&title).expect(&title).1;
                let line = after.lines().next().unwrap_or_default();
                assert!(
                    line.starts_with("      warning: ") && line.contains(warning),
                    "{title}{report}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_component_that_would_break_a_rule_live_is_rejected() {
    let (folder, cases) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let broken = broken();
    for kind in Kind::ALL {
        write_cases(
            cases.path(),
            kind,
            broken.iter().map(|(behaviour, _)| behaviour.as_str()),
        );
        // A refusal is no failure, unless a record is expected.
        let private = cases.path().join(kind.name()).join("private/expected.json");
        fs::write(private, "{}").unwrap();
    }
    let config = Config {
        cases: Some(cases.path().to_owned()),
        ..config(folder.path())
    };
    let registry = Registry::open(config, None).await.unwrap();
    for name in PluginName::ALL {
        let put = registry.put(name, misbehaving(name.as_str()).into()).await;
        let Err(Error::Rejected(rejection)) = put else {
            panic!("{name} was admitted");
        };
        assert_eq!(rejection.step, AdmissionStep::Replay);
        let kinds = Kind::ALL.into_iter().filter(|kind| kind.plugin() == name);
        for kind in kinds.clone() {
            for (behaviour, rule) in &broken {
                let title = format!("{kind}/{behaviour}");
                let mut mismatches = rejection.cases.iter();
                let mismatch = mismatches.find(|it| it.case == title);
                let reason = mismatch.map_or("passed", |it| &it.reason);
                assert!(reason.contains(rule), "{title}: {reason}");
            }
        }
        assert_eq!(rejection.cases.len(), kinds.count() * broken.len());
        assert!(!folder.path().join(format!("{name}.wasm")).exists());
    }
}

/// Lists of 10,000 and cursors of 1 MB: cut where the rest of a record is of use, and otherwise refused.
#[tokio::test]
async fn lists_and_cursors_without_end_are_cut_or_refused() {
    const WORDS: [(Kind, &str, &str); 8] = [
        (
            Kind::ProfileInfo,
            "many-items",
            "bio_links[1000..] dropped: too many",
        ),
        (Kind::ProfilePosts, "many-items", "items: too many"),
        (Kind::ProfileReels, "many-items", "items: too many"),
        (
            Kind::Post,
            "many-items",
            "coauthors[1000..] dropped: too many",
        ),
        (
            Kind::Reel,
            "many-items",
            "coauthors[1000..] dropped: too many",
        ),
        (Kind::Story, "many-items", "items[1000..] dropped: too many"),
        (
            Kind::ProfilePosts,
            "long-cursor",
            "end_cursor: missing, empty or too long",
        ),
        (
            Kind::ProfileReels,
            "long-cursor",
            "end_cursor: missing, empty or too long",
        ),
    ];
    let (folder, cases) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (kind, behaviour, _) in WORDS {
        write_cases(cases.path(), kind, [behaviour].into_iter());
    }
    // The host makes no request of its own for the page that a cursor promises.
    write_cases(
        cases.path(),
        Kind::ProfilePosts,
        ["same-cursor"].into_iter(),
    );
    let mut reports = String::new();
    for name in PluginName::ALL {
        let file = folder.path().join(format!("{name}.wasm"));
        fs::write(&file, misbehaving(name.as_str())).unwrap();
        let told = Box::new(|_, _| ());
        let report = plugin::test(
            &config(folder.path()),
            &file,
            Some(cases.path()),
            None,
            told,
        )
        .await;
        reports += &report.unwrap().to_string();
    }
    for (kind, behaviour, words) in WORDS {
        let title = format!("{kind}/{behaviour}");
        let after = reports.split_once(&title).expect(&title).1;
        let lines: String = after.lines().take(2).collect();
        assert!(lines.contains(words), "{title}: {lines}");
    }
    assert!(
        reports.contains("ok    profile-posts/same-cursor\n"),
        "{reports}"
    );
}
