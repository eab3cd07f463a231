//! The contract's types, generated from `wit/`; the components share them, so nothing is converted.
#![expect(missing_docs, reason = "generated; documented in wit/")]

wit_bindgen::generate!({
    path: "../../wit",
    world: "contract",
    generate_all,
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
});

pub use gramhost::extractor::{exchanges, queries, records, steps};
