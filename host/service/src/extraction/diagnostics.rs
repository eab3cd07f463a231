//! Writes the diagnostics of plugins, and of the check of their records, to the log, as data: they can neither forge lines nor flood the log.

use crate::contract::{Diagnostic, Severity};

/// The maximum number of lines of a plugin that are logged for one call.
const DIAGNOSTICS_MAX: usize = 64;
/// The maximum length of such a line, bytes.
const DIAGNOSTIC_BYTES_MAX: usize = 1024;

/// Logs the diagnostics of `plugin`; `door` is the one that each is about unless it says otherwise.
pub(super) fn log(plugin: &str, door: Option<&String>, diagnostics: &[Diagnostic]) {
    for Diagnostic {
        severity,
        door: about,
        message,
    } in diagnostics.iter().take(DIAGNOSTICS_MAX)
    {
        let message = line(message);
        let door = about.as_ref().or(door).map(|door| line(door));
        match severity {
            Severity::Debug => tracing::debug!(plugin, door, "{message}"),
            Severity::Info => tracing::info!(plugin, door, "{message}"),
            Severity::Warning => tracing::warn!(plugin, door, "{message}"),
        }
    }
}

/// Shortens a text and puts it on one line.
fn line(text: &str) -> String {
    let text = &text[..text.floor_char_boundary(DIAGNOSTIC_BYTES_MAX)];
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    //! Each diagnostic stays on one line.

    use super::line;

    #[test]
    fn lines_for_the_log_are_short_and_single() {
        assert_eq!(line("a\nb\u{1b}[31m é"), "a\\nb\\u{1b}[31m é");
        assert_eq!(line(&"é".repeat(1000)).len(), 1024);
    }
}
