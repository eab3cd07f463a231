//! One row for everything that Instagram is known to send instead of a record.

use super::*;
use crate::json::{Arena, Renames};
use crate::read;
use crate::testing::{header, response};

const PAGE: &str = "https://www.instagram.com/p/DAbcdefghij/";

fn meaning(response: &Response) -> Option<Closed> {
    stated(
        response,
        &read::body(&Arena::default(), &response.body, Renames::default()),
    )
}

fn of(status: u16, body: &str) -> Option<Closed> {
    meaning(&response(status, PAGE, body))
}

fn at(url: &str) -> Option<Closed> {
    meaning(&response(
        200,
        url,
        "<!DOCTYPE html><html><title>Instagram</title></html>",
    ))
}

#[test]
fn what_wants_a_session_is_login() {
    for (status, body) in [
        (
            401,
            r#"{"message":"Please wait a few minutes before you try again.","require_login":true,"status":"fail"}"#,
        ),
        (
            200,
            r#"{"message":"Please wait a few minutes before you try again.","require_login":true,"status":"fail"}"#,
        ),
        (
            401,
            r#"{"message":"Please wait a few minutes before you try again.","status":"fail"}"#,
        ),
        (401, r#"{"require_login":true,"status":"fail"}"#),
        (401, ""),
        (403, r#"{"message":"login_required","status":"fail"}"#),
        (
            400,
            r#"{"message":"Unauthorized logged out query","status":"fail"}"#,
        ),
        (
            400,
            r#"{"message":"checkpoint_required","checkpoint_url":"/challenge/1/x/","lock":false,"status":"fail"}"#,
        ),
        (400, r#"{"message":"challenge_required","status":"fail"}"#),
        (
            400,
            r#"{"message":"feedback_required","spam":true,"status":"fail"}"#,
        ),
        (
            200,
            r#"{"authenticated": false, "user": true, "status":"ok"}"#,
        ),
        (200, r#"{"status":"ok"}"#),
        (
            200,
            r#"<html><script>"PolarisCAAIGLoginHomepageRoute"</script></html>"#,
        ),
    ] {
        assert_eq!(of(status, body), Some(Closed::Login), "{status} {body}");
    }
}

#[test]
fn where_guests_are_sent_instead_is_login() {
    for url in [
        "https://www.instagram.com/accounts/login/?next=%2Fp%2FDAbcdefghij%2F&is_from_rle",
        "https://www.instagram.com/",
        "https://www.instagram.com/?hl=en",
        "https://www.instagram.com/challenge/?next=/p/DAbcdefghij/",
    ] {
        assert_eq!(at(url), Some(Closed::Login), "{url}");
    }
}

#[test]
fn what_asks_for_patience_is_throttled() {
    for (status, body) in [
        (429, ""),
        (
            400,
            r#"{"message":"Please wait a few minutes before you try again.","status":"fail"}"#,
        ),
        (
            200,
            r#"{"errors":[{"code":1675004,"message":"Rate limit exceeded"}]}"#,
        ),
        (
            200,
            r#"for (;;);{"error":1675004,"errorSummary":"Rate limit exceeded"}"#,
        ),
        (400, r#"{"message":"rate_limit_error","status":"fail"}"#),
    ] {
        assert_eq!(
            of(status, body),
            Some(Closed::Throttled(None)),
            "{status} {body}"
        );
    }
}

#[test]
fn retry_after_is_told() {
    let mut asked = response(429, PAGE, "");
    asked.headers.push(header("retry-after", "90"));
    assert_eq!(meaning(&asked), Some(Closed::Throttled(Some(90))));
    asked.headers = vec![header("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")];
    assert_eq!(meaning(&asked), Some(Closed::Throttled(None)));
}

#[test]
fn a_failed_query_is_an_execution_error() {
    for body in [
        r#"{"data":null,"errors":[{"message":"execution error","severity":"CRITICAL"}]}"#,
        r#"{"data":{"xig_user_by_username":null},"errors":[{"message":"execution error","severity":"CRITICAL"}]}"#,
    ] {
        assert!(
            matches!(of(200, body), Some(Closed::Execution(_))),
            "{body}"
        );
    }
}

#[test]
fn a_stale_query_is_changed() {
    for body in [
        r#"{"errors":[{"message":"The GraphQL document with ID 28309390568695038 was not found."}]}"#,
        r#"{"data":null,"errors":[{"message":"missing_required_variable_value","severity":"CRITICAL"}]}"#,
    ] {
        assert!(matches!(of(200, body), Some(Closed::Changed(_))), "{body}");
    }
}

#[test]
fn what_is_refused_for_its_form_is_unreadable() {
    for (status, body) in [
        (200, r#"{"message":"useragent mismatch","status":"fail"}"#),
        (
            400,
            r#"{"message":"SecFetch Policy violation","status":"fail"}"#,
        ),
        (
            400,
            r#"{"message":"Asset ig_business_category_subvertical has been deleted"}"#,
        ),
        (404, ""),
    ] {
        assert!(
            matches!(of(status, body), Some(Closed::Unreadable(_))),
            "{status} {body}"
        );
    }
}

#[test]
fn what_says_nothing_about_instagrams_answer_is_down() {
    for (status, body) in [
        (500, ""),
        (503, "<html>upstream</html>"),
        (
            200,
            r#"for (;;);{"error":1357004,"errorSummary":"Sorry, something went wrong"}"#,
        ),
        (
            200,
            r#"{"data":null,"errors":[{"message":"A server error field_exception occured"}]}"#,
        ),
    ] {
        assert!(
            matches!(of(status, body), Some(Closed::Down(_))),
            "{status} {body}"
        );
    }
    assert_eq!(
        failed(&FetchError::ConnectionTimeout),
        Closed::Down("ConnectionTimeout".to_owned())
    );
}

#[test]
fn only_plain_words_are_missing() {
    for (status, body) in [
        (200, "<html><title>Page isn't available</title></html>"),
        (
            200,
            r#"<html><script>"comet.igweb.PolarisErrorRoute"</script></html>"#,
        ),
        (
            400,
            r#"{"message":"Media not found or unavailable","status":"fail"}"#,
        ),
        (404, r#"{"message":"User not found","status":"fail"}"#),
        (
            400,
            r#"{"message":"Sorry, this media has been deleted","like_error_key":"x","status":"fail"}"#,
        ),
        (400, "Sorry, this photo has been deleted"),
        (
            400,
            r#"{"message":"feedback_required","feedback_message":"The post you were viewing has been deleted."}"#,
        ),
        (
            200,
            "<html><title>Instagram</title><body><span>Post isn’t available</span></body></html>",
        ),
    ] {
        assert_eq!(of(status, body), Some(Closed::Missing), "{status} {body}");
    }
}

#[test]
fn a_gate_is_told_by_its_words() {
    let of_age = Some(Closed::Stated(Refusal::AgeRestricted));
    let of_region = Some(Closed::Stated(Refusal::RegionBlocked));
    for (status, body, expected) in [
        (
            200,
            r#"{"title":"Restricted profile","description":"You must be 18 years old or over to see this profile","username":"ann"}"#,
            &of_age,
        ),
        (
            200,
            r#"{"title":"This content may be inappropriate","description":"It's unavailable for certain audiences.","status":"ok"}"#,
            &of_age,
        ),
        (
            403,
            r#"{"title":"Not available in your region","description":"x"}"#,
            &of_region,
        ),
        (
            400,
            r#"{"message":"geoblock_required","status":"fail"}"#,
            &of_region,
        ),
        (
            200,
            r#"{"data":null,"errors":[{"message":"geoblock_required"}]}"#,
            &of_region,
        ),
        (200, "<html><h2>Age-restricted content</h2></html>", &of_age),
        (
            200,
            r#"<html><form id="loginForm"></form><h2>Restricted profile</h2></html>"#,
            &of_age,
        ),
        (
            200,
            "<html><p>Not available in your country</p></html>",
            &of_region,
        ),
    ] {
        assert_eq!(of(status, body), *expected, "{status} {body}");
    }
}

#[test]
fn a_wall_is_no_absence_whatever_it_says() {
    let page = r#"<html><form id="loginForm"></form><p>Post isn't available</p></html>"#;
    assert_eq!(of(200, page), Some(Closed::Login));
    let page = "<html><title>Page not found</title></html>";
    let login = "https://www.instagram.com/accounts/login/";
    assert_eq!(meaning(&response(200, login, page)), Some(Closed::Login));
}

#[test]
fn an_error_page_is_about_what_was_asked_only_where_pages_are() {
    let page = "<html><title>Page isn't available</title></html>";
    for api in [
        "api/graphql",
        "graphql/query",
        "ajax/bulk-route-definitions/",
        "api/v1/media/1/info/",
    ] {
        let url = format!("https://www.instagram.com/{api}");
        assert_eq!(meaning(&response(200, &url, page)), None, "{url}");
        let gone = meaning(&response(404, &url, page));
        assert!(matches!(gone, Some(Closed::Unreadable(_))), "{url}");
    }
}

#[test]
fn a_private_post_is_told_by_its_route() {
    let body = r#"for (;;);{"payload":{"payloads":{"/p/x/":{"result":{"exports":{"tracePolicy":"polaris.privatePostPage"}}}}}}"#;
    assert_eq!(of(200, body), Some(Closed::Stated(Refusal::Private)));
}

#[test]
fn an_answer_without_a_failure_states_none() {
    for body in [
        r#"{"data":{"xig_polaris_media":null},"status":"ok"}"#,
        "<html><title>Instagram</title></html>",
        "x",
    ] {
        assert_eq!(of(200, body), None, "{body}");
    }
}

#[test]
fn an_unreadable_answer_is_quoted_in_part() {
    let long = response(200, PAGE, format!(r#"{{"data":"{}"}}"#, "x".repeat(1000)));
    assert_eq!(
        unreadable(
            &long,
            &read::body(&Arena::default(), &long.body, Renames::default())
        )
        .found
        .chars()
        .count(),
        QUOTED_CHARS
    );
}
