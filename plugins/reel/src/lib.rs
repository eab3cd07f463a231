//! The reel extractor as a component: glue between the generated interface and the crate `instagram`.
#![expect(missing_docs, unsafe_code, reason = "generated; documented in wit/")]

wit_bindgen::generate!({
    path: "../../wit",
    world: "reel-plugin",
    with: {
        "gramhost:extractor/exchanges@1.0.0": instagram::contract::exchanges,
        "gramhost:extractor/queries@1.0.0": instagram::contract::queries,
        "gramhost:extractor/records@1.0.0": instagram::contract::records,
        "gramhost:extractor/steps@1.0.0": instagram::contract::steps,
    },
});

use exports::gramhost::extractor::{about, reel};

struct Component;

instagram::export_about!(Component, "reel", instagram::settings::MEDIA);
instagram::export_kind!(Component, reel, reel);
export!(Component);
