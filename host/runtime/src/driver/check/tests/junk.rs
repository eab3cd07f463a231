//! In the record of every case, each field that does not identify it is replaced by junk: the record is still served,
//! and everything else in it is unchanged.

use std::collections::HashSet;

use cases::{Case, Expected};
use serde_json::{Value, json};

use super::{super::*, check};

/// The fields that identify a record or an item of a list, and those that say whether and where a list goes on.
const IDENTITY: [&str; 8] = [
    "shortcode",
    "media_id",
    "user_id",
    "username",
    "id",
    "is_private",
    "has_next_page",
    "end_cursor",
];
/// The objects whose fields of these names do identify it.
const IDENTIFIED: [&str; 3] = ["", "items", "owner"];

/// A step into JSON.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step {
    Key(String),
    Index(usize),
}

type Place = Vec<Step>;

fn record(query: &Query, value: &Value) -> Option<Record> {
    use crate::contract::Kind;
    let value = value.clone();
    Some(match query.kind() {
        Kind::ProfileInfo => Record::Profile(serde_json::from_value(value).ok()?),
        Kind::ProfilePosts | Kind::ProfileReels => {
            Record::Page(serde_json::from_value(value).ok()?)
        }
        Kind::Post | Kind::Reel => Record::Media(serde_json::from_value(value).ok()?),
        Kind::Story => Record::Stories(serde_json::from_value(value).ok()?),
    })
}

/// The places of all values that are neither lists nor objects; of several that differ only in their place in a list,
/// the first.
fn leaves(value: &Value, place: &mut Place, seen: &mut HashSet<String>, found: &mut Vec<Place>) {
    let mut into = |step: Step, value: &Value| {
        place.push(step);
        leaves(value, place, seen, found);
        place.pop();
    };
    match value {
        Value::Object(map) => map
            .iter()
            .for_each(|(key, value)| into(Step::Key(key.clone()), value)),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .for_each(|(index, value)| into(Step::Index(index), value)),
        _ if seen.insert(keys(place).join(".")) => found.push(place.clone()),
        _ => {}
    }
}

fn keys(place: &[Step]) -> Vec<&str> {
    let keys = place.iter().filter_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Index(_) => None,
    });
    keys.collect()
}

fn identifies(place: &[Step]) -> bool {
    match keys(place).as_slice() {
        [.., parent, name] => IDENTITY.contains(name) && IDENTIFIED.contains(parent),
        [name] => IDENTITY.contains(name),
        [] => true,
    }
}

fn at<'a>(value: &'a mut Value, place: &[Step]) -> &'a mut Value {
    place.iter().fold(value, |value, step| match step {
        Step::Key(key) => &mut value[key.as_str()],
        Step::Index(index) => &mut value[*index],
    })
}

fn with(record: &Value, place: &[Step], value: Value) -> Value {
    let mut changed = record.clone();
    *at(&mut changed, place) = value;
    changed
}

/// What may become of a record when the value at this place is bad: it is kept, or null; the entry of a list or the
/// object around it is dropped; of coordinates both are.
fn allowed(record: &Value, place: &[Step], junk: Value) -> Vec<Value> {
    let mut allowed = vec![with(record, place, junk), with(record, place, Value::Null)];
    // A fact beyond the contract has no fields that the host knows: it is served as it is, or not at all.
    let more = place
        .iter()
        .position(|step| matches!(step, Step::Key(key) if key == "more"));
    if let Some(start) = more
        && let Step::Key(fact) = &place[start + 1]
    {
        let mut changed = record.clone();
        if let Some(facts) = at(&mut changed, &place[..=start]).as_object_mut() {
            facts.remove(fact);
        }
        allowed.push(changed);
    }
    for length in (1..=place.len()).rev() {
        let (around, last) = (&place[..length - 1], &place[length - 1]);
        match last {
            Step::Index(index) => {
                let mut changed = record.clone();
                if let Some(list) = at(&mut changed, around).as_array_mut() {
                    list.remove(*index);
                }
                allowed.push(changed);
                break;
            }
            Step::Key(key) if ["location", "audio"].contains(&key.as_str()) => {
                allowed.push(with(record, &place[..length], Value::Null));
                let mut changed = record.clone();
                let object = at(&mut changed, &place[..length]);
                if object.get("lat").is_some() {
                    (object["lat"], object["lng"]) = (Value::Null, Value::Null);
                    allowed.push(changed);
                }
            }
            Step::Key(_) => {}
        }
    }
    allowed
}

fn junk(value: &Value) -> Vec<Value> {
    match value {
        Value::String(_) => vec![
            json!(""),
            json!("http://images.ak.instagram.com/profiles/anonymousUser.jpg"),
            json!("x".repeat(20_000)),
        ],
        Value::Number(_) => vec![json!(u64::MAX), json!(1e300), json!(-1e9)],
        _ => Vec::new(),
    }
}

/// Returns how many values were replaced.
fn survives(case: &Case) -> usize {
    let Expected::Record(expected) = &case.expected else {
        return 0;
    };
    let query: Query = serde_json::from_value(case.question.query.clone()).unwrap();
    let title = format!("{}/{}", case.kind, case.name);
    let mut places = Vec::new();
    leaves(expected, &mut Vec::new(), &mut HashSet::new(), &mut places);
    let mut tried = 0;
    for place in places.iter().filter(|place| !identifies(place)) {
        let original = at(&mut expected.clone(), place).clone();
        for bad in junk(&original) {
            // The contract itself has no room for some of it.
            let Some(mut changed) = record(&query, &with(expected, place, bad.clone())) else {
                continue;
            };
            let name = keys(place).join(".");
            check(&query, &mut changed).unwrap_or_else(|error| panic!("{title} {name}: {error}"));
            let served = serde_json::to_value(&changed).unwrap();
            assert!(
                allowed(expected, place, bad).contains(&served),
                "{title}: junk in {name} costs more than that"
            );
            tried += 1;
        }
    }
    tried
}

#[test]
fn junk_in_a_side_field_costs_only_that_field() {
    let kinds = [
        "profile-info",
        "profile-posts",
        "profile-reels",
        "post",
        "reel",
        "story",
    ];
    for kind in kinds {
        let cases = ::embedded::cases(kind).unwrap();
        let tried: usize = cases.iter().map(survives).sum();
        assert!(tried > 20, "{kind}: {tried}");
    }
}
