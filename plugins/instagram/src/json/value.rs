//! A value, and lenient access to what is inside.

use std::borrow::Cow;
use std::fmt;
use std::ops::Index;

use super::Text;

/// A JSON value: a view of the text that it was parsed from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Number(Number<'a>),
    String(Text<'a>),
    Array(&'a [Value<'a>]),
    Object(Object<'a>),
}

/// A number as it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number<'a>(pub(super) &'a str);

/// The members of an object in the order of the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Object<'a>(pub(super) &'a [Member<'a>]);

/// A key and its value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'a> {
    pub(crate) key: &'a str,
    pub(crate) value: Value<'a>,
}

/// What a missing key or place is.
const NULL: &Value<'static> = &Value::Null;

impl<'a> Value<'a> {
    /// The text, decoded.
    pub(crate) fn as_str(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::String(text) => Some(text.decoded()),
            _ => None,
        }
    }

    /// The text as it is written.
    pub(crate) fn as_text(&self) -> Option<Text<'a>> {
        match self {
            Self::String(text) => Some(*text),
            _ => None,
        }
    }

    pub(crate) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(is) => Some(*is),
            _ => None,
        }
    }

    pub(crate) fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    pub(crate) fn as_array(&self) -> Option<&'a [Value<'a>]> {
        match self {
            Self::Array(list) => Some(list),
            _ => None,
        }
    }

    pub(crate) fn as_object(&self) -> Option<Object<'a>> {
        match self {
            Self::Object(object) => Some(*object),
            _ => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub(crate) fn is_string(&self) -> bool {
        matches!(self, Self::String(_))
    }

    pub(crate) fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }

    pub(crate) fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// The value under a key, if this is an object that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Value<'a>> {
        self.as_object()?.get(key)
    }
}

impl<'a> Object<'a> {
    /// The value under a key; the last one if the key occurs several times.
    pub(crate) fn get(self, key: &str) -> Option<&'a Value<'a>> {
        let member = self.0.iter().rfind(|member| same(member.key, key))?;
        Some(&member.value)
    }

    pub(crate) fn contains_key(self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The number of members, as written.
    pub(crate) fn len(self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The members in the order of the text.
    pub(crate) fn members(self) -> &'a [Member<'a>] {
        self.0
    }
}

/// Returns whether two keys are equal. It compares eight bytes at once, where `==` would call the C library, which in the
/// sandbox compares one.
fn same(one: &str, other: &str) -> bool {
    let (words, rest) = one.as_bytes().as_chunks::<8>();
    let (other_words, other_rest) = other.as_bytes().as_chunks();
    let word =
        |(one, other): (&[u8; 8], &[u8; 8])| u64::from_ne_bytes(*one) == u64::from_ne_bytes(*other);
    one.len() == other.len()
        && words.iter().zip(other_words).all(word)
        && rest.iter().zip(other_rest).all(|(one, other)| one == other)
}

impl Number<'_> {
    /// A whole number that is written as one.
    pub(crate) fn as_u64(self) -> Option<u64> {
        self.0.parse().ok()
    }

    /// The nearest float; infinite for a number that is too large.
    pub(crate) fn as_f64(self) -> Option<f64> {
        self.0.parse().ok()
    }
}

impl<'a> Index<&str> for Value<'a> {
    type Output = Value<'a>;

    /// The value under a key; null if there is none.
    fn index(&self, key: &str) -> &Value<'a> {
        self.get(key).unwrap_or(NULL)
    }
}

impl<'a> Index<usize> for Value<'a> {
    type Output = Value<'a>;

    /// The value in a place of a list; null if there is none.
    fn index(&self, place: usize) -> &Value<'a> {
        self.as_array()
            .and_then(|list| list.get(place))
            .unwrap_or(NULL)
    }
}

impl PartialEq<str> for Value<'_> {
    fn eq(&self, text: &str) -> bool {
        matches!(self, Self::String(own) if own.decoded() == text)
    }
}

impl PartialEq<&str> for Value<'_> {
    fn eq(&self, text: &&str) -> bool {
        self == *text
    }
}

impl PartialEq<bool> for Value<'_> {
    fn eq(&self, is: &bool) -> bool {
        self.as_bool() == Some(*is)
    }
}

impl fmt::Display for Value<'_> {
    /// Writes what is neither a list nor an object as in the text; of a list and an object, only the brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(is) => write!(f, "{is}"),
            Self::Number(Number(number)) => f.write_str(number),
            Self::String(text) => write!(f, "\"{}\"", text.raw()),
            Self::Array(_) => f.write_str("[…]"),
            Self::Object(_) => f.write_str("{…}"),
        }
    }
}
