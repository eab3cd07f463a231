//! A page of an account's posts or reels, built from Instagram's pages of twelve.

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use crate::json::{Text, Value};

pub use crate::contract::queries::ListQuery as Query;
use crate::contract::records::{Media, MediaPage, Profile, User};
use crate::contract::steps::{Refusal, Severity};
use crate::cursor::Cursor;
use crate::drive::{Stop, Walk};
use crate::profile_info;
use crate::read::{Reading, TabPage};
use crate::request::Values;
use crate::settings::NamedDoor;

/// One tab of an account.
pub(crate) struct Tab {
    /// Selects the doors in the settings.
    pub(crate) purpose: &'static str,
    /// Finds the list in a response.
    pub(crate) read: fn(&[Value<'_>], &str) -> Reading<TabPage>,
    /// How many items the profile counts.
    pub(crate) count: fn(&Profile) -> Option<u64>,
    /// Whether the count is worth further requests if the first answer about the profile lacks it. Otherwise an empty
    /// list without a count is believed.
    pub(crate) is_countable: bool,
}

/// Finds the items from the cursor on, up to the limit.
///
/// A door whose list is empty although there are items is closed to us, so the next one is asked (instaloader#2319).
pub(crate) fn find(walk: &mut Walk<'_>, query: &Query, tab: &Tab) -> Result<MediaPage, Stop> {
    let mut values = Values {
        username: Some(query.username.clone()),
        ..Values::default()
    };
    let (doors, skip) = start(walk, query, tab.purpose, &mut values)?;
    let mut left = doors.as_slice();
    // What the first empty list means, if no further door has items.
    let mut nothing: Option<Result<MediaPage, Refusal>> = None;
    loop {
        let (page, door) = match list(walk, query, tab, (left, skip), &mut values) {
            Ok(found) => found,
            Err(Stop::Refuse(refusal)) => {
                let end = without_items(nothing, refusal, values.user_id.is_some());
                return end.map_err(Stop::Refuse);
            }
            Err(stop) => return Err(stop),
        };
        if query.cursor.is_some() || !page.items.is_empty() || page.has_next_page {
            return Ok(page);
        }
        if nothing.is_none() {
            nothing = Some(match confirm(walk, page, tab) {
                Ok((page, Some(0))) => return Ok(page),
                Ok((page, None)) if !tab.is_countable => return Ok(page),
                Ok((page, count)) => {
                    values.user_id = page.owner.user_id.clone().or(values.user_id);
                    count.map_or(Ok(page), |count| Err(hidden(count)))
                }
                Err(Stop::Refuse(refusal)) if refusal != Refusal::Private => Err(refusal),
                Err(stop) => return Err(stop),
            });
        }
        let used = left.iter().position(|named| named.name == door.name);
        left = &left[used.map_or(left.len(), |place| place + 1)..];
    }
}

/// Returns the list of the first door that has one.
fn list<'a>(
    walk: &mut Walk<'a>,
    query: &Query,
    tab: &Tab,
    (doors, skip): (&[NamedDoor<'a>], usize),
    values: &mut Values,
) -> Result<(MediaPage, NamedDoor<'a>), Stop> {
    let (page, door) = walk.knock(doors, values, |answered| {
        (tab.read)(answered.documents, &query.username)
    })?;
    let mut owner = page.owner.clone();
    owner.is_private = page.private.or(owner.is_private);
    if owner.is_private == Some(true) {
        return Err(Stop::Refuse(Refusal::Private));
    }
    owner.username.get_or_insert_with(|| query.username.clone());
    values.user_id = owner.user_id.clone().or(values.user_id.take());
    let total_count = page.total_count;
    let mut list = List::new(query, skip);
    let values = values.clone();
    let next = gather(walk, &mut list, tab, Fetch { page, door, values })?;
    let page = MediaPage {
        owner,
        total_count,
        items: list.items,
        has_next_page: next.is_some(),
        end_cursor: next.as_ref().map(Cursor::encode),
        more: Vec::new(),
    };
    Ok((page, door))
}

/// Checks an empty list by the profile, because that of a private account is also empty, without further notice.
/// Returns it with its owner, and how many items there should be.
fn confirm(
    walk: &mut Walk<'_>,
    page: MediaPage,
    tab: &Tab,
) -> Result<(MediaPage, Option<u64>), Stop> {
    let is_public = page.owner.is_private == Some(false);
    if is_public && page.total_count.is_some() {
        let count = page.total_count;
        return Ok((page, count));
    }
    let username = page.owner.username.clone().unwrap_or_default();
    let suffices = |profile: &Profile| !tab.is_countable || (tab.count)(profile).is_some();
    match profile_info::account(walk, &username, suffices) {
        Ok(profile) => {
            let count = page.total_count.max((tab.count)(&profile));
            let owner = user(profile);
            Ok((MediaPage { owner, ..page }, count))
        }
        Err(Stop::Refuse(refusal)) if is_public && refusal != Refusal::Private => Ok((page, None)),
        Err(stop) => Err(stop),
    }
}

/// How the walk ends if no further door has items, which `refusal` says of the last ones. An account that any door has
/// shown is not missing.
fn without_items(
    nothing: Option<Result<MediaPage, Refusal>>,
    refusal: Refusal,
    is_shown: bool,
) -> Result<MediaPage, Refusal> {
    let is_vague =
        |refusal: &Refusal| matches!(refusal, Refusal::NotFound | Refusal::Unavailable(_));
    match (nothing, refusal) {
        (Some(_), Refusal::Private) => Err(Refusal::Private),
        (Some(Err(Refusal::NotFound)), _) if is_shown => Err(Refusal::Unavailable(
            "one door shows the account, another one says that there is none".to_owned(),
        )),
        (Some(Err(Refusal::Unavailable(_))), refusal) if !is_vague(&refusal) => Err(refusal),
        (Some(end), _) => end,
        (None, refusal) => Err(refusal),
    }
}

/// The refusal of a list that is empty although the profile counts items.
fn hidden(count: u64) -> Refusal {
    Refusal::Unavailable(format!(
        "the profile counts {count} items, but no door shows any"
    ))
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
    tab: &Tab,
    fetched: Fetch<'a>,
) -> Result<Option<Cursor>, Stop> {
    let Fetch {
        mut page,
        mut door,
        mut values,
    } = fetched;
    let username = values.username.clone().unwrap_or_default();
    let skip = loop {
        if let Some(change) = &page.unread {
            let message = format!("an item was left out: {change:?}");
            walk.note(Severity::Warning, Some(door.name), message);
        }
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
            (tab.read)(answered.documents, &username)
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
        let next = named.door.next.map(Text::decoded);
        named.name == cursor.door || next.as_deref() == Some(&cursor.door)
    };
    if !doors.iter().any(is_named) {
        return Err(invalid());
    }
    let door = walk.door(&cursor.door)?;
    values.cursor = cursor.page;
    values.user_id = cursor.user_id;
    Ok((vec![door], cursor.skip))
}

/// The account of a profile, as the owner of a list.
fn user(profile: Profile) -> User {
    User {
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
    }
}

fn next_door<'a>(walk: &Walk<'a>, named: NamedDoor<'a>) -> Result<NamedDoor<'a>, Stop> {
    let next = named.door.next;
    next.map_or(Ok(named), |next| walk.door(&next.decoded()))
}

/// The items collected so far.
struct List {
    limit: usize,
    /// Number of items of the first page that were already returned.
    skip: Option<usize>,
    known: HashSet<String>,
    /// The cursors of Instagram that led to its pages so far.
    cursors: HashSet<String>,
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
            cursors: HashSet::new(),
            items: Vec::new(),
        }
    }

    fn is_full(&self) -> bool {
        self.items.len() >= self.limit
    }

    /// Takes items from a page; `cursor` is the one that led to this page.
    ///
    /// A page without new items is not the last one: those of others are left out, and Instagram repeats some
    /// (instaloader#1833). But a cursor that leads back to an earlier page ends the list.
    fn take(&mut self, page: TabPage, cursor: Option<&str>) -> Use {
        self.cursors.extend(cursor.map(str::to_owned));
        let skip = self.skip.take().unwrap_or(0);
        for (index, item) in page.items.into_iter().enumerate().skip(skip) {
            if self.known.contains(&item.media_id) {
                continue;
            }
            if self.is_full() {
                return Use::Part(index);
            }
            self.known.insert(item.media_id.clone());
            self.items.push(item);
        }
        let next = page.end_cursor.filter(|next| !next.is_empty());
        let next = next.filter(|next| page.has_next_page && !self.cursors.contains(next));
        Use::All(next)
    }
}
