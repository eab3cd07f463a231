//! The admin token: created once, kept in the data folder, readable by its owner only.

use std::{
    fs,
    io::{ErrorKind, Read as _},
    os::unix::fs::MetadataExt as _,
};

use anyhow::{Context, ensure};
use uuid::Uuid;

use crate::data::{self, Access, Folder, Links, Owner};

/// Minimum length of a token, characters; a shorter one could be guessed.
const CHARACTERS_MIN: usize = 32;

/// What is larger is no token file, bytes.
const FILE_BYTES_MAX: u64 = 4 << 10;

/// Returns the token of this data folder. Creates it if it does not exist, or if its file is empty, which a full disk
/// may leave when somebody else writes it.
///
/// # Errors
/// If the file cannot be read or written, is no regular file, others may read it, or it is too short.
pub fn read_or_create(owner: &Owner) -> anyhow::Result<String> {
    let file = owner.admin_token();
    let is_missing = match fs::symlink_metadata(&file) {
        Err(error) => error.kind() == ErrorKind::NotFound,
        Ok(found) => found.is_file() && found.len() == 0,
    };
    if !is_missing {
        return read(owner);
    }
    // Two random UUIDs: 244 bits from the system's generator.
    let token = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let line = format!("{token}\n");
    data::write_atomically(&file, line.as_bytes(), Access::Private)
        .with_context(|| file.display().to_string())?;
    Ok(token)
}

/// Returns the token of this data folder.
///
/// # Errors
/// If the file cannot be read, is no regular file, others may read it, or it is too short.
pub fn read(data: &Folder) -> anyhow::Result<String> {
    let file = data.admin_token();
    let name = file.display();
    let opened = data::open(&file, Links::Refused).with_context(|| name.to_string())?;
    let mode = opened.metadata().with_context(|| name.to_string())?.mode();
    ensure!(
        mode & 0o077 == 0,
        "{name}: others may read it; chmod 600 {name}"
    );
    let mut token = String::new();
    opened
        .take(FILE_BYTES_MAX)
        .read_to_string(&mut token)
        .with_context(|| name.to_string())?;
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

    use std::{
        os::unix::{
            fs::{PermissionsExt, symlink},
            net::UnixListener,
        },
        path::Path,
        process::Command,
    };

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

    #[test]
    fn an_empty_token_file_gets_a_token() {
        let folder = tempfile::tempdir().unwrap();
        let data = Folder::own(folder.path()).unwrap();
        fs::write(data.admin_token(), "").unwrap();
        let made = read_or_create(&data).unwrap();
        assert_eq!((made.len(), read(&data).unwrap()), (64, made.clone()));
        assert_eq!(
            fs::metadata(data.admin_token()).unwrap().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn something_else_in_the_place_of_the_token_is_refused_and_blocks_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let data = Folder::own(folder.path()).unwrap();
        let file = data.admin_token();
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, "x".repeat(64)).unwrap();
        fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o600)).unwrap();
        let fifo = |path: &Path| {
            assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
        };
        let makes: [&dyn Fn(&Path); 4] = [
            &fifo,
            &|path| fs::create_dir(path).unwrap(),
            &|path| symlink(&elsewhere, path).unwrap(),
            &|path| drop(UnixListener::bind(path).unwrap()),
        ];
        for make in makes {
            make(&file);
            let error = format!("{:#}", read_or_create(&data).unwrap_err());
            assert!(error.contains("is not a regular file"), "{error}");
            let _ = fs::remove_file(&file).or_else(|_| fs::remove_dir(&file));
        }
    }
}
