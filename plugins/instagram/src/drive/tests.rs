//! Tests of the limits and settings of the engine; its walk is tested with the kinds.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod fold;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::contract::exchanges::{Answer, FetchError, Response};
use crate::contract::queries::Target;
use crate::settings::MEDIA;
use crate::testing::{guest, login_gate, record, refusal, response, run, steps};
use crate::{post, profile_info, settings, story};

fn query() -> post::Query {
    post::Query {
        target: Target::Shortcode("DAbcdefghij".to_owned()),
    }
}

fn with(change: impl Fn(&mut Value)) -> Context {
    let mut context = guest(MEDIA);
    let mut settings: Value = serde_json::from_str(&context.settings).unwrap();
    change(&mut settings);
    context.settings = settings.to_string();
    context
}

#[test]
fn the_walk_ends_within_its_rounds() {
    let doors: Vec<String> = (0..30).map(|number| format!("d{number}")).collect();
    let context = with(|settings| {
        for door in &doors {
            settings["door"][door] =
                json!({ "client": "web", "url": format!("https://www.instagram.com/{door}/") });
        }
        settings["order"]["media"] = json!(doors);
    });
    let (step, asked) = run(
        |memo, answers| post::extract(&query(), &context, memo, answers),
        |_| login_gate(),
    );
    assert_eq!(refusal(step), Refusal::LoginRequired);
    assert_eq!(asked.len(), ROUNDS_MAX as usize);
}

#[test]
fn settings_that_do_not_fit_are_named() {
    type Edit = fn(&mut Value);
    let cases: [(Edit, &str); 4] = [
        (|settings| settings["order"] = json!({}), "order.media"),
        (
            |settings| settings["order"]["media"] = json!(["nowhere"]),
            "door.nowhere",
        ),
        (
            |settings| settings["door"]["page"]["client"] = json!("nobody"),
            "door.page",
        ),
        (
            |settings| settings["door"]["page"]["ulr"] = json!("x"),
            "ulr",
        ),
    ];
    for (edit, name) in cases {
        let (step, _) = run(
            |memo, answers| post::extract(&query(), &with(edit), memo, answers),
            |_| login_gate(),
        );
        assert!(
            matches!(refusal(step), Refusal::Unavailable(text) if text.contains(name)),
            "{name}"
        );
    }
}

#[test]
fn a_door_may_be_added_without_a_compiler() {
    let context = with(|settings| {
        settings["door"]["new"] =
            json!({ "client": "web", "url": "https://www.instagram.com/new/{shortcode}/" });
        settings["order"]["media"] = json!(["new"]);
    });
    let answer = json!({ "items": [{ "pk": "1", "code": "DAbcdefghij", "media_type": 1,
        "image_versions2": { "candidates": [{ "url": "https://x.fbcdn.net/a.jpg" }] } }] });
    let (step, asked) = run(
        |memo, answers| post::extract(&query(), &context, memo, answers),
        |request| Response {
            status: 200,
            url: request.url.clone(),
            headers: vec![],
            body: answer.to_string().into(),
        },
    );
    assert_eq!(record(step).shortcode, "DAbcdefghij");
    assert_eq!(asked[0].url, "https://www.instagram.com/new/DAbcdefghij/");
}

#[test]
fn the_default_settings_of_every_plugin_fit() {
    for (text, purposes) in [
        (MEDIA, &["media"][..]),
        (
            settings::PROFILE,
            &[
                "profile-info",
                "profile-details",
                "profile-posts",
                "profile-reels",
            ],
        ),
        (settings::STORY, &["presence", "items"]),
    ] {
        let (arena, context) = (Arena::default(), guest(text));
        let settings = Settings::parse(&arena, &context.settings).unwrap();
        for purpose in purposes {
            for named in settings.doors(purpose).unwrap() {
                let next = named
                    .door
                    .next
                    .map(|next| settings.door(&next.decoded()).unwrap());
                for door in std::iter::once(named).chain(next) {
                    let host = door.door.url.raw().split('/').nth(2).unwrap();
                    assert!(HOSTS.contains(&host), "{host}");
                }
            }
        }
    }
}

#[test]
fn a_fetch_that_failed_is_reported_by_its_name() {
    let context = guest(MEDIA);
    let (mut memo, mut answers) = (Vec::new(), Vec::new());
    let end = loop {
        match post::extract(&query(), &context, &memo, &answers).step {
            Step::Fetch(fetch) => {
                let requests = fetch.requests.into_iter();
                let failed = requests.map(|request| Exchange {
                    request,
                    answer: Answer::Failed(FetchError::DnsError),
                });
                (memo, answers) = (fetch.memo, failed.collect());
            }
            end => break end,
        }
    };
    assert!(
        matches!(refusal(end), Refusal::Unavailable(text) if text.contains("guest-graphql: DnsError"))
    );
}

#[test]
fn every_closed_door_is_told_to_the_log() {
    let context = guest(settings::STORY);
    let query = story::Query {
        username: "gramhost.demo".to_owned(),
    };
    let (outcomes, asked) = steps(
        |memo, answers| story::extract(&query, &context, memo, answers),
        |_| login_gate(),
    );
    // Reported once, by the step that read the answer: the first step has no answer yet.
    assert!(outcomes[0].report.diagnostics.is_empty());
    let told = outcomes.iter().map(|outcome| &outcome.report);
    let told = told.flat_map(|report| &report.diagnostics);
    let doors: Vec<_> = told.filter_map(|it| it.door.as_deref()).collect();
    assert_eq!(doors.len(), asked.len());
    assert_eq!(doors[0], "guest-root");
    assert_eq!(
        outcomes[1].report.door.as_deref(),
        Some("guest-root"),
        "the door that decided"
    );
}

#[test]
fn the_same_arguments_give_the_same_outcome() {
    let context = guest(settings::PROFILE);
    let query = profile_info::Query {
        username: "gramhost.demo".to_owned(),
    };
    assert_eq!(
        profile_info::extract(&query, &context, &[], &[]),
        profile_info::extract(&query, &context, &[], &[])
    );
}

proptest! {
    #[test]
    fn any_answer_comes_to_an_end(status in 100_u16..600, body in ".*") {
        let (step, asked) = run(
            |memo, answers| post::extract(&query(), &guest(MEDIA), memo, answers),
            |request| response(status, &request.url, &body),
        );
        prop_assert!(matches!(step, Step::Refuse(_)));
        prop_assert!(asked.len() <= REQUESTS_MAX as usize);
    }
}
