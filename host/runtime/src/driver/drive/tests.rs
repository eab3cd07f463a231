//! The rules, with closures as plugins and failures as answers.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{
    contract::{
        Answer, Fetch, FetchError, Header, Method, Target,
        record::{MediaPage, More, Profile, User},
    },
    driver::{Config, check::tests::post as sample_post},
    upstream::{self, RequestRules},
};

const CODE: &str = "DdEo7DPG8x2";

fn manifest() -> Manifest {
    Manifest {
        name: "post".into(),
        version: "1.0.0".into(),
        hosts: vec!["www.instagram.com".into()],
        rounds: 8,
        requests: 12,
        uses_session: false,
        settings: String::new(),
    }
}

fn request(url: &str) -> Request {
    Request {
        method: Method::Get,
        url: url.into(),
        headers: Vec::new(),
        body: None,
        session: false,
    }
}

fn fetch(count: usize) -> Step {
    fetch_these(vec![request("https://www.instagram.com/"); count])
}

fn fetch_these(requests: Vec<Request>) -> Step {
    Step::Fetch(Fetch {
        requests,
        memo: Bytes::new(),
    })
}

fn done(record: Record) -> Step {
    Step::Done(Box::new(record))
}

fn query() -> Query {
    Query::post(Target::Shortcode(CODE.into()))
}

/// Runs a plugin that returns `step(n, arguments)` from its nth call. Also returns the number of calls.
fn run_with(
    rules: &Rules,
    manifest: &Manifest,
    query: &Query,
    step: impl Fn(usize, Arguments) -> Step,
) -> (Ending, usize) {
    let mut drive = Drive::new(rules, manifest, query);
    for call in 0.. {
        let outcome = Outcome {
            step: step(call, drive.arguments()),
            door: Some("door".into()),
            diagnostics: Vec::new(),
        };
        match drive.step(Ok(outcome)) {
            ControlFlow::Break(result) => return (drive.end(result), call + 1),
            ControlFlow::Continue(requests) => {
                let failed = Answer::Failed(FetchError::ConnectionRefused);
                let answers = vec![failed; requests.len()];
                drive.answered(requests, answers);
            }
        }
    }
    unreachable!()
}

fn run(step: impl Fn(usize, Arguments) -> Step) -> (Ending, usize) {
    run_with(&Rules::default(), &manifest(), &query(), step)
}

#[track_caller]
fn broken(ending: Ending) -> String {
    match ending.result {
        Err(Cause::Violation(rule)) => rule,
        other => format!("not a broken rule: {other:?}"),
    }
}

#[test]
fn each_call_is_given_the_answers_to_its_last_requests() {
    let (ending, calls) = run(|call, arguments| {
        assert_eq!(arguments.answers.len(), [0, 1, 2][call]);
        if call < 2 {
            fetch(call + 1)
        } else {
            done(Record::Media(sample_post(CODE)))
        }
    });
    assert_eq!((ending.exchanges().count(), calls), (3, 3));
    assert_eq!(ending.door.as_deref(), Some("door"));
    assert_eq!(*ending.result.unwrap(), Record::Media(sample_post(CODE)));
}

#[test]
fn rounds_and_requests_are_counted_by_the_smaller_limit() {
    let (ending, calls) = run(|_, _| fetch(1));
    assert_eq!((broken(ending).as_str(), calls), ("too many rounds", 9));
    let two_rounds = Manifest {
        rounds: 2,
        ..manifest()
    };
    let (ending, calls) = run_with(&Rules::default(), &two_rounds, &query(), |_, _| fetch(1));
    assert_eq!((broken(ending).as_str(), calls), ("too many rounds", 3));
    let four_requests = Manifest {
        requests: 4,
        ..manifest()
    };
    for (manifest, at_once, calls_made) in [
        (manifest(), 4, 4),
        (manifest(), 5, 1),
        (four_requests, 4, 2),
    ] {
        let (ending, calls) = run_with(&Rules::default(), &manifest, &query(), |_, _| {
            fetch(at_once)
        });
        assert_eq!(
            (broken(ending).as_str(), calls),
            ("too many requests", calls_made)
        );
    }
    assert_eq!(broken(run(|_, _| fetch(0)).0), "a fetch without requests");
}

#[test]
fn the_hosts_of_the_manifest_and_of_the_operator_both_count() {
    let elsewhere = |_: usize, _: Arguments| fetch_these(vec![request("https://i.instagram.com/")]);
    let words =
        "a request that is not allowed: the host \"i.instagram.com\" is not on the list".to_owned();
    assert_eq!(broken(run(elsewhere).0), words);
    let operator = upstream::Config {
        hosts: vec!["www.instagram.com".into()],
        ..upstream::Config::default()
    };
    let rules = Rules::new(Config::default(), RequestRules::new(&operator));
    let both = Manifest {
        hosts: vec!["*.instagram.com".into()],
        ..manifest()
    };
    assert_eq!(
        broken(run_with(&rules, &both, &query(), elsewhere).0),
        words
    );
    let (ending, _) = run_with(&Rules::default(), &both, &query(), elsewhere);
    assert_eq!(broken(ending), "too many rounds");
}

#[test]
fn a_header_is_sent_only_if_it_is_built_in_or_the_operator_allows_it() {
    let bloks = |_: usize, _: Arguments| {
        let header = Header {
            name: "x-ig-bloks".into(),
            value: "1".into(),
        };
        fetch_these(vec![Request {
            headers: vec![header],
            ..request("https://www.instagram.com/")
        }])
    };
    assert_eq!(
        broken(run(bloks).0),
        "a request that is not allowed: the header \"x-ig-bloks\" is not allowed"
    );
    let operator = upstream::Config {
        request_headers: vec!["x-ig-bloks".into()],
        ..upstream::Config::default()
    };
    let rules = Rules::new(Config::default(), RequestRules::new(&operator));
    let (ending, _) = run_with(&rules, &manifest(), &query(), bloks);
    assert_eq!(broken(ending), "too many rounds");
}

#[test]
fn a_session_needs_a_manifest_that_declares_it() {
    let page = Request {
        session: true,
        ..request("https://www.instagram.com/")
    };
    let step = |_: usize, _: Arguments| fetch_these(vec![page.clone()]);
    let (ending, calls) = run(step);
    let words = "a session that its manifest does not declare";
    assert_eq!((broken(ending).as_str(), calls), (words, 1));
    let declared = Manifest {
        uses_session: true,
        rounds: 1,
        ..manifest()
    };
    let (_, calls) = run_with(&Rules::default(), &declared, &query(), step);
    assert_eq!(calls, 2);
}

#[test]
fn the_texts_of_a_refusal_are_cut_and_a_door_has_a_plain_name() {
    let long = || "é".repeat(1 << 20);
    let change = Refusal::Changed(Change {
        path: long(),
        expected: long(),
        found: long(),
    });
    for refusal in [change, Refusal::Unavailable(long())] {
        let (ending, _) = run(|_, _| Step::Refuse(refusal.clone()));
        let words = ending.result.unwrap_err().to_string();
        assert!((1024..4096).contains(&words.len()), "{}", words.len());
    }
    for (door, is_kept) in [
        ("guest-graphql", true),
        ("my_Door2", true),
        ("", false),
        ("a\nb", false),
        ("door\u{202e}", false),
        (&"x".repeat(65), false),
    ] {
        let (query, rules, manifest) = (query(), Rules::default(), manifest());
        let mut drive = Drive::new(&rules, &manifest, &query);
        let step = Step::Refuse(Refusal::NotFound);
        let (door, diagnostics) = (Some(door.to_owned()), Vec::new());
        let _ended = drive.step(Ok(Outcome {
            step,
            door: door.clone(),
            diagnostics,
        }));
        let ending = drive.end(Err(Cause::Late));
        assert_eq!(ending.door, door.filter(|_| is_kept));
    }
}

#[test]
fn a_record_that_fails_its_check_is_a_violation() {
    let (ending, _) = run(|_, _| done(Record::Media(sample_post("C"))));
    let words = "a record that is not valid: shortcode: another post than was asked for";
    assert_eq!(broken(ending), words);
}

#[test]
fn a_private_owner_is_refused_whatever_the_plugin_says() {
    let private = || User {
        username: Some("somebody".into()),
        is_private: Some(true),
        ..User::default()
    };
    let by_somebody = || {
        let mut media = sample_post(CODE);
        media.owner = Some(private());
        media
    };
    let name = || "somebody".to_owned();
    let page = || MediaPage {
        owner: private(),
        total_count: None,
        items: Vec::new(),
        has_next_page: false,
        end_cursor: None,
        more: More::default(),
    };
    let posts = Query::posts(name(), 12, None);
    let reels = Query::reels(name(), 12, None);
    let reel = Query::reel(Target::Shortcode(CODE.into()));
    let profile = Query::profile(name());
    let all = [
        (profile, Record::Profile(private_profile())),
        (posts, Record::Page(page())),
        (reels, Record::Page(page())),
        (query(), Record::Media(by_somebody())),
        (reel, Record::Media(by_somebody())),
    ];
    for (query, record) in all {
        let (ending, _) = run_with(&Rules::default(), &manifest(), &query, |_, _| {
            done(record.clone())
        });
        let refused = Cause::Refused(Refusal::Private);
        assert_eq!(ending.result.unwrap_err(), refused, "{query:?}");
    }
}

fn private_profile() -> Profile {
    serde_json::from_value(serde_json::json!({
        "user_id": "1", "username": "somebody", "is_private": true, "bio_links": [], "pictures": [],
    }))
    .unwrap()
}
