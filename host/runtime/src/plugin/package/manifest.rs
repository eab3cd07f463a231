//! Checks the manifest of a plugin. No value that breaks these rules is ever shown, logged or requested.

use super::settings;
use crate::contract::{Manifest, PluginName};

/// Maximum number of calls of one extraction that may end in a fetch.
const ROUNDS_MAX: u32 = 8;

/// Maximum number of requests of one extraction.
const REQUESTS_MAX: u32 = 12;

/// Maximum number of hosts that one plugin may name.
const HOSTS_MAX: usize = 32;

/// Checks the manifest of the plugin that must have this `name`.
///
/// # Errors
/// The first error, in words.
pub(crate) fn check(name: PluginName, manifest: &Manifest) -> Result<(), String> {
    if manifest.name != name.as_str() {
        return Err(format!("calls itself {:.64?}, not {name}", manifest.name));
    }
    if !is_version(&manifest.version) {
        let version = &manifest.version;
        return Err(format!("its version {version:.64?} is not like 1.2.3"));
    }
    if manifest.hosts.len() > HOSTS_MAX {
        let hosts = manifest.hosts.len();
        return Err(format!("names {hosts} hosts, more than {HOSTS_MAX}"));
    }
    if let Some(host) = manifest.hosts.iter().find(|host| !is_host(host)) {
        return Err(format!("{host:.64?} is not a host name"));
    }
    let limits = [
        ("rounds", manifest.rounds, ROUNDS_MAX),
        ("requests", manifest.requests, REQUESTS_MAX),
    ];
    for (what, wanted, most) in limits {
        if !(1..=most).contains(&wanted) {
            return Err(format!("wants {wanted} {what}, not 1 to {most}"));
        }
    }
    if manifest.settings.len() as u64 > settings::FILE_BYTES_MAX {
        let most = settings::FILE_BYTES_MAX;
        return Err(format!("its settings have more than {most} bytes"));
    }
    settings::over(&manifest.settings, [])
        .map(drop)
        .map_err(|error| format!("its own settings: {error}"))
}

/// Returns whether this is three numbers, with an optional pre-release.
fn is_version(version: &str) -> bool {
    let (numbers, pre) = version.split_once('-').unwrap_or((version, "0"));
    let is_number = |text: &str| !text.is_empty() && text.len() <= 6 && all(text, "");
    let is_pre = (1..=32).contains(&pre.len()) && all(&pre.to_ascii_lowercase(), LETTERS_DOT);
    numbers.split('.').count() == 3 && numbers.split('.').all(is_number) && is_pre
}

/// Returns whether this is a name of at least two labels that ends in letters (so it is not an address), with an
/// optional `*.` before it.
fn is_host(host: &str) -> bool {
    let name = host.strip_prefix("*.").unwrap_or(host);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && all(label, LETTERS_DASH)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253
        && name.contains('.')
        && name.split('.').all(is_label)
        && last.bytes().all(|byte| byte.is_ascii_lowercase())
}

const LETTERS_DASH: &str = "abcdefghijklmnopqrstuvwxyz-";
const LETTERS_DOT: &str = "abcdefghijklmnopqrstuvwxyz-.";

/// Returns whether `text` has only digits and characters of `others`.
fn all(text: &str, others: &str) -> bool {
    text.chars()
        .all(|char| char.is_ascii_digit() || others.contains(char))
}

#[cfg(test)]
mod tests;
