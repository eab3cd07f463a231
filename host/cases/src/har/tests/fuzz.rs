//! Damaged recordings, made of the recorded cases.

use std::{fs, path::Path};

use super::super::{Entry, Har};

/// Larger recordings have more of the same.
const BYTES_MAX: u64 = 20_000;

fn recordings() -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for kind in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/instagram"))
        .unwrap()
    {
        for case in fs::read_dir(kind.unwrap().path()).into_iter().flatten() {
            let har = case.unwrap().path().join("exchange.har");
            if har.metadata().is_ok_and(|har| har.len() <= BYTES_MAX) {
                found.push(fs::read(har).unwrap());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn damaged_recordings() {
    let seeds = recordings();
    assert!(seeds.len() > 30, "only {} recordings", seeds.len());
    ::fuzz::target("recordings", &seeds, |input| {
        let Ok(mut har) = Har::parse(input) else {
            return;
        };
        // What is accepted can be written, is read back alike, and answers its own requests.
        let text = har.to_json();
        assert_eq!(Har::parse(text.as_bytes()).unwrap(), har);
        let is_url = |entry: &&Entry| url::Url::parse(&entry.url).is_ok();
        for entry in har.entries.iter().filter(is_url) {
            let sent = entry.request_body.as_deref();
            assert!(har.find(&entry.method, &entry.url, sent).is_some());
        }
        // Redacted once is redacted for good.
        har.redact();
        let once = har.clone();
        har.redact();
        assert_eq!(har, once);
        assert_eq!(Har::parse(har.to_json().as_bytes()).unwrap(), har);
    });
}
