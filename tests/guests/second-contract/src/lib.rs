//! The post extractor, built for a contract that is not 1.x: shows that two contract versions are served side by side.
#![expect(
    missing_docs,
    unsafe_code,
    reason = "generated; documented in tests/contract-2"
)]

wit_bindgen::generate!({
    path: ["../../../wit", "../../contract-2"],
    world: "gramhost:extractor/post-plugin@2.0.0",
    with: {
        "gramhost:extractor/exchanges@1.0.0": instagram::contract::exchanges,
        "gramhost:extractor/queries@1.0.0": instagram::contract::queries,
        "gramhost:extractor/records@1.0.0": instagram::contract::records,
        "gramhost:extractor/steps@1.0.0": instagram::contract::steps,
    },
});

use exports::gramhost::extractor2_0_0::{about, post};

struct Component;

impl about::Guest for Component {
    fn describe() -> about::Manifest {
        about::Manifest {
            name: "post".to_owned(),
            version: "2.0.0".to_owned(),
            hosts: instagram::HOSTS.map(str::to_owned).to_vec(),
            limits: about::Limits {
                rounds: instagram::ROUNDS_MAX,
                requests: instagram::REQUESTS_MAX,
            },
            uses_session: true,
            settings: instagram::settings::MEDIA.to_owned(),
        }
    }
}

impl post::Guest for Component {
    fn extract(
        target: post::Target,
        context: post::Context,
        answers: Vec<post::Exchange>,
        memo: Vec<u8>,
    ) -> post::Outcome {
        let query = instagram::post::Query { target };
        let outcome = instagram::post::extract(&query, &context, &memo, &answers);
        post::Outcome {
            step: match outcome.step {
                instagram::Step::Fetch(fetch) => Ok(post::Step::Fetch(fetch)),
                instagram::Step::Done(media) => Ok(post::Step::Done(media)),
                instagram::Step::Refuse(refusal) => Err(refusal),
            },
            doors: outcome.report.door.into_iter().collect(),
            diagnostics: outcome.report.diagnostics,
        }
    }
}

export!(Component);
