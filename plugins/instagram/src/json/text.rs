//! A text between quotes, and what its escapes stand for.

use std::borrow::Cow;

/// Length of an escape like `\ud83d`, bytes.
pub(super) const ESCAPE: usize = 6;

/// A text as it is written between its quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Text<'a> {
    /// Without escapes.
    Plain(&'a str),
    /// With at least one escape. Each of them is complete.
    Escaped(&'a str),
}

impl<'a> Text<'a> {
    /// The text as it is written.
    pub(crate) fn raw(self) -> &'a str {
        match self {
            Self::Plain(raw) | Self::Escaped(raw) => raw,
        }
    }

    /// What the text says, with U+FFFD in the place of half a surrogate pair.
    pub(crate) fn decoded(self) -> Cow<'a, str> {
        match self {
            Self::Plain(raw) => Cow::Borrowed(raw),
            Self::Escaped(raw) => Cow::Owned(decoded(raw)),
        }
    }
}

/// Writes a text between quotes.
pub(crate) fn write_quoted(text: &str, json: &mut String) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\0'..='\u{1f}' => json.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => json.push(character),
        }
    }
    json.push('"');
}

fn decoded(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(backslash) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (plain, escape) = rest.split_at(backslash);
        text.push_str(plain);
        let (character, length) = character(escape);
        text.push(character);
        rest = &escape[length..];
    }
    text.push_str(rest);
    text
}

/// The character of the escape at the start of a text, and the length of what stands for it.
fn character(escape: &str) -> (char, usize) {
    let simple = match escape.as_bytes().get(1) {
        Some(b'n') => '\n',
        Some(b't') => '\t',
        Some(b'r') => '\r',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'u') => return unicode(escape),
        Some(other) => char::from(*other),
        None => '\\',
    };
    (simple, escape.len().min(2))
}

/// As [`character`], for `\uXXXX`; a character beyond the basic plane takes two of them.
fn unicode(escape: &str) -> (char, usize) {
    let bytes = escape.as_bytes();
    let first = unit(bytes).map_or(0xfffd, u32::from);
    let second = bytes.get(ESCAPE..).and_then(unit).map(u32::from);
    let (code, length) = match (first, second) {
        (0xd800..=0xdbff, Some(second @ 0xdc00..=0xdfff)) => {
            let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            (code, 2 * ESCAPE)
        }
        (first, _) => (first, ESCAPE),
    };
    // Half of a pair is no character.
    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    (character, length.min(escape.len()))
}

/// The UTF-16 unit of the `\uXXXX` at the start of a text.
pub(super) fn unit(escape: &[u8]) -> Option<u16> {
    let digits = escape.get(..ESCAPE)?.strip_prefix(br"\u")?;
    let mut unit = 0;
    for digit in digits {
        let value = char::from(*digit).to_digit(16)?;
        unit = unit * 16 + u16::try_from(value).ok()?;
    }
    Some(unit)
}
