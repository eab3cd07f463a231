//! The admin token: created once, kept in the data folder, readable by its owner only.

use std::{fs, io::ErrorKind, os::unix::fs::MetadataExt as _};

use anyhow::{Context, ensure};
use uuid::Uuid;

use crate::data::{self, Access, Folder, Owner};

/// Minimum length of a token, characters; a shorter one could be guessed.
const CHARACTERS_MIN: usize = 32;

/// Returns the token of this data folder, and creates it if it does not exist.
///
/// # Errors
/// If the file cannot be read or written, others may read it, or it is too short.
pub fn read_or_create(owner: &Owner) -> anyhow::Result<String> {
    let file = owner.admin_token();
    match fs::symlink_metadata(&file) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // Two random UUIDs: 244 bits from the system's generator.
            let token = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
            let line = format!("{token}\n");
            data::write_atomically(&file, line.as_bytes(), Access::Private)
                .with_context(|| file.display().to_string())?;
            Ok(token)
        }
        _ => read(owner),
    }
}

/// Returns the token of this data folder.
///
/// # Errors
/// If the file cannot be read, others may read it, or it is too short.
pub fn read(data: &Folder) -> anyhow::Result<String> {
    let file = data.admin_token();
    let name = file.display();
    let mode = fs::metadata(&file)
        .with_context(|| name.to_string())?
        .mode();
    ensure!(
        mode & 0o077 == 0,
        "{name}: others may read it; chmod 600 {name}"
    );
    let token = fs::read_to_string(&file).with_context(|| name.to_string())?;
    let token = token.trim();
    ensure!(
        token.len() >= CHARACTERS_MIN && token.chars().all(|c| c.is_ascii_graphic()),
        "{name}: not a token of at least {CHARACTERS_MIN} characters; delete it to get a new one"
    );
    Ok(token.to_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_token_is_made_once_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let data = Folder::own(folder.path()).unwrap();
        assert!(read(&data).is_err());
        let made = read_or_create(&data).unwrap();
        assert_eq!(made.len(), 64);
        assert_eq!(read_or_create(&data).unwrap(), made);
        assert_eq!(read(&data).unwrap(), made);
        let mode = fs::metadata(data.admin_token()).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
        let other = tempfile::tempdir().unwrap();
        let other = Folder::own(other.path()).unwrap();
        assert_ne!(made, read_or_create(&other).unwrap());
    }

    #[test]
    fn a_token_that_others_may_read_or_guess_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let data = Folder::own(folder.path()).unwrap();
        let file = data.admin_token();
        read_or_create(&data).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let error = read_or_create(&data).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&file, "short").unwrap();
        assert!(read_or_create(&data).is_err());
    }
}
