//! The readers of this module for trees of `serde_json`, which tests write.

use serde_json::Value;

use crate::contract::records::Media;
use crate::json::trees::parsed;
use crate::read::{self, ProfilePart, Reading, StoriesPart, TabPage};

fn documents(trees: &[Value]) -> Vec<crate::json::Value<'static>> {
    trees.iter().cloned().map(parsed).collect()
}

pub(super) fn media(trees: &[Value], shortcode: &str) -> Reading<Media> {
    read::media(&documents(trees), shortcode)
}

pub(super) fn profile(trees: &[Value], username: &str) -> Reading<ProfilePart> {
    read::profile(&documents(trees), username)
}

pub(super) fn stories(trees: &[Value], username: &str) -> Reading<StoriesPart> {
    read::stories(&documents(trees), username)
}

pub(super) fn posts(trees: &[Value], username: &str) -> Reading<TabPage> {
    read::posts(&documents(trees), username)
}

pub(super) fn reels(trees: &[Value], username: &str) -> Reading<TabPage> {
    read::reels(&documents(trees), username)
}
