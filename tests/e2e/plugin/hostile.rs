//! Hostile versions of all four plugins at once: whatever a call does, it ends, and honest calls before and after it have
//! an answer.

use std::{fs, sync::Arc, time::Duration};

use futures_util::future::join_all;
use gramhost::{
    contract::{Fault, Kind, PluginName, Query},
    plugin::{Config, Registry},
};
use guests::misbehaving;
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use super::{answers, ask_for, config, query, until};
use crate::harness::server::{Answer, Server};

/// How often each behaviour is tried in each kind.
const TRIES: usize = 3;

/// The behaviours that end without an outcome, and the fault of each.
const FAULTS: [(&str, Fault); 13] = [
    ("spin", Fault::Deadline),
    ("bulk-spin", Fault::Deadline),
    ("hoard", Fault::Memory),
    ("recurse", Fault::Stack),
    ("recurse-with-frames", Fault::Stack),
    ("recurse-in-host", Fault::Stack),
    ("flood", Fault::Output),
    ("flood-memo", Fault::Output),
    ("flood-fetch", Fault::Output),
    ("trap", Fault::Trap(String::new())),
    ("shout", Fault::Trap(String::new())),
    ("exit", Fault::Trap(String::new())),
    ("sleep", Fault::Trap(String::new())),
];

/// A host on which all four plugins are hostile.
async fn hostile(change: impl FnOnce(&mut Config)) -> (TempDir, Arc<Registry>) {
    let folder = tempfile::tempdir().unwrap();
    write_hostile(folder.path());
    let mut config = config(folder.path());
    change(&mut config);
    let registry = Registry::open(config, None).await.unwrap();
    for status in registry.status() {
        let serving = status.serving.unwrap();
        let file = format!("{}.wasm", status.name);
        assert_eq!(serving.source, file, "{:?}", status.refused);
    }
    (folder, registry)
}

fn write_hostile(folder: &std::path::Path) {
    for name in PluginName::ALL {
        let file = folder.join(format!("{name}.wasm"));
        fs::write(file, misbehaving(name.as_str())).unwrap();
    }
}

async fn ask(
    registry: &Registry,
    kind: Kind,
    name: &str,
) -> Result<gramhost::contract::Outcome, Fault> {
    ask_for(&registry.serving(kind), query(kind, name)).await
}

/// The names of both, without the words of the plugin.
fn same(one: &Fault, other: &Fault) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_every_plugin_ends_its_call_alone() {
    // The machine may be busy: only those that never end meet the short deadline.
    let (_long, patient) = hostile(|config| config.call_ms_max = 20_000).await;
    let (_short, hasty) =
        hostile(|config| (config.call_ms_max, config.wait_ms_max) = (50, 20_000)).await;
    for (behaviour, fault) in FAULTS {
        let registry = if fault == Fault::Deadline {
            &hasty
        } else {
            &patient
        };
        let asked = Kind::ALL.iter().flat_map(|kind| [kind; TRIES]);
        let ended = join_all(asked.map(|kind| ask(registry, *kind, behaviour))).await;
        for ended in ended {
            let ended = ended.unwrap_err();
            assert!(same(&ended, &fault), "{behaviour}: {ended:?}");
        }
        for kind in Kind::ALL {
            let outcome = ask(&patient, kind, "honest").await;
            assert!(answers(&outcome), "{kind} after {behaviour}: {outcome:?}");
        }
    }
    // Every place is free again.
    let honest = Kind::ALL.iter().cycle().take(16);
    let answered = join_all(honest.map(|kind| ask(&patient, *kind, "honest"))).await;
    assert!(answered.iter().all(answers));
}

/// The route that runs a query, if its name may be in a request.
pub(super) fn route(query: &Query) -> String {
    let value = serde_json::to_value(query).unwrap();
    let name = |field: &Value| field.as_str().unwrap().to_owned();
    match query.kind() {
        Kind::Post => format!(
            "post/info?url_or_code={}",
            name(&value["target"]["shortcode"])
        ),
        Kind::Reel => format!(
            "reel/info?url_or_id={}",
            name(&value["target"]["shortcode"])
        ),
        Kind::ProfileInfo => format!("profile/info?username={}", name(&value["username"])),
        Kind::ProfilePosts => format!("profile/posts?username={}", name(&value["username"])),
        Kind::ProfileReels => format!("profile/reels?username={}", name(&value["username"])),
        Kind::Story => format!("story/info?username={}", name(&value["username"])),
    }
}

/// What a process holds.
#[cfg(target_os = "linux")]
#[derive(Clone, Copy, Debug)]
struct Held {
    /// Resident memory without pages that are backed by a file.
    mib: u64,
    descriptors: usize,
    threads: usize,
}

#[cfg(target_os = "linux")]
impl Held {
    fn by(server: &Server) -> Self {
        let proc = std::path::PathBuf::from(format!("/proc/{}", server.pid()));
        let status = fs::read_to_string(proc.join("status")).unwrap();
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"));
        let kib: u64 = kib.unwrap().trim().trim_end_matches(" kB").parse().unwrap();
        let count = |folder: &str| fs::read_dir(proc.join(folder)).unwrap().count();
        Self {
            mib: kib / 1024,
            descriptors: count("fd"),
            threads: count("task"),
        }
    }

    /// Whether no more is held than before, but for what is always in motion, and the 32 MiB that the pool may keep.
    fn is_back_at(self, base: Self) -> bool {
        self.mib <= base.mib + 64
            && self.descriptors <= base.descriptors + 4
            && self.threads <= base.threads + 2
    }
}

/// All behaviours of all plugins over HTTP: each costs its caller alone, and in the end nothing is held that was not
/// held before.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn after_all_that_hostile_plugins_can_do_nothing_is_held() {
    const REFUSED: [&str; 12] = [
        "long-change",
        "fanout",
        "forever",
        "forbidden",
        "own-address",
        "bad-url",
        "bad-header",
        "long-header",
        "nothing",
        "other-post",
        "private",
        "babble",
    ];
    const SERVED: [&str; 7] = [
        "odd-text",
        "long-text",
        "many-fields",
        "taken-name",
        "liar",
        "heavy",
        "odd-door",
    ];
    let folder = tempfile::tempdir().unwrap();
    let settings = "cache_ttl = 0\nrate_limit = 0\n[limits]\nrollback_failures_min = 10000\n";
    fs::write(folder.path().join("gramhost.toml"), settings).unwrap();
    let plugins = folder.path().join("data/plugins");
    fs::create_dir_all(&plugins).unwrap();
    write_hostile(&plugins);
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");
    // What is measured is what the server holds, not what malloc keeps for it.
    let variables = [
        ("MALLOC_ARENA_MAX", "2"),
        ("MALLOC_TRIM_THRESHOLD_", "131072"),
    ];
    let server = Server::start_with(folder, &variables, &["--replay", fixtures]);
    let ask = async |kind, behaviour: &str| {
        let answer = server
            .get(&format!("/instagram/{}", route(&query(kind, behaviour))))
            .await;
        assert!(
            answer.json.is_object(),
            "{kind} {behaviour}: {}",
            answer.text
        );
        assert!(!answer.headers.contains_key("x-evil"), "{kind} {behaviour}");
        assert!(!answer.text.contains('\0'), "{kind} {behaviour}");
        answer
    };
    for kind in Kind::ALL {
        assert_eq!(ask(kind, "plain").await.status, 200, "{kind}");
        assert_eq!(ask(kind, "trap").await.status, 502, "{kind}");
    }
    let base = Held::by(&server);
    let wrong = FAULTS
        .into_iter()
        .map(|(behaviour, _)| behaviour)
        .chain(REFUSED);
    // A shortcode has at most eleven characters.
    for behaviour in wrong.chain(SERVED).filter(|it| it.len() <= 11) {
        let asked = Kind::ALL.iter().flat_map(|kind| [kind; TRIES]);
        let wrong = join_all(asked.map(|kind| ask(*kind, behaviour)));
        let honest = join_all(Kind::ALL.map(|kind| ask(kind, "plain")));
        let (wrong, honest) = tokio::join!(wrong, honest);
        for answer in wrong {
            let is_served = answer.status == 200;
            let may_be_served = SERVED.contains(&behaviour);
            assert_eq!(is_served, may_be_served, "{behaviour}: {}", answer.text);
        }
        let answered = |answer: &Answer| answer.status == 200;
        assert!(
            honest.iter().all(answered),
            "beside {behaviour}: {honest:?}"
        );
    }
    let filled = Held::by(&server);
    let given_back = async {
        while !Held::by(&server).is_back_at(base) {
            sleep(Duration::from_millis(100)).await;
        }
    };
    let given_back = timeout(Duration::from_secs(90), given_back).await;
    println!(
        "{base:?} before, {filled:?} after, {:?} in the end",
        Held::by(&server)
    );
    assert!(
        given_back.is_ok(),
        "{base:?} before, {:?}",
        Held::by(&server)
    );
}

/// A call returns a thousand lines for the log, of 5 KB each, which would draw on a terminal and begin new lines.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_lines_of_a_plugin_are_64_short_ones_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let plugins = folder.path().join("data/plugins");
    fs::create_dir_all(&plugins).unwrap();
    write_hostile(&plugins);
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");
    let server = Server::start_in(folder, &["--replay", fixtures, "--rate-limit", "0"]);
    let babble = || {
        let log = server.log();
        let lines = log.lines().filter(|line| line.contains("%s"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    for (number, kind) in (1..).zip(Kind::ALL) {
        let path = format!("/instagram/{}", route(&query(kind, "babble")));
        assert_eq!(server.get(&path).await.status, 502, "{kind}");
        // More of an earlier call would be there by now, because lines are written in order.
        until("logged", || babble().len() == 64 * number).await;
    }
    for line in babble() {
        assert!(line.len() < 4096, "{line}");
        assert!(!line.contains(char::is_control), "{line:?}");
    }
    let log = server.log();
    assert!(!log.lines().any(|line| line.starts_with("babbling")));
}
