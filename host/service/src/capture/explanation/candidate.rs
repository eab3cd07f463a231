//! Looks for the places where a missing fact may be now, and counts what speaks for each.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    Suggestion,
    difference::{Answered, Found, Gone},
    draft,
};
use crate::capture::{
    Capture,
    shape::{
        below, parent,
        request::targets,
        store::{Known, Sample},
    },
};

/// With fewer points, a place is not suggested.
const POINTS_MIN: i32 = 35;
/// How many places are suggested for one missing fact.
const PLACES_EACH_MAX: usize = 3;

/// The points for as many places inside of an object that is gone.
const INSIDE_MAX: i32 = 60;

/// The answer that lacks something.
#[derive(Clone, Copy)]
pub(super) struct Missing<'a> {
    pub(super) capture: &'a Capture,
    pub(super) known: &'a Known,
    pub(super) sample: Option<&'a Sample>,
}

/// A missing place, and how much it has to do with the failure.
pub(super) struct Wanted<'a> {
    pub(super) gone: &'a Gone,
    pub(super) relevance: i32,
}

/// What speaks for a place.
#[derive(Default)]
struct Case {
    points: i32,
    why: Vec<String>,
}

impl Case {
    fn add(&mut self, points: i32, why: &str) {
        self.points += points;
        self.why.push(why.to_owned());
    }
}

impl<'a> Missing<'a> {
    /// How much a missing place has to do with what the plugin reported, or with the field of a record that is missing.
    pub(super) fn wanted(self, gone: &'a Gone) -> Wanted<'a> {
        let mut relevance = i32::try_from(gone.percent / 10).unwrap_or_default();
        // An object that is gone explains what was inside and beside.
        let inside = self.known.shape.inside(&gone.place).count();
        relevance += i32::try_from(inside).unwrap_or(i32::MAX).min(INSIDE_MAX);
        if let Some(field) = &self.capture.field {
            let (door, field) = match field.split_once(':') {
                Some((door, field)) => (Some(door), field),
                None => (None, field.as_str()),
            };
            relevance += if door == Some(&self.known.door) {
                20
            } else {
                0
            };
            relevance += likeness_of_paths(&gone.place, field);
        }
        Wanted { gone, relevance }
    }

    /// The most likely places for a missing fact, in this answer and in the others of the capture.
    pub(super) fn candidates(
        self,
        gone: &Gone,
        answers: &[&Answered],
        own: usize,
    ) -> Vec<Suggestion> {
        let expected = self.expected(gone);
        let mut found = Vec::new();
        for (place, answered) in answers.iter().enumerate() {
            for (path, at) in &answered.places {
                let mut case = self.case(gone, &expected, (path, at), answered);
                if place != own {
                    case.points -= 15;
                    case.why.push("in another answer".to_owned());
                }
                if case.points >= POINTS_MIN {
                    found.push((path, at, place == own, case));
                }
            }
        }
        found.sort_by_key(|(path, _, _, case)| (-case.points, path.len()));
        let found = found.into_iter().take(PLACES_EACH_MAX);
        found
            .map(|(path, at, is_own, case)| Suggestion {
                door: self.known.door.clone(),
                was: gone.place.clone(),
                now: draft::shown(&at.steps),
                why: case.why,
                points: case.points,
                rename: is_own
                    .then(|| draft::rename(&gone.place, path, at))
                    .flatten(),
            })
            .collect()
    }

    /// The value that the fact must have in this answer, and one like it from a good answer.
    fn expected(self, gone: &Gone) -> Expected {
        let Some(sample) = self.sample else {
            return Expected::default();
        };
        let answered = Answered::new(&sample.documents());
        let like = answered
            .places
            .get(&gone.place)
            .and_then(|it| it.value.clone());
        if sample.question.query == self.capture.query {
            let value = like.clone();
            return Expected { value, like };
        }
        // The fact may be what was asked for, such as a shortcode.
        let (before, now) = (
            targets(&sample.question.query),
            targets(&self.capture.query),
        );
        let text = like.as_ref().and_then(Value::as_str);
        let asked = before.iter().position(|target| Some(*target) == text);
        let value = asked.and_then(|place| now.get(place));
        Expected {
            value: value.map(|text| Value::from(*text)),
            like,
        }
    }

    fn case(
        self,
        gone: &Gone,
        expected: &Expected,
        (path, found): (&str, &Found),
        answered: &Answered,
    ) -> Case {
        let shape = &self.known.shape;
        let mut case = Case::default();
        let is_equal = expected.value.is_some() && found.value == expected.value;
        let is_distinct = expected.value.as_ref().is_some_and(is_distinct);
        if is_equal && is_distinct {
            case.add(60, "the same value");
            if shape.places.contains_key(path) && path != gone.place {
                // A copy of it, perhaps, but nothing moved there.
                case.add(-40, "which good answers had there too");
            }
        } else if shape.places.contains_key(path) && path != gone.place {
            // It was there before, so it is something else, unless it has what was inside of something inside of it.
            if !(gone.was.is_container() && below(&gone.place, path).is_some()) {
                return Case::default();
            }
        }
        if found.types.meet(gone.was) {
            case.add(15, "the same type");
        } else if found.types.may_state_the_same(gone.was) {
            case.add(5, "a number in another form");
        } else {
            case.points -= 25;
        }
        if gone.was.is_container() {
            self.compare_insides(gone, path, answered, &mut case);
        } else if let (Some(like), Some(value)) = (&expected.like, &found.value) {
            if sort(like) == sort(value) {
                case.add(15, "a value of the same sort");
            } else {
                case.points -= 5;
            }
        }
        compare_names(&gone.place, path, &mut case);
        compare_places(&gone.place, path, &mut case);
        case
    }

    /// Compares what is inside an object or a list with what was inside the one that is gone.
    fn compare_insides(self, gone: &Gone, path: &str, answered: &Answered, case: &mut Case) {
        let shape = &self.known.shape;
        // What is usual inside of something that this one does not have says nothing.
        let usual = shape.inside(&gone.place).filter(|rest| {
            let around = answered.types(parent(&format!("{path}{rest}")));
            around.is_container() && shape.is_usual(&format!("{}{rest}", gone.place))
        });
        let usual: Vec<_> = usual.collect();
        if usual.is_empty() {
            return;
        }
        let has = |rest: &&&str| answered.places.contains_key(&format!("{path}{rest}"));
        let found = usual.iter().filter(has).count();
        let percent = found * 100 / usual.len();
        if percent >= 50 {
            let points = i32::try_from(percent * 7 / 10).unwrap_or_default();
            case.add(points, &format!("{percent} % of what was inside"));
        } else {
            case.points -= 30;
        }
    }
}

/// What a missing fact is like.
#[derive(Default)]
struct Expected {
    /// The very value.
    value: Option<Value>,
    /// That of another answer.
    like: Option<Value>,
}

/// Whether a value is unlikely to stand in two places by chance.
fn is_distinct(value: &Value) -> bool {
    match value {
        Value::String(text) => text.len() >= 5,
        Value::Number(number) => number.as_u64().is_some_and(|number| number >= 100),
        _ => false,
    }
}

/// The sort of a value: what a reader would take it for.
fn sort(value: &Value) -> &'static str {
    match value {
        Value::Number(number) => match number.as_u64() {
            Some(1_000_000_000..=9_999_999_999) => "time",
            Some(1_000_000_000_000_000..) => "id",
            _ => "number",
        },
        Value::String(text) if text.starts_with("http") => "link",
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            if text.len() >= 15 { "id" } else { "number" }
        }
        Value::String(text) if text.contains(char::is_whitespace) => "sentence",
        Value::String(text) if text.len() <= 40 => "word",
        Value::String(_) => "text",
        Value::Bool(_) => "boolean",
        _ => "",
    }
}

fn compare_names(was: &str, now: &str, case: &mut Case) {
    let (was, now) = (last_key(was), last_key(now));
    if was == now {
        return case.add(35, "the same key");
    }
    let likeness = likeness(was, now);
    if likeness > 0 {
        case.add(likeness * 35 / 100, "a similar key");
    }
}

fn compare_places(was: &str, now: &str, case: &mut Case) {
    if was == now {
        return case.add(20, "the same place");
    }
    if below(now, was).is_some() {
        return case.add(35, "inside the same place");
    }
    if below(was, now).is_some() {
        return case.add(25, "around the place");
    }
    if parent(was) == parent(now) {
        return case.add(25, "beside the same keys");
    }
    let (was, now) = (segments(was), segments(now));
    let shared = was.iter().zip(&now).take_while(|(a, b)| a == b).count();
    let apart = was.len() + now.len() - 2 * shared;
    let points = 20 * shared / was.len().max(1);
    case.points += i32::try_from(points).unwrap_or_default();
    case.points -= i32::try_from(apart).unwrap_or(i32::MAX).min(15);
}

/// The last key of a path; that of the list for an item.
fn last_key(path: &str) -> &str {
    let path = path.trim_end_matches("[]");
    path.rsplit('.').next().unwrap_or(path)
}

fn segments(path: &str) -> Vec<&str> {
    path.split('.')
        .map(|part| part.trim_end_matches("[]"))
        .collect()
}

/// How alike two paths are, at most about 100: a plugin's path may begin at another place, and a field of a record has a
/// name of its own.
fn likeness_of_paths(place: &str, field: &str) -> i32 {
    let field: String = without_places(field);
    let (own, other) = (segments(place), segments(&field));
    let shared = own.iter().rev().zip(other.iter().rev());
    let equal = shared.take_while(|(one, other)| one == other).count();
    if equal > 0 {
        return 40 + 20 * i32::try_from(equal.min(3)).unwrap_or_default();
    }
    // Around or inside of what is named.
    let is_around = own.last().is_some_and(|last| other.contains(last));
    let is_inside = other.last().is_some_and(|last| own.contains(last));
    if is_around || is_inside {
        return 45;
    }
    let name = |path: &[&str]| path[path.len().saturating_sub(2)..].join(".");
    likeness(&name(&own), &name(&other)) * 35 / 100
}

/// A path without the places in lists and without the types of media: `a[0].b` and `a[](image).b` become `a.b`.
fn without_places(path: &str) -> String {
    let mut plain = String::new();
    let mut depth = 0_usize;
    for letter in path.chars() {
        match letter {
            '[' | '(' => depth += 1,
            ']' | ')' => depth = depth.saturating_sub(1),
            letter if depth == 0 => plain.push(letter),
            _ => {}
        }
    }
    plain
}

/// The share of words that two names have in common, percent.
fn likeness(one: &str, other: &str) -> i32 {
    let (one, other) = (words(one), words(other));
    let both = one.intersection(&other).count();
    let all = one.union(&other).count();
    i32::try_from(both * 100 / all.max(1)).unwrap_or_default()
}

/// The words of a name, in lower case and without the `s` of a plural.
fn words(name: &str) -> HashSet<String> {
    let mut words = HashSet::new();
    let mut word = String::new();
    let mut end = |word: &mut String| {
        let lower = std::mem::take(word).to_lowercase();
        let singular = lower.strip_suffix('s').filter(|it| it.len() > 2);
        if let Some(singular) = singular {
            words.insert(singular.to_owned());
        } else if !lower.is_empty() {
            words.insert(lower);
        }
    };
    let mut was_lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (was_lower && letter.is_uppercase()) {
            end(&mut word);
        }
        if letter.is_alphanumeric() {
            word.push(letter);
        }
        was_lower = letter.is_lowercase();
    }
    end(&mut word);
    words
}
