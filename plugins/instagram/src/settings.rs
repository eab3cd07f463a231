//! The doors to Instagram as data: which requests there are, in which order they are tried.
//!
//! The TOML texts below are the only source of these values; the host lays the operator's file over them and hands
//! the whole back as JSON. So there is no default here: a missing key is refused by its name.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// Default settings of the `post` and the `reel` plugin.
pub const MEDIA: &str = concat!(
    include_str!("../settings/clients.toml"),
    include_str!("../settings/media.toml")
);
/// Default settings of the `profile` plugin.
pub const PROFILE: &str = concat!(
    include_str!("../settings/clients.toml"),
    include_str!("../settings/profile.toml")
);
/// Default settings of the `story` plugin.
pub const STORY: &str = concat!(
    include_str!("../settings/clients.toml"),
    include_str!("../settings/story.toml")
);

/// What the settings of every plugin have in common.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// By name of the client.
    client: BTreeMap<String, Client>,
    /// Names of doors by purpose.
    order: BTreeMap<String, Vec<String>>,
    /// By name of the door.
    door: BTreeMap<String, Door>,
}

/// How a request presents itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Client {
    pub(crate) headers: BTreeMap<String, String>,
    /// Sent with every form.
    #[serde(default)]
    pub(crate) form: BTreeMap<String, String>,
}

/// One request that may bring what is asked for. Texts may hold `{values}`, see [`crate::request`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Door {
    /// Name of a [`Client`].
    client: String,
    pub(crate) url: String,
    /// Asked only with the operator's session.
    #[serde(default)]
    pub(crate) session: bool,
    /// Fields of the form; with these or a `doc_id` it is a POST.
    #[serde(default)]
    pub(crate) form: BTreeMap<String, String>,
    /// Name of the persisted GraphQL query.
    pub(crate) operation: Option<String>,
    /// Number of the persisted GraphQL query; Instagram rotates it.
    pub(crate) doc_id: Option<String>,
    /// Variables of the persisted GraphQL query.
    pub(crate) variables: Option<Value>,
    /// What an answer means that holds nothing of ours.
    #[serde(default)]
    pub(crate) silence: Silence,
    /// An older door: it says "no such thing" of hidden things too, and its queries are retired without notice, so
    /// that its word counts only beside another's.
    #[serde(default)]
    pub(crate) doubtful: bool,
    /// Asked only after another door has said that there is no such thing.
    #[serde(default)]
    pub(crate) when_missing: bool,
    /// Its 404 states that there is no such thing; other doors' 404 may be anything.
    #[serde(default)]
    pub(crate) missing_on_404: bool,
    /// The door that has the pages after this one's, where it is another.
    pub(crate) next: Option<String>,
}

/// What an answer means that holds nothing of ours and no known failure.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Silence {
    /// It should have: Instagram changed.
    #[default]
    Changed,
    /// Pages come without data when Instagram slows a guest down.
    Throttled,
    /// Nothing at all.
    Nothing,
}

/// A door, its name and its client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    pub(crate) name: &'a str,
    pub(crate) door: &'a Door,
    pub(crate) client: &'a Client,
}

impl Settings {
    /// Reads the settings that the host hands over; fails with a text that names the key at fault.
    pub(crate) fn parse(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|error| format!("settings: {error}"))
    }

    /// The doors for a purpose, in order.
    pub(crate) fn doors(&self, purpose: &str) -> Result<Vec<Named<'_>>, String> {
        let names = self
            .order
            .get(purpose)
            .ok_or_else(|| format!("settings: order.{purpose} is missing"))?;
        names.iter().map(|name| self.door(name)).collect()
    }

    /// The door of this name.
    pub(crate) fn door<'a>(&'a self, name: &str) -> Result<Named<'a>, String> {
        let (name, door) = self
            .door
            .get_key_value(name)
            .ok_or_else(|| format!("settings: there is no door.{name}"))?;
        let client = self
            .client
            .get(&door.client)
            .ok_or_else(|| format!("settings: door.{name} names no known client"))?;
        Ok(Named { name, door, client })
    }
}
