//! A plugin's settings: its own defaults with the operator's `<name>.toml` laid over them, key by key.

use toml::{Table, Value};

/// Largest `<name>.toml`, bytes.
pub(super) const FILE_BYTES_MAX: u64 = 64 * 1024;

/// The JSON object that the plugin is given.
///
/// # Errors
/// One of them is not TOML, or the operator's file has a key that the defaults lack or another type than theirs:
/// a setting that would be silently ignored.
pub(super) fn over(defaults: &str, file: Option<&str>) -> Result<String, String> {
    let mut settings = parse(defaults)?;
    if let Some(file) = file {
        lay(&mut settings, parse(file)?, "")?;
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

fn lay(under: &mut Table, over: Table, path: &str) -> Result<(), String> {
    for (key, value) in over {
        let path = format!("{path}{key}");
        match (under.get_mut(&key), value) {
            (None, _) => return Err(format!("unknown key {path:?}")),
            (Some(Value::Table(under)), Value::Table(over)) => {
                lay(under, over, &format!("{path}."))?
            }
            (Some(under), value) if under.same_type(&value) => *under = value,
            (Some(under), value) => {
                let (wanted, found) = (under.type_str(), value.type_str());
                return Err(format!("{path:?} is of type {wanted}, not {found}"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
