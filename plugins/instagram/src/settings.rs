//! The doors to Instagram as data: which requests exist, and in which order they are tried.
//!
//! The TOML texts below are the only source of these values. The host merges the operator's file into them and passes
//! the result as JSON. So there are no defaults here: a missing key is an error that names the key.

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

/// The settings that every plugin has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The clients by name.
    client: BTreeMap<String, Client>,
    /// The names of doors by purpose.
    order: BTreeMap<String, Vec<String>>,
    /// The doors by name.
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

/// A door: one request that may return the content. Texts may contain `{values}`, see [`crate::request`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Door {
    /// Name of a [`Client`].
    client: String,
    pub(crate) url: String,
    /// Used only with the operator's session.
    #[serde(default)]
    pub(crate) session: bool,
    /// Fields of the form; with these or a `doc_id`, the request is a POST.
    #[serde(default)]
    pub(crate) form: BTreeMap<String, String>,
    /// Name of the persisted GraphQL query.
    pub(crate) operation: Option<String>,
    /// Number of the persisted GraphQL query; Instagram rotates it.
    pub(crate) doc_id: Option<String>,
    /// Variables of the persisted GraphQL query.
    pub(crate) variables: Option<Value>,
    /// What a response without any of our roots means.
    #[serde(default)]
    pub(crate) silence: Silence,
    /// An older door. It also reports hidden content as missing, and its queries are retired without notice, so its
    /// result counts only together with that of another door.
    #[serde(default)]
    pub(crate) doubtful: bool,
    /// Used only after another door has reported that the content does not exist.
    #[serde(default)]
    pub(crate) when_missing: bool,
    /// A 404 of this door means that the content does not exist; with other doors, a 404 may mean anything.
    #[serde(default)]
    pub(crate) missing_on_404: bool,
    /// The door for the following pages, if it is a different one.
    pub(crate) next: Option<String>,
}

/// What a response means that has none of our roots and no known failure.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Silence {
    /// There should have been a root: Instagram changed.
    #[default]
    Changed,
    /// Instagram is slowing a guest down: it then sends pages without data.
    Throttled,
    /// It means nothing.
    Nothing,
}

/// A door, its name and its client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NamedDoor<'a> {
    pub(crate) name: &'a str,
    pub(crate) door: &'a Door,
    pub(crate) client: &'a Client,
}

impl Settings {
    /// Parses the settings from the host; the error names the invalid key.
    pub(crate) fn parse(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|error| format!("settings: {error}"))
    }

    /// Returns the doors for a purpose, in order.
    pub(crate) fn doors(&self, purpose: &str) -> Result<Vec<NamedDoor<'_>>, String> {
        let names = self
            .order
            .get(purpose)
            .ok_or_else(|| format!("settings: order.{purpose} is missing"))?;
        names.iter().map(|name| self.door(name)).collect()
    }

    /// Returns the door of this name.
    pub(crate) fn door<'a>(&'a self, name: &str) -> Result<NamedDoor<'a>, String> {
        let (name, door) = self
            .door
            .get_key_value(name)
            .ok_or_else(|| format!("settings: there is no door.{name}"))?;
        let client = self
            .client
            .get(&door.client)
            .ok_or_else(|| format!("settings: door.{name} names no known client"))?;
        Ok(NamedDoor { name, door, client })
    }
}
