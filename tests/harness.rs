//! What an end-to-end test may use: the real binary, and a stand-in for Instagram.

#[path = "harness/browser.rs"]
pub(crate) mod browser;

#[path = "harness/bucket.rs"]
pub(crate) mod bucket;

#[path = "harness/cdn.rs"]
pub(crate) mod cdn;

#[path = "harness/proxy.rs"]
pub(crate) mod proxy;

#[path = "harness/recorded.rs"]
mod recorded;

#[path = "harness/server.rs"]
pub(crate) mod server;

#[path = "harness/store.rs"]
pub(crate) mod store;

#[path = "harness/upstream.rs"]
pub(crate) mod upstream;

#[cfg(target_os = "linux")]
#[path = "harness/wire.rs"]
pub(crate) mod wire;

#[path = "harness/workshop.rs"]
pub(crate) mod workshop;
