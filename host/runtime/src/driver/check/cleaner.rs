//! Goes through a record, knows the place in it, drops what fails a check, and remembers what was dropped and why.

use super::ensure;
use crate::{
    contract::{Diagnostic, Severity},
    upstream::RequestRules,
};

/// Maximum number of entries of a list that has no limit of its own. Instagram's longest are far below.
const LIST_MAX: usize = 1_000;
/// Maximum number of different fields that one report names.
const REPORTED_MAX: usize = 64;

const NO_MEDIA_URL: &str = "not an https URL on a media host";

/// A field and its error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what}")]
pub(in crate::driver) struct Violation {
    path: String,
    what: &'static str,
}

impl Violation {
    pub(super) fn new(path: String, what: &'static str) -> Self {
        Self { path, what }
    }
}

pub(super) type Checked = Result<(), Violation>;

/// The check of one record.
pub(super) struct Cleaner<'a> {
    /// Say which hosts media may be on.
    rules: &'a RequestRules,
    /// The path of the object that is being checked.
    place: Vec<Step>,
    dropped: Vec<Dropped>,
}

/// A step into a record. Paths become text only for what is dropped.
#[derive(Clone, Copy)]
enum Step {
    Field(&'static str),
    Entry(&'static str, usize),
}

/// A field that was dropped, and how many others of its name there were for the same reason.
struct Dropped {
    field: String,
    why: Violation,
    others: usize,
}

impl<'a> Cleaner<'a> {
    pub(super) fn new(rules: &'a RequestRules) -> Self {
        Self {
            rules,
            place: Vec::new(),
            dropped: Vec::new(),
        }
    }

    /// Returns one diagnostic for each field.
    pub(super) fn report(self) -> Vec<Diagnostic> {
        let diagnostics = self.dropped.into_iter().map(|dropped| Diagnostic {
            severity: Severity::Warning,
            door: None,
            message: dropped.message(),
        });
        diagnostics.collect()
    }

    /// Fails if the field `name` of this place does not hold; the place itself if the name is empty.
    pub(super) fn ensure(&self, name: &str, holds: bool, what: &'static str) -> Checked {
        if holds {
            Ok(())
        } else {
            ensure(&self.path(name), false, what)
        }
    }

    pub(super) fn media_url(&self, url: &str) -> Checked {
        self.ensure("url", self.rules.allows_media(url), NO_MEDIA_URL)
    }

    pub(super) fn optional_media_url(&mut self, name: &str, url: &mut Option<String>) {
        let rules = self.rules;
        self.optional(name, url, NO_MEDIA_URL, |url| rules.allows_media(url));
    }

    /// Drops the value of a field if it does not hold.
    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        value: &mut Option<T>,
        what: &'static str,
        holds: impl Fn(&T) -> bool,
    ) {
        if value.as_ref().is_some_and(|value| !holds(value)) {
            *value = None;
            self.drop_field(self.path(name), Violation::new(self.path(name), what));
        }
    }

    /// Drops the object of a field if its check fails.
    pub(super) fn part<T>(
        &mut self,
        name: &'static str,
        value: &mut Option<T>,
        check: impl Fn(&mut Self, &mut T) -> Checked,
    ) {
        if let Some(inner) = value
            && let Err(why) = self.inside(name, |this| check(this, inner))
        {
            *value = None;
            self.drop_field(self.path(name), why);
        }
    }

    /// Drops the entries of a list whose check fails, and those that are too many. Returns the first failure.
    pub(super) fn list<T>(
        &mut self,
        name: &'static str,
        list: &mut Vec<T>,
        check: impl Fn(&mut Self, &mut T) -> Checked,
    ) -> Option<Violation> {
        if list.len() > LIST_MAX {
            list.truncate(LIST_MAX);
            let rest = self.path(&format!("{name}[{LIST_MAX}..]"));
            self.drop_field(rest.clone(), Violation::new(rest, "too many"));
        }
        let mut first = None;
        let mut index = 0;
        list.retain_mut(|entry| {
            let step = Step::Entry(name, index);
            index += 1;
            let checked = self.at(step, |this| check(this, entry));
            checked
                .map_err(|why| {
                    let field = self.at(step, |this| this.path(""));
                    self.drop_field(field, why.clone());
                    first.get_or_insert(why);
                })
                .is_ok()
        });
        first
    }

    /// Drops entries as [`Self::list`] does, but fails if none is left: a list of only bad entries says nothing.
    pub(super) fn entries<T>(
        &mut self,
        name: &'static str,
        list: &mut Vec<T>,
        check: impl Fn(&mut Self, &mut T) -> Checked,
    ) -> Checked {
        match self.list(name, list, check) {
            Some(why) if list.is_empty() => Err(why),
            _ => Ok(()),
        }
    }

    /// Runs a check on the object in the field `name` of this place.
    pub(super) fn inside<R>(
        &mut self,
        name: &'static str,
        check: impl FnOnce(&mut Self) -> R,
    ) -> R {
        self.at(Step::Field(name), check)
    }

    fn at<R>(&mut self, step: Step, check: impl FnOnce(&mut Self) -> R) -> R {
        self.place.push(step);
        let result = check(self);
        self.place.pop();
        result
    }

    pub(super) fn drop_field(&mut self, field: String, why: Violation) {
        let dropped = Dropped {
            field,
            why,
            others: 0,
        };
        match self
            .dropped
            .iter()
            .position(|known| known.is_like(&dropped))
        {
            Some(known) => self.dropped[known].others += 1,
            None if self.dropped.len() < REPORTED_MAX => self.dropped.push(dropped),
            None => {}
        }
    }

    pub(super) fn path(&self, name: &str) -> String {
        let steps = self.place.iter().map(|step| match step {
            Step::Field(name) => (*name).to_owned(),
            Step::Entry(name, index) => format!("{name}[{index}]"),
        });
        let names = steps.chain([name.to_owned()]);
        let names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
        names.join(".")
    }
}

impl Dropped {
    /// Whether both are about the same field, apart from the places in lists.
    fn is_like(&self, other: &Self) -> bool {
        fn names(path: &str) -> impl Iterator<Item = char> {
            path.chars().filter(|c| !c.is_ascii_digit())
        }
        self.why.what == other.why.what
            && names(&self.field).eq(names(&other.field))
            && names(&self.why.path).eq(names(&other.why.path))
    }

    fn message(&self) -> String {
        let Self { field, why, others } = self;
        let reason = if why.path == *field {
            why.what.to_owned()
        } else {
            why.to_string()
        };
        let others = match others {
            0 => String::new(),
            others => format!(", and {others} more like it,"),
        };
        format!("{field}{others} dropped: {reason}")
    }
}
