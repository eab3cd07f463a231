//! A page of an account's posts or reels, built from Instagram's pages of twelve.

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use serde_json::Value;

pub use crate::contract::queries::ListQuery as Query;
use crate::contract::records::{Media, MediaPage, User};
use crate::contract::steps::{Refusal, Severity};
use crate::cursor::Cursor;
use crate::drive::{Stop, Walk};
use crate::read::{self, Reading, TabPage};
use crate::request::Values;
use crate::settings::NamedDoor;

/// Finds the list in a response.
type Read = fn(&[Value], &str) -> Reading<TabPage>;

/// Finds the items from the cursor on, up to the limit.
///
/// `purpose` selects the doors in the settings.
pub(crate) fn find(
    walk: &mut Walk<'_>,
    query: &Query,
    purpose: &str,
    read: Read,
) -> Result<MediaPage, Stop> {
    let username = query.username.as_str();
    let mut values = Values {
        username: Some(username.to_owned()),
        ..Values::default()
    };
    let (doors, skip) = start(walk, query, purpose, &mut values)?;
    let (mut page, door) = walk.knock(&doors, &mut values, |answered| {
        read(answered.documents, username)
    })?;
    if page.items.is_empty() && values.cursor.is_none() && is_private(&page).is_none() {
        page.owner = confirm(walk, &values)?;
    }
    if is_private(&page) == Some(true) {
        return Err(Stop::Refuse(Refusal::Private));
    }
    let mut owner = page.owner.clone();
    owner.username.get_or_insert_with(|| username.to_owned());
    values.user_id = owner.user_id.clone().or(values.user_id);
    let total_count = page.total_count;
    let mut list = List::new(query, skip);
    let next = gather(walk, &mut list, read, Fetch { page, door, values })?;
    Ok(MediaPage {
        owner,
        total_count,
        items: list.items,
        has_next_page: next.is_some(),
        end_cursor: next.as_ref().map(Cursor::encode),
        more: Vec::new(),
    })
}

/// One of Instagram's pages, and the door and values of its request.
struct Fetch<'a> {
    page: TabPage,
    door: NamedDoor<'a>,
    values: Values,
}

/// Fills the list from this page and the following ones; returns where the rest begins, if there is one.
fn gather<'a>(
    walk: &mut Walk<'a>,
    list: &mut List,
    read: Read,
    fetched: Fetch<'a>,
) -> Result<Option<Cursor>, Stop> {
    let Fetch {
        mut page,
        mut door,
        mut values,
    } = fetched;
    let username = values.username.clone().unwrap_or_default();
    let skip = loop {
        match list.take(page, values.cursor.as_deref()) {
            Use::All(None) => return Ok(None),
            Use::Part(items) => break items,
            Use::All(Some(next)) => {
                door = next_door(walk, door)?;
                values.cursor = Some(next);
            }
        }
        if list.is_full() || !walk.can_ask() {
            break 0;
        }
        let answer = walk.knock(&[door], &mut values, |answered| {
            read(answered.documents, &username)
        });
        page = match answer {
            Ok((page, _)) => page,
            // Partial results are better than a refusal: the cursor leads back to the page that failed.
            Err(Stop::Refuse(refusal)) => {
                let message = format!("the list was cut short: {refusal:?}");
                walk.note(Severity::Warning, Some(door.name), message);
                break 0;
            }
            Err(stop) => return Err(stop),
        };
    };
    Ok(Some(Cursor {
        door: door.name.to_owned(),
        page: values.cursor,
        skip,
        user_id: values.user_id,
    }))
}

/// Returns the doors to the first of Instagram's pages, and how many of its items the cursor skips.
fn start<'a>(
    walk: &Walk<'a>,
    query: &Query,
    purpose: &str,
    values: &mut Values,
) -> Result<(Vec<NamedDoor<'a>>, usize), Stop> {
    let doors = walk.doors(purpose)?;
    let Some(text) = &query.cursor else {
        return Ok((doors, 0));
    };
    let invalid = || Stop::Refuse(Refusal::InvalidCursor);
    let cursor = Cursor::decode(text).ok_or_else(invalid)?;
    let is_named = |named: &NamedDoor<'_>| {
        named.name == cursor.door || named.door.next.as_ref() == Some(&cursor.door)
    };
    if !doors.iter().any(is_named) {
        return Err(invalid());
    }
    let door = walk.door(&cursor.door)?;
    values.cursor = cursor.page;
    values.user_id = cursor.user_id;
    Ok((vec![door], cursor.skip))
}

fn is_private(page: &TabPage) -> Option<bool> {
    page.private.or(page.owner.is_private)
}

/// Checks the owner of an empty list by the profile: the list of a private account is also empty, without further
/// notice.
fn confirm(walk: &mut Walk<'_>, values: &Values) -> Result<User, Stop> {
    let username = values.username.as_deref().unwrap_or_default();
    let doors = walk.doors("profile-info")?;
    let (part, _) = walk.knock(&doors, &mut values.clone(), |answered| {
        read::profile(answered.documents, username)
    })?;
    let profile = part.profile;
    Ok(User {
        user_id: Some(profile.user_id),
        username: Some(profile.username),
        full_name: profile.full_name,
        picture_url: profile
            .pictures
            .into_iter()
            .next()
            .map(|picture| picture.url),
        is_verified: profile.is_verified,
        is_private: profile.is_private,
        more: Vec::new(),
    })
}

fn next_door<'a>(walk: &Walk<'a>, named: NamedDoor<'a>) -> Result<NamedDoor<'a>, Stop> {
    named
        .door
        .next
        .as_deref()
        .map_or(Ok(named), |next| walk.door(next))
}

/// The items collected so far.
struct List {
    limit: usize,
    /// Number of items of the first page that were already returned.
    skip: Option<usize>,
    known: HashSet<String>,
    items: Vec<Media>,
}

/// How much of one of Instagram's pages was used.
enum Use {
    /// All of it; contains the cursor to the next page, if there is one.
    All(Option<String>),
    /// This many items; then the limit was reached.
    Part(usize),
}

impl List {
    fn new(query: &Query, skip: usize) -> Self {
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        Self {
            limit,
            skip: Some(skip),
            known: HashSet::new(),
            items: Vec::new(),
        }
    }

    fn is_full(&self) -> bool {
        self.items.len() >= self.limit
    }

    /// Takes items from a page; `cursor` is the one that led to this page.
    fn take(&mut self, page: TabPage, cursor: Option<&str>) -> Use {
        let first = self.skip.take();
        let had = self.items.len();
        for (index, item) in page.items.into_iter().enumerate().skip(first.unwrap_or(0)) {
            if self.known.contains(&item.media_id) {
                continue;
            }
            if self.is_full() {
                return Use::Part(index);
            }
            self.known.insert(item.media_id.clone());
            self.items.push(item);
        }
        // Prevents an infinite loop if a page has nothing new or leads to itself.
        let is_stuck = first.is_none() && self.items.len() == had;
        let next = page
            .end_cursor
            .filter(|next| !next.is_empty() && Some(next.as_str()) != cursor);
        Use::All(next.filter(|_| page.has_next_page && !is_stuck))
    }
}
