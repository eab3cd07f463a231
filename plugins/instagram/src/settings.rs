//! The doors to Instagram as data: which requests exist, and in which order they are tried.
//!
//! The TOML texts below are the only source of these values. The host merges the operator's file into them and passes
//! the result as JSON. So there are no defaults here: a missing key is an error that names the key.

use crate::json::{self, Arena, Member, Object, Renames, Text, Value};

/// Default settings of the `post` and the `reel` plugin.
pub const MEDIA: &str = concat!(
    include_str!("../settings/clients.toml"),
    include_str!("../settings/rename.toml"),
    include_str!("../settings/media.toml")
);
/// Default settings of the `profile` plugin.
pub const PROFILE: &str = concat!(
    include_str!("../settings/clients.toml"),
    include_str!("../settings/rename.toml"),
    include_str!("../settings/profile.toml")
);
/// Default settings of the `story` plugin.
pub const STORY: &str = concat!(
    include_str!("../settings/clients.toml"),
    include_str!("../settings/rename.toml"),
    include_str!("../settings/story.toml")
);

/// The settings that every plugin has. They arrive with every call, which needs a few of the doors, so a door is read
/// when it is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings<'a> {
    /// The clients by name.
    client: &'a Value<'a>,
    /// The names of doors by purpose.
    order: &'a Value<'a>,
    /// The doors by name.
    door: &'a Value<'a>,
    /// Where facts stand that Instagram has moved.
    pub(crate) renames: Renames<'a>,
}

/// How a request presents itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client<'a> {
    pub(crate) headers: Texts<'a>,
    /// Sent with every form.
    pub(crate) form: Texts<'a>,
}

/// A door: one request that may return the content. Texts may contain `{values}`, see [`crate::request`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Door<'a> {
    pub(crate) client: Client<'a>,
    pub(crate) url: Text<'a>,
    /// Used only with the operator's session.
    pub(crate) session: bool,
    /// Fields of the form; with these or a `doc_id`, the request is a POST.
    pub(crate) form: Texts<'a>,
    /// Name of the persisted GraphQL query.
    pub(crate) operation: Option<Text<'a>>,
    /// Number of the persisted GraphQL query; Instagram rotates it.
    pub(crate) doc_id: Option<Text<'a>>,
    /// Variables of the persisted GraphQL query.
    pub(crate) variables: Option<&'a Value<'a>>,
    /// What a response without any of our roots means.
    pub(crate) silence: Silence,
    /// An older door. It also reports hidden content as missing, and its queries are retired without notice, so its
    /// result counts only together with that of another door.
    pub(crate) doubtful: bool,
    /// Used only after another door has reported that the content does not exist.
    pub(crate) when_missing: bool,
    /// A 404 of this door means that the content does not exist; with other doors, a 404 may mean anything.
    pub(crate) missing_on_404: bool,
    /// The door for the following pages, if it is a different one.
    pub(crate) next: Option<Text<'a>>,
}

/// The keys of a door. Another one is a mistake that would be ignored silently.
const DOOR_KEYS: [&str; 12] = [
    "client",
    "url",
    "session",
    "form",
    "operation",
    "doc_id",
    "variables",
    "silence",
    "doubtful",
    "when_missing",
    "missing_on_404",
    "next",
];

/// What a response means that has none of our roots and no known failure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Silence {
    /// There should have been a root: Instagram changed. This is the default.
    Changed,
    /// Instagram is slowing a guest down: it then sends pages without data.
    Throttled,
    /// It means nothing.
    Nothing,
}

/// A door and its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NamedDoor<'a> {
    pub(crate) name: &'a str,
    pub(crate) door: Door<'a>,
}

/// Texts by name, in their order.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Texts<'a>(&'a [Member<'a>]);

impl<'a> Texts<'a> {
    pub(crate) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = (&'a str, Text<'a>)> {
        let text = |member: &Member<'a>| Some((member.key, member.value.as_text()?));
        self.0.iter().filter_map(text)
    }
}

impl<'a> Settings<'a> {
    /// Parses the settings from the host; the error names the invalid key.
    pub(crate) fn parse(arena: &'a Arena, json: &'a str) -> Result<Self, String> {
        let all = json::first(arena, json).ok_or("settings: they are no JSON")?;
        let part = |key| all.get(key).ok_or(format!("settings: {key} is missing"));
        Ok(Self {
            client: part("client")?,
            order: part("order")?,
            door: part("door")?,
            renames: Renames::parse(arena, part("rename")?)
                .map_err(|why| format!("settings: {why}"))?,
        })
    }

    /// Returns the doors for a purpose, in order.
    pub(crate) fn doors(self, purpose: &str) -> Result<Vec<NamedDoor<'a>>, String> {
        let names = self.order[purpose]
            .as_array()
            .ok_or_else(|| format!("settings: order.{purpose} is missing"))?;
        let door = |name: &Value<'a>| self.door(&name.as_str().unwrap_or_default());
        names.iter().map(door).collect()
    }

    /// Returns the door of this name.
    pub(crate) fn door(self, name: &str) -> Result<NamedDoor<'a>, String> {
        let doors = self.door.as_object().map_or(&[][..], Object::members);
        let found = doors.iter().find(|member| member.key == name);
        let Member { key: name, value } =
            found.ok_or_else(|| format!("settings: there is no door.{name}"))?;
        match self.read(value) {
            Ok(door) => Ok(NamedDoor { name, door }),
            Err(key) => Err(format!("settings: door.{name} has no valid {key}")),
        }
    }

    /// Reads a door; the error is the key that does not fit.
    fn read(self, door: &'a Value<'a>) -> Result<Door<'a>, &'a str> {
        let mut members = door.as_object().map_or(&[][..], Object::members).iter();
        if let Some(unknown) = members.find(|member| !DOOR_KEYS.contains(&member.key)) {
            return Err(unknown.key);
        }
        let client = text(door, "client")?.ok_or("client")?;
        let client = self.client.get(&client.decoded()).ok_or("client")?;
        Ok(Door {
            client: Client {
                headers: texts(client, "headers")?,
                form: texts(client, "form")?,
            },
            url: text(door, "url")?.ok_or("url")?,
            session: flag(door, "session")?,
            form: texts(door, "form")?,
            operation: text(door, "operation")?,
            doc_id: text(door, "doc_id")?,
            variables: door.get("variables"),
            silence: match text(door, "silence")?.map(Text::decoded).as_deref() {
                None | Some("changed") => Silence::Changed,
                Some("throttled") => Silence::Throttled,
                Some("nothing") => Silence::Nothing,
                Some(_) => return Err("silence"),
            },
            doubtful: flag(door, "doubtful")?,
            when_missing: flag(door, "when_missing")?,
            missing_on_404: flag(door, "missing_on_404")?,
            next: text(door, "next")?,
        })
    }
}

/// The text under a key; the error is the key if its value is none.
fn text<'a>(of: &Value<'a>, key: &'static str) -> Result<Option<Text<'a>>, &'static str> {
    let stated = of.get(key).map(|value| value.as_text().ok_or(key));
    stated.transpose()
}

/// As [`text`], for a mark that is not set by default.
fn flag(of: &Value<'_>, key: &'static str) -> Result<bool, &'static str> {
    let stated = of.get(key).map(|value| value.as_bool().ok_or(key));
    Ok(stated.transpose()?.unwrap_or_default())
}

/// As [`text`], for texts by name.
fn texts<'a>(of: &Value<'a>, key: &'static str) -> Result<Texts<'a>, &'static str> {
    let Some(value) = of.get(key) else {
        return Ok(Texts::default());
    };
    let members = value.as_object().ok_or(key)?.members();
    let are_texts = members.iter().all(|member| member.value.is_string());
    are_texts.then_some(Texts(members)).ok_or(key)
}
