//! Reads an XML text into a small tree. It is lenient: what is cut off or not well formed gives the elements before it.

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use crate::read::markup::decode;

/// The maximum depth of elements. A manifest has six levels; deeper elements are left out.
const DEPTH_MAX: usize = 12;

/// An element, with names without their prefixes.
pub(super) struct Element {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn new(tag: &BytesStart<'_>) -> Self {
        let mut attributes = tag.attributes();
        let attributes = attributes.with_checks(false).flatten().map(|attribute| {
            let name = attribute.key.local_name().as_ref().to_owned();
            (name, decode(&attribute.value).into_owned())
        });
        Self {
            name: tag.local_name().as_ref().to_owned(),
            attributes: attributes.collect(),
            text: String::new(),
            children: Vec::new(),
        }
    }

    /// The value of an attribute, unless it is empty.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(found, _)| found == name);
        found
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// The children of this name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &Element> {
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

/// The root of a text.
pub(super) fn read(xml: &str) -> Option<Element> {
    let mut reader = Reader::from_str(xml.trim_start_matches('\u{feff}'));
    let config = reader.config_mut();
    (
        config.check_end_names,
        config.allow_unmatched_ends,
        config.allow_dangling_amp,
    ) = (false, true, true);
    // The open elements, below an element that stands for the document.
    let mut open = vec![Element::new(&BytesStart::new(""))];
    let mut too_deep = 0_usize;
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(_) if open.len() > DEPTH_MAX => too_deep += 1,
            Event::Start(tag) => open.push(Element::new(&tag)),
            Event::Empty(tag) => open.last_mut()?.children.push(Element::new(&tag)),
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

/// Puts the innermost open element into the one around it.
fn close(open: &mut Vec<Element>) {
    let closed = open.pop();
    if let (Some(around), Some(closed)) = (open.last_mut(), closed) {
        around.children.push(closed);
    }
}
