//! Converts a list in a response to a page of posts or reels: Relay and legacy connections, mobile lists.

use crate::json::{Object, Value};

use crate::contract::records::{Media, User};
use crate::contract::steps::Refusal;
use crate::read::profile::{ACCOUNTS, is_nobody};
use crate::read::user::{is_same_name, user, user_id};
use crate::read::{Reading, TabPage, changed, field, find, gate, media, rendition};

/// The position of a tab's lists: inside an account root, or bare.
struct Tab {
    /// The names of its connections.
    lists: &'static [&'static str],
    /// A word in further names of a connection: those of the logged-in web app change.
    word: &'static str,
    /// The key of an item for the accounts that pinned it to the top of this tab.
    pins: &'static str,
    /// Whether mobile wraps each item in `media`.
    is_wrapped: bool,
}

const POSTS: Tab = Tab {
    lists: &[
        "xdt_api__v1__profile_timeline",
        "polaris_ordered_timeline_connection",
        "polaris_timeline_connection",
        "edge_owner_to_timeline_media",
    ],
    word: "user_timeline",
    pins: "timeline_pinned_user_ids",
    is_wrapped: false,
};

const REELS: Tab = Tab {
    lists: &["polaris_clips_connection", "edge_felix_video_timeline"],
    word: "__clips__",
    pins: "clips_tab_pinned_user_ids",
    is_wrapped: true,
};

/// Reads a page of this account's posts.
pub(crate) fn posts(documents: &[Value<'_>], username: &str) -> Reading<TabPage> {
    tab(documents, username, &POSTS)
}

/// Reads a page of this account's reels.
pub(crate) fn reels(documents: &[Value<'_>], username: &str) -> Reading<TabPage> {
    tab(documents, username, &REELS)
}

fn tab(documents: &[Value<'_>], username: &str, tab: &Tab) -> Reading<TabPage> {
    find::answers(documents)
        .into_iter()
        .flat_map(|answer| readings(answer, username, tab))
        .fold(Reading::Absent, |one, other| match (one, other) {
            (Reading::Found(one), Reading::Found(other)) => {
                Reading::Found(if other.items.len() > one.items.len() {
                    other
                } else {
                    one
                })
            }
            (one, other) => one.or(other),
        })
}

fn readings(answer: &Value<'_>, username: &str, tab: &Tab) -> Vec<Reading<TabPage>> {
    let accounts = ACCOUNTS
        .iter()
        .chain(&["node"])
        .filter_map(|name| Some((*name, answer.get(name)?)));
    let mut readings: Vec<_> = accounts
        .flat_map(|(name, account)| account_readings(name, account, username, tab))
        .collect();
    readings.extend(tab.lists_in(answer).map(|(name, list)| match list {
        Value::Null => Reading::Missing,
        list => page(name, list, &list["user"], username, tab),
    }));
    readings.extend(mobile_reading(answer, username, tab));
    readings
}

fn account_readings(
    name: &str,
    account: &Value<'_>,
    username: &str,
    tab: &Tab,
) -> Vec<Reading<TabPage>> {
    if is_nobody(account) {
        return vec![Reading::Missing];
    }
    if !is_about(account, username) {
        return Vec::new();
    }
    if field::flag(&account["is_private"]) == Some(true) {
        return vec![Reading::Refused(Refusal::Private)];
    }
    let pages = tab.lists_in(account).map(|(list_name, list)| {
        let mut reading = page(&format!("{name}.{list_name}"), list, account, username, tab);
        if let Reading::Found(page) = &mut reading {
            add_durations(&mut page.items, &account["edge_felix_video_timeline"]);
        }
        reading
    });
    pages.collect()
}

/// Whether an account is the requested one; an account without a name counts as such.
fn is_about(account: &Value<'_>, username: &str) -> bool {
    let stated = account["username"].as_str();
    stated.is_none_or(|stated| is_same_name(&stated, username))
}

/// Copies durations from the reels: a legacy root lists a video in both tabs, but states its duration only in the
/// reels.
fn add_durations(items: &mut [Media], reels: &Value<'_>) {
    for node in field::nodes(reels) {
        let duration = rendition::duration(node);
        for item in items
            .iter_mut()
            .filter(|item| node["shortcode"] == *item.shortcode)
        {
            item.renditions.duration = item.renditions.duration.or(duration);
        }
    }
}

impl Tab {
    fn lists_in<'a>(&self, value: &'a Value<'a>) -> impl Iterator<Item = (&'a str, &'a Value<'a>)> {
        let members = value.as_object().map_or(&[][..], Object::members).iter();
        members
            .map(|member| (member.key, &member.value))
            .filter(|(name, _)| self.lists.contains(name) || name.contains(self.word))
    }
}

/// Reads the `items` of mobile, with the owner next to them. No items and no owner means that the account does not
/// exist.
fn mobile_reading(answer: &Value<'_>, username: &str, tab: &Tab) -> Option<Reading<TabPage>> {
    let name = ["items", "posts"]
        .into_iter()
        .find(|name| answer[*name].is_array())?;
    let items = field::list(&answer[name]);
    let is_wrapped =
        answer.get("paging_info").is_some() || items.iter().any(|item| item["media"].is_object());
    if is_wrapped != tab.is_wrapped {
        return None;
    }
    let is_nobody = items.is_empty() && answer["user"].is_null() && !is_wrapped;
    Some(if is_nobody {
        Reading::Missing
    } else {
        page(name, answer, &answer["user"], username, tab)
    })
}

/// Reads one list. A single unreadable item is left out; a list of only unreadable items is reported as changed.
fn page(
    path: &str,
    list: &Value<'_>,
    account: &Value<'_>,
    username: &str,
    tab: &Tab,
) -> Reading<TabPage> {
    if !is_about(account, username) {
        return Reading::Absent;
    }
    let Some(nodes) = nodes(list) else {
        return Reading::Changed(changed(path, "a connection with edges or items", list));
    };
    let account_id = user_id(account);
    let mut items = Vec::with_capacity(nodes.len());
    let mut change = None;
    for (place, node) in nodes.into_iter().enumerate() {
        match media::media(node, &format!("{path}[{place}]")) {
            Ok(mut item) if is_own(&item, username, account_id.as_deref()) => {
                let id = account_id.as_deref().or(id_in(&item, username));
                let pinned = is_pinned(node, tab.pins, id);
                let pinned = pinned.map(|pinned| ("is_pinned".to_owned(), pinned.to_string()));
                item.more.extend(pinned);
                items.push(item);
            }
            Ok(_) => {}
            Err(error) => change = change.or(Some(error)),
        }
    }
    if let (Some(change), true) = (&change, items.is_empty()) {
        return Reading::Changed(change.clone());
    }
    let owner = owner(account, &items, username);
    if owner.is_private == Some(true) {
        return Reading::Refused(Refusal::Private);
    }
    if let Some(refusal) = gate::refusal(account).filter(|_| items.is_empty()) {
        return Reading::Refused(refusal);
    }
    let (has_next_page, end_cursor) = paging(list);
    Reading::Found(TabPage {
        total_count: field::count(&list["count"]).or_else(|| field::count(&account["media_count"])),
        private: owner.is_private,
        owner,
        items,
        unread: change,
        has_next_page,
        end_cursor,
    })
}

/// The nodes of a list: `edges[].node`, `edges[].node.media`, `items[]`, `items[].media`, `posts[].node`.
fn nodes<'a>(list: &'a Value<'a>) -> Option<Vec<&'a Value<'a>>> {
    let elements = ["edges", "items", "posts"]
        .into_iter()
        .find_map(|name| list[name].as_array())?;
    Some(
        elements
            .iter()
            .map(|element| inner(inner(element, "node"), "media"))
            .collect(),
    )
}

/// Returns the object of that name inside the element, else the element itself.
fn inner<'a>(element: &'a Value<'a>, name: &str) -> &'a Value<'a> {
    element
        .get(name)
        .filter(|value| value.is_object())
        .unwrap_or(element)
}

/// Whether there is a next page, and its cursor: Relay and legacy, then the two ways of mobile.
fn paging(list: &Value<'_>) -> (bool, Option<String>) {
    let ways = [
        (
            &list["page_info"]["has_next_page"],
            &list["page_info"]["end_cursor"],
        ),
        (
            &list["paging_info"]["more_available"],
            &list["paging_info"]["max_id"],
        ),
        (&list["more_available"], &list["next_max_id"]),
    ];
    let stated = ways
        .into_iter()
        .find_map(|(more, cursor)| Some((field::flag(more)?, cursor)));
    let (more, cursor) = stated.unwrap_or((false, &Value::Null));
    let cursor =
        field::filled(cursor).or_else(|| field::count(cursor).map(|number| number.to_string()));
    (more, cursor.filter(|_| more))
}

/// Whether an item belongs to the account: by name, by id, as co-author, or because the item does not say.
fn is_own(item: &Media, username: &str, account_id: Option<&str>) -> bool {
    let is_account = |user: &User| match (&user.username, &user.user_id, account_id) {
        (Some(name), ..) => is_same_name(name, username),
        (None, Some(id), Some(account_id)) => id == account_id,
        _ => true,
    };
    item.owner.is_none() || item.owner.iter().chain(&item.coauthors).any(is_account)
}

/// The account's id in one of its items.
fn id_in<'a>(item: &'a Media, username: &str) -> Option<&'a str> {
    let is_account = |user: &&User| {
        let name = user.username.as_deref();
        name.is_some_and(|name| is_same_name(name, username))
    };
    let user = item.owner.iter().chain(&item.coauthors).find(is_account)?;
    user.user_id.as_deref()
}

/// Whether the account pinned an item to the top of the tab: mobile and XDT list ids (XDT writes null for none), legacy
/// lists accounts in both tabs.
fn is_pinned(node: &Value<'_>, pins: &str, account_id: Option<&str>) -> Option<bool> {
    let accounts = field::list(node.get(pins).or(node.get("pinned_for_users"))?);
    let mut ids = accounts
        .iter()
        .filter_map(|account| field::id(account).or_else(|| user_id(account)));
    Some(ids.any(|id| account_id.is_none_or(|account_id| id == account_id)))
}

/// The account itself, from its root, else from its own items.
fn owner(account: &Value<'_>, items: &[Media], username: &str) -> User {
    let owners = || items.iter().filter_map(|item| item.owner.as_ref());
    let is_named = |owner: &&User| {
        owner
            .username
            .as_deref()
            .is_none_or(|name| is_same_name(name, username))
    };
    let owner = user(account).or_else(|| owners().find(is_named).cloned());
    let mut owner = owner.unwrap_or(User {
        user_id: None,
        username: None,
        full_name: None,
        picture_url: None,
        is_verified: None,
        is_private: None,
        more: Vec::new(),
    });
    owner.username.get_or_insert_with(|| username.to_owned());
    owner
}

#[cfg(test)]
mod tests;
