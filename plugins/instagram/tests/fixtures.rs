//! Every fixture through the native crate. With `UPDATE_FIXTURES=1` it writes what it would compare:
//! the plugin's requests into the HAR, and its record or refusal. See `fixtures/README.md`.
#![expect(clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "drive/native.rs"]
mod drive;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cases::har::{Answer, Entry, Har};
use cases::{Case, Expected};
use instagram::contract::exchanges::{Exchange, Request};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/instagram")
}

fn cases() -> Vec<Case> {
    cases::load_all(&root()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_fixture_ends_as_it_should() {
    let updating = std::env::var_os("UPDATE_FIXTURES").is_some();
    let ended: Vec<_> = cases()
        .iter()
        .map(|case| if updating { update(case) } else { check(case) })
        .collect();
    let problems: Vec<_> = ended.into_iter().filter_map(Result::err).collect();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

fn check(case: &Case) -> Result<(), String> {
    let name = format!("{}/{}", case.kind, case.name);
    let mut asked = BTreeSet::new();
    let find = |request: &Request| {
        let found = case.har.find(
            drive::method(request),
            &request.url,
            request.body.as_deref(),
        );
        let entry = found.ok_or_else(|| unanswered(request))?;
        asked.insert(std::ptr::from_ref(entry));
        Ok(drive::answer(&entry.answer))
    };
    let (_, end) =
        drive::drive(&case.question, find).map_err(|problem| format!("{name}: {problem}"))?;
    if end != case.expected {
        return Err(format!(
            "{name}:\n  is       {}\n  not the  {}",
            text(&end),
            text(&case.expected)
        ));
    }
    let unasked = case.har.entries.len() - asked.len();
    if unasked > 0 {
        Err(format!("{name}: nobody asks for {unasked} of the entries"))
    } else {
        Ok(())
    }
}

fn unanswered(request: &Request) -> String {
    let body = String::from_utf8_lossy(request.body.as_deref().unwrap_or_default());
    format!(
        "no answer to {} {} {body}",
        drive::method(request),
        request.url
    )
}

fn text(end: &Expected) -> String {
    match end {
        Expected::Record(record) => format!("record {record}"),
        Expected::Refusal(refusal) => format!("refusal {refusal}"),
        Expected::NoFailure => "anything but a failure".to_owned(),
    }
}

fn update(case: &Case) -> Result<(), String> {
    let name = format!("{}/{}", case.kind, case.name);
    let mut left: Vec<&Entry> = case.har.entries.iter().collect();
    let mut used: Vec<Answer> = Vec::new();
    let next = |request: &Request| {
        let matching = case.har.find(
            drive::method(request),
            &request.url,
            request.body.as_deref(),
        );
        let entry = matching
            .or(left.first().copied())
            .ok_or_else(|| unanswered(request))?;
        left.retain(|other| !std::ptr::eq(*other, entry));
        used.push(at(&entry.answer, &entry.url, &request.url));
        Ok(drive::answer(used.last().expect("just pushed")))
    };
    let (exchanges, end) =
        drive::drive(&case.question, next).map_err(|problem| format!("{name}: {problem}"))?;
    let entries = exchanges
        .iter()
        .zip(used)
        .map(|(exchange, answer)| drive::entry(exchange, answer))
        .collect();
    let folder = root().join(&case.kind).join(&case.name);
    let (file, other, value) = match &end {
        Expected::Record(record) => ("expected.json", "refusal.json", record),
        Expected::Refusal(refusal) => ("refusal.json", "expected.json", refusal),
        Expected::NoFailure => unreachable!("no extraction ends so"),
    };
    let _absent = fs::remove_file(folder.join(other));
    let json = serde_json::to_string_pretty(value).expect("a value") + "\n";
    fs::write(folder.join("exchange.har"), Har { entries }.to_json())
        .and_then(|()| fs::write(folder.join(file), json))
        .map_err(|error| format!("{name}: {error}"))
}

/// The answer to `now`, which was recorded as that to `before`: without redirects it comes from where it was sent.
fn at(answer: &Answer, before: &str, now: &str) -> Answer {
    let mut answer = answer.clone();
    if let Answer::Response { url, .. } = &mut answer
        && url == before
    {
        now.clone_into(url);
    }
    answer
}

/// As `gramhost plugin record` and captures do it: what was exchanged is redacted, written, read and replayed.
#[test]
fn every_case_ends_the_same_after_it_was_recorded_and_redacted() {
    for case in cases() {
        let name = format!("{}/{}", case.kind, case.name);
        let (mut recorded, end) =
            recording(&case.har, &case).unwrap_or_else(|why| panic!("{name}: {why}"));
        recorded.redact();
        let recorded =
            Har::parse(recorded.to_json().as_bytes()).unwrap_or_else(|why| panic!("{name}: {why}"));
        let (_, again) = recording(&recorded, &case).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(redacted(&again), redacted(&end), "{name}");
    }
}

/// Runs a case on a HAR. Returns its exchanges as they are recorded, and how it ended.
fn recording(har: &Har, case: &Case) -> Result<(Har, Expected), String> {
    let mut entries = Vec::new();
    let (_, end) = drive::drive(&case.question, |request| {
        let method = drive::method(request);
        let found = har.find(method, &request.url, request.body.as_deref());
        let answer = found.ok_or_else(|| unanswered(request))?.answer.clone();
        let given = drive::answer(&answer);
        let exchange = Exchange {
            request: request.clone(),
            answer: given.clone(),
        };
        entries.push(drive::entry(&exchange, answer));
        Ok(given)
    })?;
    Ok((Har { entries }, end))
}

/// The signatures of links are redacted in a record too.
fn redacted(end: &Expected) -> String {
    let mut har = Har {
        entries: vec![Entry {
            method: "GET".to_owned(),
            url: text(end),
            request_headers: Vec::new(),
            request_body: None,
            answer: Answer::Failed(String::new()),
        }],
    };
    har.redact();
    har.entries.remove(0).url
}

/// `--replay` reads all cases at once.
#[test]
fn cases_that_ask_the_same_are_answered_the_same() {
    let cases = cases();
    for (index, case) in cases.iter().enumerate() {
        for entry in &case.har.entries {
            for other in &cases[index + 1..] {
                let found =
                    other
                        .har
                        .find(&entry.method, &entry.url, entry.request_body.as_deref());
                if let Some(found) = found {
                    let names = format!(
                        "{}/{} and {}/{}",
                        case.kind, case.name, other.kind, other.name
                    );
                    assert_eq!(found.answer, entry.answer, "{names}: {}", entry.url);
                }
            }
        }
    }
}
