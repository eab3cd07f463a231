//! Validates the additions of a plugin to a record, beyond the fields of the contract.

use serde::{
    Deserializer,
    de::{DeserializeOwned, Error as _, IgnoredAny, Visitor, value::Error},
    forward_to_deserialize_any,
};

use super::{Checked, Cleaner, TEXT_BYTES_MAX};
use crate::contract::record::More;

/// Maximum number of additions to one record.
const ENTRIES_MAX: usize = 64;
/// Maximum length of a name, bytes.
const NAME_BYTES_MAX: usize = 64;

/// Keeps the additions to `record` that are unique names in snake case, not fields of the record, each with a JSON text.
pub(super) fn clean<T: DeserializeOwned>(
    cleaner: &mut Cleaner<'_>,
    record: &mut T,
    more: impl Fn(&mut T) -> &mut More,
) {
    if more(record).is_empty() {
        return;
    }
    let fields = fields::<T>();
    let mut names: Vec<String> = Vec::new();
    more(record).retain(|name, text| {
        let place = format!("more.{name:.64}");
        let check = || -> Checked {
            cleaner.ensure(&place, is_name(name), "not a name in snake case")?;
            cleaner.ensure(&place, !fields.contains(&name), "the name of a field")?;
            cleaner.ensure(
                &place,
                !names.iter().any(|kept| kept == name),
                "there twice",
            )?;
            cleaner.ensure(&place, names.len() < ENTRIES_MAX, "too many")?;
            cleaner.ensure(&place, text.len() <= TEXT_BYTES_MAX, "too long")?;
            let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
            cleaner.ensure(&place, is_json, "not a JSON text")
        };
        let checked = check();
        if checked.is_ok() {
            names.push(name.to_owned());
        }
        checked
            .map_err(|why| cleaner.drop_field(cleaner.path(&place), why))
            .is_ok()
    });
}

/// The names of the fields of a type of record.
fn fields<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut fields: &[&str] = &[];
    // A type begins to read itself by naming its fields, and here it goes no further.
    let _nothing = T::deserialize(Fields(&mut fields));
    fields
}

struct Fields<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        Err(Error::custom(""))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom(""))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    //! Which additions are kept and which are dropped.

    use serde::Deserialize;

    use super::*;
    use crate::upstream::RequestRules;

    #[derive(Deserialize)]
    struct Record {
        #[expect(dead_code, reason = "only its name counts")]
        like_count: Option<u64>,
        more: More,
    }

    /// Returns what is left of these additions, and what was dropped.
    fn added(pairs: &[(&str, &str)]) -> (More, Vec<String>) {
        let pairs = pairs
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        let mut record = Record {
            like_count: None,
            more: More::from(pairs.collect::<Vec<_>>()),
        };
        let rules = RequestRules::default();
        let mut cleaner = Cleaner::new(&rules);
        clean(&mut cleaner, &mut record, |record| &mut record.more);
        let dropped = cleaner.report().into_iter().map(|it| it.message);
        (record.more, dropped.collect())
    }

    #[test]
    fn new_names_with_json_are_kept() {
        assert_eq!(added(&[]), (More::default(), Vec::new()));
        let pairs = [
            ("repost_count", "7"),
            ("ai_label", "{\"kind\": null}"),
            ("x2", "\"a\""),
        ];
        let (more, dropped) = added(&pairs);
        assert_eq!(more.iter().collect::<Vec<_>>(), pairs);
        assert_eq!(dropped, Vec::<String>::new());
    }

    #[test]
    fn names_of_fields_odd_names_and_texts_that_are_not_json_are_dropped() {
        let long = format!("\"{}\"", "x".repeat(TEXT_BYTES_MAX));
        for (pair, why) in [
            (
                ("like_count", "7"),
                "more.like_count dropped: the name of a field",
            ),
            (("more", "7"), "more.more dropped: the name of a field"),
            (("good", "2"), "more.good dropped: there twice"),
            (
                ("Likes", "1"),
                "more.Likes dropped: not a name in snake case",
            ),
            (("2x", "1"), "more.2x dropped: not a name in snake case"),
            (("a", "likes"), "more.a dropped: not a JSON text"),
            (("a", "1 2"), "more.a dropped: not a JSON text"),
            (("a", &long), "more.a dropped: too long"),
        ] {
            let (more, dropped) = added(&[("good", "1"), pair]);
            assert_eq!(more.iter().collect::<Vec<_>>(), [("good", "1")]);
            assert_eq!(dropped, [why]);
        }
    }

    #[test]
    fn additions_have_a_maximum() {
        let names: Vec<_> = (0..66).map(|number| format!("a{number}")).collect();
        let pairs: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
        let (more, dropped) = added(&pairs);
        assert_eq!(more.iter().count(), ENTRIES_MAX);
        assert_eq!(dropped, ["more.a64, and 1 more like it, dropped: too many"]);
        assert_eq!(added(&pairs[..64]).1, Vec::<String>::new());
    }
}
