//! Everything specific to Instagram: which request to send next and how to read the response. Plain Rust, so that it
//! also runs natively; it depends on no host, clock or network.
//!
//! Each kind of record has a module with a pure function `extract(query, context, memo, answers)`: one step of a fold
//! over the answers. The kind asks [`drive`] for a record. The engine tries the doors of [`settings`] in order:
//! [`request`] builds each request, `read` reads each response, and [`failure`] determines what a response without a
//! record means.

mod caption;
mod component;
pub mod contract;
mod cursor;
mod dash;
mod drive;
mod failure;
mod json;
pub mod post;
pub mod profile_info;
pub mod profile_posts;
pub mod profile_reels;
mod read;
pub mod reel;
mod request;
pub mod settings;
pub mod shortcode;
pub mod story;
mod tab;
#[cfg(test)]
mod testing;
mod wording;

pub use drive::{HOSTS, Outcome, REQUESTS_MAX, ROUNDS_MAX, Step};
