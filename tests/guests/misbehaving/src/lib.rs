//! All four extractors in one component, which misbehaves in the way that the shortcode or username of its query names;
//! for all other names it is the honest one. Which of the four it is, is written in its bytes.
#![expect(missing_docs, unsafe_code, reason = "generated; documented in wit/")]

wit_bindgen::generate!({
    path: "../../../wit",
    inline: "
        package gramhost:guest;

        world every {
            include gramhost:extractor/profile-plugin@1.0.0;
            include gramhost:extractor/post-plugin@1.0.0;
            include gramhost:extractor/reel-plugin@1.0.0;
            include gramhost:extractor/story-plugin@1.0.0;
        }
    ",
    world: "gramhost:guest/every",
    with: {
        "gramhost:extractor/exchanges@1.0.0": instagram::contract::exchanges,
        "gramhost:extractor/queries@1.0.0": instagram::contract::queries,
        "gramhost:extractor/records@1.0.0": instagram::contract::records,
        "gramhost:extractor/steps@1.0.0": instagram::contract::steps,
    },
});

mod behaviour;
mod lie;
#[path = "../../media.rs"]
mod media;
#[path = "../../tricks.rs"]
pub mod tricks;

use std::hint::black_box;

use behaviour::{Asked, Wrong, misbehave};
use exports::gramhost::extractor::{
    about, post, profile_info, profile_posts, profile_reels, reel, story,
};
use instagram::settings::{MEDIA, PROFILE, STORY};
use lie::tell;

/// Before the name of a component that misbehaves, and of one that answers with plain records instead.
const MISBEHAVING: &str = "misbehaving-as:";

/// Which plugin this is, filled up with zeros. Tests replace it in the compiled component.
static WHO: [u8; 24] = *b"misbehaving-as:post\0\0\0\0\0";

/// The name in the bytes of this component, and whether it misbehaves.
fn who() -> (&'static str, bool) {
    let who = str::from_utf8(black_box(&WHO)).unwrap_or_default();
    let (manner, name) = who.split_at(MISBEHAVING.len());
    (name.trim_end_matches('\0'), manner == MISBEHAVING)
}

struct Component;
export!(Component);

impl about::Guest for Component {
    fn describe() -> about::Manifest {
        let (name, _) = who();
        let settings = match name {
            "profile" => PROFILE,
            "story" => STORY,
            _ => MEDIA,
        };
        about::Manifest {
            name: name.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            hosts: instagram::HOSTS.map(str::to_owned).to_vec(),
            rounds: instagram::ROUNDS_MAX,
            requests: instagram::REQUESTS_MAX,
            uses_session: true,
            settings: settings.to_owned(),
        }
    }
}

struct Honest;

/// Implements these interfaces: wrong where the query asks for it, and otherwise honest.
macro_rules! misbehaving {
    ($($interface:ident)+) => {$(
        instagram::export_kind!(Honest, $interface, $interface);

        impl $interface::Guest for Component {
            fn extract(
                query: $interface::Query,
                context: $interface::Context,
                memo: Vec<u8>,
                answers: Vec<$interface::Exchange>,
            ) -> $interface::Outcome {
                let asked = Asked::from(&query);
                let (_, is_wrong) = who();
                let Some(wrong) = misbehave(&asked, &answers, is_wrong) else {
                    return Honest::extract(query, context, memo, answers);
                };
                let (report, wrong) = wrong;
                $interface::Outcome {
                    report,
                    step: match wrong {
                        Wrong::Fetch(fetch) => $interface::Step::Fetch(fetch),
                        Wrong::Refuse(refusal) => $interface::Step::Refuse(refusal),
                        Wrong::Lie(lie) => $interface::Step::Done(tell(&asked, lie)),
                    },
                }
            }
        }
    )+};
}

misbehaving!(post profile_info profile_posts profile_reels reel story);
