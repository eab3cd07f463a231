//! What differs between the shape of good answers and one answer.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use serde_json::Value;

use crate::capture::shape::{Shape, Step, Types, parent, walk};

/// Maximum number of places of one answer that are compared.
const PLACES_MAX: usize = 20_000;

/// The places of one answer.
#[derive(Debug, Default)]
pub(super) struct Answered {
    pub(super) places: BTreeMap<String, Found>,
}

/// One place of an answer.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) types: Types,
    /// The steps to the first value there.
    pub(super) steps: Vec<Step>,
    /// That value, if it contains no others.
    pub(super) value: Option<Value>,
    /// Which of several documents it is in.
    pub(super) document: usize,
}

/// A usual place that an answer lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gone {
    /// Its path.
    pub place: String,
    /// The types that its values had.
    pub types: String,
    /// How many of the good answers have it, of those that have the place around it, percent.
    pub percent: u64,
    /// The types of what is there instead, if it is not simply missing.
    pub instead: Option<String>,
    /// The types of the good answers.
    #[serde(skip)]
    pub(super) was: Types,
}

/// A place that no good answer has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct New {
    /// Its path.
    pub place: String,
    /// The types of its values.
    pub types: String,
}

impl Answered {
    pub(super) fn new(documents: &[Value]) -> Self {
        let mut places = BTreeMap::<String, Found>::new();
        for (document, value) in documents.iter().enumerate() {
            walk(value, &mut |path, steps, value| {
                let types = Types::of(value);
                if types == Types::default() {
                    return;
                }
                if let Some(known) = places.get_mut(path) {
                    known.types.add(types);
                } else if places.len() < PLACES_MAX {
                    let found = Found {
                        types,
                        steps: steps.to_vec(),
                        value: (!types.is_container()).then(|| value.clone()),
                        document,
                    };
                    places.insert(path.to_owned(), found);
                }
            });
        }
        Self { places }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(super) fn types(&self, path: &str) -> Types {
        self.places
            .get(path)
            .map_or_else(Types::default, |it| it.types)
    }
}

/// The usual places that an answer lacks where it has the place around them, and those with values of another type.
pub(super) fn gone(shape: &Shape, answered: &Answered) -> Vec<Gone> {
    let missing = shape.places.iter().filter_map(|(path, place)| {
        let now = answered.types(path);
        if path.is_empty() || now.meet(place.types) || !shape.is_usual(path) {
            return None;
        }
        let around = answered.types(parent(path));
        let needed = if path.ends_with("[]") {
            Types::LIST
        } else {
            Types::OBJECT
        };
        around.meet(needed).then(|| Gone {
            place: path.clone(),
            types: place.types.to_string(),
            percent: shape.percent(path),
            instead: (now != Types::default()).then(|| now.to_string()),
            was: place.types,
        })
    });
    missing.collect()
}

/// The outermost places that no good answer has.
pub(super) fn new(shape: &Shape, answered: &Answered, most: usize) -> Vec<New> {
    let is_known = |path: &str| path.is_empty() || shape.places.contains_key(path);
    let places = answered.places.iter();
    let new = places.filter(|(path, _)| !is_known(path) && is_known(parent(path)));
    let new = new.map(|(path, found)| New {
        place: path.clone(),
        types: found.types.to_string(),
    });
    new.take(most).collect()
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            place,
            types,
            percent,
            ..
        } = self;
        write!(f, "{place}  {types}, usually in {percent} %")?;
        match &self.instead {
            Some(instead) => write!(f, "; now {instead}"),
            None => Ok(()),
        }
    }
}
