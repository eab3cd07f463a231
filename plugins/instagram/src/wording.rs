//! What Instagram's words mean: the tables of every wording that has been seen, with the source of each row.
//!
//! Words decide only in the places where Instagram speaks for itself: the message of an API, the ruling of a gate, the
//! title and the visible text of a page. There, a table of whole sentences keeps captions apart: "Post isn't available"
//! is Instagram's, "Post isn't available in blue" is not.

#[cfg(test)]
mod tests;

/// What a wording states about the content.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Meaning {
    /// Withheld because of the visitor's age, or from visitors whose age is not known.
    Age,
    /// Withheld in this country.
    Region,
    /// Its account is private.
    Private,
    /// It does not exist, or no longer.
    Missing,
    /// Instagram asks to wait.
    Throttled,
    /// A session is required, or the session is flagged and must stop: a guest gets these where only a session would help.
    Login,
}

use Meaning::{Age, Login, Missing, Private, Region, Throttled};

/// Whole sentences, without "sorry" and "this" in front. `{}` is one of [`NOUNS`], `*` is any text.
const SENTENCES: [(&str, Meaning); 27] = [
    // "You must be 16 years old or over to view this post": instaloader#2566; "… this profile": gallery-dl#3011,
    // bibliogram#46; "… this video": yt-dlp's "Restricted Video".
    ("you must be * years old*", Age),
    // "Are You 20 or Over?": mgp25/Instagram-API#3107.
    ("are you * or over", Age),
    // "Age-restricted content": rulings and pages of 2026, in the code of a collector.
    ("age-restricted {}", Age),
    // "This content is age-restricted based on your age or account settings.": the ruling of a reel, recorded in 2026.
    ("{} is age-restricted*", Age),
    // "Restricted profile": instagram-php-scraper#617; "Restricted Video": yt-dlp.
    ("restricted {}", Age),
    // "This content may be inappropriate: It's unavailable for certain audiences.": yt-dlp's report of a ruling.
    ("{} may be inappropriate", Age),
    ("{} is unavailable for certain audiences", Age),
    ("it's unavailable for certain audiences", Age),
    // "Not available in your region", "This content isn't available in your country due to legal restrictions.": a ruling
    // of 2026.
    ("not available in your region", Region),
    ("not available in your country", Region),
    ("{} isn't available in your country*", Region),
    ("{} isn't available in your region*", Region),
    ("{} is not available in your country*", Region),
    ("{} is not available in your region*", Region),
    // "This account is private": profile pages.
    ("{} is private", Private),
    // "Sorry, this page isn't available.", "Post isn't available", "Profile isn't available": pages of 2019 to 2026.
    ("{} isn't available", Missing),
    ("{} is not available", Missing),
    // "Media is unavailable", "Media not found or unavailable", "Invalid media_id": instagrapi's table of messages.
    ("{} is unavailable", Missing),
    ("{} not found or unavailable", Missing),
    ("invalid media_id*", Missing),
    // "Page Not Found": titles of pages; "User not found": the mobile API.
    ("{} not found", Missing),
    // "Sorry, this photo has been deleted", "This media has been deleted by owner": instagrapi's table. The same words
    // about an "asset" mean that some profiles cannot be shown.
    ("{} has been deleted*", Missing),
    ("{} has been removed*", Missing),
    // The `feedback_message` of a like: collections of messages.
    ("{} you were viewing has been deleted", Missing),
    ("{} you were viewing is no longer available", Missing),
    ("{} is no longer available", Missing),
    ("{} doesn't exist", Missing),
];

/// What a sentence may be about.
const NOUNS: [&str; 12] = [
    "account", "clip", "content", "media", "page", "photo", "post", "profile", "reel", "story",
    "user", "video",
];

/// Words in front of a sentence that change nothing.
const LEADS: [&str; 5] = ["sorry, ", "sorry ", "this ", "the ", "that "];

/// Parts of the messages of an API, most of them codes.
const CODES: [(&str, Meaning); 9] = [
    ("not authorized to view user", Private), // instagrapi's table
    ("geoblock_required", Region),            // instagrapi#1457
    ("login_required", Login),
    ("unauthorized logged out query", Login),
    ("checkpoint_required", Login), // instaloader's table, like the next two
    ("challenge_required", Login),
    ("feedback_required", Login),
    ("rate_limit", Throttled),
    ("rate limit", Throttled),
];

/// Parts of the title and description of a gate; the first one that occurs decides.
const GATES: [(&str, Meaning); 14] = [
    ("years old", Age),
    ("age-restricted", Age),
    ("age restricted", Age),
    ("your age", Age),
    ("under 18", Age),
    ("or over", Age),
    ("country", Region),
    ("region", Region),
    ("location", Region),
    ("adult", Age),
    ("mature", Age),
    ("sensitive", Age),
    ("inappropriate", Age),
    ("certain audiences", Age),
];

/// Maximum length of a sentence that is compared, bytes; Instagram's are much shorter.
const SENTENCE_BYTES_MAX: usize = 200;

/// The meaning of a message of an API, or of a plain text that is sent instead of one.
pub(crate) fn of_message(message: &str) -> Option<Meaning> {
    let message = plain(message);
    of_text(&message).or_else(|| of_part(&CODES, &message))
}

/// The meaning of the words of a gate.
pub(crate) fn of_gate(words: &str) -> Option<Meaning> {
    let words = plain(words);
    of_part(&GATES, &words).or_else(|| of_text(&words))
}

/// The meaning of the title of a page, if it says nothing else beside "Instagram". The title of a post contains its
/// caption.
pub(crate) fn of_title(title: &str) -> Option<Meaning> {
    let title = plain(title).replace("&bull;", "•").replace(" - ", "•");
    let mut parts = title
        .split(['•', '·', '|'])
        .map(str::trim)
        .filter(|part| !matches!(*part, "" | "instagram"));
    match (parts.next(), parts.next()) {
        (Some(only), None) => of_sentence(only.trim_end_matches('.')),
        _ => None,
    }
}

/// The meaning of the first sentence of a text that has one.
pub(crate) fn of_text(text: &str) -> Option<Meaning> {
    plain(text)
        .split(['.', '!', '?', ':', '\n'])
        .find_map(of_sentence)
}

fn of_part(table: &[(&str, Meaning)], text: &str) -> Option<Meaning> {
    let row = table.iter().find(|(part, _)| text.contains(part));
    row.map(|(_, meaning)| *meaning)
}

/// In lower case and with plain apostrophes.
fn plain(text: &str) -> String {
    text.to_lowercase().replace('’', "'")
}

fn of_sentence(sentence: &str) -> Option<Meaning> {
    let mut sentence = sentence.trim_matches(|c: char| c.is_whitespace() || c == '"');
    if sentence.len() > SENTENCE_BYTES_MAX {
        return None;
    }
    while let Some(rest) = LEADS.iter().find_map(|lead| sentence.strip_prefix(lead)) {
        sentence = rest;
    }
    let words = sentence.split_whitespace();
    let words: Vec<_> = words
        .map(|word| if NOUNS.contains(&word) { "{}" } else { word })
        .collect();
    let sentence = words.join(" ");
    let row = SENTENCES
        .iter()
        .find(|(pattern, _)| fits(pattern, &sentence));
    row.map(|(_, meaning)| *meaning)
}

/// Whether a text has the form of a pattern, in which `*` is any text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(head) else {
        return false;
    };
    tail.is_empty() || rest.char_indices().any(|(at, _)| fits(tail, &rest[at..]))
}
