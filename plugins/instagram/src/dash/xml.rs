//! Reads an XML text into a small tree. It is lenient: what is cut off or not well formed gives the elements before it.

use std::borrow::Cow;
use std::cell::OnceCell;

use quick_xml::{
    Reader,
    events::{Event, attributes::Attributes},
};

use crate::read::markup::decode;

/// The maximum depth of elements. A manifest has six levels; deeper elements are left out.
const DEPTH_MAX: usize = 12;

/// An element, with names without their prefixes.
pub(super) struct Element<'a> {
    pub(super) name: &'a str,
    /// What follows the name in its tag.
    rest: &'a str,
    /// Read when the first one is asked for: of most elements, none is.
    attributes: OnceCell<Vec<Attribute<'a>>>,
    text: String,
    children: Vec<Element<'a>>,
}

/// The name of an attribute and its value.
type Attribute<'a> = (&'a str, Cow<'a, str>);

impl<'a> Element<'a> {
    /// `tag` is all between the angle brackets of a start tag.
    fn new(tag: &'a str) -> Self {
        let is_end = |c: char| c.is_ascii_whitespace() || c == '/';
        let (name, rest) = tag.split_at(tag.find(is_end).unwrap_or(tag.len()));
        Self {
            name: local(name),
            rest,
            attributes: OnceCell::new(),
            text: String::new(),
            children: Vec::new(),
        }
    }

    /// The value of an attribute, unless it is empty.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let attributes = self.attributes.get_or_init(|| attributes(self.rest));
        let (_, value) = attributes.iter().find(|(found, _)| *found == name)?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    /// The children of this name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Returns whether it has a child of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// The text directly inside.
    pub(super) fn text(&self) -> &str {
        self.text.trim()
    }
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    let prefix = name.bytes().position(|byte| byte == b':');
    prefix.map_or(name, |colon| &name[colon + 1..])
}

fn attributes(rest: &str) -> Vec<Attribute<'_>> {
    let mut attributes = Attributes::new(rest, 0);
    let attributes = attributes.with_checks(false).flatten();
    let pairs = attributes.map(|attribute| {
        let value = match attribute.value {
            Cow::Borrowed(value) => decode(value),
            Cow::Owned(value) => Cow::Owned(decode(&value).into_owned()),
        };
        (local(attribute.key.0), value)
    });
    pairs.collect()
}

/// The root of a text.
pub(super) fn read(xml: &str) -> Option<Element<'_>> {
    let mut rest = xml.trim_start_matches('\u{feff}');
    let mut reader = lenient(rest);
    // The open elements, below an element that stands for the document.
    let mut open = vec![Element::new("")];
    let mut too_deep = 0_usize;
    loop {
        let start = position(&reader);
        let Ok(event) = reader.read_event() else {
            break;
        };
        let event_text = || rest.get(start..position(&reader));
        match event {
            Event::Start(_) if open.len() > DEPTH_MAX => too_deep += 1,
            Event::Start(_) => {
                open.push(Element::new(inside(event_text()?)));
                // The library cuts a text at every entity; an address has a dozen of them.
                rest = rest.get(position(&reader)..)?;
                let end = memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
                open.last_mut()?.text.push_str(&decode(&rest[..end]));
                rest = &rest[end..];
                reader = lenient(rest);
            }
            Event::Empty(_) => {
                let element = Element::new(inside(event_text()?));
                open.last_mut()?.children.push(element);
            }
            Event::End(_) if too_deep > 0 => too_deep -= 1,
            Event::End(_) if open.len() > 1 => close(&mut open),
            Event::Text(text) => open.last_mut()?.text.push_str(&text),
            Event::CData(text) => open.last_mut()?.text.push_str(&text),
            Event::GeneralRef(entity) => {
                let text = format!("&{};", &*entity);
                open.last_mut()?.text.push_str(&decode(&text));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    while open.len() > 1 {
        // A text that was cut off is wrong, the elements before it are not.
        if !open.last()?.text().is_empty() {
            open.pop();
        } else {
            close(&mut open);
        }
    }
    let document = open.pop()?;
    document.children.into_iter().next()
}

/// A reader of what is left of a text; the tags that are open are known here, not there.
fn lenient(xml: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(xml);
    let config = reader.config_mut();
    (
        config.check_end_names,
        config.allow_unmatched_ends,
        config.allow_dangling_amp,
    ) = (false, true, true);
    reader
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

/// What is between the angle brackets of a tag.
fn inside(tag: &str) -> &str {
    tag.trim_start_matches('<').trim_end_matches('>')
}

/// Puts the innermost open element into the one around it.
fn close(open: &mut Vec<Element<'_>>) {
    let closed = open.pop();
    if let (Some(around), Some(closed)) = (open.last_mut(), closed) {
        around.children.push(closed);
    }
}
