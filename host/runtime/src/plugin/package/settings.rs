//! A plugin's settings: its own defaults, overridden by those that were packed with it, overridden by the operator's
//! `<name>.toml`, key by key.

use toml::{Table, Value};

/// Maximum size of `<name>.toml`, bytes.
pub(crate) const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Returns the JSON object that is passed to the plugin.
///
/// A table that is empty in the defaults takes keys of any name, whose meaning only the plugin knows.
///
/// # Errors
/// If one of them is not TOML, or a layer has a key that the defaults lack or with another type than theirs. Such a
/// setting would be silently ignored.
pub(crate) fn over<'a>(
    defaults: &str,
    layers: impl IntoIterator<Item = &'a str>,
) -> Result<String, String> {
    let defaults = parse(defaults)?;
    let mut settings = defaults.clone();
    for layer in layers {
        lay(&defaults, &mut settings, parse(layer)?, "")?;
    }
    serde_json::to_string(&settings).map_err(|error| error.to_string())
}

fn parse(text: &str) -> Result<Table, String> {
    text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| {
            text.bytes()
                .take(span.start)
                .filter(|byte| *byte == b'\n')
                .count()
                + 1
        });
        format!("line {line}: {}", error.message())
    })
}

fn lay(defaults: &Table, under: &mut Table, over: Table, path: &str) -> Result<(), String> {
    for (key, value) in over {
        let path = format!("{path}{key}");
        let default = defaults.get(&key);
        match (default, under.get_mut(&key), value) {
            (None, ..) | (_, None, _) => return Err(format!("unknown key {path:?}")),
            (Some(Value::Table(open)), Some(Value::Table(under)), Value::Table(over))
                if open.is_empty() =>
            {
                under.extend(over);
            }
            (Some(Value::Table(defaults)), Some(Value::Table(under)), Value::Table(over)) => {
                lay(defaults, under, over, &format!("{path}."))?;
            }
            (_, Some(under), value) if under.same_type(&value) => *under = value,
            (_, Some(under), value) => {
                let (wanted, found) = (under.type_str(), value.type_str());
                return Err(format!("{path:?} is of type {wanted}, not {found}"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
