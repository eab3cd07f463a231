//! What each source gives: settings as text, with the name under which it was given.

use std::ffi::OsString;

use super::{
    Error, Flags, nearest,
    setting::{SETTINGS, Setting, variable},
    value,
};

/// Variables that are no settings: where the tests find real recordings.
const OTHER_VARIABLES: [&str; 1] = ["GRAMHOST_RECORDINGS"];

/// What every variable of ours begins with.
const PREFIX: &str = "GRAMHOST_";

/// One setting that somebody gave.
pub(super) struct Given {
    /// How to call it in an error.
    pub(super) origin: String,
    pub(super) setting: &'static Setting,
    pub(super) text: String,
}

pub(super) fn flags(flags: &Flags) -> Result<Vec<Given>, Error> {
    flags
        .given()
        .map(|(key, text)| {
            let origin = format!("--{}", key.replace('_', "-"));
            given(origin, text.to_owned(), |known| known == key)
        })
        .collect()
}

/// Only names that start with `GRAMHOST_` are ours, and every one of those must be known.
pub(super) fn variables(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Vec<Given>, Error> {
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
            given(name.clone(), text, |known| variable(known) == name)
        })
        .collect()
}

pub(super) fn file(name: &str, text: &str) -> Result<Vec<Given>, Error> {
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
            given(origin, text, |known| known == key)
        })
        .collect()
}

fn given(origin: String, text: String, is: impl Fn(&str) -> bool) -> Result<Given, Error> {
    match SETTINGS.iter().find(|setting| is(setting.key)) {
        Some(setting) => Ok(Given {
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

/// The nearest setting, in the form that it was given in; else all of them.
fn hint(origin: &str) -> String {
    let keys = || SETTINGS.iter().map(|setting| setting.key);
    let meant = if let Some(word) = origin.strip_prefix(PREFIX) {
        let variables: Vec<_> = keys().map(variable).collect();
        // What all of them begin with would make all of them alike.
        let words = variables.iter().filter_map(|it| it.strip_prefix(PREFIX));
        nearest(word, words).map(|word| format!("{PREFIX}{word}"))
    } else {
        let key = origin.rsplit(' ').next().unwrap_or_default();
        nearest(key, keys()).map(str::to_owned)
    };
    match meant {
        Some(name) => format!("did you mean {name}?"),
        None => format!("there are {}", keys().collect::<Vec<_>>().join(", ")),
    }
}
