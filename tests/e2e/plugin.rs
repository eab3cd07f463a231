//! The plugin host as a whole: real components, compiled by the real binary.

mod author;
mod call;
mod change;
mod explain;
mod flawed;
mod folder;
mod gates;
mod hostile;
mod instructions;
mod live;
mod modules;
mod reload;
mod rules;
mod shadow;
mod siege;
mod start;
mod storm;
pub(crate) mod story;
mod swap;
mod versions;
mod walk;

use std::{path::Path, sync::Arc, time::Duration};

pub(crate) use embedded::POST;
use gramhost::{
    config::EMBEDDED,
    contract::{Context, Fault, Kind, Outcome, Query, Refusal, Step, Target},
    driver::Arguments,
    plugin::{Config, Plugin, Registry, Status},
};
pub(crate) use guests::MOVABLE;
use guests::{MISBEHAVING, variant};
use tokio::time::{sleep, timeout};

/// A configuration with a cache that all tests share, so that each component is compiled once.
fn config(folder: &Path) -> Config {
    Config {
        folder: Some(folder.to_owned()),
        ..Config::new(
            env!("CARGO_BIN_EXE_gramhost").into(),
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled"),
            EMBEDDED,
        )
    }
}

async fn open(folder: &Path) -> Arc<Registry> {
    Registry::open(config(folder), None).await.unwrap()
}

/// Replaces a file atomically.
fn replace(folder: &Path, name: &str, contents: &[u8]) {
    let part = folder.join(format!(".{name}.part"));
    std::fs::write(&part, contents).unwrap();
    std::fs::rename(part, folder.join(name)).unwrap();
}

async fn ask(plugin: &Plugin, shortcode: &str) -> Result<Outcome, Fault> {
    ask_for(plugin, Query::post(Target::Shortcode(shortcode.to_owned()))).await
}

async fn ask_for(plugin: &Plugin, query: Query) -> Result<Outcome, Fault> {
    let context = Context {
        now: 1_700_000_000,
        session: false,
        settings: plugin.settings().to_string(),
    };
    plugin
        .extract(Arc::new(query), Arc::new(context), Arguments::default())
        .await
}

/// The query of this kind that names something: a post by its shortcode, an account by its username. A behaviour of the
/// misbehaving component has hyphens, which are dots in a username.
fn query(kind: Kind, name: &str) -> Query {
    let (code, account) = (
        || Target::Shortcode(name.to_owned()),
        name.replace('-', "."),
    );
    match kind {
        Kind::ProfileInfo => Query::profile(account),
        Kind::ProfilePosts => Query::posts(account, 12, None),
        Kind::ProfileReels => Query::reels(account, 12, None),
        Kind::Post => Query::post(code()),
        Kind::Reel => Query::reel(code()),
        Kind::Story => Query::story(account),
    }
}

/// Whether a plugin does what the honest one does first: it sends a request.
fn answers(outcome: &Result<Outcome, Fault>) -> bool {
    let Ok(Outcome {
        step: Step::Fetch(fetch),
        ..
    }) = outcome
    else {
        return false;
    };
    fetch
        .requests
        .iter()
        .all(|it| it.url.starts_with("https://www.instagram.com/"))
}

fn unavailable(outcome: Result<Outcome, Fault>) -> String {
    match outcome.unwrap().step {
        Step::Refuse(Refusal::Unavailable(text)) => text,
        step => panic!("{step:?}"),
    }
}

fn status(registry: &Registry, name: &str) -> Status {
    let all = registry.status();
    all.into_iter().find(|it| it.name == name).unwrap()
}

fn refusal(registry: &Registry, name: &str) -> String {
    let refused = status(registry, name).refused;
    refused.map_or_else(String::new, |it| it.refused.to_string())
}

fn digest(registry: &Registry) -> String {
    status(registry, "post").serving.unwrap().digest
}

fn source(registry: &Registry) -> String {
    status(registry, "post").serving.unwrap().source
}

/// Waits for a condition, polling every few milliseconds.
async fn until(what: &str, condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(20), wait).await.expect(what);
}

async fn serving_answers(registry: &Registry) -> bool {
    answers(&ask(&registry.serving(Kind::Post), "CnU4zIh9x_F").await)
}
