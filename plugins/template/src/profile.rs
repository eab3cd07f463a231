//! A `profile` extractor for Gramhost: pure functions from what Instagram answered to a record, or to a refusal.

mod door;

wit_bindgen::generate!({ path: "wit", world: "profile-plugin", generate_all });

use exports::gramhost::extractor::{
    about,
    profile_info::{self, Context, Exchange, Outcome, Profile, Query, Refusal, Report, Step},
    profile_posts, profile_reels,
};
use gramhost::extractor::records::{BioLink, Image};
use serde_json::{Value, json};

/// What an operator may override in `profile.toml`; the host hands the result to every call as JSON.
const SETTINGS: &str = "\
# Instagram's number for the query; a line here mends a stale one without a compiler.
doc_id = \"27981003384861049\"
";

const OPERATION: &str = "PolarisLoggedOutDesktopWWWProfileRootContentQuery";
const ROOT: &str = "xig_user_by_username";

/// Memos: which question was asked last. Nothing was at first.
const ASKED_OBJECT: &[u8] = b"object";
const ASKED_PAGE: &[u8] = b"page";

struct Component;
#[cfg(target_family = "wasm")]
export!(Component);

impl about::Guest for Component {
    fn describe() -> about::Manifest {
        about::Manifest {
            name: "profile".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            hosts: vec!["www.instagram.com".to_owned()],
            rounds: 2,
            requests: 2,
            uses_session: false,
            settings: SETTINGS.to_owned(),
        }
    }
}

impl profile_info::Guest for Component {
    fn extract(query: Query, context: Context, memo: Vec<u8>, answers: Vec<Exchange>) -> Outcome {
        Outcome {
            report: Report {
                door: (!answers.is_empty()).then(|| door::NAME.to_owned()),
                diagnostics: Vec::new(),
            },
            step: step(&query.username, &context, &memo, &answers).unwrap_or_else(Step::Refuse),
        }
    }
}

/// One step of the fold: the memo says which question was asked last, and `answers` has the answer to it.
fn step(
    username: &str,
    context: &Context,
    memo: &[u8],
    answers: &[Exchange],
) -> Result<Step, Refusal> {
    match (memo, answers) {
        ([], _) => {
            let settings: Value = serde_json::from_str(&context.settings).unwrap_or_default();
            let doc_id = settings["doc_id"].as_str().unwrap_or_default();
            let question = door::question(OPERATION, doc_id, &json!({ "username": username }));
            Ok(Step::Fetch(door::fetch(question, ASKED_OBJECT)))
        }
        (ASKED_OBJECT, [answer]) => match door::object(answer, ROOT)? {
            Some(user) => Ok(Step::Done(profile(&user)?)),
            None => {
                let page = door::page(&format!("/{username}/"));
                Ok(Step::Fetch(door::fetch(page, ASKED_PAGE)))
            }
        },
        (ASKED_PAGE, [page]) => Err(door::absence(page)),
        _ => Err(Refusal::Unavailable(
            "the memo is not one of this extractor".to_owned(),
        )),
    }
}

/// The record. A value that Instagram does not state stays `None`: never 0, "" or false in its place.
fn profile(user: &Value) -> Result<Profile, Refusal> {
    let must = |key: &str| text(&user[key]).ok_or_else(|| lacks(key, user));
    if user["is_private"].as_bool() == Some(true) {
        return Err(Refusal::Private);
    }
    // Behind a gate, Instagram states 0 instead of the counts.
    let is_gated = user["gating"].is_object();
    let count = |key: &str| user[key].as_u64().filter(|it| *it > 0 || !is_gated);
    let links = user["bio_links"].as_array().cloned().unwrap_or_default();
    let link = |it: &Value| {
        Some(BioLink {
            url: text(&it["url"])?,
            title: text(&it["title"]),
        })
    };
    let picture = |url| Image {
        url,
        width: None,
        height: None,
    };
    Ok(Profile {
        user_id: must("pk")?,
        username: must("username")?,
        full_name: text(&user["full_name"]),
        biography: text(&user["biography"]),
        bio_links: links.iter().filter_map(link).collect(),
        pictures: text(&user["profile_pic_url"])
            .map(picture)
            .into_iter()
            .collect(),
        follower_count: count("follower_count"),
        following_count: count("following_count"),
        is_private: user["is_private"].as_bool(),
        is_verified: user["is_verified"].as_bool(),
        // From here on: yours to read. `exchange.har` of a case shows what Instagram states.
        external_url: None,
        post_count: None,
        reel_count: None,
        story_count: None,
        has_active_story: None,
        is_business: None,
        is_professional: None,
        category: None,
        email: None,
        phone: None,
        // What Instagram states and the contract has no field for: names in snake case, and JSON texts.
        more: Vec::new(),
    })
}

/// Lists are yours to write: until then they say so.
impl profile_posts::Guest for Component {
    fn extract(
        _: profile_posts::Query,
        _: Context,
        _: Vec<u8>,
        _: Vec<Exchange>,
    ) -> profile_posts::Outcome {
        profile_posts::Outcome {
            report: Report {
                door: None,
                diagnostics: Vec::new(),
            },
            step: profile_posts::Step::Refuse(not_written()),
        }
    }
}

impl profile_reels::Guest for Component {
    fn extract(
        _: profile_reels::Query,
        _: Context,
        _: Vec<u8>,
        _: Vec<Exchange>,
    ) -> profile_reels::Outcome {
        profile_reels::Outcome {
            report: Report {
                door: None,
                diagnostics: Vec::new(),
            },
            step: profile_reels::Step::Refuse(not_written()),
        }
    }
}

fn not_written() -> Refusal {
    Refusal::Unavailable("this extractor reads no lists yet".to_owned())
}

/// A text that says something.
fn text(value: &Value) -> Option<String> {
    let text = value.as_str().filter(|text| !text.is_empty())?;
    Some(text.to_owned())
}

fn lacks(key: &str, user: &Value) -> Refusal {
    let found = user[key].to_string();
    door::changed(&format!("data.{ROOT}.{key}"), "a value", &found)
}

#[cfg(test)]
mod tests {
    //! The mapping without a host; `gramhost plugin test` runs whole cases through the component.

    use super::*;

    #[test]
    fn a_recorded_answer_becomes_a_record() {
        let har: Value =
            serde_json::from_str(include_str!("../cases/profile-info/found/exchange.har")).unwrap();
        let body = &har["log"]["entries"][0]["response"]["content"]["text"];
        let body: Value = serde_json::from_str(body.as_str().unwrap()).unwrap();
        let profile = profile(&body["data"][ROOT]).unwrap();
        assert_eq!(profile.follower_count, Some(12840));
        assert_eq!(profile.post_count, None);
    }

    #[test]
    fn a_private_account_is_refused() {
        let user = json!({ "pk": "1", "username": "somebody", "is_private": true });
        assert!(matches!(profile(&user), Err(Refusal::Private)));
    }

    #[test]
    fn a_user_without_an_id_is_a_change_of_instagrams() {
        let user = json!({ "username": "somebody" });
        assert!(matches!(profile(&user), Err(Refusal::Changed(_))));
    }
}
