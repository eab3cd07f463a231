//! What knows Instagram: which request to send next and how to read what came back. Plain Rust, so that it
//! also runs natively; knows no host, no clock and no network.
//!
//! Each kind of record has a module with `extract(query, context, memo, answers)`, pure: one step of a fold over the
//! answers. The walk: the kind asks [`drive`] for a record; that goes through the doors of [`settings`] in order,
//! [`request`] writes each question, `read` reads each answer, and [`failure`] tells what an answer means that
//! holds no record.

mod caption;
mod component;
pub mod contract;
mod cursor;
mod dash;
mod drive;
mod failure;
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

pub use drive::{HOSTS, Outcome, REQUESTS_MAX, ROUNDS_MAX, Step};
