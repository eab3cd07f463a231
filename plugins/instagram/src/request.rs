//! Builds the request of a door by filling the `{values}` into its texts. Knows the form of GraphQL calls, but no door
//! by name.

use serde_json::Value;

use crate::contract::exchanges::{Header, Method, Request};
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

    /// Fills the `{values}` of `template`; a text that consists only of an absent value becomes null.
    fn json(&self, template: &Value) -> Option<Value> {
        Some(match template {
            Value::String(text) => match text
                .strip_prefix('{')
                .and_then(|text| text.strip_suffix('}'))
            {
                Some(name) if matches!(self.get(name), Fill::Absent) => Value::Null,
                _ => Value::String(self.text(text, str::to_owned)?),
            },
            Value::Array(list) => list
                .iter()
                .map(|value| self.json(value))
                .collect::<Option<_>>()?,
            Value::Object(map) => map
                .iter()
                .map(|(key, value)| Some((key.clone(), self.json(value)?)))
                .collect::<Option<_>>()?,
            other => other.clone(),
        })
    }
}

/// Builds the request of a door; `None` if a value that it needs is unknown.
pub(crate) fn request(named: NamedDoor<'_>, values: &Values) -> Option<Request> {
    let NamedDoor { door, client, .. } = named;
    let mut headers: Vec<Header> = client
        .headers
        .iter()
        .map(|(name, value)| header(name, value))
        .collect();
    let body = form(named, values)?;
    if body.is_some() {
        headers.push(header("content-type", "application/x-www-form-urlencoded"));
    }
    if let Some(operation) = &door.operation {
        headers.push(header("x-fb-friendly-name", operation));
    }
    Some(Request {
        method: if body.is_some() {
            Method::Post
        } else {
            Method::Get
        },
        url: values.text(&door.url, path_encoded)?,
        headers,
        body: body.map(String::into_bytes),
        session: door.session,
    })
}

/// Builds the form of a door, if it has one; the outer `None` as in [`request`].
fn form(NamedDoor { door, client, .. }: NamedDoor<'_>, values: &Values) -> Option<Option<String>> {
    if door.form.is_empty() && door.doc_id.is_none() {
        return Some(None);
    }
    let mut fields: Vec<(&str, String)> = Vec::new();
    for (name, template) in client.form.iter().chain(&door.form) {
        fields.push((name, values.text(template, str::to_owned)?));
    }
    if let Some(operation) = &door.operation {
        fields.push(("fb_api_req_friendly_name", operation.clone()));
    }
    if let Some(variables) = &door.variables {
        fields.push(("variables", values.json(variables)?.to_string()));
    }
    if let Some(doc_id) = &door.doc_id {
        fields.push(("doc_id", doc_id.clone()));
    }
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name, b""), encoded(value, b"")));
    Some(Some(pairs.collect::<Vec<_>>().join("&")))
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

/// Percent-encodes as in RFC 3986: everything except the unreserved characters and those in `kept`.
fn encoded(text: &str, kept: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || kept.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests;
