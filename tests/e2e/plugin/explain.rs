//! What changed between good answers and a capture: twenty breakages, of which most are explained by the first suggestion.

mod breakage;
mod breakages;

use std::{fmt::Write as _, path::Path, sync::Arc};

use cases::Case;
use gramhost::{
    capture::{self, Capture, Captures, Explanation, Limits},
    contract::{Kind, PluginName},
    data::Folder,
    drift::{Drift, DriftSample},
    extraction::{self, Extraction},
    plugin::{self, Component, Plugin, RunResult},
    upstream,
};
use serde_json::{Value, json};

use self::{breakage::Breakage, breakages::ALL};
use super::{config, open};

/// How many of the breakages must be explained by the first suggestion.
const RIGHT_MIN: usize = 15;
/// How many of them must be mended by the line that is drafted.
const MENDED_MIN: usize = 10;

/// Good answers that a server has seen before: the cases, by kind.
const GOOD: [(&str, &[&str]); 4] = [
    (
        "post",
        &[
            "long-shortcode",
            "carousel-mixed-polaris",
            "image-with-crops-polaris",
            "counts-hidden",
            "hashtags-with-emoji",
        ],
    ),
    ("reel", &["music-polaris"]),
    ("profile-info", &["picture-sizes-in-any-order", "demo"]),
    ("profile-posts", &["demo-second-page", "demo"]),
];

/// A case of the fixtures.
pub(super) fn case(name: &str) -> Case {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/instagram");
    cases::load(&fixtures.join(name)).unwrap()
}

/// What runs breakages: the built-in plugins, and captures that know good answers.
struct Bench {
    extraction: Extraction,
    captures: Captures,
    plugins: Vec<Arc<Plugin>>,
}

impl Bench {
    async fn new(folder: &Path) -> Self {
        let registry = open(folder).await;
        let upstream = upstream::Client::new(upstream::Config::default()).unwrap();
        let owner = Folder::own(folder.join("data")).unwrap();
        let captures = Captures::open(capture::Config::default(), &owner).unwrap();
        for (kind, names) in GOOD {
            for name in names {
                let Case { question, har, .. } = case(&format!("{kind}/{name}"));
                let door = "guest-graphql".to_owned();
                captures.learn(kind, door, question, har).await;
            }
        }
        let mut plugins = Vec::new();
        for name in PluginName::ALL {
            let digest = plugin::digest((config(folder).embedded.component)(name));
            let loaded = plugin::load(&config(folder), name, Component::Digest(digest)).await;
            plugins.push(loaded.unwrap());
        }
        Self {
            extraction: Extraction::new(extraction::Config::default(), registry, upstream),
            captures,
            plugins,
        }
    }

    fn plugin(&self, kind: &str) -> Arc<Plugin> {
        let kind = Kind::ALL.into_iter().find(|it| it.name() == kind).unwrap();
        let mut all = self.plugins.iter();
        let found = all.find(|it| it.manifest().name == kind.plugin().as_str());
        Arc::clone(found.unwrap())
    }

    /// Whether the drafted setting makes the plugin read the same from the broken answer as from the good one.
    async fn is_mended(&self, breakage: &Breakage, (old, new): &(String, String)) -> bool {
        let broken = breakage.broken();
        let plugin = self.plugin(&broken.kind);
        let mut settings: Value = serde_json::from_str(&plugin.settings()).unwrap();
        settings["rename"][old] = json!(new);
        let settings = Some(settings.to_string());
        let Case { question, har, .. } = &broken;
        let ran = self
            .extraction
            .replay(plugin, question, settings, har)
            .await;
        ran == Ok(self.replay(&breakage.good()).await)
    }

    async fn replay(&self, case: &Case) -> RunResult {
        let plugin = self.plugin(&case.kind);
        let ran = self
            .extraction
            .replay(plugin, &case.question, None, &case.har);
        ran.await.unwrap()
    }

    /// Breaks an answer, captures what comes of it, and explains the capture. `None` if nothing came of it.
    async fn explain(&self, breakage: &Breakage) -> Option<(String, Explanation)> {
        let good = breakage.good();
        let RunResult::Record(before) = self.replay(&good).await else {
            panic!("{}: the unbroken answer gives no record", breakage.what);
        };
        let broken = breakage.broken();
        let (class, field, reason) = match self.replay(&broken).await {
            RunResult::Failed(why) => {
                let field = why.split(": expected").next().map(str::to_owned);
                ("changed", field, why)
            }
            RunResult::Record(after) => {
                let field = drifted(&before, &after)?;
                ("drift", Some(field.clone()), field)
            }
            // A refusal is no failure of the plugin, so nothing is captured.
            RunResult::Refusal(_) | RunResult::OtherRequest(_) => return None,
        };
        let plugin = self.plugin(&broken.kind);
        let capture = Capture {
            id: capture::id(),
            at: "2026-11-25T09:06:18Z".to_owned(),
            kind: broken.kind.clone(),
            query: broken.question.query.clone(),
            plugin: plugin.label().to_string(),
            digest: plugin.digest().to_owned(),
            class: class.to_owned(),
            reason: reason.clone(),
            field,
            settings: serde_json::from_str(&plugin.settings()).unwrap(),
            limits: Limits {
                call_ms_max: 500,
                memory_bytes_max: 64 << 20,
            },
            redacted: 0,
            reproduced: true,
        };
        let kept = self
            .captures
            .keep(capture, broken.question, broken.har)
            .await;
        let explanation = self.captures.explain(&kept.unwrap()).await.unwrap();
        Some((reason, explanation))
    }
}

/// The field that a server warns of, if its records become such.
fn drifted(before: &Value, after: &Value) -> Option<String> {
    let drift = Drift::default();
    let observe = |number: usize, record: &Value| {
        drift.observe(DriftSample {
            kind: "post",
            door: "guest-graphql",
            version: "post@1.0.0+00000000",
            account: &format!("account-{}", number % 9),
            record,
        })
    };
    (0..100).for_each(|number| drop(observe(number, before)));
    let mut lacking = (0..50).map(|number| observe(number, after));
    let warnings = lacking.find(|warnings| !warnings.is_empty())?;
    warnings.into_iter().next().map(|warning| warning.field)
}

#[tokio::test]
async fn most_of_twenty_breakages_are_explained_by_the_first_suggestion() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path()).await;
    assert!(ALL.len() >= 20);
    let mut table = String::from(
        "| what Instagram does | the host sees | first suggestion | right | the drafted line mends it |\n|---|---|---|---|---|\n",
    );
    let (mut right, mut mended) = (0, 0);
    for breakage in &ALL {
        let what = breakage.what;
        let explained = bench.explain(breakage).await;
        let (reason, explanation) = explained.unwrap_or_default();
        if std::env::var_os("GRAMHOST_EXPLAIN").is_some() {
            println!("{what}\n{reason}\n{explanation:#?}");
        }
        let first = explanation.suggestions.first();
        let place = first.map_or("none", |first| first.now.as_str());
        let is_right = place == breakage.now;
        right += usize::from(is_right);
        let line = match first.and_then(|first| first.rename.as_ref()) {
            None => "none",
            Some(rename) if bench.is_mended(breakage, rename).await => {
                mended += 1;
                "yes"
            }
            Some(_) => "no",
        };
        let seen = reason.split(": expected").next().unwrap_or_default();
        let mark = if is_right { "yes" } else { "no" };
        writeln!(table, "| {what} | `{seen}` | `{place}` | {mark} | {line} |").unwrap();
    }
    let all = ALL.len();
    println!("{table}\n{right} of {all} are right, {mended} are mended by the drafted line");
    assert!(right >= RIGHT_MIN, "{right} are right\n{table}");
    assert!(mended >= MENDED_MIN, "{mended} are mended\n{table}");
}

#[tokio::test]
async fn an_answer_that_did_not_change_has_no_suggestions() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path()).await;
    for (kind, names) in GOOD {
        let unbroken = case(&format!("{kind}/{}", names[0]));
        let capture: Capture = serde_json::from_value(json!({
            "id": capture::id(), "at": "2026-11-25T09:06:18Z", "kind": kind, "query": unbroken.question.query,
            "plugin": "post@1.0.0+00000000", "digest": "00", "class": "drift", "reason": "caption", "field": "caption",
            "settings": {}, "limits": { "call_ms_max": 500, "memory_bytes_max": 1 }, "redacted": 0, "reproduced": true,
        }))
        .unwrap();
        let Case { question, har, .. } = unbroken;
        let kept = bench.captures.keep(capture, question, har).await.unwrap();
        let explanation = bench.captures.explain(&kept).await.unwrap();
        assert_eq!(explanation.suggestions, [], "{kind}");
        assert!(!explanation.answers.is_empty(), "{kind}");
    }
}
