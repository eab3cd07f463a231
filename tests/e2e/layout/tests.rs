//! Tests of the layout test: each rule on a planted error, and on code that only looks like one.

use super::{faults_of, graph::Graph, source::Source};

fn assert_fault(path: &str, code: &str, fault: &str) {
    let faults = faults_of(path, &format!("//! A file.\n{code}\n"));
    assert!(
        faults.iter().any(|found| found.contains(fault)),
        "{path} {code:?}: {faults:?}"
    );
}

fn assert_none(path: &str, code: &str) {
    let faults = faults_of(path, &format!("//! A file.\n{code}\n"));
    assert_eq!(faults, [""; 0], "{path} {code:?}");
}

#[test]
fn imports_upwards_are_faults() {
    for code in [
        "use crate::api;",
        "pub(crate) use crate::api::Config;",
        "use crate::{contract::Kind, api};",
        "use crate::{contract::{Kind, Query}, api::{self, Config}, plugin};",
        "use crate::{\n    contract::Kind,\n    api::public,\n};",
        "use super::api;",
        "use super::{contract, api::public};",
    ] {
        assert_fault(
            "host/src/plugin.rs",
            code,
            "room `plugin` may not import `api`",
        );
    }
    assert_fault(
        "host/src/plugin/store/limits.rs",
        "use super::super::super::upstream::Client;",
        "room `plugin` may not import `upstream`",
    );
}

#[test]
fn imports_downwards_and_within_a_room_are_none() {
    assert_none(
        "host/src/plugin.rs",
        "use crate::{contract::Kind, plugin::store};",
    );
    assert_none(
        "host/src/api/view/post.rs",
        "use super::{plugin, upstream};",
    );
    assert_none("host/src/plugin/store.rs", "use super::api;");
}

#[test]
fn a_room_must_be_in_the_table_and_an_import_a_room() {
    assert_fault(
        "host/src/warehouse.rs",
        "",
        "room `warehouse` is not in the import table",
    );
    assert_fault("host/src/api.rs", "use crate::Thing;", "which is no room");
}

#[test]
fn crate_paths_outside_use_lines_are_faults() {
    let fault = "says `crate::` outside";
    assert_fault(
        "host/src/api.rs",
        "fn f() -> crate::contract::Kind {}",
        fault,
    );
    assert_none("host/src/api/view.rs", "pub(in crate::api) struct S;");
    assert_none(
        "host/src/api.rs",
        "// crate::contract\nconst S: &str = \"crate::contract\";",
    );
    assert_none(
        "host/src/api.rs",
        "macro_rules! m { () => { $crate::x() } }",
    );
}

#[test]
fn foreign_libraries_outside_their_rooms_are_faults() {
    for (path, code, library) in [
        ("host/src/extraction.rs", "use reqwest::Client;", "reqwest"),
        ("host/src/extraction.rs", "use reqwest;", "reqwest"),
        (
            "host/src/extraction.rs",
            "fn f() -> axum::Router {}",
            "axum",
        ),
        ("host/src/plugin.rs", "fn f(v: toml::Value) {}", "toml"),
        ("host/src/upstream.rs", "use std::env;", "std::env"),
        (
            "host/src/upstream.rs",
            "use std::{env::var, fs};",
            "std::env",
        ),
        ("host/src/api.rs", "fn f() { std::fs::read(p) }", "std::fs"),
        ("host/src/api.rs", "use tokio::{fs, net};", "tokio::fs"),
    ] {
        assert_fault(path, code, &format!("`{library}` belongs to"));
    }
}

#[test]
fn what_only_looks_like_a_foreign_library_is_none() {
    assert_none(
        "host/src/plugin/package/settings.rs",
        "fn f(v: toml::Value) {}",
    );
    assert_none(
        "host/src/plugin/package/settings/merge.rs",
        "fn f(v: toml::Value) {}",
    );
    assert_none(
        "host/src/api.rs",
        "// reqwest::Client\nconst S: &str = r#\"sqlx::\"#;",
    );
    assert_none(
        "host/src/api.rs",
        "fn f() { my_moka::x(); self::moka::x() }",
    );
    assert_none(
        "host/src/upstream.rs",
        "const C: char = '\"'; // \"\nfn f() {}",
    );
    assert_none(
        "host/src/upstream.rs",
        "const S: &str = \"https://x\"; fn f(c: u8) {}",
    );
    assert_none(
        "host/src/upstream.rs",
        "const D: &str = env!(\"CARGO_MANIFEST_DIR\");",
    );
    assert_none("host/src/api/tests.rs", "use reqwest::Client;");
    assert_none(
        "host/src/api.rs",
        "#[cfg(test)]\nmod tests {\n    use reqwest::Client;\n}",
    );
}

#[test]
fn form_counts_everywhere() {
    let path = "plugins/post/src/lib.rs";
    let open = faults_of(path, "fn f() {}\n");
    assert!(open[0].contains("does not open with"), "{open:?}");
    assert_fault(path, &"\n".repeat(399), "401 lines");
    assert_none(path, &"\n".repeat(398));
    for path in [
        "plugins/post/src/mod.rs",
        "host/src/api/util.rs",
        "tests/helpers/x.rs",
    ] {
        assert_fault(path, "", "names a bag");
    }
    assert_fault(
        "host/src/plugin/engine.rs",
        "fn f() { unsafe { g() } }",
        "`unsafe` outside",
    );
    assert_none(
        "host/runtime/src/plugin/engine/artifact.rs",
        "fn f() { unsafe { g() } }",
    );
    assert_none(
        "host/src/plugin/engine.rs",
        "#![forbid(unsafe_code)] // unsafe",
    );
}

#[test]
fn use_trees_are_spelt_out() {
    let text =
        "use a::{b, c::{self, d as e}, f::*};\n    pub(in super) use g as h;\nfn used() {}\n";
    assert_eq!(
        Source::new(text).imports(),
        ["a::b", "a::c", "a::c::d", "a::f::*", "g"]
    );
}

fn graph_faults(files: &[(&str, &str)]) -> Vec<String> {
    let files = files
        .iter()
        .map(|(path, code)| ((*path).to_owned(), Source::new(code)));
    Graph::new(&files.collect()).faults()
}

#[test]
fn files_that_import_each_other_are_faults() {
    let circle = [
        ("media.rs", "mod a;\nmod b;\nmod c;\nuse a::A;"),
        ("media/a.rs", "use super::b::B;"),
        ("media/b.rs", "use crate::media::c::{C, D};"),
        ("media/c.rs", "use crate::{media::a, url::Url};"),
    ];
    assert_eq!(
        graph_faults(&circle),
        ["import each other: media/a, media/b, media/c"]
    );
    let through_rooms = [
        ("job.rs", "use crate::media::Kind;"),
        ("media.rs", "use crate::job;"),
    ];
    assert_eq!(
        graph_faults(&through_rooms),
        ["import each other: job, media"]
    );
}

#[test]
fn a_room_and_its_own_files_are_no_circle() {
    let files = [
        ("media.rs", "mod a;\nmod b;\npub use a::{A, inner::C};"),
        ("media/a.rs", "use super::{Config, b::B};\nuse inner::C;"),
        ("media/a/inner.rs", "use super::A;\nuse tokio::sync::Mutex;"),
        ("media/b.rs", "use crate::media::Config;"),
    ];
    assert_eq!(graph_faults(&files), [""; 0]);
}

#[test]
fn imports_against_the_order_of_a_room_are_faults() {
    let files = [
        ("plugin.rs", ""),
        (
            "plugin/engine.rs",
            "use crate::plugin::registry::slot::Slot;",
        ),
        ("plugin/registry.rs", ""),
        (
            "plugin/registry/slot.rs",
            "use crate::plugin::config::Config;",
        ),
        ("plugin/config.rs", ""),
    ];
    assert_eq!(
        graph_faults(&files),
        ["plugin/engine imports plugin/registry/slot, which is above it"]
    );
}
