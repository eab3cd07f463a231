//! The code that wasmtime generates from `tests/contract-2`. The types that it shares with 1.0 are those of 1.0.

wasmtime::component::bindgen!({
    path: ["../../wit", "../../tests/contract-2"],
    world: "gramhost:extractor/post-plugin@2.0.0",
    with: {
        "gramhost:extractor/exchanges@1.0.0": super::v1::exchanges,
        "gramhost:extractor/queries@1.0.0": super::v1::bindings::gramhost::extractor::queries,
        "gramhost:extractor/records@1.0.0": super::v1::bindings::gramhost::extractor::records,
        "gramhost:extractor/steps@1.0.0": super::v1::bindings::gramhost::extractor::steps,
    },
});
