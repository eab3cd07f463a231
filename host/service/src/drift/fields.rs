//! The fields of one kind of record from one door, and what is known of each: its track, and its rates by version.
//!
//! A record is counted in one walk over its values ([`super::walk`]), which follows a tree of the fields that were seen
//! before, so that counting builds no texts and no copy of the record.

use std::collections::BTreeMap;

use super::track::{
    Rate, Rates, Track,
    batch::{Batch, collect},
};

/// The number of a version, in the order in which versions were first seen.
pub(super) type VersionId = u64;

/// One field.
#[derive(Debug, Default)]
pub(super) struct Field {
    pub(super) track: Track,
    /// How often each version stated it.
    pub(super) rates: Vec<(VersionId, Tally)>,
    /// What was counted since it was last stored, if other processes count too.
    pub(super) fresh: Vec<Batch>,
    /// Whether it changed since it was last stored.
    pub(super) dirty: bool,
    /// How often the record that is being counted states it.
    seen: Rate,
}

/// How often a version stated a field.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// As it is stored, by all processes that share the database.
    pub(super) stored: Rate,
    /// What this process has counted since.
    pub(super) fresh: Rate,
}

impl Tally {
    /// Both together.
    pub(super) fn rate(self) -> Rate {
        let mut rate = self.stored;
        rate.add(self.fresh);
        rate
    }
}

impl Field {
    /// The tally of a version.
    pub(super) fn tally(&mut self, version: VersionId) -> &mut Tally {
        let place = self.rates.iter().position(|(id, _)| *id == version);
        let place = place.unwrap_or_else(|| {
            self.rates.push((version, Tally::default()));
            self.rates.len() - 1
        });
        &mut self.rates[place].1
    }
}

/// Where the record that is being counted comes from.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    /// The version that produced it, and its label.
    pub(super) version: (VersionId, &'a str),
    /// A hash of its account.
    pub(super) account: u64,
    /// Seconds since 1970.
    pub(super) now_s: u64,
    /// Whether other processes count too.
    pub(super) is_shared: bool,
}

/// A step from a value to one that it contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// To a field.
    Field(&'a str),
    /// To the items of a list.
    Items,
    /// To the fields of media of this type, because a picture has no duration.
    Type(&'a str),
}

/// A place in a record that steps lead to.
#[derive(Debug, Default)]
struct Node {
    /// Its path, for example `video.duration` or `carousel.children[](image).width`. Empty for the record itself.
    path: String,
    field: Option<usize>,
    children: Vec<(OwnedStep, usize)>,
}

#[derive(Debug)]
enum OwnedStep {
    Field(String),
    Items,
    Type(String),
}

impl OwnedStep {
    fn is(&self, step: Step<'_>) -> bool {
        match (self, step) {
            (Self::Field(known), Step::Field(name)) | (Self::Type(known), Step::Type(name)) => {
                known == name
            }
            (Self::Items, Step::Items) => true,
            _ => false,
        }
    }
}

impl From<Step<'_>> for OwnedStep {
    fn from(step: Step<'_>) -> Self {
        match step {
            Step::Field(name) => Self::Field(name.to_owned()),
            Step::Items => Self::Items,
            Step::Type(name) => Self::Type(name.to_owned()),
        }
    }
}

/// The fields of one kind from one door.
#[derive(Debug)]
pub(super) struct Fields {
    /// The first one is the record itself.
    nodes: Vec<Node>,
    fields: Vec<Field>,
    by_path: BTreeMap<String, usize>,
    /// The fields that the record being counted has.
    touched: Vec<usize>,
    /// How many more nodes may be added.
    pub(super) room: usize,
}

impl Default for Fields {
    fn default() -> Self {
        Self {
            nodes: vec![Node::default()],
            fields: Vec::new(),
            by_path: BTreeMap::new(),
            touched: Vec::new(),
            room: 0,
        }
    }
}

impl Fields {
    /// The place of the record itself.
    pub(super) const ROOT: usize = 0;

    /// The place that a step leads to, in a walk that came by its `order`-th sibling; `None` if it is new and there is
    /// no room for it.
    pub(super) fn child(&mut self, from: usize, step: Step<'_>, order: usize) -> Option<usize> {
        let children = &self.nodes[from].children;
        // The fields of a type come in the same order each time.
        if let Some((known, child)) = children.get(order)
            && known.is(step)
        {
            return Some(*child);
        }
        let known = children.iter().find(|(known, _)| known.is(step));
        known
            .map(|(_, child)| *child)
            .or_else(|| self.add_child(from, step))
    }

    fn add_child(&mut self, from: usize, step: Step<'_>) -> Option<usize> {
        let before = &self.nodes[from].path;
        let path = match step {
            Step::Field(name) if before.is_empty() => name.to_owned(),
            Step::Field(name) => format!("{before}.{name}"),
            Step::Items => format!("{before}[]"),
            Step::Type(name) if before.is_empty() => name.to_ascii_lowercase(),
            Step::Type(name) => format!("{before}({})", name.to_ascii_lowercase()),
        };
        // A field that was stored has its room already.
        if !self.has(&path) {
            self.room = self.room.checked_sub(1)?;
        }
        let child = self.nodes.len();
        self.nodes.push(Node {
            path,
            ..Node::default()
        });
        self.nodes[from].children.push((step.into(), child));
        Some(child)
    }

    /// Counts whether the value at a place is stated.
    pub(super) fn add(&mut self, node: usize, stated: bool) {
        let field = match self.nodes[node].field {
            Some(field) => field,
            None => {
                let path = self.nodes[node].path.clone();
                let field = self.index(path);
                self.nodes[node].field = Some(field);
                field
            }
        };
        let seen = &mut self.fields[field].seen;
        if seen.asked == 0 {
            self.touched.push(field);
        }
        seen.add(Rate {
            stated: u64::from(stated),
            asked: 1,
        });
    }

    /// Adds the record that was counted to what is known of its fields. Returns the fields that it raises a warning
    /// about, by their paths.
    pub(super) fn learn(&mut self, origin: Origin<'_>) -> Vec<(&str, Rates)> {
        let mut raised = Vec::new();
        for index in self.touched.drain(..) {
            let field = &mut self.fields[index];
            let seen = std::mem::take(&mut field.seen);
            field.tally(origin.version.0).fresh.add(seen);
            let version = (origin.version.1, origin.account);
            if origin.is_shared {
                collect(&mut field.fresh, seen, version, origin.now_s);
            }
            if let Some(rates) = field.track.add(seen, version, origin.now_s) {
                raised.push((index, rates));
            }
            field.dirty = true;
        }
        let path = |index| self.by_path.iter().find(|(_, at)| **at == index);
        let named = raised
            .into_iter()
            .filter_map(|(index, rates)| Some((path(index)?.0.as_str(), rates)));
        named.collect()
    }

    /// Every field with its path, in the order of the paths.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.by_path
            .iter()
            .map(|(path, index)| (path.as_str(), &self.fields[*index]))
    }

    /// Every field with its path, to change it.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Field)> {
        let mut paths = vec![""; self.fields.len()];
        for (path, index) in &self.by_path {
            paths[*index] = path;
        }
        paths.into_iter().zip(&mut self.fields)
    }

    /// Every field.
    pub(super) fn all_mut(&mut self) -> &mut [Field] {
        &mut self.fields
    }

    /// Whether there is a field of this path.
    pub(super) fn has(&self, path: &str) -> bool {
        self.by_path.contains_key(path)
    }

    /// The field of this path, which is added if it is new.
    pub(super) fn field(&mut self, path: String) -> &mut Field {
        let index = self.index(path);
        &mut self.fields[index]
    }

    fn index(&mut self, path: String) -> usize {
        let next = self.fields.len();
        *self.by_path.entry(path).or_insert_with(|| {
            self.fields.push(Field::default());
            next
        })
    }
}
