//! Builds the request of a door by filling the `{values}` into its texts. Knows the form of GraphQL calls, but no door
//! by name.

use crate::contract::exchanges::{Header, Method, Request};
use crate::json::{Value, write_quoted};
use crate::settings::NamedDoor;

/// The values known so far, for the `{values}` of a door.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    pub(crate) shortcode: Option<String>,
    pub(crate) media_id: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) user_id: Option<String>,
    /// Instagram's cursor; the first page has none.
    pub(crate) cursor: Option<String>,
    /// The path of a share link after `/share/`.
    pub(crate) share: Option<String>,
}

/// The state of a value in a door's text: known, absent by design, or unknown (then the door cannot be used).
enum Fill<'a> {
    Known(&'a str),
    Absent,
    Unknown,
}

impl Values {
    fn get(&self, name: &str) -> Fill<'_> {
        let value = match name {
            "shortcode" => &self.shortcode,
            "media_id" => &self.media_id,
            "username" => &self.username,
            "user_id" => &self.user_id,
            "share" => &self.share,
            "cursor" => return self.cursor.as_deref().map_or(Fill::Absent, Fill::Known),
            "none" => return Fill::Absent,
            _ => return Fill::Unknown,
        };
        value.as_deref().map_or(Fill::Unknown, Fill::Known)
    }

    /// Fills the `{values}` of `text`, each through `encode`; an absent one is empty.
    fn text(&self, text: &str, encode: fn(&str) -> String) -> Option<String> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}')?;
            filled.push_str(before);
            match self.get(name) {
                Fill::Known(value) => filled.push_str(&encode(value)),
                Fill::Absent => {}
                Fill::Unknown => return None,
            }
            rest = after;
        }
        filled.push_str(rest);
        Some(filled)
    }

    /// Writes `template` as JSON, with its `{values}` filled; a text that consists only of an absent value becomes null.
    fn write_json(&self, template: &Value<'_>, json: &mut String) -> Option<()> {
        match template {
            Value::String(text) => self.write_text(&text.decoded(), json)?,
            Value::Array(list) => {
                json.push('[');
                for (place, value) in list.iter().enumerate() {
                    separate(place, json);
                    self.write_json(value, json)?;
                }
                json.push(']');
            }
            Value::Object(object) => {
                json.push('{');
                for (place, member) in object.members().iter().enumerate() {
                    separate(place, json);
                    write_quoted(member.key, json);
                    json.push(':');
                    self.write_json(&member.value, json)?;
                }
                json.push('}');
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => json.push_str(&template.to_string()),
        }
        Some(())
    }

    fn write_text(&self, text: &str, json: &mut String) -> Option<()> {
        let only = text.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
        match only.map(|name| self.get(name)) {
            Some(Fill::Absent) => json.push_str("null"),
            _ => write_quoted(&self.text(text, str::to_owned)?, json),
        }
        Some(())
    }
}

fn separate(place: usize, json: &mut String) {
    if place > 0 {
        json.push(',');
    }
}

/// Builds the request of a door; `None` if a value that it needs is unknown.
pub(crate) fn request(named: NamedDoor<'_>, values: &Values) -> Option<Request> {
    let NamedDoor { door, .. } = named;
    let headers = door.client.headers.iter();
    let mut headers: Vec<Header> = headers
        .map(|(name, value)| header(name, &value.decoded()))
        .collect();
    let body = form(named, values)?;
    if body.is_some() {
        headers.push(header("content-type", "application/x-www-form-urlencoded"));
    }
    if let Some(operation) = door.operation {
        headers.push(header("x-fb-friendly-name", &operation.decoded()));
    }
    Some(Request {
        method: if body.is_some() {
            Method::Post
        } else {
            Method::Get
        },
        url: values.text(&door.url.decoded(), path_encoded)?,
        headers,
        body: body.map(String::into_bytes),
        session: door.session,
    })
}

/// Builds the form of a door, if it has one; the outer `None` as in [`request`].
fn form(NamedDoor { door, .. }: NamedDoor<'_>, values: &Values) -> Option<Option<String>> {
    if door.form.is_empty() && door.doc_id.is_none() {
        return Some(None);
    }
    let mut form = String::new();
    let mut add = |name: &str, value: &str| {
        if !form.is_empty() {
            form.push('&');
        }
        encode(name, b"", &mut form);
        form.push('=');
        encode(value, b"", &mut form);
    };
    for (name, template) in door.client.form.iter().chain(door.form.iter()) {
        add(name, &values.text(&template.decoded(), str::to_owned)?);
    }
    if let Some(operation) = door.operation {
        add("fb_api_req_friendly_name", &operation.decoded());
    }
    if let Some(variables) = door.variables {
        let mut json = String::new();
        values.write_json(variables, &mut json)?;
        add("variables", &json);
    }
    if let Some(doc_id) = door.doc_id {
        add("doc_id", &doc_id.decoded());
    }
    Some(Some(form))
}

fn header(name: &str, value: &str) -> Header {
    Header {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

/// Encodes a value for a path: the value of a share link has two segments.
fn path_encoded(text: &str) -> String {
    encoded(text, b"/")
}

fn encoded(text: &str, kept: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    encode(text, kept, &mut encoded);
    encoded
}

/// Percent-encodes as in RFC 3986: everything except the unreserved characters and those in `kept`.
fn encode(text: &str, kept: &[u8], encoded: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || kept.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(DIGITS[usize::from(byte >> 4)]));
            encoded.push(char::from(DIGITS[usize::from(byte & 0xf)]));
        }
    }
}

#[cfg(test)]
mod tests;
