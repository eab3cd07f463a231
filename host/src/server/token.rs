//! The admin token: made once, kept in the data folder, readable by its owner only.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use anyhow::{Context, ensure};
use uuid::Uuid;

/// Fewer could be guessed, characters.
const CHARACTERS_MIN: usize = 32;

/// The token of this data folder, made if there is none yet.
///
/// # Errors
/// The file cannot be read or written, others may read it, or it is too short.
pub fn read_or_create(data: &Path) -> anyhow::Result<String> {
    let file = data.join("admin-token");
    let made = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&file);
    match made {
        Ok(mut made) => {
            // Two random UUIDs: 244 bits from the system's generator.
            let token = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
            writeln!(made, "{token}").with_context(|| file.display().to_string())?;
            Ok(token)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read(data),
        Err(error) => Err(error).with_context(|| file.display().to_string()),
    }
}

/// The token of this data folder.
///
/// # Errors
/// The file cannot be read, others may read it, or it is too short.
pub fn read(data: &Path) -> anyhow::Result<String> {
    let file = data.join("admin-token");
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
        let data = tempfile::tempdir().unwrap();
        assert!(read(data.path()).is_err());
        let made = read_or_create(data.path()).unwrap();
        assert_eq!(made.len(), 64);
        assert_eq!(read_or_create(data.path()).unwrap(), made);
        assert_eq!(read(data.path()).unwrap(), made);
        let mode = fs::metadata(data.path().join("admin-token"))
            .unwrap()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_ne!(
            made,
            read_or_create(tempfile::tempdir().unwrap().path()).unwrap()
        );
    }

    #[test]
    fn a_token_that_others_may_read_or_guess_is_refused() {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join("admin-token");
        read_or_create(data.path()).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let error = read_or_create(data.path()).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&file, "short").unwrap();
        assert!(read_or_create(data.path()).is_err());
    }
}
