//! Profiles: the first response, and what further doors add to it.
#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::json;

use super::*;
use crate::Step;
use crate::contract::exchanges::Response;
use crate::settings::PROFILE;
use crate::testing::{form, guest, label, login_gate, member, record, refusal, response, run};

const ROOT: &str = "PolarisLoggedOutDesktopWWWProfileRootContentQuery";
const DETAILS: &str = "PolarisProfilePageContentQuery";
const EMBED: &str = "/gramhost.demo/embed/";
const WEB_INFO: &str = "/api/v1/users/web_profile_info/";

fn ask_as(context: &Context, answer: impl Fn(&str) -> Response) -> (Step<Profile>, Vec<String>) {
    let query = Query {
        username: "gramhost.demo".to_owned(),
    };
    let (step, asked) = run(
        |memo, answers| extract(&query, context, memo, answers),
        |request| answer(&label(request)),
    );
    (step, asked.iter().map(label).collect())
}

fn ask(answer: impl Fn(&str) -> Response) -> (Step<Profile>, Vec<String>) {
    ask_as(&guest(PROFILE), answer)
}

fn root() -> Response {
    let user = json!({ "pk": "42", "id": "17841400000000042", "username": "gramhost.demo", "full_name": "Demo",
        "biography": "hello", "follower_count": 10, "following_count": 2, "is_private": false });
    response(200, "", json!({ "data": { "xig_user_by_username": user } }))
}

fn details(user_id: &str) -> Response {
    let user = json!({ "pk": user_id, "username": "gramhost.demo", "biography": "later", "category": "Art" });
    response(200, "", json!({ "data": { "user": user } }))
}

fn embed() -> Response {
    let context = json!({ "context": { "username": "gramhost.demo", "posts_count": 14 }, "shortcode_media": null });
    let script =
        json!([["PolarisEmbedSimple", "init", [], [{ "contextJSON": context.to_string() }]]]);
    response(
        200,
        "",
        format!("<html><script>s.handle({{\"require\":{script}}})</script></html>"),
    )
}

#[test]
fn further_doors_fill_the_gaps_and_overrule_nothing() {
    let (step, asked) = ask(|door| match door {
        ROOT => root(),
        DETAILS => details("42"),
        _ => embed(),
    });
    assert_eq!(asked, [ROOT, DETAILS, EMBED]);
    let profile = record(step);
    assert_eq!(profile.user_id, "42");
    assert_eq!(profile.biography.as_deref(), Some("hello"));
    assert_eq!(profile.category.as_deref(), Some("Art"));
    assert_eq!(profile.post_count, Some(14));
}

#[test]
fn the_largest_picture_of_all_answers_is_the_last() {
    let picture = |size: &str, signature: &str| {
        let size = if size.is_empty() {
            String::new()
        } else {
            format!("stp=dst-jpg_{size}_tt6&")
        };
        format!("https://x.fbcdn.net/v/t51.2885-19/1_n.jpg?{size}oh={signature}")
    };
    let (small, large) = (picture("s150x150", "A"), picture("", "B"));
    let user = json!({ "pk": "42", "username": "gramhost.demo", "biography": "", "is_private": false,
        "profile_pic_url": small,
        "hd_profile_pic_url_info": { "url": large, "width": 1080, "height": 1080 } });
    let root = response(200, "", json!({ "data": { "xig_user_by_username": user } }));
    let again = json!({ "pk": "42", "username": "gramhost.demo", "biography": "", "is_private": false,
        "profile_pic_url": picture("s150x150", "Z"), "category": "Art" });
    let (step, _) = ask(|door| match door {
        ROOT => root.clone(),
        DETAILS => response(200, "", json!({ "data": { "user": again } })),
        _ => login_gate(),
    });
    let pictures: Vec<_> = record(step).pictures.into_iter().map(|it| it.url).collect();
    assert_eq!(pictures, [small, large]);
    // Only the page shows a larger one than its scripts.
    let html = format!(
        "<html><meta property=\"og:image\" content=\"{}\">\
         <script type=\"application/json\" data-sjs>{}</script></html>",
        picture("s640x640", "P").replace('&', "&amp;"),
        json!({ "data": { "xig_user_by_username": again } }),
    );
    let (step, _) = ask(|door| {
        if door == "/gramhost.demo/" {
            response(200, "", &html)
        } else {
            login_gate()
        }
    });
    let pictures: Vec<_> = record(step).pictures.into_iter().map(|it| it.url).collect();
    assert_eq!(
        pictures,
        [picture("s150x150", "Z"), picture("s640x640", "P")]
    );
}

#[test]
fn further_doors_may_stay_closed() {
    let (step, _) = ask(|door| if door == ROOT { root() } else { login_gate() });
    let profile = record(step);
    assert_eq!(
        (profile.follower_count, profile.post_count, profile.category),
        (Some(10), None, None)
    );
}

#[test]
fn details_of_another_account_are_not_taken() {
    let (step, _) = ask(|door| if door == ROOT { root() } else { details("43") });
    assert_eq!(record(step).category, None);
}

#[test]
fn details_are_asked_by_the_real_user_id() {
    let query = Query {
        username: "gramhost.demo".to_owned(),
    };
    let (_, asked) = run(
        |memo, answers| extract(&query, &guest(PROFILE), memo, answers),
        |_| root(),
    );
    assert!(form(&asked[1]).contains("variables=%7B%22__relay_internal__pv__"));
    assert!(form(&asked[1]).contains("%22id%22%3A%2242%22"));
}

#[test]
fn a_page_states_the_count_only_where_it_is_exact() {
    for (words, count) in [("1,667 Posts", Some(1667)), ("32K Posts", None)] {
        let user = json!({ "data": { "xig_user_by_username": { "pk": "42", "username": "gramhost.demo", "biography": "" } } });
        let html = format!(
            "<html><meta property=\"og:description\" content=\"10 Followers, 2 Following, {words} - See\">\
             <script type=\"application/json\" data-sjs>{user}</script></html>"
        );
        let (step, _) = ask(|door| {
            if door == "/gramhost.demo/" {
                response(200, "", &html)
            } else {
                login_gate()
            }
        });
        assert_eq!(record(step).post_count, count, "{words}");
    }
}

fn private(answer: Response) -> Response {
    let body = String::from_utf8(answer.body).unwrap();
    response(
        200,
        "",
        body.replace(r#""is_private":false"#, r#""is_private":true"#),
    )
}

#[test]
fn a_private_account_is_refused_at_once() {
    let (step, asked) = ask(|_| private(root()));
    assert_eq!(refusal(step), Refusal::Private);
    assert_eq!(asked, [ROOT]);
}

#[test]
fn an_account_that_a_further_door_calls_private_is_refused() {
    let (step, _) = ask(|door| match door {
        ROOT => {
            let body = String::from_utf8(root().body).unwrap();
            response(
                200,
                "",
                body.replace(r#""is_private":false"#, r#""is_private":null"#),
            )
        }
        DETAILS => {
            let user = json!({ "pk": "42", "username": "gramhost.demo", "biography": "", "is_private": true });
            response(200, "", json!({ "data": { "user": user } }))
        }
        _ => login_gate(),
    });
    assert_eq!(refusal(step), Refusal::Private);
}

#[test]
fn the_404_of_profile_info_is_not_found_and_others_are_not() {
    let not_found = || response(404, "", r#"{"status":"fail"}"#);
    let (step, _) = ask_as(&member(PROFILE), |door| {
        if door == WEB_INFO {
            not_found()
        } else {
            login_gate()
        }
    });
    assert_eq!(refusal(step), Refusal::NotFound);
    let (step, _) = ask(|door| {
        if door == ROOT {
            not_found()
        } else {
            login_gate()
        }
    });
    assert_eq!(refusal(step), Refusal::LoginRequired);
}

#[test]
fn a_null_that_is_confirmed_is_not_found() {
    let (step, asked) = ask(|_| response(200, "", r#"{"data":{"xig_user_by_username":null}}"#));
    assert_eq!(refusal(step), Refusal::NotFound);
    assert_eq!(asked, [ROOT, "/gramhost.demo/"]);
}

#[test]
fn an_account_that_one_door_shows_is_not_missing() {
    let shown = json!({ "data": { "user": { "pk": "42", "username": "Gramhost.Demo" } } });
    let null = r#"{"data":{"xig_user_by_username":null}}"#;
    let (step, asked) = ask(|door| {
        if door == ROOT {
            response(200, "", &shown)
        } else {
            response(200, "", null)
        }
    });
    assert!(matches!(refusal(step), Refusal::Unavailable(_)));
    assert_eq!(asked.len(), 4, "every door");
}
