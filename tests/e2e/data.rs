//! The data folder has one owner: commands next to a running server do not touch its files, killed commands leave only
//! known remains, and only one module knows the layout.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::Output,
    time::SystemTime,
};

use gramhost::{
    capture::{self, Capture, Captures, Limits},
    data::Folder,
    plugin,
};
use serde_json::json;

use crate::{
    harness::server::{Server, gramhost},
    plugin::POST,
};

/// The parts of the data folder in which only a server deletes. Compiled plugins are shared between tests.
const OWNED: [&str; 4] = ["captures", "components", "files", "fixtures"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    gramhost(folder).args(arguments).output().unwrap()
}

fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {words}");
    String::from_utf8(output.stdout).unwrap()
}

/// Creates one capture of the embedded post plugin in a data folder; returns its id.
async fn with_capture(data: &Path) -> String {
    let case = root().join("fixtures/instagram/post/carousel-mixed-polaris");
    let case = cases::load(&case).unwrap();
    let owner = Folder::own(data).unwrap();
    let captures = Captures::open(capture::Config::default(), &owner).unwrap();
    let capture = Capture {
        id: capture::id(),
        at: "2026-11-25T00:00:00Z".to_owned(),
        kind: case.kind.clone(),
        query: case.question.query.clone(),
        plugin: "post@1.0.0+abcdef01".to_owned(),
        digest: plugin::digest(POST),
        class: "changed".to_owned(),
        reason: "in words".to_owned(),
        field: None,
        settings: json!({}),
        limits: Limits {
            call_ms_max: 5_000,
            memory_bytes_max: 64 << 20,
        },
        redacted: 0,
        reproduced: true,
    };
    captures
        .keep(capture, case.question, case.har)
        .await
        .unwrap()
}

fn plant(data: &Path, path: &str) {
    let path = data.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "{}").unwrap();
}

/// Every file below a folder, with its modification time.
fn files(folder: &Path) -> BTreeSet<(PathBuf, SystemTime)> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let written = fs::metadata(&path).unwrap().modified().unwrap();
            found.insert((path, written));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_beside_a_server_touch_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let capture = with_capture(&folder.path().join("data")).await;
    let server = Server::start_in(folder, &[]);
    let here = server.folder.path();
    let data = here.join("data");
    // As if the server were writing it at this moment.
    plant(&data, "captures/post/.half/query.json");
    plant(&data, "captures/post/.other.1-2.part/query.json");
    plant(&data, "components/not-a-digest.wasm");
    plant(&data, "components/.digest.wasm.1-2.part");
    plant(&data, "files/.staging/job/part");
    plant(&data, "fixtures/post/.half.1-2.part/query.json");
    let before: BTreeSet<_> = OWNED
        .iter()
        .flat_map(|part| files(&data.join(part)))
        .collect();
    assert!(before.len() >= 9, "{before:?}");

    fs::write(here.join("post.wasm"), POST).unwrap();
    let recorded = root().join("fixtures");
    let recorded = recorded.to_str().unwrap();
    let listed = done(here, &["plugin", "captures"]);
    assert!(listed.contains(&capture), "{listed}");
    done(here, &["plugin", "list"]);
    done(here, &["plugin", "replay", &capture]);
    done(here, &["plugin", "adopt", &capture, "--as", "adopted"]);
    done(here, &["plugin", "test", "post.wasm"]);
    let record = ["plugin", "record", "post", "DfDjNmTDemo", "--as"];
    done(
        here,
        &[&record[..], &["recorded", "--replay", recorded]].concat(),
    );
    let replay = ["DfDjNmTDemo", "--replay", recorded];
    done(here, &[&["extract", "post"][..], &replay].concat());

    let after: BTreeSet<_> = OWNED
        .iter()
        .flat_map(|part| files(&data.join(part)))
        .collect();
    let gone: Vec<_> = before.difference(&after).collect();
    assert!(gone.is_empty(), "{gone:?}");
    let new: Vec<_> = after.difference(&before).collect();
    let cases = data.join("fixtures/post");
    let whole = |path: &Path| {
        path.starts_with(cases.join("adopted")) || path.starts_with(cases.join("recorded"))
    };
    assert!(new.iter().all(|(path, _)| whole(path)), "{new:?}");
    assert_eq!(new.len(), 2 + 3, "{new:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_adopt_is_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let capture = with_capture(&folder.path().join("data")).await;
    let server = Server::start_in(folder, &[]);
    let here = server.folder.path();
    let cases = here.join("data/fixtures/post");
    let plan = here.join("plan");
    fs::write(&plan, "crash 1 data.folder").unwrap();
    let adopt = ["plugin", "adopt", &capture, "--as", "moved"];
    let killed = gramhost(here)
        .env("FAULTS", plan)
        .args(adopt)
        .output()
        .unwrap();
    assert_eq!(killed.status.signal(), Some(9), "{killed:?}");
    let left = || -> Vec<String> {
        let names = fs::read_dir(&cases).unwrap();
        let mut names: Vec<_> = names
            .map(|name| name.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let half = left();
    assert!(
        half.len() == 1 && half[0].starts_with(".moved.") && half[0].ends_with(".part"),
        "{half:?}"
    );
    // The state that an earlier killed command leaves.
    fs::remove_file(cases.join(&half[0]).join("exchange.har")).unwrap();

    // The server checks a component on every case that its operator keeps; an unfinished case does not count.
    let put = server.put_plugin("post", POST).await;
    assert_eq!(put.status, 200, "{}", put.text);
    done(here, &adopt);
    assert_eq!(left(), [half[0].as_str(), "moved"]);
    let put = server.put_plugin("post", POST).await;
    assert_eq!(put.status, 200, "{}", put.text);

    let server = server.crash_and_restart(&[]);
    assert!(
        !server
            .folder
            .path()
            .join("data/fixtures/post")
            .join(&half[0])
            .exists()
    );
    let moved = cases::load_all(&server.folder.path().join("data/fixtures")).unwrap();
    assert_eq!(moved.len(), 1);
}

#[test]
fn what_is_not_finished_is_no_case() {
    let folder = tempfile::tempdir().unwrap();
    let whole = root().join("fixtures/instagram/post/carousel-mixed-polaris");
    let to = folder.path().join("post/whole");
    fs::create_dir_all(&to).unwrap();
    for file in fs::read_dir(whole).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
    for half in ["post/.half.1-2.part", "post/.half", "post/half.part", ".x"] {
        plant(folder.path(), &format!("{half}/query.json"));
    }
    let cases = cases::load_all(folder.path()).unwrap();
    let names: Vec<_> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names, ["whole"]);
}

/// Names that only some files of the host may contain, and those files.
const PLACES: [(&str, &[&str]); 12] = [
    ("gramhost.db\"", &["data.rs"]),
    ("owner.lock\"", &["data.rs"]),
    ("admin-token\"", &["data.rs"]),
    ("\".staging\"", &["data.rs"]),
    ("join(\"files\")", &["data.rs"]),
    ("join(\"captures\")", &["data.rs"]),
    ("join(\"fixtures\")", &["data.rs"]),
    ("join(\"components\")", &["data.rs"]),
    ("join(\"compiled\")", &["data.rs"]),
    ("fs::rename(", &["data/whole.rs"]),
    // A converter's own output; the scratch folder of `gramhost download`; the doctor's probe; an author's cases.
    (
        "fs::remove_file",
        &[
            "data/owner.rs",
            "data/whole.rs",
            "media.rs",
            "media/picture.rs",
            "command/doctor/machine.rs",
            "plugin/author/packing.rs",
        ],
    ),
    (
        "fs::remove_dir_all",
        &[
            "data/owner.rs",
            "data/whole.rs",
            "command/demo.rs",
            "command/download.rs",
        ],
    ),
];

#[test]
fn one_room_knows_the_layout_and_deletes() {
    let crates = [
        "host/src",
        "host/service/src",
        "host/runtime/src",
        "host/platform/src",
    ];
    let crates = crates.map(|folder| root().join(folder));
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (path, _) in crates.iter().flat_map(|folder| files(folder)) {
        let sources = crates.iter().find(|folder| path.starts_with(folder));
        let name = path.strip_prefix(sources.unwrap()).unwrap();
        let name = name.to_str().unwrap();
        if !name.ends_with(".rs") || name.contains("tests/") || name.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for (words, places) in PLACES {
            match (code.contains(words), places.contains(&name)) {
                (true, false) => wrong.push(format!("{name} says {words}")),
                (true, true) => drop(seen.insert((words, name.to_owned()))),
                (false, _) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let places: usize = PLACES.iter().map(|(_, places)| places.len()).sum();
    assert_eq!(
        seen.len(),
        places,
        "a place of the table is gone: {seen:#?}"
    );
}
