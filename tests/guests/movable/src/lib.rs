//! A post extractor with one door, whose settings name the keys that it reads: packed with other settings, it is
//! another version.
#![expect(missing_docs, unsafe_code, reason = "generated; documented in wit/")]

wit_bindgen::generate!({
    path: "../../../wit",
    world: "post-plugin",
    with: {
        "gramhost:extractor/exchanges@1.0.0": instagram::contract::exchanges,
        "gramhost:extractor/queries@1.0.0": instagram::contract::queries,
        "gramhost:extractor/records@1.0.0": instagram::contract::records,
        "gramhost:extractor/steps@1.0.0": instagram::contract::steps,
    },
});

#[path = "../../media.rs"]
mod media;

use exports::gramhost::extractor::{about, post};
use instagram::contract::{
    exchanges::{Answer, Method, Request},
    queries::Target,
    records::{Media, User},
    steps::{Change, Fetch, Report},
};
use media::media;
use serde_json::Value;

/// The possible keys of the caption, those of the likes, and the shortcodes at which it fails.
const SETTINGS: &str = "caption = [\"caption\"]\nlikes = [\"likes\"]\nbroken_for = \"-\"\n";

struct Component;
export!(Component);

impl about::Guest for Component {
    fn describe() -> about::Manifest {
        about::Manifest {
            name: "post".to_owned(),
            version: "1.0.0".to_owned(),
            hosts: vec!["www.instagram.com".to_owned()],
            rounds: 1,
            requests: 1,
            uses_session: false,
            settings: SETTINGS.to_owned(),
        }
    }
}

impl post::Guest for Component {
    fn extract(
        query: post::Query,
        context: post::Context,
        _: Vec<u8>,
        answers: Vec<post::Exchange>,
    ) -> post::Outcome {
        let settings: Value = serde_json::from_str(&context.settings).unwrap_or_default();
        let code = match &query.target {
            Target::Shortcode(code) => code.as_str(),
            Target::Share(_) => "",
        };
        let step = match answers.first().map(|exchange| &exchange.answer) {
            None => post::Step::Fetch(Fetch {
                requests: vec![page(code)],
                memo: Vec::new(),
            }),
            Some(Answer::Response(response)) => read(code, &settings, &response.body),
            Some(Answer::Failed(_)) => {
                post::Step::Refuse(post::Refusal::Unavailable("the page".to_owned()))
            }
        };
        post::Outcome {
            report: Report {
                door: Some("page".to_owned()),
                diagnostics: Vec::new(),
            },
            step,
        }
    }
}

fn page(code: &str) -> Request {
    Request {
        method: Method::Get,
        url: format!("https://www.instagram.com/p/{code}/?movable"),
        headers: Vec::new(),
        body: None,
        session: false,
    }
}

fn read(code: &str, settings: &Value, body: &[u8]) -> post::Step {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let find = |setting: &str| {
        let keys = settings[setting].as_array().into_iter().flatten();
        let mut keys = keys.filter_map(Value::as_str);
        keys.find_map(|key| answer.get(key))
    };
    let caption = find("caption").and_then(Value::as_str);
    let broken = settings["broken_for"].as_str().unwrap_or_default();
    match caption {
        Some(caption) if !code.starts_with(broken) => {
            post::Step::Done(read_media(code, caption, &answer, find("likes")))
        }
        _ => post::Step::Refuse(post::Refusal::Changed(Change {
            path: "page:.caption".to_owned(),
            expected: "a string".to_owned(),
            found: "nothing".to_owned(),
        })),
    }
}

fn read_media(code: &str, caption: &str, answer: &Value, likes: Option<&Value>) -> Media {
    let owner = answer["owner"].as_str().map(|username| User {
        user_id: None,
        username: Some(username.to_owned()),
        full_name: None,
        picture_url: None,
        is_verified: None,
        is_private: None,
        more: Vec::new(),
    });
    Media {
        caption: Some(caption.to_owned()),
        owner,
        like_count: likes.and_then(Value::as_u64),
        ..media(code)
    }
}
