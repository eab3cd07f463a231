//! Every fixture through the whole server: the built components, extraction, its checks, and the HTTP response.

use std::fs;

use cases::{Case, Expected};
use serde_json::Value;

use super::fixtures as folder;
use crate::harness::server::Server;

/// Stories that were active at the time of their case, but have expired by the server's clock: a day later there are
/// none.
pub(super) const OVER: [&str; 2] = ["story/expired-session", "story/present-for-a-guest"];

/// A session file as a browser writes it; the session is made up.
const COOKIES: &str = ".instagram.com\tTRUE\t/\tTRUE\t0\tsessionid\tmade-up\n";

#[tokio::test]
async fn every_case_ends_as_documented() {
    let all = cases::load_all(&folder().join("instagram")).unwrap();
    let (sessions, guests): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|case| case.question.session);
    assert!(!sessions.is_empty() && guests.len() > 60);
    let replay = folder();
    let replay = replay.to_str().unwrap();
    let flags = ["--replay", replay, "--rate-limit", "0"];

    let mut problems = check(&Server::start(&flags), &guests).await;
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("cookies.txt"), COOKIES).unwrap();
    let flags = [&flags[..], &["--cookies", "cookies.txt"]].concat();
    problems.extend(check(&Server::start_in(home, &flags), &sessions).await);
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

async fn check(server: &Server, cases: &[Case]) -> Vec<String> {
    let mut problems = Vec::new();
    for case in cases {
        let answer = server.get(&path(&case.question.query)).await;
        let found = match answer.json["error"]["code"].as_str() {
            None => answer.status.to_string(),
            Some(code) => format!("{} {code}", answer.status),
        };
        let title = format!("{}/{}", case.kind, case.name);
        let expected = if OVER.contains(&title.as_str()) {
            assert_eq!(answer.json["has_active_stories"], false, "{title}");
            "200".to_owned()
        } else {
            expected(case)
        };
        if found != expected {
            problems.push(format!(
                "{title}: {found}, not {expected}: {:.300}",
                answer.text
            ));
        }
    }
    problems
}

fn path(query: &Value) -> String {
    let text = |value: &Value| {
        value
            .as_str()
            .map(str::to_owned)
            .or_else(|| value.as_u64().map(|number| number.to_string()))
    };
    let target = ["/target/shortcode", "/target/share"]
        .iter()
        .find_map(|pointer| text(query.pointer(pointer)?));
    let mut parameters = Vec::new();
    let (path, name) = match query["kind"].as_str().unwrap() {
        "profile-info" => ("profile/info", "username"),
        "profile-posts" => ("profile/posts", "username"),
        "profile-reels" => ("profile/reels", "username"),
        "story" => ("story/info", "username"),
        "reel" => ("reel/info", "url_or_id"),
        _ => ("post/info", "url_or_code"),
    };
    let asked = target.or_else(|| text(&query["username"])).unwrap();
    parameters.push(format!("{name}={asked}"));
    for name in ["limit", "cursor"] {
        parameters.extend(text(&query[name]).map(|value| format!("{name}={value}")));
    }
    format!("/instagram/{path}?{}", parameters.join("&"))
}

/// The specification's status and code for the result of a case.
fn expected(case: &Case) -> String {
    let of = |account: &str, post: &str, reel: &str| match case.kind.as_str() {
        "post" => post.to_owned(),
        "reel" => reel.to_owned(),
        _ => account.to_owned(),
    };
    let private = || {
        of(
            "403 ACCOUNT_PRIVATE",
            "403 POST_PRIVATE",
            "403 REEL_PRIVATE",
        )
    };
    let refusal = match &case.expected {
        // This API shows public content only.
        Expected::Record(record) if record["is_private"] == true => return private(),
        Expected::Record(_) => return "200".to_owned(),
        Expected::Refusal(refusal) => refusal,
        Expected::NoFailure => panic!("{}/{} says not how it ends", case.kind, case.name),
    };
    let name = refusal.as_object().and_then(|object| object.keys().next());
    match name.map(String::as_str).or(refusal.as_str()).unwrap() {
        "NotFound" => of(
            "404 PROFILE_NOT_FOUND",
            "404 POST_NOT_FOUND",
            "404 REEL_NOT_FOUND",
        ),
        "Private" => private(),
        "AgeRestricted" => "403 AGE_RESTRICTED".to_owned(),
        "RegionBlocked" => "403 REGION_BLOCKED".to_owned(),
        "LoginRequired" => "403 LOGIN_REQUIRED".to_owned(),
        "RateLimited" => "503 UPSTREAM_RATE_LIMITED".to_owned(),
        "InvalidCursor" => "400 INVALID_PARAMETER".to_owned(),
        "Unavailable" => "502 UPSTREAM_UNAVAILABLE".to_owned(),
        "Changed" => "502 EXTRACTOR_FAILED".to_owned(),
        other => panic!("{}/{}: no code for {other}", case.kind, case.name),
    }
}
