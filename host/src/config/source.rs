//! Reads the sources of settings: flags, variables and the file. Each value is text, with the name of its source.

use std::ffi::OsString;

use super::{
    Error, Flags, nearest,
    setting::{SETTINGS, Setting, variable},
    value,
};
use crate::database;

/// Variables that are not settings: the folder of the recordings for tests.
const OTHER_VARIABLES: [&str; 1] = ["GRAMHOST_RECORDINGS"];

/// The prefix of all our variables.
const PREFIX: &str = "GRAMHOST_";

/// One assignment of a value to a setting.
pub(super) struct Assignment {
    /// The name of its source, for error messages.
    pub(super) origin: String,
    pub(super) setting: &'static Setting,
    pub(super) text: String,
}

pub(super) fn flags(flags: &Flags) -> Result<Vec<Assignment>, Error> {
    flags
        .given()
        .map(|(key, text)| {
            let origin = format!("--{}", key.replace('_', "-"));
            let address = (key == "database").then(|| text.parse::<database::Address>());
            if matches!(address, Some(Ok(address)) if address.has_password) {
                return Err(Error::PasswordInArguments);
            }
            assignment(origin, text.to_owned(), |known| known == key)
        })
        .collect()
}

/// Only variables that start with `GRAMHOST_` are ours, and each of them must be a known setting.
pub(super) fn variables(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Vec<Assignment>, Error> {
    variables
        .filter_map(|(name, text)| Some((name.into_string().ok()?, text)))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .filter(|(name, _)| !OTHER_VARIABLES.contains(&name.as_str()))
        .map(|(name, text)| {
            let text = text.into_string().map_err(|text| Error::Value {
                origin: name.clone(),
                value: value::shown(&text.to_string_lossy()),
                accepted: "UTF-8".to_owned(),
            })?;
            assignment(name.clone(), text, |known| variable(known) == name)
        })
        .collect()
}

pub(super) fn file(name: &str, text: &str) -> Result<Vec<Assignment>, Error> {
    let table: toml::Table =
        toml::from_str(text).map_err(|error| Error::File(format!("{name}: {error}")))?;
    let mut settings = Vec::new();
    for (key, value) in table {
        match value {
            toml::Value::Table(inner) => {
                settings.extend(inner.into_iter().map(|(k, v)| (format!("{key}.{k}"), v)));
            }
            value => settings.push((key, value)),
        }
    }
    settings
        .into_iter()
        .map(|(key, value)| {
            let origin = format!("{name}: {key}");
            let text = value::text(&value).map_err(|accepted| Error::Value {
                origin: origin.clone(),
                value: value::shown(&value.to_string()),
                accepted,
            })?;
            assignment(origin, text, |known| known == key)
        })
        .collect()
}

fn assignment(
    origin: String,
    text: String,
    is: impl Fn(&str) -> bool,
) -> Result<Assignment, Error> {
    match SETTINGS.iter().find(|setting| is(setting.key)) {
        Some(setting) => Ok(Assignment {
            origin,
            setting,
            text,
        }),
        None => {
            let hint = hint(&origin);
            Err(Error::Unknown { origin, hint })
        }
    }
}

/// Suggests the most similar setting, spelled as in its source, or lists all of them.
fn hint(origin: &str) -> String {
    let keys = || SETTINGS.iter().map(|setting| setting.key);
    let meant = if let Some(word) = origin.strip_prefix(PREFIX) {
        let variables: Vec<_> = keys().map(variable).collect();
        // The common prefix would make all names similar.
        let words = variables.iter().filter_map(|it| it.strip_prefix(PREFIX));
        nearest(word, words).map(|word| format!("{PREFIX}{word}"))
    } else {
        let key = origin.rsplit(' ').next().unwrap_or_default();
        nearest(key, keys()).map(str::to_owned)
    };
    match meant {
        Some(name) => format!("did you mean {name}?"),
        None => format!(
            "known settings are {}",
            keys().collect::<Vec<_>>().join(", ")
        ),
    }
}
