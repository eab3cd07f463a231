//! Scans a text: checks that it is JSON, and notes where its values are.

use super::text::unit;
use super::{Arena, Member, Number, Object, Text, Value};

/// Maximum depth of lists and objects; as in `serde_json`, so that no text exhausts the stack.
const DEPTH_MAX: usize = 127;

/// Parses a sequence of JSON texts; empty if one of them is not JSON.
pub(crate) fn all<'a>(arena: &'a Arena, text: &'a str) -> Vec<Value<'a>> {
    let mut parser = Parser::new(arena, text);
    let mut values = Vec::new();
    while parser.peek().is_some() {
        match parser.text() {
            Some(value) => values.push(value),
            None => return Vec::new(),
        }
    }
    values
}

/// Parses the JSON value at the start of a text, whatever follows it.
pub(crate) fn first<'a>(arena: &'a Arena, text: &'a str) -> Option<Value<'a>> {
    Parser::new(arena, text).text()
}

/// A position in a text, and the elements of the lists and objects around it.
struct Parser<'a> {
    arena: &'a Arena,
    text: &'a str,
    at: usize,
    elements: Vec<Value<'a>>,
    members: Vec<Member<'a>>,
}

impl<'a> Parser<'a> {
    fn new(arena: &'a Arena, text: &'a str) -> Self {
        Self {
            arena,
            text,
            at: 0,
            elements: Vec::new(),
            members: Vec::new(),
        }
    }

    /// One of a sequence of texts: what has no end of its own must not run into the next one.
    fn text(&mut self) -> Option<Value<'a>> {
        let value = self.value(0)?;
        let is_closed = matches!(value, Value::String(_) | Value::Array(_) | Value::Object(_));
        let next = self.text.as_bytes().get(self.at);
        let is_apart = next.is_none_or(|next| {
            matches!(
                next,
                b' ' | b'\n' | b'\t' | b'\r' | b'"' | b'[' | b']' | b'{' | b'}' | b',' | b':'
            )
        });
        (is_closed || is_apart).then_some(value)
    }

    /// The next byte that is no space; the position stays in front of it.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// Takes the next byte that is no space.
    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn value(&mut self, depth: usize) -> Option<Value<'a>> {
        match self.next()? {
            b'"' => self.string().map(Value::String),
            b'{' if depth < DEPTH_MAX => self.object(depth + 1).map(Value::Object),
            b'[' if depth < DEPTH_MAX => self.array(depth + 1).map(Value::Array),
            b'n' => self.word("ull", Value::Null),
            b't' => self.word("rue", Value::Bool(true)),
            b'f' => self.word("alse", Value::Bool(false)),
            b'-' | b'0'..=b'9' => self.number().map(Value::Number),
            _ => None,
        }
    }

    /// The rest of an object, behind its bracket.
    fn object(&mut self, depth: usize) -> Option<Object<'a>> {
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(Object(&[]));
        }
        let start = self.members.len();
        loop {
            if self.next()? != b'"' {
                return None;
            }
            let key = match self.string()? {
                Text::Plain(key) => key,
                escaped => self.arena.keep(&escaped.decoded()),
            };
            if self.next()? != b':' {
                return None;
            }
            let value = self.value(depth)?;
            self.members.push(Member { key, value });
            match self.next()? {
                b',' => {}
                b'}' => break,
                _ => return None,
            }
        }
        let members = self.arena.keep_list(&self.members[start..]);
        self.members.truncate(start);
        Some(Object(members))
    }

    /// The rest of a list, behind its bracket.
    fn array(&mut self, depth: usize) -> Option<&'a [Value<'a>]> {
        if self.peek()? == b']' {
            self.at += 1;
            return Some(&[]);
        }
        let start = self.elements.len();
        loop {
            let value = self.value(depth)?;
            self.elements.push(value);
            match self.next()? {
                b',' => {}
                b']' => break,
                _ => return None,
            }
        }
        let elements = self.arena.keep_list(&self.elements[start..]);
        self.elements.truncate(start);
        Some(elements)
    }

    /// The rest of a text, behind its first quote.
    fn string(&mut self) -> Option<Text<'a>> {
        let start = self.at;
        let mut is_plain = true;
        loop {
            self.at = special(self.text.as_bytes(), self.at);
            match self.text.as_bytes().get(self.at)? {
                b'"' => {
                    let raw = self.text.get(start..self.at)?;
                    self.at += 1;
                    return Some(if is_plain {
                        Text::Plain(raw)
                    } else {
                        Text::Escaped(raw)
                    });
                }
                b'\\' => {
                    is_plain = false;
                    self.at += self.escape()?;
                }
                // Control characters must be escaped.
                _ => return None,
            }
        }
    }

    /// The length of the escape at the position.
    fn escape(&self) -> Option<usize> {
        let escape = self.text.as_bytes().get(self.at..)?;
        match escape.get(1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
            b'u' => unit(escape).map(|_| super::text::ESCAPE),
            _ => None,
        }
    }

    /// The rest of a word, behind its first letter.
    fn word(&mut self, rest: &str, value: Value<'a>) -> Option<Value<'a>> {
        let is_word = self.text.as_bytes()[self.at..].starts_with(rest.as_bytes());
        self.at += rest.len();
        is_word.then_some(value)
    }

    /// A number, of which the first character has been taken.
    fn number(&mut self) -> Option<Number<'a>> {
        let start = self.at - 1;
        let bytes = self.text.as_bytes();
        let mut whole = bytes[start];
        if whole == b'-' {
            whole = *bytes.get(self.at)?;
            self.at += 1;
        }
        match whole {
            b'0' => {}
            b'1'..=b'9' => self.at = digits(bytes, self.at),
            _ => return None,
        }
        if bytes.get(self.at) == Some(&b'.') {
            self.at = some_digits(bytes, self.at + 1)?;
        }
        if matches!(bytes.get(self.at), Some(b'e' | b'E')) {
            let is_signed = matches!(bytes.get(self.at + 1), Some(b'+' | b'-'));
            self.at = some_digits(bytes, self.at + 1 + usize::from(is_signed))?;
        }
        self.text.get(start..self.at).map(Number)
    }
}

/// The end of the digits that start here.
fn digits(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

/// The end of at least one digit.
fn some_digits(bytes: &[u8], at: usize) -> Option<usize> {
    let end = digits(bytes, at);
    (end > at).then_some(end)
}

/// The position of the first byte that does not stand for itself in a text: a quote, a backslash, a control character;
/// the length if there is none. Looks at eight bytes at once.
fn special(bytes: &[u8], start: usize) -> usize {
    const LOWEST: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHEST: u64 = u64::from_ne_bytes([0x80; 8]);
    const fn each(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    let mut at = start;
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*word);
        let (quotes, backslashes) = (word ^ each(b'"'), word ^ each(b'\\'));
        // The highest bit of a byte is set where the byte is smaller. A byte above such a one may be marked wrongly, so
        // only the lowest mark counts.
        let marks = (quotes.wrapping_sub(LOWEST) & !quotes)
            | (backslashes.wrapping_sub(LOWEST) & !backslashes)
            | (word.wrapping_sub(each(b' ')) & !word);
        let marks = marks & HIGHEST;
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(is_special).unwrap_or(rest.len())
}
