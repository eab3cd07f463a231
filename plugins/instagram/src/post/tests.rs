//! Posts by code and by link, and the refusals if doors fail.
#![expect(clippy::unwrap_used, reason = "tests")]

mod link;
mod part;

use serde_json::json;

use super::*;
use crate::Step;
use crate::contract::exchanges::{Request, Response};
use crate::settings::MEDIA;
use crate::testing::{guest, label, login_gate, member, record, refusal, response, run};

const CODE: &str = "DAbcdefghij";
const GUEST: &str = "PolarisLoggedOutDesktopWWWPostRootContentQuery";
const RELAY: &str = "PolarisPostRootQuery";
const LEGACY: &str = "PolarisPostActionLoadPostQueryQuery";
const PAGE: &str = "/p/DAbcdefghij/";
const ROUTES: &str = "/ajax/bulk-route-definitions/";

fn query() -> Query {
    Query {
        target: Target::Shortcode(CODE.to_owned()),
    }
}

fn ask(answer: impl Fn(&str) -> Response) -> (Step<Media>, Vec<String>) {
    ask_as(&guest(MEDIA), answer)
}

fn ask_as(context: &Context, answer: impl Fn(&str) -> Response) -> (Step<Media>, Vec<String>) {
    let (step, asked) = run(
        |memo, answers| extract(&query(), context, memo, answers),
        |request| answer(&label(request)),
    );
    (step, asked.iter().map(label).collect())
}

/// One post in the mobile dialect, which is read from every door.
fn post() -> Response {
    post_of(CODE)
}

fn post_of(code: &str) -> Response {
    let media_id = shortcode::media_id(code).unwrap();
    let user = json!({ "pk": "42", "username": "gramhost.demo", "is_private": false });
    let image = json!({ "candidates": [{ "url": "https://x.cdninstagram.com/a.jpg", "width": 1080, "height": 1350 }] });
    response(
        200,
        "",
        json!({ "items": [{ "pk": media_id, "code": code, "media_type": 1, "user": user, "image_versions2": image }] }),
    )
}

fn null() -> Response {
    response(
        200,
        "",
        r#"{"data":{"xig_polaris_media":null},"status":"ok"}"#,
    )
}

fn error_page() -> Response {
    response(
        200,
        "",
        r#"<html><script>"comet.igweb.PolarisErrorRoute"</script></html>"#,
    )
}

#[test]
fn the_first_door_is_enough() {
    let (step, asked) = ask(|_| post());
    assert_eq!(record(step).shortcode, CODE);
    assert_eq!(asked, [GUEST]);
}

#[test]
fn doors_are_tried_in_the_order_of_the_settings() {
    let (step, asked) = ask(|_| login_gate());
    assert_eq!(refusal(step), Refusal::LoginRequired);
    let media_id = shortcode::media_id(CODE).unwrap();
    let mobile = format!("/api/v1/media/{media_id}/info/");
    assert_eq!(
        asked,
        [
            GUEST,
            PAGE,
            "/p/DAbcdefghij/embed/captioned/",
            RELAY,
            LEGACY,
            mobile.as_str()
        ]
    );
}

#[test]
fn any_door_may_be_the_one_that_answers() {
    for last in [PAGE, RELAY, LEGACY] {
        let (step, asked) = ask(|door| if door == last { post() } else { login_gate() });
        assert_eq!(record(step).shortcode, CODE);
        assert_eq!(asked.last().unwrap(), last);
    }
}

#[test]
fn a_session_door_is_asked_only_with_a_session() {
    let context = member(MEDIA);
    let (_, asked) = run(
        |memo, answers| extract(&query(), &context, memo, answers),
        |_| post(),
    );
    assert!(asked.iter().all(|request| request.session));
    let (_, asked) = run(
        |memo, answers| extract(&query(), &guest(MEDIA), memo, answers),
        |_| login_gate(),
    );
    assert!(asked.iter().all(|request| !request.session));
}

#[test]
fn no_request_carries_a_secret() {
    let (_, asked) = run(
        |memo, answers| extract(&query(), &member(MEDIA), memo, answers),
        |_| login_gate(),
    );
    let secret = |request: &Request| {
        request
            .headers
            .iter()
            .any(|header| header.name.contains("cookie"))
    };
    assert!(!asked.iter().any(secret));
}

#[test]
fn a_missing_post_is_confirmed_by_a_second_door() {
    let (step, asked) = ask(|door| match door {
        GUEST => null(),
        PAGE => error_page(),
        _ => response(200, "", "{}"),
    });
    assert_eq!(refusal(step), Refusal::NotFound);
    assert_eq!(asked, [GUEST, ROUTES, PAGE]);
}

#[test]
fn a_post_that_one_door_misses_may_be_behind_the_next() {
    let (step, _) = ask(|door| if door == GUEST { null() } else { post() });
    assert_eq!(record(step).shortcode, CODE);
}

#[test]
fn a_missing_post_that_has_a_private_route_is_private() {
    let route = r#"for (;;);{"payload":{"tracePolicy":"polaris.privatePostPage"}}"#;
    let (step, asked) = ask(|door| {
        if door == ROUTES {
            response(200, "", route)
        } else {
            null()
        }
    });
    assert_eq!(refusal(step), Refusal::Private);
    assert_eq!(asked, [GUEST, ROUTES]);
}

#[test]
fn a_post_that_only_the_page_misses_may_be_private_too() {
    let route = r#"{"payload":{"tracePolicy":"polaris.privatePostPage"}}"#;
    let (step, asked) = ask(|door| match door {
        GUEST => login_gate(),
        ROUTES => response(200, "", route),
        PAGE => response(200, "", "<html><title>Page isn't available</title>"),
        _ => login_gate(),
    });
    assert_eq!(refusal(step), Refusal::Private);
    assert_eq!(asked, [GUEST, PAGE, ROUTES]);
}

#[test]
fn a_missing_post_stays_missing_behind_walls() {
    let (step, _) = ask(|door| if door == GUEST { null() } else { login_gate() });
    assert_eq!(refusal(step), Refusal::NotFound);
}

#[test]
fn the_null_of_a_doubtful_door_alone_is_no_proof() {
    let null = || {
        response(
            200,
            "",
            r#"{"data":{"xdt_shortcode_media":null},"status":"ok"}"#,
        )
    };
    let (step, _) = ask(|door| if door == LEGACY { null() } else { login_gate() });
    assert_eq!(refusal(step), Refusal::LoginRequired);
}

#[test]
fn a_stale_doc_id_is_named() {
    let stale = || {
        response(
            200,
            "",
            r#"{"errors":[{"message":"The GraphQL document with ID 1 was not found"}]}"#,
        )
    };
    let (step, _) = ask(|door| {
        if door == GUEST {
            stale()
        } else {
            response(503, "", "")
        }
    });
    let Refusal::Changed(change) = refusal(step) else {
        unreachable!("not changed")
    };
    assert_eq!(change.path, "guest-graphql/28309390568695038:errors");
    assert!(change.found.contains("document with ID 1"));
}

#[test]
fn a_stale_doc_id_is_not_hidden_by_the_walls_behind_it() {
    let stale = || {
        response(
            200,
            "",
            r#"{"errors":[{"message":"The GraphQL document with ID 1 was not found"}]}"#,
        )
    };
    let end =
        |door: &str| refusal(ask(|asked| if asked == door { stale() } else { login_gate() }).0);
    assert!(matches!(end(GUEST), Refusal::Changed(_)));
    // A retired old query does not matter to a guest who meets the login wall.
    assert_eq!(end(LEGACY), Refusal::LoginRequired);
}

#[test]
fn what_waiting_helps_is_told_before_what_a_session_helps() {
    let (step, _) = ask(|door| {
        if door == PAGE {
            response(429, "", "")
        } else {
            login_gate()
        }
    });
    assert_eq!(refusal(step), Refusal::RateLimited(None));
}

#[test]
fn pages_without_data_are_a_throttle() {
    let shell = r#"<html><title>Instagram</title><script>"PolarisLoggedOutDesktopWWWPostRoute"</script></html>"#;
    let (step, _) = ask(|_| response(200, "", shell));
    assert_eq!(refusal(step), Refusal::RateLimited(None));
}

#[test]
fn a_gate_ends_the_walk() {
    let ruling = json!({ "gating_type": 2, "title": "Not available in your region" });
    let media = json!({ "pk": "1", "code": CODE, "if_not_gated_logged_out": null, "gating_ruling": ruling });
    let (step, asked) =
        ask(|_| response(200, "", json!({ "data": { "xig_polaris_media": media } })));
    assert_eq!(refusal(step), Refusal::RegionBlocked);
    assert_eq!(asked, [GUEST]);
}

#[test]
fn what_a_page_states_counts_behind_a_walled_query() {
    let end = |text: &str| {
        let page = format!("<html><title>Instagram</title><body><h2>{text}</h2></body></html>");
        let (step, _) = ask(|door| match door {
            PAGE => response(200, "", &page),
            _ => login_gate(),
        });
        refusal(step)
    };
    assert_eq!(end("Age-restricted content"), Refusal::AgeRestricted);
    assert_eq!(end("Post isn't available"), Refusal::NotFound);
    assert_eq!(end("Log in"), Refusal::RateLimited(None));
}

#[test]
fn what_the_session_is_told_counts_more_than_walls_of_guests() {
    let end = |text: &str| {
        let told = json!({ "message": text, "status": "fail" });
        let (step, asked) = ask_as(&member(MEDIA), |door| {
            match door.starts_with("/api/v1/media/") {
                true => response(400, "", &told),
                false => login_gate(),
            }
        });
        assert!(asked[0].starts_with("/api/v1/media/"));
        refusal(step)
    };
    assert_eq!(end("Sorry, this media has been deleted"), Refusal::NotFound);
    assert_eq!(end("Not authorized to view user"), Refusal::Private);
    assert_eq!(end("geoblock_required"), Refusal::RegionBlocked);
    assert_eq!(end("useragent mismatch"), Refusal::LoginRequired);
}

#[test]
fn servers_that_fail_make_it_unavailable() {
    let (step, _) = ask(|_| response(502, "", ""));
    assert!(
        matches!(refusal(step), Refusal::Unavailable(text) if text.contains("guest-graphql: HTTP 502"))
    );
}

#[test]
fn a_text_that_is_no_shortcode_is_not_asked_for() {
    let query = Query {
        target: Target::Shortcode("no code!".to_owned()),
    };
    let (step, asked) = run(
        |memo, answers| extract(&query, &guest(MEDIA), memo, answers),
        |_| post(),
    );
    assert_eq!((refusal(step), asked.len()), (Refusal::NotFound, 0));
}

#[test]
fn what_a_session_sees_of_a_private_account_stays_private() {
    let (step, _) = ask_as(&member(MEDIA), |_| {
        let body = String::from_utf8(post().body)
            .unwrap()
            .replace(r#""is_private":false"#, r#""is_private":true"#);
        response(200, "", body)
    });
    assert_eq!(refusal(step), Refusal::Private);
}
