//! Finds the hashtags and mentions of a caption, in any script. Knows nothing of JSON.
//!
//! The definition is what Instagram links:
//!
//! - A hashtag is a `#` and one or more characters of a word or emoji; only `&` may not stand before it. That is the
//!   pattern that Instagram has published (Instagram Engineering, "Emojineering Part II", 2015). Which characters these
//!   are in other scripts, and that no tag begins in the middle of a word (`a#b`), is UTS #31, "Hashtag identifiers".
//!   Where words are not separated by spaces, a tag may follow one directly, so only ASCII words count here.
//! - Tags may follow each other without a space (ActiveLabel.swift#164, hashtagable#68, mention-hashtag#1), may be or
//!   contain emoji (instaloader#1446), and may consist of digits.
//! - A mention is an `@` and a username: letters, digits and underscores, and single dots between them
//!   (Autolinker.js#289). What may not stand before it is from the gist "Instagram Regular Expressions for allowed hashtags
//!   and mentions" (Saw-mon-and-Natalie, 2019); the `+` is from e-mail addresses.
//! - URLs contain neither.

#[cfg(test)]
mod tests;

use unicode_properties::UnicodeEmoji;

/// Maximum length of a username, in characters.
const USERNAME_LENGTH: usize = 30;

const KEYCAP: char = '\u{20e3}';
const ZERO_WIDTH_NON_JOINER: char = '\u{200c}';
const ZERO_WIDTH_JOINER: char = '\u{200d}';
/// The flags of regions such as Scotland are this flag and "tag characters".
const BLACK_FLAG: char = '\u{1f3f4}';

/// Returns the hashtags of a caption in order, without `#` and without duplicates.
pub(crate) fn hashtags(caption: &str) -> Vec<String> {
    let mut tags = Vec::new();
    for link in links(caption) {
        if let Link::Hashtag(tag) = link {
            keep_once(&mut tags, tag.to_owned());
        }
    }
    tags
}

/// Returns the usernames that a caption mentions in order, without `@`, in lower case and without duplicates.
pub(crate) fn mentions(caption: &str) -> Vec<String> {
    let mut names = Vec::new();
    for link in links(caption) {
        if let Link::Mention(name) = link {
            keep_once(&mut names, name.to_ascii_lowercase());
        }
    }
    names
}

fn keep_once(found: &mut Vec<String>, word: String) {
    if !found.contains(&word) {
        found.push(word);
    }
}

/// A part of a caption that Instagram links, without its mark.
enum Link<'a> {
    Hashtag(&'a str),
    Mention(&'a str),
}

/// The links of a caption, in order.
fn links(caption: &str) -> Vec<Link<'_>> {
    let mut links = Vec::new();
    let mut before = None;
    let mut follows_link = false;
    let mut rest = caption;
    loop {
        let (plain, marked) = rest.split_at(plain_length(rest));
        if let Some(last) = plain.chars().next_back() {
            (before, follows_link) = (Some(last), false);
        }
        rest = marked;
        let Some(mark) = rest.chars().next() else {
            return links;
        };
        let after = &rest[mark.len_utf8()..];
        let link = match mark {
            _ if begins_url(before, rest) => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                (before, rest) = (None, &rest[end..]);
                continue;
            }
            '#' | '＃' if follows_link || may_precede_hashtag(before) => {
                Some(Link::Hashtag(&after[..tag_length(after)]))
            }
            '@' | '＠' if may_precede_mention(before) => username(after).map(Link::Mention),
            _ => None,
        };
        let text = match &link {
            Some(Link::Hashtag(text) | Link::Mention(text)) => text,
            None => "",
        };
        rest = &after[text.len()..];
        before = text.chars().next_back().or(Some(mark));
        follows_link = !text.is_empty();
        links.extend(link.filter(|_| follows_link));
    }
}

/// The length of the text in front of the first byte that may begin a link or a URL.
fn plain_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let may_begin = |at: usize| match bytes[at] {
        b'#' | b'@' => true,
        b':' => bytes.get(at + 1) == Some(&b'/'),
        b'w' | b'W' => bytes
            .get(at + 1)
            .is_some_and(|next| matches!(next, b'w' | b'W')),
        // The first byte of the full-width marks, and of other characters.
        0xef => true,
        _ => false,
    };
    let mut places = 0..bytes.len();
    places.find(|at| may_begin(*at)).unwrap_or(bytes.len())
}

/// Whether a URL begins here: the `://` after its scheme, or `www.` at the beginning of a word and in front of another
/// one.
fn begins_url(before: Option<char>, rest: &str) -> bool {
    let begins_host = || {
        let (www, host) = rest.split_at_checked("www.".len())?;
        let is_host = host.starts_with(char::is_alphanumeric);
        (www.eq_ignore_ascii_case("www.") && is_host).then_some(())
    };
    rest.starts_with("://") || (!before.is_some_and(is_ascii_word) && begins_host().is_some())
}

fn may_precede_hashtag(before: Option<char>) -> bool {
    !before.is_some_and(|before| is_ascii_word(before) || before == '&')
}

fn may_precede_mention(before: Option<char>) -> bool {
    !before.is_some_and(|before| is_ascii_word(before) || "!#$%&*@＠+".contains(before))
}

fn is_ascii_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The length of the hashtag at the start of a text, bytes.
fn tag_length(text: &str) -> usize {
    let mut before = None;
    let mut rest = text.chars();
    loop {
        let length = text.len() - rest.as_str().len();
        match rest.next() {
            Some(c) if continues_tag(before, c, rest.clone().next()) => before = Some(c),
            _ => return length,
        }
    }
}

/// Whether a character belongs to a hashtag, between these two.
fn continues_tag(before: Option<char>, c: char, after: Option<char>) -> bool {
    let follows = |is: fn(char) -> bool| before.is_some_and(is);
    let precedes = |is: fn(char) -> bool| after.is_some_and(is);
    match c {
        KEYCAP => follows(|before| before.is_ascii_digit() || is_variation_selector(before)),
        // It makes an emoji of a symbol or, with a keycap, of a digit.
        _ if is_variation_selector(c) => {
            follows(is_emoji) || (follows(|c| c.is_ascii_digit()) && after == Some(KEYCAP))
        }
        ZERO_WIDTH_JOINER if follows(|c| is_emoji(c) || is_variation_selector(c)) => {
            precedes(is_emoji)
        }
        // Inside a word they choose the forms of its letters (UTS #31, R1a).
        ZERO_WIDTH_JOINER | ZERO_WIDTH_NON_JOINER => follows(is_word) && precedes(is_word),
        '\u{e0020}'..='\u{e007f}' => {
            follows(|before| matches!(before, BLACK_FLAG | '\u{e0020}'..='\u{e007e}'))
        }
        _ => is_word(c) || is_emoji(c),
    }
}

/// Whether a character is a letter, mark, digit or connector. Unicode's "identifier continue" is that set, minus some
/// ligatures, plus middle dots, which separate tags, and what [`continues_tag`] allows only in places.
fn is_word(c: char) -> bool {
    const MIDDLE_DOTS: [char; 4] = ['\u{b7}', '\u{387}', '\u{30fb}', '\u{ff65}'];
    (c.is_alphabetic() || unicode_ident::is_xid_continue(c))
        && !MIDDLE_DOTS.contains(&c)
        && !is_variation_selector(c)
        && !matches!(c, ZERO_WIDTH_JOINER | ZERO_WIDTH_NON_JOINER)
}

/// Whether a character is an emoji or part of one; digits and `#` are that only together with a keycap.
fn is_emoji(c: char) -> bool {
    !c.is_ascii() && c.is_emoji_char()
}

fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}')
}

/// The username at the start of a text.
fn username(text: &str) -> Option<&str> {
    let end = text.find(|c| !(is_ascii_word(c) || c == '.'));
    let name = &text[..end.unwrap_or(text.len())];
    let name = &name[..name.find("..").unwrap_or(name.len())];
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_name = !name.starts_with('.') && (1..=USERNAME_LENGTH).contains(&name.len());
    is_name.then_some(name)
}
