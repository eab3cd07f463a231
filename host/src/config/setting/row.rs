//! A row of the table of settings, and the ways to write one.

use crate::config::Config;

/// One setting. A dot in its key stands for a table in the file, and for an underscore in the variable:
/// `limits.plugin_calls_max` is `GRAMHOST_LIMITS_PLUGIN_CALLS_MAX`.
pub(in crate::config) struct Setting {
    pub(in crate::config) key: &'static str,
    /// Sets the field from text; the error describes the valid values.
    pub(in crate::config) set: fn(&mut Config, &str) -> Result<(), String>,
    /// Returns the value of the field without secrets; `None` if it is not set.
    pub(in crate::config) shown: fn(&Config) -> Option<String>,
}

/// A setting whose value a reader parses.
macro_rules! read {
    ($key:literal, $($field:ident).+, $read:expr) => {
        Setting {
            key: $key,
            set: |config, text| {
                config.$($field).+ = $read(text)?;
                Ok(())
            },
            shown: |config| config.$($field).+.shown(),
        }
    };
}

/// A setting that may be absent.
macro_rules! some {
    ($key:literal, $($field:ident).+, $read:expr) => {
        read!($key, $($field).+, |text| $read(text).map(Some))
    };
}

/// A setting that is a list.
macro_rules! list {
    ($key:literal, $($field:ident).+, $item:expr) => {
        read!($key, $($field).+, |text| value::list(text, $item))
    };
}

/// A setting that is a whole number in a range.
macro_rules! whole {
    ($key:literal, $($field:ident).+, $range:expr) => {
        read!($key, $($field).+, |text| value::whole(text, $range))
    };
}

pub(super) use {list, read, some, whole};
