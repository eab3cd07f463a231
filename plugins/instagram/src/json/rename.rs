//! Renames: where a fact stands now that Instagram has moved it, so that a moved key needs no compiler.
//!
//! `"caption.text" = "caption.body"` means for every object of a response: if it states something at `caption.body` and
//! nothing at `caption.text`, readers find it at `caption.text`. If the new path begins with the old one
//! (`"like_count" = "like_count.value"`), what stands at the old one is replaced. `[0]` is the first item of a list.

use super::{Arena, Member, Object, Value};

/// Maximum number of renames: each of them is looked for in every object of a response.
const RENAMES_MAX: usize = 64;

/// The renames of the settings; none by default.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Renames<'a>(&'a [Rename<'a>]);

/// Where readers look for a fact, and where it stands.
#[derive(Clone, Copy, Debug)]
struct Rename<'a> {
    old: &'a [&'a str],
    new: &'a [Step<'a>],
}

/// A step from a value to one inside it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step<'a> {
    Key(&'a str),
    Item(usize),
}

impl<'a> Renames<'a> {
    /// Reads the renames of the settings. The error is the one that cannot be followed.
    pub(crate) fn parse(arena: &'a Arena, stated: &Value<'a>) -> Result<Self, String> {
        let members = match stated {
            Value::Null => return Ok(Self::default()),
            stated => stated.as_object().map(Object::members),
        };
        let members = members.filter(|members| members.len() <= RENAMES_MAX);
        let members =
            members.ok_or(format!("rename is no table of at most {RENAMES_MAX} paths"))?;
        let mut renames = Vec::with_capacity(members.len());
        for Member { key: old, value } in members {
            let new = value.as_text().map(|text| arena.keep(&text.decoded()));
            let read = new.and_then(|new| Rename::read(arena, old, new));
            renames.push(read.ok_or(format!("rename.{old:?} is no path, or leads to none"))?);
        }
        Ok(Self(arena.keep_list(&renames)))
    }

    /// Whether a text has the first key of a new path, so that a fact may have moved there.
    pub(crate) fn may_be_in(self, text: &str) -> bool {
        self.0.iter().any(|rename| match rename.new.first() {
            Some(Step::Key(key)) => memchr::memmem::find(text.as_bytes(), key.as_bytes()).is_some(),
            _ => false,
        })
    }

    /// The value with every fact at its old place.
    pub(crate) fn apply(self, arena: &'a Arena, value: Value<'a>) -> Value<'a> {
        if self.0.is_empty() {
            return value;
        }
        match value {
            Value::Array(list) => {
                let list: Vec<_> = list.iter().map(|item| self.apply(arena, *item)).collect();
                Value::Array(arena.keep_list(&list))
            }
            Value::Object(object) => {
                let members = object.members().iter().map(|Member { key, value }| Member {
                    key,
                    value: self.apply(arena, *value),
                });
                let mut members: Vec<_> = members.collect();
                for rename in self.0 {
                    rename.apply(arena, &mut members);
                }
                Value::Object(Object(arena.keep_list(&members)))
            }
            other => other,
        }
    }
}

impl<'a> Rename<'a> {
    /// `None` if one of the paths is none.
    fn read(arena: &'a Arena, old: &'a str, new: &'a str) -> Option<Self> {
        let steps = steps(new)?;
        let old = steps_of_keys(old)?;
        let is_same = steps.iter().copied().eq(old.iter().copied().map(Step::Key));
        (!is_same).then_some(Self {
            old: arena.keep_list(&old),
            new: arena.keep_list(&steps),
        })
    }

    fn apply(&self, arena: &'a Arena, members: &mut Vec<Member<'a>>) {
        let Some(found) = at(members, self.new).filter(|found| !found.is_null()) else {
            return;
        };
        let old: Vec<_> = self.old.iter().copied().map(Step::Key).collect();
        let stands = at(members, &old).is_some_and(|value| !value.is_null());
        if !stands || self.new.starts_with(&old) {
            put(arena, members, self.old, found);
        }
    }
}

/// The value that steps lead to from an object.
fn at<'a>(members: &[Member<'a>], path: &[Step<'_>]) -> Option<Value<'a>> {
    let (Step::Key(key), rest) = path.split_first()? else {
        return None;
    };
    let first = members.iter().rfind(|member| member.key == *key)?.value;
    rest.iter().try_fold(first, |value, step| match step {
        Step::Key(key) => value.get(key).copied(),
        Step::Item(place) => value.as_array()?.get(*place).copied(),
    })
}

/// Puts a value in a place of an object, and adds the objects around it.
fn put<'a>(arena: &'a Arena, members: &mut Vec<Member<'a>>, path: &[&'a str], value: Value<'a>) {
    let Some((key, rest)) = path.split_first() else {
        return;
    };
    let value = if rest.is_empty() {
        value
    } else {
        let inner = members.iter().rfind(|member| member.key == *key);
        let inner = inner.and_then(|member| member.value.as_object());
        let mut inner = inner.map_or(Vec::new(), |object| object.members().to_vec());
        put(arena, &mut inner, rest, value);
        Value::Object(Object(arena.keep_list(&inner)))
    };
    members.retain(|member| member.key != *key);
    members.push(Member { key, value });
}

/// The steps of a path such as `items[0].caption`; `None` if it is none.
fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let (key, mut items) = part.split_at(part.find('[').unwrap_or(part.len()));
        if key.is_empty() {
            return None;
        }
        steps.push(Step::Key(key));
        while !items.is_empty() {
            let (item, rest) = items.strip_prefix('[')?.split_once(']')?;
            steps.push(Step::Item(item.parse().ok()?));
            items = rest;
        }
    }
    Some(steps)
}

/// As [`steps`], of a path without lists.
fn steps_of_keys(path: &str) -> Option<Vec<&str>> {
    let key = |step| match step {
        Step::Key(key) => Some(key),
        Step::Item(_) => None,
    };
    steps(path)?.into_iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    //! Facts are found at their old places, whatever the move.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::{Value as Tree, json};

    use super::*;
    use crate::json::trees::{in_tests, parsed, tree};

    fn renamed(renames: Tree, value: Tree) -> Tree {
        let renames = Renames::parse(in_tests(), &parsed(renames)).unwrap();
        tree(&renames.apply(in_tests(), parsed(value)))
    }

    #[test]
    fn a_fact_is_found_at_its_old_place() {
        for (old, new, value, found) in [
            (
                "a.b",
                "a.c",
                json!({"a": {"c": 1}}),
                json!({"a": {"c": 1, "b": 1}}),
            ),
            (
                "a",
                "x.a",
                json!([{"x": {"a": 1}}]),
                json!([{"x": {"a": 1}, "a": 1}]),
            ),
            ("a", "a.v", json!({"a": {"v": 7}}), json!({"a": 7})),
            (
                "a",
                "a[0]",
                json!({"a": [{"b": 1}]}),
                json!({"a": {"b": 1}}),
            ),
            (
                "a.b",
                "c[1].d",
                json!({"c": [0, {"d": 2}]}),
                json!({"c": [0, {"d": 2}], "a": {"b": 2}}),
            ),
            (
                "a",
                "b",
                json!({"a": null, "b": 1}),
                json!({"a": 1, "b": 1}),
            ),
        ] {
            assert_eq!(renamed(json!({old: new}), value), found, "{old} = {new}");
        }
    }

    #[test]
    fn what_did_not_move_stays_as_it_is() {
        for value in [
            json!({"a": 1, "b": 2}),
            json!({"b": null}),
            json!([1, "b", {"c": {"d": 1}}]),
        ] {
            assert_eq!(renamed(json!({"a": "b"}), value.clone()), value);
        }
    }

    #[test]
    fn moves_inside_of_moved_objects_are_followed() {
        let renames = json!({"root": "trunk", "caption.text": "caption.body"});
        let moved = json!({"data": {"trunk": {"caption": {"body": "Fog"}}}});
        assert_eq!(
            renamed(renames, moved)["data"]["root"]["caption"]["text"],
            "Fog"
        );
    }

    #[test]
    fn what_is_no_path_is_an_error_that_names_it() {
        let many: serde_json::Map<_, _> = (0..=RENAMES_MAX)
            .map(|n| (format!("k{n}"), json!("a")))
            .collect();
        for (renames, named) in [
            (json!({"a": ""}), "\"a\""),
            (json!({"a[0]": "b"}), "\"a[0]\""),
            (json!({"a": "b[x]"}), "\"a\""),
            (json!({"a": "b[0"}), "\"a\""),
            (json!({"a": 1}), "\"a\""),
            (json!({"a": "a"}), "\"a\""),
            (json!({"": "b"}), "\"\""),
            (json!([]), "rename is no table"),
            (Tree::Object(many), "at most 64"),
        ] {
            let why = Renames::parse(in_tests(), &parsed(renames)).unwrap_err();
            assert!(why.contains(named), "{why}");
        }
    }
}
