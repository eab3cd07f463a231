//! The shape of what a door answers: which keys, with which types, without their values. It is learned from recent good
//! answers, so that a later answer can be compared with it.

pub(super) mod documents;
pub(super) mod request;
pub(super) mod store;

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Levels of lists and objects that are looked at; an answer of Instagram has about 30.
const LEVELS_MAX: usize = 64;
/// When so many answers were learned, all counts are halved, so that a shape is that of recent answers.
const ANSWERS_MAX: u64 = 200;
/// A place is usual if so many percent of the answers that state the place around it state it too.
const USUAL_PERCENT: u64 = 80;

/// The types that values at a place have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Types(u8);

/// The names of the types, by their bits.
const NAMES: [&str; 5] = ["boolean", "number", "text", "list", "object"];

impl Types {
    const NUMBER: Self = Self(2);
    const TEXT: Self = Self(4);
    pub(super) const LIST: Self = Self(8);
    pub(super) const OBJECT: Self = Self(16);

    /// The type of a value; none for null, which states nothing.
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self(0),
            Value::Bool(_) => Self(1),
            Value::Number(_) => Self::NUMBER,
            Value::String(_) => Self::TEXT,
            Value::Array(_) => Self::LIST,
            Value::Object(_) => Self::OBJECT,
        }
    }

    /// Whether both have a type in common.
    pub(super) fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether one has numbers and the other texts, which may state the same.
    pub(super) fn may_state_the_same(self, other: Self) -> bool {
        let figures = |one: Self, other: Self| one.meet(Self::NUMBER) && other.meet(Self::TEXT);
        figures(self, other) || figures(other, self)
    }

    pub(super) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether values of this type contain others.
    pub(super) fn is_container(self) -> bool {
        self.meet(Self(Self::LIST.0 | Self::OBJECT.0))
    }
}

impl std::fmt::Display for Types {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = NAMES.iter().enumerate();
        let stated: Vec<_> = names
            .filter(|(bit, _)| self.0 & (1 << bit) != 0)
            .map(|(_, name)| *name)
            .collect();
        f.write_str(&stated.join(" or "))
    }
}

impl Serialize for Types {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Types {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bit = |name: &str| NAMES.iter().position(|known| *known == name);
        let bits = text.split(" or ").filter_map(bit);
        Ok(Self(bits.fold(0, |all, bit| all | 1 << bit)))
    }
}

/// What is known of one place of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The types of its values.
    pub(super) types: Types,
    /// How many answers state it.
    pub(super) answers: u64,
    /// How many answers had stated the place around it when it was last stated. What came later says nothing about how
    /// usual it was: it may be gone.
    around: u64,
}

/// The shape of the answers to one request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shape {
    /// How many answers it was learned from.
    pub(super) answers: u64,
    /// The places by path, such as `data.items[].caption.text`; the answer itself has the empty path.
    pub(super) places: BTreeMap<String, Place>,
}

impl Shape {
    /// Adds the shape of one answer, as far as there is room for so many places.
    pub(super) fn learn(&mut self, documents: &[Value], places_max: usize) {
        let mut seen = BTreeMap::<String, Types>::new();
        for document in documents {
            walk(document, &mut |path, _, value| {
                let types = Types::of(value);
                if let Some(known) = seen.get_mut(path) {
                    known.add(types);
                } else if seen.len() < places_max {
                    seen.insert(path.to_owned(), types);
                }
            });
        }
        self.answers += 1;
        for (path, types) in seen {
            if types == Types::default() {
                continue;
            }
            if self.places.len() >= places_max && !self.places.contains_key(&path) {
                continue;
            }
            // A place comes after the one around it.
            let around = self.around(&path);
            let place = self.places.entry(path).or_default();
            place.types.add(types);
            place.answers += 1;
            place.around = around;
        }
        if self.answers >= ANSWERS_MAX {
            self.forget_half();
        }
    }

    /// How many answers state the place around a place.
    fn around(&self, path: &str) -> u64 {
        match parent(path) {
            "" => self.answers,
            parent => self.places.get(parent).map_or(0, |place| place.answers),
        }
    }

    /// Halves all counts, and forgets what has not been stated for long.
    fn forget_half(&mut self) {
        let paths: Vec<_> = self.places.keys().cloned().collect();
        let is_old = |path: &String| {
            let last = self.places.get(path).map_or(0, |place| place.around);
            self.around(path) >= last + ANSWERS_MAX / 4
        };
        let old: HashSet<_> = paths.into_iter().filter(is_old).collect();
        self.answers /= 2;
        self.places.retain(|path, place| {
            place.answers = place.answers.div_ceil(2);
            place.around = place.around.div_ceil(2);
            !old.contains(path)
        });
    }

    /// How often a place was stated where the place around it was, percent.
    pub(super) fn percent(&self, path: &str) -> u64 {
        let place = self.places.get(path);
        let percent = place.and_then(|place| (place.answers * 100).checked_div(place.around));
        percent.unwrap_or_default().min(100)
    }

    /// Whether a place is usually stated where the place around it is.
    pub(super) fn is_usual(&self, path: &str) -> bool {
        self.percent(path) >= USUAL_PERCENT
    }

    /// The places inside a place, by their paths from there.
    pub(super) fn inside<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a str> {
        let paths = self.places.keys();
        paths.filter_map(move |known| below(known, path).filter(|rest| !rest.is_empty()))
    }
}

/// The rest of a path that leads through another one.
pub(super) fn below<'a>(path: &'a str, outer: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(outer)?;
    let is_below = outer.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']);
    is_below.then_some(rest)
}

/// The path of the place around a place.
pub(super) fn parent(path: &str) -> &str {
    match path.strip_suffix("[]") {
        Some(list) => list,
        None => path.rfind('.').map_or("", |dot| &path[..dot]),
    }
}

/// A step from a value to one that it contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To the value under a key.
    Key(String),
    /// To an item of a list.
    Item(usize),
}

/// Visits a value and everything inside it: its path, in which all items of a list are one place, the steps to it, and
/// the value.
pub(super) fn walk(value: &Value, visit: &mut impl FnMut(&str, &[Step], &Value)) {
    enter(value, &mut String::new(), &mut Vec::new(), visit);
}

fn enter(
    value: &Value,
    path: &mut String,
    steps: &mut Vec<Step>,
    visit: &mut impl FnMut(&str, &[Step], &Value),
) {
    visit(path, steps, value);
    if steps.len() >= LEVELS_MAX {
        return;
    }
    let length = path.len();
    match value {
        Value::Array(list) => {
            path.push_str("[]");
            for (place, item) in list.iter().enumerate() {
                steps.push(Step::Item(place));
                enter(item, path, steps, visit);
                steps.pop();
            }
        }
        Value::Object(object) => {
            for (key, value) in object {
                if length > 0 {
                    path.push('.');
                }
                path.push_str(name(key));
                steps.push(Step::Key(key.clone()));
                enter(value, path, steps, visit);
                steps.pop();
                path.truncate(length);
            }
        }
        _ => {}
    }
    path.truncate(length);
}

/// The name of a key in a path: keys that are numbers are ids, and a place of their own for each tells nothing.
fn name(key: &str) -> &str {
    let is_number = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { "#" } else { key }
}

#[cfg(test)]
mod tests {
    //! What a shape has, and what it does not have.

    use serde_json::json;

    use super::*;

    fn shape(answers: &[Value]) -> Shape {
        let mut shape = Shape::default();
        for answer in answers {
            shape.learn(std::slice::from_ref(answer), 100);
        }
        shape
    }

    #[test]
    fn a_shape_has_keys_and_types_and_no_values() {
        let answer = json!({"user": {"name": "mira.invented", "posts": [{"likes": 7}, {"likes": "8"}]}, "17": null});
        let shape = shape(&[answer]);
        let text = serde_json::to_string(&shape).unwrap_or_default();
        assert!(!text.contains("mira"), "{text}");
        let types = |path: &str| shape.places.get(path).map(|place| place.types.to_string());
        assert_eq!(
            types("user.posts[].likes").as_deref(),
            Some("number or text")
        );
        assert_eq!(types("user.posts").as_deref(), Some("list"));
        // Null states nothing.
        assert_eq!(types("#"), None);
        assert_eq!(serde_json::from_str::<Shape>(&text).ok(), Some(shape));
    }

    #[test]
    fn what_is_usual_is_so_where_the_place_around_it_is_stated() {
        let with = json!({"caption": {"text": "a"}});
        let without = json!({"caption": null});
        let shape = shape(&[
            without.clone(),
            without.clone(),
            with.clone(),
            without,
            with,
        ]);
        assert!(!shape.is_usual("caption"));
        assert!(shape.is_usual("caption.text"));
    }

    #[test]
    fn what_was_usual_stays_so_while_it_is_gone() {
        let mut shape = shape(&[json!({"a": 1}), json!({"a": 1})]);
        for _ in 0..20 {
            shape.learn(&[json!({"b": 1})], 100);
        }
        assert!(shape.is_usual("a"));
    }

    #[test]
    fn a_shape_is_that_of_recent_answers_and_has_a_limit() {
        let mut shape = shape(&[json!({"old": 1})]);
        for _ in 0..2 * ANSWERS_MAX {
            shape.learn(&[json!({"new": 1})], 100);
        }
        assert!(shape.answers < ANSWERS_MAX);
        assert!(!shape.places.contains_key("old"));
        let many: serde_json::Map<_, _> = (0..50).map(|n| (format!("k{n}"), json!(1))).collect();
        shape.learn(&[Value::Object(many)], 10);
        assert_eq!(shape.places.len(), 10);
    }

    #[test]
    fn paths_know_what_is_around_and_below() {
        assert_eq!(parent("a.b[].c"), "a.b[]");
        assert_eq!(parent("a.b[]"), "a.b");
        assert_eq!(parent("a"), "");
        assert_eq!(below("a.b[].c", "a.b"), Some("[].c"));
        assert_eq!(below("a.bc", "a.b"), None);
        assert_eq!(below("a", ""), Some("a"));
    }
}
