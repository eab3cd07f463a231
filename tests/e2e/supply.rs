//! Checks what the program is made of: the versions in the lock file, and the bill of materials in the archive.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use serde_json::Value;

/// The oldest version allowed of each crate that had a known fault, and who reported it. The databases of faults cannot
/// be reached from everywhere; these lines hold without them.
const FLOORS: [(&str, &str); 20] = [
    // See `WASMTIME_WAIVED`.
    ("wasmtime", "48.0.8"),
    ("wasmtime-wasi", "48.0.8"),
    ("wasmtime-environ", "48.0.8"),
    ("bytes", "1.11.1"),
    ("crossbeam-channel", "0.5.15"),
    ("h2", "0.4.16"),
    ("idna", "1.0.3"),
    // Nothing uses it now.
    ("lru", "0.18.2"),
    ("quick-xml", "0.41.0"),
    ("ring", "0.17.12"),
    ("rustls", "0.23.18"),
    ("rustls-webpki", "0.103.13"),
    ("slab", "0.4.11"),
    ("sqlx", "0.8.1"),
    ("time", "0.3.47"),
    ("tokio", "1.44.2"),
    ("tracing-subscriber", "0.3.20"),
    ("url", "2.5.4"),
    ("zip", "2.3.0"),
    // CVE-2023-4863, in the C library that it carries.
    ("libwebp-sys", "0.9.3"),
];

/// The oldest version allowed of the SQLite that is compiled in: CVE-2025-6965.
const SQLITE_FLOOR: &str = "3.50.2";

/// The first version of wasmtime that does not end the process without the features `gc` and `threads` (RUSTSEC-2026-0570
/// and GHSA-2674-w29h-wqvj). Until it can be had, both are compiled in and switched off in the engine's configuration.
const WASMTIME_WAIVED: &str = "48.0.9";

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn read(name: &str) -> toml::Table {
    let text = fs::read_to_string(root().join(name)).unwrap();
    text.parse().unwrap()
}

/// Every version of every crate in a lock file, with its checksum; our own crates have none.
fn packages(lock: &toml::Table) -> BTreeSet<(String, String, Option<String>)> {
    let packages = lock["package"].as_array().unwrap().iter();
    let text = |package: &toml::Value, key: &str| Some(package.get(key)?.as_str()?.to_owned());
    packages
        .map(|package| {
            let name = text(package, "name").unwrap();
            (
                name,
                text(package, "version").unwrap(),
                text(package, "checksum"),
            )
        })
        .collect()
}

/// The numbers of a version, which compare as versions do. A pre-release counts as older than its release.
fn numbers(version: &str) -> (Vec<u64>, bool) {
    let version = version.split('+').next().unwrap();
    let (release, is_release) = match version.split_once('-') {
        Some((release, _)) => (release, false),
        None => (version, true),
    };
    let numbers = release.split('.').map(|number| number.parse().unwrap());
    (numbers.collect(), is_release)
}

/// What is too old in a lock file, or banned by the rules for cargo-deny, which is not everywhere.
fn faults(lock: &toml::Table) -> Vec<String> {
    let mut faults = Vec::new();
    let rules = read(".cargo/deny.toml");
    let banned = rules["bans"]["deny"].as_array().unwrap().iter();
    let banned: Vec<_> = banned.filter_map(|rule| rule["crate"].as_str()).collect();
    for (name, version, _) in packages(lock) {
        for (known, floor) in FLOORS {
            if name == known && numbers(&version) < numbers(floor) {
                faults.push(format!("{name} {version} is older than {floor}"));
            }
        }
        if banned.contains(&&*name) {
            faults.push(format!("{name} {version} is banned"));
        }
    }
    faults
}

#[test]
fn no_crate_is_older_than_its_last_known_fault() {
    let lock = read("Cargo.lock");
    assert_eq!(faults(&lock), Vec::<String>::new());
    // A renamed crate must not pass because nobody looks at it any more.
    let names: BTreeSet<_> = packages(&lock).into_iter().map(|(name, ..)| name).collect();
    for (name, _) in FLOORS {
        assert!(names.contains(name) || name == "lru", "{name} is not used");
    }
}

#[test]
fn an_old_or_banned_crate_is_found() {
    let lock = |name: &str, version: &str| -> toml::Table {
        let text = format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"");
        text.parse().unwrap()
    };
    for (name, version, is_fault) in [
        ("h2", "0.4.15", true),
        ("h2", "0.4.16", false),
        ("h2", "0.4.16-rc.1", true),
        ("h2", "0.10.0", false),
        ("rustls-webpki", "0.103.9", true),
        ("rustls-webpki", "0.103.13+build", false),
        ("wasmtime", "47.9.9", true),
        ("tokio-tar", "9.0.0", true),
        ("unknown", "0.0.1", false),
    ] {
        let found = faults(&lock(name, version));
        assert_eq!(!found.is_empty(), is_fault, "{name} {version}: {found:?}");
    }
}

#[test]
fn wasmtime_has_the_features_that_its_version_must_have() {
    let manifest = read("Cargo.toml");
    let wasmtime = &manifest["workspace"]["dependencies"]["wasmtime"];
    let features = wasmtime["features"].as_array().unwrap().iter();
    let features: Vec<_> = features.filter_map(toml::Value::as_str).collect();
    assert_eq!(wasmtime["default-features"].as_bool(), Some(false));
    // Where most of the faults of components were.
    assert!(!features.contains(&"component-model-async"), "{features:?}");
    let mut versions = packages(&read("Cargo.lock")).into_iter();
    let (_, version, _) = versions.find(|(name, ..)| name == "wasmtime").unwrap();
    let waived = numbers(&version) < numbers(WASMTIME_WAIVED);
    let compiled_in = ["gc", "threads"].iter().all(|name| features.contains(name));
    assert!(
        !waived || compiled_in,
        "wasmtime {version} with {features:?}"
    );
}

#[test]
fn no_build_for_use_lets_a_number_overflow_or_dies_of_a_panic() {
    let profiles = &read("Cargo.toml")["profile"];
    assert_eq!(profiles["dist"]["inherits"].as_str(), Some("release"));
    assert_eq!(profiles["release"]["overflow-checks"].as_bool(), Some(true));
    for host in ["release", "dist"] {
        // Unwinding is the default: a panic costs one request or one job.
        assert!(profiles[host].get("panic").is_none(), "{host}");
    }
    assert!(profiles["dist"].get("overflow-checks").is_none());
    assert_eq!(profiles["plugin"]["overflow-checks"].as_bool(), Some(true));
}

#[test]
fn every_crate_comes_from_one_registry_with_a_checksum() {
    let lock = read("Cargo.lock");
    let mut sources = BTreeSet::new();
    for package in lock["package"].as_array().unwrap() {
        if let Some(source) = package.get("source") {
            sources.insert(source.as_str().unwrap().to_owned());
            assert!(package.get("checksum").is_some(), "{package}");
        }
    }
    assert_eq!(sources.len(), 1, "{sources:?}");
    assert!(
        sources.first().unwrap().starts_with("registry+"),
        "{sources:?}"
    );
}

#[test]
fn the_bill_of_materials_has_what_is_inside() {
    if Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: the bill is written by Python, which is not installed");
        return;
    }
    let run = |name: &str| {
        let output = Command::new(root().join("deploy").join(name)).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let bill = run("sbom");
    let bill: Value = serde_json::from_str(&bill).unwrap();
    assert_eq!(bill["bomFormat"], "CycloneDX");
    let components = bill["components"].as_array().unwrap();
    let text = |component: &Value, key: &str| component[key].as_str().unwrap().to_owned();
    let checksums: BTreeMap<_, _> = packages(&read("Cargo.lock"))
        .into_iter()
        .map(|(name, version, checksum)| ((name, version), checksum))
        .collect();
    let mut crates = 0;
    for component in components {
        assert!(component["licenses"][0].is_object(), "{component}");
        if text(component, "purl").starts_with("pkg:cargo/") {
            crates += 1;
            let known = &checksums[&(text(component, "name"), text(component, "version"))];
            assert_eq!(component["hashes"][0]["content"].as_str(), known.as_deref());
        }
    }
    assert_eq!(crates, run("crates").lines().count());
    let references: BTreeSet<_> = components.iter().map(|it| text(it, "bom-ref")).collect();
    assert_eq!(
        references.len(),
        components.len(),
        "one of them is there twice"
    );
    // The host, its C libraries, and what only plugins have.
    for name in ["wasmtime", "sqlx", "sqlite", "libwebp", "wit-bindgen"] {
        assert!(components.iter().any(|it| it["name"] == name), "no {name}");
    }
    let sqlite = components.iter().find(|it| it["name"] == "sqlite").unwrap();
    let version = text(sqlite, "version");
    assert!(
        numbers(&version) >= numbers(SQLITE_FLOOR),
        "SQLite {version}"
    );
    // What only tests have is not in it.
    assert!(!components.iter().any(|it| it["name"] == "proptest"));
    for edge in bill["dependencies"].as_array().unwrap() {
        for to in edge["dependsOn"].as_array().unwrap() {
            assert!(
                references.contains(to.as_str().unwrap()),
                "{to} is no component"
            );
        }
    }
}
