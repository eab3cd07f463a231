//! A `story` extractor for Gramhost: pure functions from what Instagram answered to a record, or to a refusal.

mod door;

wit_bindgen::generate!({ path: "wit", world: "story-plugin", generate_all });

use exports::gramhost::extractor::{
    about,
    story::{self, Context, Exchange, Outcome, Query, Refusal, Report, Step, Stories},
};
use serde_json::{Value, json};

/// What an operator may override in `story.toml`; the host hands the result to every call as JSON.
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
            name: "story".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            hosts: vec!["www.instagram.com".to_owned()],
            rounds: 2,
            requests: 2,
            uses_session: false,
            settings: SETTINGS.to_owned(),
        }
    }
}

impl story::Guest for Component {
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
            Some(user) => Ok(Step::Done(stories(&user)?)),
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

/// The record. Guests are told whether there are stories, but are shown none.
fn stories(user: &Value) -> Result<Stories, Refusal> {
    let must = |key: &str| text(&user[key]).ok_or_else(|| lacks(key, user));
    if user["is_private"].as_bool() == Some(true) {
        return Err(Refusal::Private);
    }
    match user["latest_reel_media"].as_u64() {
        Some(0) => Ok(Stories {
            user_id: must("pk")?,
            username: must("username")?,
            has_active_stories: Some(false),
            items: Vec::new(),
            is_private: user["is_private"].as_bool(),
            more: Vec::new(),
        }),
        Some(_) => Err(Refusal::LoginRequired),
        None => Err(lacks("latest_reel_media", user)),
    }
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
    fn no_stories_are_a_fact_that_the_profile_states() {
        let har: Value =
            serde_json::from_str(include_str!("../cases/story/found/exchange.har")).unwrap();
        let body = &har["log"]["entries"][0]["response"]["content"]["text"];
        let body: Value = serde_json::from_str(body.as_str().unwrap()).unwrap();
        let stories = stories(&body["data"][ROOT]).unwrap();
        assert_eq!(stories.has_active_stories, Some(false));
    }

    #[test]
    fn stories_that_only_a_session_sees_are_said() {
        let user = json!({ "pk": "1", "username": "somebody", "latest_reel_media": 1793491200 });
        assert!(matches!(stories(&user), Err(Refusal::LoginRequired)));
    }
}
