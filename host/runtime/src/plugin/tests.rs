//! Which component serves in which host: built for the host's version of the contract, for a later one, for an earlier
//! one.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod handmade;

use std::path::Path;

use bytes::Bytes;
use embedded::{POST, PROFILE, REEL, STORY};
use guests::{Flaw, SECOND_CONTRACT};
use wasmtime::component::Component;
use wit_parser::{Resolve, SourceMap};

use super::{
    CONTRACT, Config, Embedded, Registry,
    admission::world,
    contracts::{Contract, SERVED, v1, v2},
    digest,
    engine::{self, artifact::Artifacts, linker},
    sandbox::Sandbox,
};
use crate::contract::{Kind, PluginName};

const EMBEDDED: Embedded = Embedded {
    component: |name| match name {
        PluginName::Profile => PROFILE,
        PluginName::Post => POST,
        PluginName::Reel => REEL,
        PluginName::Story => STORY,
    },
    cases: embedded::cases,
};

/// The versions that a current host and a later one serve.
const TODAY: &[&Contract] = &[&v1::CONTRACT];
const LATER: &[&Contract] = &[&v2::CONTRACT, &v1::CONTRACT];

fn answer(served: &[&'static Contract], component: &[u8]) -> String {
    match world::check_against(served, PluginName::Post, component) {
        Ok(()) => "serves".to_owned(),
        Err(refused) => refused.to_string(),
    }
}

/// Builds a post plugin whose functions do nothing, for a contract that differs from 1.0 by these replacements.
fn built_for(changes: &[(&str, &str)]) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let mut sources = SourceMap::new();
    for (path, text) in v1::WIT {
        let change = |text: String, (from, to): &(&str, &str)| text.replace(from, to);
        sources.push_str(path, changes.iter().fold((*text).to_owned(), change));
    }
    let package = resolve.push_group(sources.parse().unwrap()).unwrap();
    let world = resolve
        .select_world(&[package], Some("post-plugin"))
        .unwrap();
    guests::component(&resolve, world, "post", Flaw::None)
}

/// Checks that a component links as the plugin `post`, which checks every type.
fn links(component: &[u8]) -> Result<(), String> {
    let limits = Config::new("/nonexistent".into(), "/nonexistent".into(), EMBEDDED);
    let engine = engine::running(&limits).unwrap();
    let component = Component::new(&engine, component).unwrap();
    Sandbox::new(
        PluginName::Post,
        &component,
        &linker::inert(&engine).unwrap(),
        &limits,
    )
    .map(drop)
    .map_err(|error| format!("{error:#}"))
}

#[test]
fn each_version_serves_what_is_built_for_it() {
    assert_eq!(answer(TODAY, POST), "serves");
    assert_eq!(answer(LATER, POST), "serves");
    assert_eq!(answer(LATER, SECOND_CONTRACT), "serves");
}

#[test]
fn what_is_built_for_a_later_version_is_told_so() {
    assert_eq!(
        answer(TODAY, SECOND_CONTRACT),
        "world: is built for contract 2.0.0; this host serves 1.0.x: update gramhost, or build it for 1.0"
    );
    let third = built_for(&[("extractor@1.0.0", "extractor@3.1.0")]);
    assert_eq!(
        answer(LATER, &third),
        "world: is built for contract 3.1.0; this host serves 2.0.x and 1.0.x: update gramhost, or build it for 2.0"
    );
}

#[test]
fn what_this_program_says_of_its_contract_is_so() {
    assert_eq!(v1::CONTRACT.version.to_string(), CONTRACT);
}

#[test]
fn what_is_built_for_an_earlier_version_is_told_so() {
    let early = built_for(&[("extractor@1.0.0", "extractor@0.9.0")]);
    assert_eq!(
        answer(TODAY, &early),
        "world: is built for contract 0.9.0; this host serves 1.0.x: build it for 1.0"
    );
}

#[test]
fn what_is_no_extractor_is_told_so() {
    let stranger = built_for(&[("gramhost:extractor@1.0.0", "other:thing@1.0.0")]);
    let answer = answer(TODAY, &stranger);
    assert!(
        answer.starts_with("world: exports nothing of gramhost:extractor/"),
        "{answer}"
    );
}

#[test]
fn a_later_minor_that_only_adds_serves_as_if_it_did_not() {
    let added = [
        ("extractor@1.0.0", "extractor@1.1.0"),
        // Adds a function to an interface, and an interface to the world.
        (
            "interface post {",
            "interface highlights { count: func() -> u32; }\ninterface post { version: func() -> u32;",
        ),
        ("export post;", "export post;\n export highlights;"),
    ];
    let added = built_for(&added);
    assert_eq!(answer(TODAY, &added), "serves");
    assert_eq!(links(&added), Ok(()));
}

#[test]
fn a_later_minor_that_changes_what_was_there_is_told_so() {
    let renamed = [
        ("extractor@1.0.0", "extractor@1.1.0"),
        ("interface post {", "interface single-post {"),
        ("export post;", "export single-post;"),
    ];
    assert_eq!(
        answer(TODAY, &built_for(&renamed)),
        "world: exports no gramhost:extractor/post@1.1.0, which a post plugin must \
         (it is built for contract 1.1.0, this host knows 1.0.0: update gramhost?)"
    );
    let grown = [
        ("extractor@1.0.0", "extractor@1.1.0"),
        ("uses-session: bool,", "uses-session: bool, memory: u64,"),
    ];
    let grown = answer(TODAY, &built_for(&grown));
    let mismatch = "type mismatch in instance export `manifest`: expected 8 fields, found 7";
    assert!(grown.contains(mismatch), "{grown}");
    assert!(
        grown.ends_with("this host knows 1.0.0: update gramhost?)"),
        "{grown}"
    );
}

/// Compiles components in this process instead of the host's child process.
fn compile(cache: &Path, components: &[&[u8]]) {
    let engine = engine::compiling().unwrap();
    let artifacts = Artifacts::open(cache, &engine, None).unwrap();
    for component in components {
        let code = engine.precompile_component(component).unwrap();
        artifacts.keep(&digest(component), &code).unwrap();
    }
}

#[tokio::test]
async fn two_versions_serve_at_once() {
    assert_eq!(SERVED.len(), LATER.len());
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    compile(&cache, &[PROFILE, POST, REEL, STORY, SECOND_CONTRACT]);
    std::fs::write(folder.path().join("post.wasm"), SECOND_CONTRACT).unwrap();
    // If it is admitted, every recorded case passed through the conversions of its version.
    let config = Config {
        folder: Some(folder.path().to_owned()),
        ..Config::new("/nonexistent".into(), cache, EMBEDDED)
    };
    let registry = Registry::open(config, None).await.unwrap();
    let post = registry.serving(Kind::Post);
    assert!(post.label().starts_with("post@2.0.0+"), "{}", post.label());
    assert_eq!(*post.digest(), digest(&Bytes::from_static(SECOND_CONTRACT)));
    let story = registry.serving(Kind::Story);
    assert!(
        story.label().starts_with("story@1.0.0+"),
        "{}",
        story.label()
    );
}
