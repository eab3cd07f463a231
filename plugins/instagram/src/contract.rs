//! The types of the contract, generated from `wit/`. The components use the same types, so nothing needs conversion.
#![expect(missing_docs, reason = "generated; documented in wit/")]

wit_bindgen::generate!({
    path: "../../wit",
    world: "contract",
    generate_all,
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
});

pub use gramhost::extractor::{exchanges, queries, records, steps};
