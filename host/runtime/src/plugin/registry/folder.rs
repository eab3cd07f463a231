//! What the plugin folder contains: the component and settings of each plugin, looked up by name however full the folder
//! is, and some of the files that are not named after a plugin, because their author may have mistyped a name.

use std::{fs, io, path::Path};

use super::watcher::{Stamp, Stamps, stamp};
use crate::contract::PluginName;

/// The maximum number of files that are not named after a plugin and are named in the list.
pub(super) const STRAYS_MAX: usize = 50;

/// The maximum number of entries that are looked at for them.
const ENTRIES_MAX: usize = 1000;

/// Stands for further files, which are not looked at. No file has this name: it contains a slash.
pub(super) const MORE: &str = "other files/";

/// Finds the components and settings in a plugin folder.
pub(super) fn look(folder: &Path) -> io::Result<Stamps> {
    let mut stamps = Stamps::new();
    for name in PluginName::ALL {
        for ending in ["wasm", "toml"] {
            let file = format!("{name}.{ending}");
            if let Some(stamp) = stamp(&folder.join(&file)) {
                stamps.insert(file, stamp);
            }
        }
    }
    let named = stamps.len();
    for (at, entry) in fs::read_dir(folder)?.enumerate() {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_stray = !name.starts_with('.')
            && (name.ends_with(".wasm") || name.ends_with(".toml"))
            && !stamps.contains_key(name.as_ref());
        if at >= ENTRIES_MAX || is_stray && stamps.len() >= named + STRAYS_MAX {
            stamps.insert(MORE.to_owned(), Stamp::default());
            break;
        }
        if let Some(stamp) = stamp(&path).filter(|_| is_stray) {
            stamps.insert(name.into_owned(), stamp);
        }
    }
    Ok(stamps)
}

#[cfg(test)]
mod tests {
    //! However full the folder is, the plugins are found, and little else is looked at.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn plugins_are_found_among_any_number_of_strays() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..3 * ENTRIES_MAX {
            fs::write(folder.path().join(format!("x{number}.wasm")), "").unwrap();
        }
        fs::write(folder.path().join("story.wasm"), "").unwrap();
        fs::write(folder.path().join("post.toml"), "").unwrap();
        let stamps = look(folder.path()).unwrap();
        assert!(
            ["story.wasm", "post.toml", MORE]
                .iter()
                .all(|name| stamps.contains_key(*name))
        );
        assert_eq!(stamps.len(), STRAYS_MAX + 3);
    }

    #[test]
    fn files_of_other_types_are_not_named_and_have_an_end() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..=ENTRIES_MAX {
            fs::write(folder.path().join(format!("{number}.txt")), "").unwrap();
        }
        let stamps = look(folder.path()).unwrap();
        assert_eq!(stamps.keys().collect::<Vec<_>>(), [MORE]);
    }
}
