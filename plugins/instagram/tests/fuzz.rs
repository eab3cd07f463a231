//! Damaged and hostile answers of Instagram: the answers of every case, mutated, through the whole plugin.
#![expect(clippy::panic, reason = "tests")]

#[path = "drive/native.rs"]
#[expect(dead_code, reason = "shared with the other tests")]
mod drive;

use std::path::Path;

use cases::{Case, Expected, har::Answer};
use serde_json::Value;

/// Larger answers are pages of the same fields, and cost as much as many small ones.
const BODY_BYTES_MAX: usize = 20_000;

/// A case, and the number of the answer that is replaced.
struct Place {
    case: Case,
    entry: usize,
}

/// The answers of the cases of these kinds. An input is the number of its place, two bytes, and the body in it, so that
/// a mutation also puts the answer of one door in the place of another's.
fn places(kinds: &[&str]) -> (Vec<Place>, Vec<Vec<u8>>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/instagram");
    let cases = cases::load_all(&root).unwrap_or_else(|error| panic!("{error}"));
    let mut places = Vec::new();
    let mut seeds = Vec::new();
    for case in cases
        .into_iter()
        .filter(|case| kinds.contains(&&*case.kind))
    {
        for (entry, exchange) in case.har.entries.iter().enumerate() {
            let Answer::Response { body, .. } = &exchange.answer else {
                continue;
            };
            if body.len() <= BODY_BYTES_MAX {
                let number = u16::try_from(places.len()).unwrap_or_else(|error| panic!("{error}"));
                seeds.push([&number.to_be_bytes()[..], body].concat());
                let case = case.clone();
                places.push(Place { case, entry });
            }
        }
    }
    (places, seeds)
}

/// Runs the case of an input. A plugin may ask for what the case does not have; then there is no end.
fn end(places: &[Place], input: &[u8]) -> Option<Expected> {
    let (number, body) = input.split_at_checked(2)?;
    let number = usize::from(u16::from_be_bytes([number[0], number[1]]));
    let Place { case, entry } = &places[number % places.len()];
    let answer = |request: &instagram::contract::exchanges::Request| {
        let sent = request.body.as_deref();
        let found = case.har.find(drive::method(request), &request.url, sent);
        let found = found.ok_or("not recorded")?;
        let mut answer = found.answer.clone();
        if let Answer::Response { body: old, .. } = &mut answer
            && std::ptr::eq(found, &raw const case.har.entries[*entry])
        {
            *old = body.to_vec();
        }
        Ok(drive::answer(&answer))
    };
    let (_, end) = drive::drive(&case.question, answer).ok()?;
    if let Expected::Record(record) = &end {
        answers(case, record);
    }
    Some(end)
}

/// A record is about what was asked for, whatever the answers say.
fn answers(case: &Case, record: &Value) {
    let query = &case.question.query;
    if let Some(code) = query["target"]["shortcode"].as_str() {
        // Behind the code there may be what binds a link to its owner.
        let found = record["shortcode"].as_str().unwrap_or_default();
        assert!(
            found.len() >= 9 && code.starts_with(found),
            "{found}, not {code}"
        );
    }
    if case.kind == "profile-info" {
        let (asked, found) = (&query["username"], &record["username"]);
        let is_same =
            |found: &str| Some(found.to_lowercase()) == asked.as_str().map(str::to_lowercase);
        assert!(found.as_str().is_some_and(is_same), "{found}, not {asked}");
    }
}

fn run(name: &str, kinds: &[&str]) {
    let (places, seeds) = places(kinds);
    ::fuzz::target(name, &seeds, |input| drop(end(&places, input)));
}

mod fuzz {
    //! One target for each group of readers.
    use super::run;

    #[test]
    fn posts_and_reels() {
        run("posts and reels", &["post", "reel"]);
    }

    #[test]
    fn profiles() {
        run("profiles", &["profile-info"]);
    }

    #[test]
    fn lists_of_posts_and_reels() {
        run("lists", &["profile-posts", "profile-reels"]);
    }

    #[test]
    fn stories() {
        run("stories", &["story"]);
    }
}
