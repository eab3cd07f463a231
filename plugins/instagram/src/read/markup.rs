//! Reads single tags of HTML and XML: name, attributes, entities. No tree, no validation.

use std::borrow::Cow;

/// A start tag or end tag.
pub(crate) struct Tag<'a> {
    /// With a leading `/` in an end tag.
    pub(crate) name: &'a str,
    attributes: &'a str,
    /// What follows the tag.
    pub(crate) rest: &'a str,
}

impl<'a> Tag<'a> {
    /// Returns the first tag of a text; skips comments and declarations.
    pub(crate) fn first(mut text: &'a str) -> Option<Self> {
        loop {
            text = &text[text.find('<')? + 1..];
            let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '/')?;
            let name = &text[..end];
            if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') {
                let close = end_of_tag(&text[end..])? + end;
                let (attributes, rest) = (&text[end..close], &text[close + 1..]);
                return Some(Self {
                    name: name.trim_end_matches('/'),
                    attributes,
                    rest,
                });
            }
        }
    }

    /// The decoded value of a quoted attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut rest = self.attributes;
        loop {
            let equals = rest.find('=')?;
            let key = rest[..equals].split_whitespace().next_back()?;
            let value = rest[equals + 1..].trim_start();
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let end = value[1..].find(quote)? + 1;
            if key == name {
                return Some(decode(&value[1..end]));
            }
            rest = &value[end + 1..];
        }
    }

    /// The decoded text up to the next tag.
    pub(crate) fn text(&self) -> Cow<'a, str> {
        let end = self.rest.find('<').unwrap_or(self.rest.len());
        decode(self.rest[..end].trim())
    }
}

/// Returns the position of the first `>` that is not inside quotes.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quote = None;
    text.bytes().position(|byte| match quote {
        Some(open) => {
            if byte == open {
                quote = None;
            }
            false
        }
        None => {
            if matches!(byte, b'"' | b'\'') {
                quote = Some(byte);
            }
            byte == b'>'
        }
    })
}

/// Maximum length of an entity, bytes: `&#x10ffff;`.
const LONGEST_ENTITY: usize = 10;

/// Decodes the five named entities and the numeric ones; leaves everything else unchanged.
pub(crate) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        decoded.push_str(&rest[..start]);
        rest = &rest[start..];
        let entity = rest
            .bytes()
            .take(LONGEST_ENTITY)
            .position(|byte| byte == b';')
            .and_then(|end| Some((end, character(&rest[1..end])?)));
        let (end, c) = entity.unwrap_or((0, '&'));
        decoded.push(c);
        rest = &rest[end + 1..];
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

fn character(entity: &str) -> Option<char> {
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                None => number.parse(),
            };
            match code.ok()? {
                // As the HTML standard says: half of a surrogate pair is no character.
                0xd800..=0xdfff => Some(char::REPLACEMENT_CHARACTER),
                code => char::from_u32(code),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn attributes_are_decoded_whatever_the_quotes() {
        let tag = Tag::first(
            "x <!-- c --><meta\n property=\"og:a\" content='1 > 0 &amp; &#064;b' /> tail",
        )
        .unwrap();
        assert_eq!(tag.name, "meta");
        assert_eq!(tag.attribute("content").unwrap(), "1 > 0 & @b");
        assert_eq!(tag.attribute("property").unwrap(), "og:a");
        assert_eq!(tag.attribute("missing"), None);
        assert_eq!(tag.text(), "tail");
    }

    #[test]
    fn entities_are_decoded_and_others_left() {
        assert_eq!(
            decode("&lt;&quot;&#x1f680;&apos;&gt; &nope; & &#xfffffff; &#55357;"),
            "<\"🚀'> &nope; & &#xfffffff; \u{fffd}"
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(<|>|=|\"|'|&|;|#|x|é| |/|!){0,40}") {
            if let Some(tag) = Tag::first(&text) {
                let _ = (tag.attribute("x"), tag.text());
            }
            let _ = decode(&text);
        }
    }
}
