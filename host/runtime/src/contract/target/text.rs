//! Removes what texts have around an address (characters that cannot be seen, quotes, brackets, markup), and decodes the
//! parts of an address.

use std::borrow::Cow;

use url::form_urlencoded;

/// Returns a text without spaces around it and without characters that cannot be seen: zero-width ones, direction marks
/// and byte order marks come along when an address is copied out of a chat.
pub(super) fn visible(text: &str) -> String {
    let seen: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    seen.trim().to_owned()
}

/// Whether a text is more than a word: only addresses have slashes, which may be encoded.
pub(super) fn has_address(text: &str) -> bool {
    text.contains('/') || text.to_ascii_lowercase().contains("%2f")
}

/// Returns the address in one part of a text, which may be in quotes, brackets, HTML or Markdown, or escaped as in JSON.
/// What follows it is left, because only its reader knows where it ends.
pub(super) fn address(part: &str) -> String {
    let plain = part
        .replace("\\/", "/")
        .replace("\\u0026", "&")
        .replace("&amp;", "&");
    let target = plain
        .rsplit_once("](")
        .map_or(&*plain, |(_, target)| target);
    let before_scheme = target
        .split_once("://")
        .map(|(before, _)| before.trim_end_matches(|c: char| c.is_ascii_alphanumeric()))
        .filter(|before| !before.contains('/'));
    let begin = before_scheme.map_or_else(
        || target.len() - target.trim_start_matches(is_opening).len(),
        str::len,
    );
    let (before, address) = target.split_at(begin);
    // An underscore may end an address, but not one that begins with an underscore as Markdown's emphasis.
    let marks = before
        .bytes()
        .rev()
        .take_while(|byte| *byte == b'_')
        .count();
    let end = (0..marks).fold(address, |rest, _| rest.strip_suffix('_').unwrap_or(rest));
    end.to_owned()
}

/// The decoded value of a parameter.
pub(super) fn parameter(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// Decodes what comes before the first `&` or `=`, which are no part of a path of Instagram.
pub(super) fn decode(text: &str) -> Option<String> {
    let (decoded, _) = form_urlencoded::parse(text.as_bytes()).next()?;
    Some(Cow::into_owned(decoded))
}

fn is_opening(c: char) -> bool {
    !c.is_alphanumeric() && !"/.-%".contains(c)
}

/// Unicode's `Default_Ignorable_Code_Point`.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}'
    )
}
