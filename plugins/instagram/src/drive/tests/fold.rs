//! Tests of the walk as a fold: every body is read once, and a foreign memo ends in a refusal.

use proptest::prelude::*;
use serde_json::json;

use super::{query, with};
use crate::contract::exchanges::{Answer, Exchange, Request, Response};
use crate::contract::records::MediaPage;
use crate::contract::steps::{Fetch, Refusal};
use crate::drive::memo::MEMO_BYTES_MAX;
use crate::read::BYTES_READ;
use crate::settings::{MEDIA, PROFILE};
use crate::testing::{form, guest, login_gate, record, refusal, response, run, steps};
use crate::{Outcome, Step, post, profile_posts, shortcode};

/// Number of items of one of Instagram's pages.
const ITEMS: u64 = 12;

/// The bytes that all steps of an extraction read, and the bytes that were sent to them.
fn read_and_sent<T>(
    extract: impl Fn(&[u8], &[Exchange]) -> Outcome<T>,
    answer: impl Fn(&Request) -> Response,
) -> (usize, usize) {
    let before = BYTES_READ.get();
    let sent = std::cell::Cell::new(0);
    run(extract, |request| {
        let response = answer(request);
        sent.set(sent.get() + response.body.len());
        response
    });
    (BYTES_READ.get() - before, sent.get())
}

/// A page of twelve posts whose captions have this many characters, with a cursor to the next page.
fn page(number: u64, caption: usize) -> Response {
    let posts = (number * ITEMS..(number + 1) * ITEMS).map(|number| {
        let media_id = 3_000_000_000_000_000_000 + number;
        json!({ "node": { "pk": media_id.to_string(), "code": shortcode::from_media_id(media_id), "media_type": 1,
            "user": { "pk": "42", "username": "gramhost.demo" }, "caption": { "text": "x".repeat(caption) },
            "image_versions2": { "candidates": [{ "url": "https://x.cdninstagram.com/a.jpg" }] } } })
    });
    let next = format!("cursor-{}", number + 1);
    let list = json!({ "edges": posts.collect::<Vec<_>>(),
        "page_info": { "has_next_page": true, "end_cursor": next } });
    let data = json!({ "xdt_api__v1__feed__user_timeline_graphql_connection": list });
    response(200, "", json!({ "data": data }))
}

/// The number of the page that a request is for.
fn number(request: &Request) -> u64 {
    let form = form(request);
    let cursor = form.split_once("cursor-").map(|(_, cursor)| cursor);
    let digits = cursor.and_then(|it| it.split('%').next());
    digits.and_then(|it| it.parse().ok()).unwrap_or(0)
}

fn posts(limit: u32, memo: &[u8], answers: &[Exchange]) -> Outcome<MediaPage> {
    let query = profile_posts::Query {
        username: "gramhost.demo".to_owned(),
        limit,
        cursor: None,
    };
    profile_posts::extract(&query, &guest(PROFILE), memo, answers)
}

#[test]
fn every_page_of_a_list_is_read_once() {
    for (limit, pages) in [(12, 1), (36, 3), (50, 5)] {
        let (read, sent) = read_and_sent(
            |memo, answers| posts(limit, memo, answers),
            |request| page(number(request), 10),
        );
        let bytes = (0..pages).map(|number| page(number, 10).body.len());
        assert_eq!(sent, bytes.sum::<usize>(), "{pages} pages");
        assert_eq!(read, sent, "limit {limit}");
    }
}

#[test]
fn every_closed_door_is_read_once() {
    let context = guest(MEDIA);
    let wall = response(200, "", format!("<html>{}</html>", " ".repeat(10_000)));
    let (read, sent) = read_and_sent(
        |memo, answers| post::extract(&query(), &context, memo, answers),
        |_| wall.clone(),
    );
    assert!(sent >= 5 * wall.body.len(), "{sent}");
    assert_eq!(read, sent);
}

#[test]
fn a_memo_stays_within_its_limit_and_the_list_goes_on_by_its_cursor() {
    let (outcomes, asked) = steps(
        |memo, answers| posts(50, memo, answers),
        |request| page(number(request), 200_000),
    );
    for outcome in &outcomes {
        if let Step::Fetch(fetch) = &outcome.step {
            assert!(fetch.memo.len() <= MEMO_BYTES_MAX, "{}", fetch.memo.len());
        }
    }
    let page = outcomes.into_iter().next_back().map(|it| record(it.step));
    let page = page.unwrap();
    assert!(asked.len() < 5, "{} pages", asked.len());
    assert_eq!(page.items.len(), asked.len() * 12);
    assert!(page.has_next_page && page.end_cursor.is_some());
}

/// The first fetch after a response has been read, and the answer to it.
fn second_fetch() -> (Fetch, Vec<Exchange>) {
    let context = guest(MEDIA);
    let extract =
        |memo: &[u8], answers: &[Exchange]| match post::extract(&query(), &context, memo, answers)
            .step
        {
            Step::Fetch(fetch) => fetch,
            end => panic!("no fetch: {end:?}"),
        };
    let answers = |fetch: &Fetch| -> Vec<Exchange> {
        let requests = fetch.requests.iter().cloned();
        let answer = Answer::Response(login_gate());
        requests
            .map(|request| Exchange {
                request,
                answer: answer.clone(),
            })
            .collect()
    };
    let first = extract(&[], &[]);
    let second = extract(&first.memo, &answers(&first));
    let answers = answers(&second);
    (second, answers)
}

#[test]
fn a_memo_that_cannot_be_read_is_unavailable() {
    let (Fetch { memo, .. }, answers) = second_fetch();
    let end = |memo: &[u8]| post::extract(&query(), &guest(MEDIA), memo, &answers).step;
    assert!(matches!(end(&memo), Step::Fetch(_)), "as it was written");
    let mut other_format = memo.clone();
    other_format[0] += 1;
    let mut other_door = memo.clone();
    other_door[6] += 1;
    for damaged in [
        &other_format,
        &other_door,
        &memo[..memo.len() - 1],
        &memo[..3],
    ] {
        let step = end(damaged);
        assert!(matches!(refusal(step), Refusal::Unavailable(text) if text.starts_with("memo: ")),);
    }
}

#[test]
fn a_memo_of_other_settings_is_unavailable() {
    let (Fetch { memo, .. }, answers) = second_fetch();
    let context = with(|settings| settings["order"]["media"] = json!(["page"]));
    let step = post::extract(&query(), &context, &memo, &answers).step;
    assert!(matches!(refusal(step), Refusal::Unavailable(_)));
}

#[test]
fn answers_to_other_requests_are_unavailable() {
    let (Fetch { memo, .. }, mut answers) = second_fetch();
    answers.push(answers[0].clone());
    let step = post::extract(&query(), &guest(MEDIA), &memo, &answers).step;
    assert_eq!(
        refusal(step),
        Refusal::Unavailable("2 answers to 1 requests".to_owned())
    );
}

proptest! {
    #[test]
    fn any_memo_comes_to_an_end(entries in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (_, answers) = second_fetch();
        let memo = [&[1], entries.as_slice()].concat();
        let context = guest(MEDIA);
        let one = post::extract(&query(), &context, &memo, &answers);
        prop_assert_eq!(one, post::extract(&query(), &context, &memo, &answers));
    }
}
