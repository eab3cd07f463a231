//! Reads accounts inside other objects: owners, co-authors, tagged users, sponsors.

use serde_json::{Map, Value as Fact};

use crate::json::Value;

use crate::contract::records::User;
use crate::read::field;

/// Reads an account, if it has a name or an id.
pub(super) fn user(value: &Value<'_>) -> Option<User> {
    let user = User {
        user_id: user_id(value),
        username: field::filled(&value["username"]),
        full_name: field::text(&value["full_name"]),
        picture_url: field::url(&value["profile_pic_url"]),
        is_verified: field::flag(&value["is_verified"]),
        is_private: field::flag(&value["is_private"]),
        more: Vec::new(),
    };
    (user.user_id.is_some() || user.username.is_some()).then_some(user)
}

/// The accounts of a list, each either bare or as `{user}`.
pub(super) fn users<'a>(values: impl IntoIterator<Item = &'a Value<'a>>) -> Vec<User> {
    let inner = |value: &'a Value<'a>| value.get("user").unwrap_or(value);
    values
        .into_iter()
        .filter_map(|value| user(inner(value)))
        .collect()
}

/// Facts beyond the contract about the advertising in a post: `sponsors`, and `paid_partnership` where it is one.
pub(super) fn advertising(node: &Value<'_>) -> Vec<(String, String)> {
    let tags = field::list(&node["sponsor_tags"]).iter();
    let sponsors: Vec<_> = tags
        .chain(field::nodes(&node["edge_media_to_sponsor_user"]))
        .map(|tag| tag.get("sponsor").unwrap_or(tag))
        .map(|tag| tag.get("user").unwrap_or(tag))
        .filter_map(user)
        .map(|sponsor| named(&sponsor))
        .collect();
    let paid = field::flag(&node["is_paid_partnership"]) == Some(true);
    let sponsored = !sponsors.is_empty();
    let facts = [
        ("sponsors", sponsored.then_some(Fact::Array(sponsors))),
        ("paid_partnership", paid.then_some(Fact::Bool(true))),
    ];
    let stated = facts
        .into_iter()
        .filter_map(|(name, fact)| Some((name.to_owned(), fact?.to_string())));
    stated.collect()
}

/// An account with the names that the API gives to its fields.
fn named(user: &User) -> Fact {
    let fields = [
        ("user_id", user.user_id.clone().map(Fact::String)),
        ("username", user.username.clone().map(Fact::String)),
        ("display_name", user.full_name.clone().map(Fact::String)),
        ("is_verified", user.is_verified.map(Fact::Bool)),
    ];
    let stated = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Fact::Object(stated.collect::<Map<_, _>>())
}

/// The owner of a node: `user`, completed from `owner` if both are the same account.
pub(super) fn owner(node: &Value<'_>) -> Option<User> {
    match (user(&node["user"]), user(&node["owner"])) {
        (Some(user), Some(owner)) if user.user_id == owner.user_id => Some(User {
            user_id: user.user_id,
            username: user.username.or(owner.username),
            full_name: user.full_name.or(owner.full_name),
            picture_url: user.picture_url.or(owner.picture_url),
            is_verified: user.is_verified.or(owner.is_verified),
            is_private: user.is_private.or(owner.is_private),
            more: user.more,
        }),
        (user, owner) => user.or(owner),
    }
}

/// An account's id. In POLARIS `id` is its Facebook id, and only `pk` is Instagram's.
pub(super) fn user_id(value: &Value<'_>) -> Option<String> {
    let own_id = || field::id(&value["id"]).filter(|id| !is_page_id(id));
    field::id(&value["pk"])
        .or_else(|| field::id(&value["pk_id"]))
        .or_else(own_id)
}

/// The account's Facebook id, if the response states it.
pub(super) fn page_id(value: &Value<'_>) -> Option<String> {
    ["id", "fbid_v2", "fbid"]
        .into_iter()
        .filter_map(|key| field::id(&value[key]))
        .find(|id| is_page_id(id))
}

/// Whether an id is Facebook's: its ids of Instagram accounts have 17 digits and start with 17841; Instagram's own have
/// at most 11 so far.
fn is_page_id(id: &str) -> bool {
    id.len() == 17 && id.starts_with("17841")
}

/// Whether two usernames belong to the same account.
pub(super) fn is_same_name(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}
