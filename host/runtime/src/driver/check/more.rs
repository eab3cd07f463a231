//! Validates the additions of a plugin to a record, beyond the fields of the contract.

use std::collections::HashSet;

use serde::{Serialize, de::IgnoredAny};

use super::{Checked, TEXT_BYTES_MAX, Within, ensure};
use crate::contract::record::More;

/// Maximum number of additions to one record.
const ENTRIES_MAX: usize = 64;
/// Maximum length of a name, bytes.
const NAME_BYTES_MAX: usize = 64;

/// Checks the additions to `record`: unique names in snake case that are not fields of the record, each with a JSON
/// text.
pub(super) fn check(record: &impl Serialize, more: &More) -> Checked {
    if more.is_empty() {
        return Ok(());
    }
    ensure("more", more.iter().count() <= ENTRIES_MAX, "too many")?;
    let fields = serde_json::to_value(record).unwrap_or_default();
    let mut names = HashSet::new();
    for (name, text) in more.iter() {
        let mut entry = || -> Checked {
            ensure("", is_name(name), "not a name in snake case")?;
            ensure("", fields.get(name).is_none(), "the name of a field")?;
            ensure("", names.insert(name), "there twice")?;
            ensure("", text.len() <= TEXT_BYTES_MAX, "too long")?;
            let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
            ensure("", is_json, "not a JSON text")
        };
        entry().within(format_args!("more.{name:.64}"))?;
    }
    Ok(())
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
    //! Which additions are allowed and which are not.

    use super::*;

    #[derive(Serialize)]
    struct Record {
        like_count: Option<u64>,
    }

    fn added(pairs: &[(&str, &str)]) -> Result<(), String> {
        let pairs = pairs
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        let more = More::from(pairs.collect::<Vec<_>>());
        check(&Record { like_count: None }, &more).map_err(|violation| violation.to_string())
    }

    #[test]
    fn new_names_with_json_may_be_added() {
        assert_eq!(added(&[]), Ok(()));
        let pairs = [
            ("repost_count", "7"),
            ("ai_label", "{\"kind\": null}"),
            ("x2", "\"a\""),
        ];
        assert_eq!(added(&pairs), Ok(()));
    }

    #[test]
    fn names_of_fields_odd_names_and_texts_that_are_not_json_are_rejected() {
        for (pairs, why) in [
            (
                &[("like_count", "7")][..],
                "more.like_count: the name of a field",
            ),
            (&[("a", "1"), ("a", "1")], "more.a: there twice"),
            (&[("Likes", "1")], "more.Likes: not a name in snake case"),
            (&[("", "1")], "more.: not a name in snake case"),
            (&[("2x", "1")], "more.2x: not a name in snake case"),
            (&[("a", "likes")], "more.a: not a JSON text"),
            (&[("a", "1 2")], "more.a: not a JSON text"),
        ] {
            assert_eq!(added(pairs), Err(why.to_owned()));
        }
        let long = format!("\"{}\"", "x".repeat(TEXT_BYTES_MAX));
        assert_eq!(added(&[("a", &long)]), Err("more.a: too long".to_owned()));
        let names: Vec<_> = (0..65).map(|number| format!("a{number}")).collect();
        let pairs: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
        assert_eq!(added(&pairs), Err("more: too many".to_owned()));
        assert_eq!(added(&pairs[..64]), Ok(()));
    }
}
