//! A hostile candidate beside an honest version, for each plugin: whatever it does in shadow mode, the serving one goes
//! on, the candidate does not come to serve, and nothing that it makes up is kept.

use std::{collections::BTreeSet, fs, time::Duration};

use futures_util::future::join_all;
use gramhost::contract::{Kind, PluginName};
use guests::{misbehaving, tame};
use serde_json::Value;
use tokio::time::{interval, timeout};

use super::{MOVABLE, hostile::route, query};
use crate::harness::{server::Server, workshop::Workshop};

/// The number of comparisons before a decision.
const SHADOW: u32 = 12;

/// What the candidate does; the serving version returns a plain record for the same queries.
const BEHAVIOURS: [&str; 10] = [
    "spin",
    "flood",
    "hoard",
    "trap",
    "recurse",
    "babble",
    "many-fields",
    "heavy",
    "odd-door",
    "long-change",
];

async fn entry(server: &Server, name: PluginName) -> Value {
    let plugins = server.admin("/plugins").await.json;
    let mut all = plugins.as_array().unwrap().iter();
    all.find(|it| it["name"] == name.as_str()).unwrap().clone()
}

/// The names and labels of all metrics of plugins and their records, without the values.
async fn series(server: &Server) -> BTreeSet<String> {
    let text = server.admin("/metrics").await.text;
    let is_of_plugins = |line: &&str| {
        let families = ["gramhost_plugin_", "gramhost_drift_", "gramhost_captures"];
        families.iter().any(|family| line.starts_with(family))
    };
    let lines = text.lines().filter(is_of_plugins);
    lines
        .filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned()))
        .collect()
}

/// The kinds of a plugin, in turn, with a name for each behaviour.
fn queries(name: PluginName, round: usize) -> impl Iterator<Item = (Kind, String)> {
    let kinds = Kind::ALL
        .into_iter()
        .filter(move |kind| kind.plugin() == name);
    let kinds: Vec<_> = kinds.collect();
    // A shortcode has at most eleven characters, two of the round among them: a busy machine compares few of its calls, so
    // there may be hundreds of rounds.
    let accounts = matches!(name, PluginName::Profile | PluginName::Story);
    let behaviours = BEHAVIOURS.into_iter();
    let behaviours = behaviours.filter(move |it| it.len() <= 8 || accounts);
    behaviours.enumerate().map(move |(at, behaviour)| {
        (
            kinds[(at + round) % kinds.len()],
            format!("{behaviour}_{}", round % 100),
        )
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_candidate_harms_neither_the_serving_version_nor_what_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let settings = format!("shadow = {SHADOW}\ncache_ttl = 0\nrate_limit = 0\n");
    fs::write(folder.path().join("gramhost.toml"), settings).unwrap();
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");
    let server = Server::start_in(folder, &["--replay", fixtures]);
    let operator = Workshop::new(&server, MOVABLE);
    for name in PluginName::ALL {
        let put = server.put_plugin(name.as_str(), &tame(name.as_str())).await;
        assert_eq!(put.status, 200, "{}", put.text);
        operator.done(&["promote", name.as_str()]);
    }
    let before = series(&server).await;
    for name in PluginName::ALL {
        let serving = entry(&server, name).await["digest"].clone();
        let candidate = misbehaving(name.as_str());
        let put = server.put_plugin(name.as_str(), &candidate).await;
        assert_eq!(put.status, 200, "{}", put.text);
        let held = async {
            let mut looks = interval(Duration::from_millis(20));
            for round in 0.. {
                let asked = queries(name, round).map(async |(kind, behaviour)| {
                    let path = format!("/instagram/{}", route(&query(kind, &behaviour)));
                    (behaviour, server.get(&path).await)
                });
                for (behaviour, answer) in join_all(asked).await {
                    assert_eq!(answer.status, 200, "{behaviour}: {}", answer.text);
                    let label = answer.headers["x-plugin"].to_str().unwrap();
                    assert!(
                        serving
                            .as_str()
                            .unwrap()
                            .starts_with(&label[label.len() - 8..])
                    );
                }
                let entry = entry(&server, name).await;
                if entry["candidate"]["held"].is_string() {
                    return entry;
                }
                looks.tick().await;
            }
            unreachable!()
        };
        let entry = timeout(Duration::from_secs(120), held).await.expect("held");
        assert_eq!(entry["digest"], serving);
        let told = entry["candidate"]["shadow"].to_string();
        assert!(
            entry["candidate"]["shadow"]["worse"].as_u64() > Some(0),
            "{told}"
        );
        // 20 comparisons with at most 10 differences each are shown.
        assert!(told.len() < 512 << 10, "{} bytes", told.len());
    }
    assert_eq!(series(&server).await, before);
    let database = server.folder.path().join("data/gramhost.db");
    let bytes = fs::metadata(&database).map_or(0, |it| it.len());
    assert!((1..8 << 20).contains(&bytes), "{bytes}");
}
