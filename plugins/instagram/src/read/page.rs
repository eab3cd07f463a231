//! Reads an HTML page: the JSON in its scripts, and the signs of a page without any.
//!
//! Pages are about 1 MB, of which one script of 45 KB is the post. So only scripts that contain one of our markers are
//! parsed, and no HTML tree is built.

use std::borrow::Cow;

use crate::json::{self, Arena, Renames, Value};
use crate::read::markup::{Tag, decode};
use crate::read::{embed, find, notice};
use crate::wording::Meaning;
use memchr::memmem;

/// The parts of a page that matter here.
#[derive(Debug, Default)]
pub(crate) struct Page<'a> {
    /// Every JSON text in it that can contain a root; for an embed page, also its context.
    pub(crate) documents: Vec<Value<'a>>,
    /// Whether it is the login page.
    pub(crate) login_wall: bool,
    /// Whether it is the error page, which has status 200: the account or post does not exist.
    pub(crate) error_route: bool,
    /// What it states in words, if it has no content.
    pub(crate) notice: Option<Meaning>,
    /// Its `<title>`.
    pub(crate) title: Option<String>,
    /// Its `og:description`.
    pub(crate) description: Option<String>,
    /// Its `og:image`.
    pub(crate) image: Option<String>,
}

/// The markers of scripts that have one of our roots, each split in front of a byte of [`ANCHORS`]: a script contains
/// one of them.
const MARKERS: [(&str, &str); 6] = [
    ("xig", "_"),
    ("xdt", "_"),
    ("shortcode", "_media"),
    ("edge", "_owner_to"),
    ("follower", "_count"),
    ("context", "JSON"),
];

/// Every marker has one of these bytes, and few others do: so all markers are searched for at once. Nearly all of a page
/// is scripts without one.
const ANCHORS: (u8, u8) = (b'_', b'J');

/// The login route of the current web app, the page data of the old one, and the form itself.
const LOGIN_SIGNS: [&str; 3] = [
    "PolarisCAAIGLoginHomepageRoute",
    "\"LoginAndSignupPage\":[",
    "id=\"loginForm\"",
];

const ERROR_SIGNS: [&str; 2] = ["PolarisErrorRoute", "\"HttpErrorPage\":["];

/// Reads a page.
pub(super) fn read<'a>(arena: &'a Arena, html: &'a str, renames: Renames<'a>) -> Page<'a> {
    let mut page = Page {
        title: text_after(html, "<title")
            .map(|title| title.split_whitespace().collect::<Vec<_>>().join(" ")),
        description: meta(html, "og:description"),
        image: meta(html, "og:image"),
        ..Page::default()
    };
    let mut rest = html;
    while let Some(tag) = place_of(rest, "<script").and_then(|place| Tag::first(&rest[place..])) {
        let end = place_of(tag.rest, "</script").unwrap_or(tag.rest.len());
        let script = &tag.rest[..end];
        if is_marked(script) || renames.may_be_in(script) {
            let is_json = tag
                .attribute("type")
                .is_some_and(|kind| kind == "application/json");
            if is_json {
                page.documents.extend(json::first(arena, script));
            } else {
                page.documents.extend(inline_documents(arena, script));
            }
        }
        rest = &tag.rest[end..];
    }
    for document in &mut page.documents {
        *document = renames.apply(arena, *document);
    }
    if find::answers(&page.documents).is_empty() {
        let document = embed::document(html);
        let document = document.and_then(|text| json::first(arena, arena.keep(&text)));
        page.documents
            .extend(document.map(|it| renames.apply(arena, it)));
    }
    let shows = |signs: &[&str]| signs.iter().any(|sign| place_of(html, sign).is_some());
    if find::answers(&page.documents).is_empty() {
        page.login_wall = shows(&LOGIN_SIGNS);
        page.notice = notice::notice(html, page.title.as_deref());
    }
    page.error_route = page.documents.is_empty() && shows(&ERROR_SIGNS);
    page
}

impl Page<'_> {
    /// The `Followers`, `Following` or `Posts` in a profile's description; only exact numbers, so not `32K`.
    pub(crate) fn described_count(&self, noun: &str) -> Option<u64> {
        let description = self.description.as_deref()?;
        let words: Vec<&str> = description.split_whitespace().collect();
        let place = words
            .iter()
            .position(|word| word.trim_end_matches(',') == noun)?;
        words
            .get(place.checked_sub(1)?)?
            .replace(',', "")
            .parse()
            .ok()
    }
}

/// Whether a script may contain one of our roots.
fn is_marked(script: &str) -> bool {
    let bytes = script.as_bytes();
    let mut places = memchr::memchr2_iter(ANCHORS.0, ANCHORS.1, bytes);
    places.any(|place| {
        let (before, after) = bytes.split_at(place);
        let is_here = |(start, end): &(&str, &str)| {
            before.ends_with(start.as_bytes()) && after.starts_with(end.as_bytes())
        };
        MARKERS.iter().any(is_here)
    })
}

/// Returns the JSON of an inline script: the two globals of the old web app, or an embed page's `contextJSON`, which is
/// JSON text inside JSON.
fn inline_documents<'a>(arena: &'a Arena, script: &'a str) -> Vec<Value<'a>> {
    let mut documents = Vec::new();
    for place in places(script, "_sharedData") {
        let assigned = script[place + "_sharedData".len()..]
            .trim_start()
            .strip_prefix('=');
        documents.extend(assigned.and_then(|text| json::first(arena, text)));
    }
    let call = "__additionalDataLoaded(";
    for place in places(script, call) {
        let data = script[place + call.len()..]
            .split_once(',')
            .map(|(_, data)| data);
        documents.extend(data.and_then(|text| json::first(arena, text)));
    }
    let key = "\"contextJSON\":";
    for place in places(script, key) {
        let context = json::first(arena, &script[place + key.len()..]);
        let context = context.and_then(|context| context.as_str());
        documents.extend(context.and_then(|text| json::first(arena, arena.keep(&text))));
    }
    documents.retain(|document| document.is_object() || document.is_array());
    documents
}

/// The content of the `<meta>` tag of this property.
fn meta(html: &str, property: &str) -> Option<String> {
    let mut places = memmem::find_iter(html.as_bytes(), property.as_bytes());
    places.find_map(|place| {
        let tag = Tag::first(&html[html[..place].rfind('<')?..])?;
        let is_named = |key| tag.attribute(key).is_some_and(|name| name == property);
        let content = tag.attribute("content").map(Cow::into_owned);
        content.filter(|_| is_named("property") || is_named("name"))
    })
}

/// The places of a word.
fn places(text: &str, word: &str) -> impl Iterator<Item = usize> {
    memmem::find_iter(text.as_bytes(), word)
}

fn place_of(text: &str, word: &str) -> Option<usize> {
    memmem::find(text.as_bytes(), word.as_bytes())
}

fn text_after(html: &str, tag: &str) -> Option<String> {
    let tag = Tag::first(&html[place_of(html, tag)?..])?;
    let text = &tag.rest[..place_of(tag.rest, "</").unwrap_or(tag.rest.len())];
    Some(decode(text).into_owned())
}

#[cfg(test)]
mod tests;
