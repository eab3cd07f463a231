//! Files appear complete, their sizes are counted, and names cannot lead to other places.
#![expect(clippy::unwrap_used, reason = "tests")]

mod places;

use std::{fs, ops::Range, os::unix::fs::symlink};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

fn own() -> (TempDir, Owner) {
    let folder = tempfile::tempdir().unwrap();
    let owner = data::Folder::own(folder.path()).unwrap();
    (folder, owner)
}

async fn open(owner: &Owner, quota_bytes: u64) -> Storage {
    let config = Config {
        quota_bytes,
        free_bytes_min: 0,
        ..Config::default()
    };
    Storage::open(config, owner).await.unwrap()
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// A publication by a job whose name does not matter.
async fn publication(storage: &Storage, at: &str, path: &Path) -> Publication {
    Publication {
        name: name(at),
        content: storage.measure(path).await.unwrap(),
        by: "0192f0c1-0000-7000-8000-000000000001".to_owned(),
    }
}

async fn put(storage: &Storage, at: &str, contents: &[u8]) -> Publication {
    let staging = storage.stage().unwrap();
    let path = staging.file("part");
    fs::write(&path, contents).unwrap();
    let publication = publication(storage, at, &path).await;
    storage
        .bring(&path, &publication, "image/jpeg")
        .await
        .unwrap();
    storage.publish(&path, &publication).await.unwrap();
    publication
}

async fn opened(storage: &Storage, publication: &Publication) -> Result<PublishedFile, Error> {
    storage.published(publication, SystemTime::UNIX_EPOCH).await
}

async fn get(storage: &Storage, at: &Publication, part: Option<Range<u64>>) -> Vec<u8> {
    let file = opened(storage, at).await.unwrap();
    let part = part.unwrap_or(0..file.stat().bytes);
    let pieces: Vec<Bytes> = file.read(part).await.unwrap().try_collect().await.unwrap();
    pieces.concat()
}

/// The files of a folder.
async fn listed(storage: &Storage) -> Vec<(Name, u64)> {
    storage.files().await.unwrap().unwrap()
}

/// What may be in the folder under a name.
fn unknown(at: &str) -> Publication {
    Publication {
        name: name(at),
        content: FileDigest {
            bytes: 5,
            sha256: String::new(),
        },
        by: String::new(),
    }
}

#[tokio::test]
async fn a_staged_file_is_nobodys_until_it_is_published() {
    let (_folder, owner) = own();
    let storage = open(&owner, 100).await;
    let staging = storage.stage().unwrap();
    fs::write(staging.file("part"), b"hello").unwrap();
    assert!(listed(&storage).await.is_empty());
    let measured = storage.measure(&staging.file("part")).await.unwrap();
    assert_eq!(measured.bytes, 5);
    assert!(measured.sha256.starts_with("2cf24dba5fb0a30e"));
    let path = staging.file("part");
    let at = publication(&storage, "a_image.jpg", &path).await;
    storage.publish(&path, &at).await.unwrap();
    assert_eq!(listed(&storage).await, [(name("a_image.jpg"), 5)]);
    assert_eq!(get(&storage, &at, None).await, b"hello");
    assert_eq!(get(&storage, &at, Some(1..3)).await, b"el");
}

#[tokio::test]
async fn what_was_staged_goes_with_its_owner_and_with_a_restart() {
    let (_folder, owner) = own();
    let storage = open(&owner, 100).await;
    let staged = storage.stage().unwrap();
    let path = staged.file("part");
    fs::write(&path, b"x").unwrap();
    drop(staged);
    assert!(!path.exists());
    let staged = storage.stage().unwrap();
    let path = staged.file("part");
    fs::write(&path, b"x").unwrap();
    // Leave the folder behind, as a crash does.
    std::mem::forget(staged);
    open(&owner, 100).await;
    assert!(!path.exists());
}

#[tokio::test]
async fn a_disk_that_is_nearly_full_takes_nothing() {
    let (_folder, owner) = own();
    let config = Config {
        quota_bytes: u64::MAX,
        free_bytes_min: u64::MAX / 2,
        ..Config::default()
    };
    let storage = Storage::open(config, &owner).await.unwrap();
    assert!(matches!(
        storage.has_room(1),
        Err(Error::Full("the disk is nearly full"))
    ));
}

#[tokio::test]
async fn nothing_in_the_place_of_a_file_blocks_or_leads_elsewhere() {
    let (folder, owner) = own();
    let storage = open(&owner, 1 << 30).await;
    let real = put(&storage, "real.mp4", b"x").await;
    let files = folder.path().join("files");
    symlink(files.join("real.mp4"), files.join("link.mp4")).unwrap();
    symlink(files.join("gone.mp4"), files.join("dangling.mp4")).unwrap();
    fs::create_dir(files.join("folder.mp4")).unwrap();
    let fifo = files.join("fifo.mp4");
    let mode = rustix::fs::Mode::RUSR;
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, mode).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(files.join("socket.mp4")).unwrap();
    for other in ["link", "dangling", "folder", "fifo", "socket"] {
        let found = opened(&storage, &unknown(&format!("{other}.mp4"))).await;
        assert!(matches!(found.err(), Some(Error::NotAFile)), "{other}");
    }
    assert_eq!(get(&storage, &real, None).await, b"x");
}

#[tokio::test]
async fn a_file_is_hashed_while_it_is_written() {
    let (_folder, owner) = own();
    let storage = open(&owner, 1 << 30).await;
    let staging = storage.stage().unwrap();
    let path = staging.file("part");
    let mut file = StagedFile::create(&path).await.unwrap();
    // Small and large pieces, also of a first attempt that counts for nothing.
    let pieces = [1, 1000, 300 << 10, 0, 7, 1 << 20, 5];
    let pieces = pieces.map(|length| vec![length as u8; length]);
    for piece in &pieces[..4] {
        file.write(piece).await.unwrap();
    }
    file.start_over().await.unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    for piece in &pieces {
        file.write(piece).await.unwrap();
    }
    file.flush().await.unwrap();
    assert!(fs::read(&path).unwrap() == pieces.concat());
    file.write(b"end").await.unwrap();
    let digest = file.finish().await.unwrap();
    assert!(fs::read(&path).unwrap().ends_with(b"end"));
    assert_eq!(digest, storage.measure(&path).await.unwrap());
}

#[test]
fn names_are_letters_digits_and_a_known_ending() {
    for good in [
        "CnU4zIh9x_F_image.jpg",
        "-rf_video_2.mp4",
        "gramhost.demo_story_17_25.webp",
    ] {
        assert_eq!(name(good).as_str(), good);
    }
    for bad in [
        "",
        ".",
        "..",
        ".jpg",
        "..jpg",
        ".a.jpg",
        "a",
        "a.exe",
        "a.jpg.desktop",
        "a/b.jpg",
        "a\\b.jpg",
        "..%2fa.jpg",
        "a\0.jpg",
        "a b.jpg",
        "é.jpg",
        "a.JPG",
        "a.jpg ",
        "a.jpg.",
    ] {
        assert_eq!(Name::parse(bad), None, "{bad:?}");
    }
    assert_eq!(Name::parse(&format!("{}.jpg", "a".repeat(125))), None);
    assert_eq!(
        name("a.b.jpg").with_suffix("x1").unwrap().as_str(),
        "a.b_x1.jpg"
    );
}

proptest! {
    /// For any name of ours: a suffix makes another name of the same kind, and nothing else.
    #[test]
    fn a_suffix_changes_the_stem_and_nothing_else(stem in "[A-Za-z0-9_-][A-Za-z0-9._-]{0,140}", ending in "[a-z0-9]{1,5}", suffix in "[A-Za-z0-9_-]{1,12}") {
        let text = format!("{stem}.{ending}");
        let Some(name) = Name::parse(&text) else { return Ok(()) };
        prop_assert_eq!(name.as_str(), &text);
        prop_assert_eq!(name.ending(), &ending);
        match name.with_suffix(&suffix) {
            Some(other) => {
                prop_assert_ne!(&other, &name);
                prop_assert_eq!(other.as_str(), format!("{stem}_{suffix}.{ending}"));
                prop_assert_eq!(Name::parse(other.as_str()), Some(other));
            }
            // Only a name that has no room for it has none.
            None => prop_assert!(text.len() + 1 + suffix.len() > 128),
        }
    }

    #[test]
    fn no_name_leads_anywhere_else(text in "\\PC*") {
        if let Some(name) = Name::parse(&text) {
            let path = Path::new(name.as_str());
            prop_assert_eq!(path.components().count(), 1);
            prop_assert_eq!(path.file_name().unwrap().to_str().unwrap(), text);
        }
    }
}

/// Each operation ends, whatever somebody has put in the place of a file.
#[tokio::test]
async fn something_else_in_the_place_of_a_file_blocks_no_operation() {
    let (_folder, owner) = own();
    let storage = open(&owner, 1000).await;
    let path = owner.files().join("a_image.jpg");
    let fifo = |path: &Path| {
        let made = std::process::Command::new("mkfifo").arg(path).status();
        assert!(made.unwrap().success());
    };
    let puts: [&dyn Fn(&Path); 5] = [
        &fifo,
        &|path| fs::create_dir(path).unwrap(),
        &|path| symlink("/dev/zero", path).unwrap(),
        &|path| symlink(path, path).unwrap(),
        &|path| symlink("/etc/passwd", path).unwrap(),
    ];
    for put in puts {
        put(&path);
        let at = unknown("a_image.jpg");
        assert!(!storage.may_publish(&at.name).await);
        let found = opened(&storage, &at).await;
        assert!(matches!(found, Err(Error::NotAFile)));
        assert!(storage.holds(&at).await.is_err());
        assert_eq!(listed(&storage).await, []);
        storage.delete(&at).await.unwrap();
        storage.delete_unknown(&at.name).await.unwrap();
        assert!(path.symlink_metadata().is_ok());
        let other = open(&owner, 1000).await;
        assert_eq!(other.used_bytes(), 0);
        fs::remove_file(&path)
            .or_else(|_| fs::remove_dir(&path))
            .unwrap();
    }
    // Whatever comes in between, publishing replaces or fails, and never waits.
    fifo(&path);
    let at = put(&storage, "a_image.jpg", b"hello").await;
    assert_eq!(get(&storage, &at, None).await, b"hello");
    assert_eq!(storage.used_bytes(), 5);
}

#[tokio::test]
async fn a_change_of_the_same_length_is_another_state() {
    let (_folder, owner) = own();
    let storage = open(&owner, 1000).await;
    let at = put(&storage, "a_image.jpg", b"hello").await;
    let path = owner.files().join("a_image.jpg");
    let before = opened(&storage, &at).await.unwrap().stat();
    assert_eq!(opened(&storage, &at).await.unwrap().stat(), before);
    assert!(storage.holds(&at).await.unwrap());
    let file = File::options().write(true).open(&path).unwrap();
    fs::write(&path, b"jello").unwrap();
    file.set_modified(before.modified).unwrap();
    let after = opened(&storage, &at).await.unwrap().stat();
    assert_eq!(
        (after.bytes, after.modified),
        (before.bytes, before.modified)
    );
    assert_ne!(after, before);
    assert!(!storage.holds(&at).await.unwrap());
}
