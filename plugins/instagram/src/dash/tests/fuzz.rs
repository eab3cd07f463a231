//! Damaged manifests, made of those in the cases.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{fs, path::Path};

use super::super::*;

/// Every manifest in the recorded answers, decoded.
fn manifests() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/instagram");
    let mut found = vec![super::MPD.as_bytes().to_vec()];
    for kind in fs::read_dir(root).unwrap() {
        for case in fs::read_dir(kind.unwrap().path()).into_iter().flatten() {
            let har = case.unwrap().path().join("exchange.har");
            let Ok(har) = fs::read(har) else { continue };
            let har = cases::Har::parse(&har).unwrap();
            for entry in har.entries {
                let cases::har::Answer::Response { body, .. } = entry.answer else {
                    continue;
                };
                if let Ok(document) = serde_json::from_slice(&body) {
                    collect(&document, &mut found);
                }
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

fn collect(value: &serde_json::Value, found: &mut Vec<Vec<u8>>) {
    use serde_json::Value;
    match value {
        Value::String(text) if text.contains("<MPD") => found.push(text.clone().into_bytes()),
        Value::Array(list) => list.iter().for_each(|inner| collect(inner, found)),
        Value::Object(map) => map.values().for_each(|inner| collect(inner, found)),
        _ => {}
    }
}

#[test]
fn damaged_manifests() {
    let seeds = manifests();
    assert!(seeds.len() > 3, "only {} manifests", seeds.len());
    ::fuzz::target("manifests", &seeds, |input| {
        let manifest = read(&String::from_utf8_lossy(input));
        for video in manifest.videos.iter().chain(&manifest.whole) {
            assert!(!video.url.trim().is_empty());
            assert!(video.fps.is_none_or(|fps| fps.is_finite() && fps > 0.0));
        }
        assert!(
            manifest
                .duration
                .is_none_or(|seconds| seconds.is_finite() && seconds >= 0.0)
        );
    });
}
