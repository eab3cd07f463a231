//! The profile extractor as a component: glue between the generated interface and the crate `instagram`.
#![expect(missing_docs, unsafe_code, reason = "generated; documented in wit/")]

wit_bindgen::generate!({
    path: "../../wit",
    world: "profile-plugin",
    with: {
        "gramhost:extractor/exchanges@1.0.0": instagram::contract::exchanges,
        "gramhost:extractor/queries@1.0.0": instagram::contract::queries,
        "gramhost:extractor/records@1.0.0": instagram::contract::records,
        "gramhost:extractor/steps@1.0.0": instagram::contract::steps,
    },
});

use exports::gramhost::extractor::{about, profile_info, profile_posts, profile_reels};

struct Component;

instagram::export_about!(Component, "profile", instagram::settings::PROFILE);
instagram::export_kind!(Component, profile_info, profile_info);
instagram::export_kind!(Component, profile_posts, profile_posts);
instagram::export_kind!(Component, profile_reels, profile_reels);
export!(Component);
