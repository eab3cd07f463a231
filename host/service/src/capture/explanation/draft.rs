//! Drafts the setting that tells a plugin where a fact stands now.

use super::{
    Suggestion,
    difference::{Answered, Found, Gone},
};
use crate::capture::{
    Capture,
    shape::{Step, store::Known},
};

/// Points of a query that is not known any more: it explains everything else that is gone.
const STALE_POINTS: i32 = 1_000;

/// The path that steps take, such as `data.items[0].caption`.
pub(super) fn shown(steps: &[Step]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Key(key) if path.is_empty() => path.push_str(key),
            Step::Key(key) => path.push_str(&format!(".{key}")),
            Step::Item(place) => path.push_str(&format!("[{place}]")),
        }
    }
    path
}

/// The setting `rename."was" = "now"` that makes up for a move inside of one object, with paths from the object around
/// both. `None` if there is none: the old place is inside of a list that the new one is not in, or they are the same.
pub(super) fn rename(was: &str, now: &str, found: &Found) -> Option<(String, String)> {
    let (old, new) = (parts(was), parts(now));
    if was == now || found.document > 0 {
        return None;
    }
    let shared = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    // An item of a list is the object that the paths begin at. Otherwise one shared key says which objects are meant.
    let shared = shared.min(old.len().saturating_sub(1));
    let item = old[..shared].iter().rposition(|part| *part == "[]");
    let start = item
        .map_or(0, |item| item + 1)
        .max(shared.saturating_sub(1));
    let old: Vec<_> = old.get(start..)?.to_vec();
    if old.is_empty() || old.contains(&"[]") {
        return None;
    }
    let new = found
        .steps
        .get(start..)
        .filter(|steps| matches!(steps.first(), Some(Step::Key(_))))?;
    Some((old.join("."), shown(new)))
}

/// The parts of a path, one for each step.
fn parts(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for part in path.split('.') {
        let key = part.trim_end_matches("[]");
        if !key.is_empty() {
            parts.push(key);
        }
        parts.extend(std::iter::repeat_n("[]", (part.len() - key.len()) / 2));
    }
    parts
}

/// A door whose answer states errors and nothing that is usual asks with a number that Instagram has forgotten.
pub(super) fn stale_query(
    known: &Known,
    capture: &Capture,
    doc_id: Option<&str>,
    answered: &Answered,
    gone: &[Gone],
) -> Option<Suggestion> {
    let doc_id = doc_id?;
    let is_new =
        |path: &str| answered.places.contains_key(path) && !known.shape.places.contains_key(path);
    let outermost = gone
        .iter()
        .map(|gone| gone.place.split('.').count())
        .min()?;
    // Its outermost object, or the first one inside, is all that is left of an answer.
    if !is_new("errors") || outermost > 2 {
        return None;
    }
    let doors = capture.settings["door"].as_object();
    let name = doors.and_then(|doors| {
        let mut doors = doors.iter();
        doors
            .find(|(_, door)| door["doc_id"] == doc_id)
            .map(|(name, _)| name.as_str())
    });
    let now = match name {
        Some(name) => format!("door.{name}.doc_id"),
        None if capture.settings["doc_id"] == doc_id => "doc_id".to_owned(),
        None => format!("door.{}.doc_id", known.door),
    };
    Some(Suggestion {
        door: known.door.clone(),
        was: gone.first()?.place.clone(),
        now,
        why: vec![format!(
            "the query {doc_id} is answered with errors and none of its data"
        )],
        points: STALE_POINTS,
        rename: None,
    })
}
