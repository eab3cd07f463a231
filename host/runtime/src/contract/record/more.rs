//! What Instagram states beyond the fields of a record: names, each with a JSON text.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
    ser::SerializeMap,
};
use serde_json::Value;

/// Pairs of a name and a JSON text, in the order of the plugin. Serialized as a JSON object of the parsed values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct More(Vec<(String, String)>);

impl More {
    /// Returns whether there are no additions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps the additions of which `keep` says so, by name and JSON text.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) {
        self.0.retain(|(name, text)| keep(name, text));
    }

    /// Returns the names, each with its JSON text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
    }
}

impl From<Vec<(String, String)>> for More {
    fn from(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }
}

/// Parses a text. A text that is not JSON becomes a JSON string, because a plugin may write anything.
fn value(text: &str) -> Value {
    cases::json::parse(text.as_bytes()).unwrap_or_else(|_| Value::String(text.to_owned()))
}

impl Serialize for More {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, text) in self.iter() {
            map.serialize_entry(name, &value(text))?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for More {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Pairs)
    }
}

struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = More;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<More, A::Error> {
        let mut pairs = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            pairs.push((name, value.to_string()));
        }
        Ok(More(pairs))
    }
}

#[cfg(test)]
mod tests {
    //! Both directions, and texts that are not JSON.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn more(pairs: &[(&str, &str)]) -> More {
        let pairs = pairs.iter();
        let owned = pairs.map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        More(owned.collect())
    }

    #[test]
    fn json_texts_become_values_and_return() {
        let more = more(&[("reposts", "12"), ("badge", r#"{"kind":"new"}"#)]);
        let json = serde_json::to_string(&more).unwrap();
        assert_eq!(json, r#"{"reposts":12,"badge":{"kind":"new"}}"#);
        assert_eq!(serde_json::from_str::<More>(&json).unwrap(), more);
    }

    #[test]
    fn half_a_character_costs_no_value() {
        let json = serde_json::to_string(&more(&[("badge", r#"{"kind":"\ud83d"}"#)])).unwrap();
        assert_eq!(json, "{\"badge\":{\"kind\":\"\u{fffd}\"}}");
    }

    #[test]
    fn a_text_that_is_no_json_is_a_string() {
        let json = serde_json::to_string(&more(&[("odd", "{not json"), ("none", "")])).unwrap();
        assert_eq!(json, r#"{"odd":"{not json","none":""}"#);
    }
}
