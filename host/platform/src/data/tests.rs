//! Who may do what in a data folder, and what a killed process leaves there.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    fs::{self, File},
    io::{ErrorKind, Write as _},
    os::unix::{
        fs::{PermissionsExt as _, symlink},
        net::UnixListener,
    },
    process::Command,
};

use tempfile::TempDir;

use super::*;

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_missing_folder_is_made_for_its_owner_only() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("a/b");
    let _owner = Folder::own(&folder).unwrap();
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("owner.lock")), 0o600);
}

#[test]
fn a_second_server_is_kept_out_until_the_first_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let visitor = Folder::visit(folder.path());
    assert!(!visitor.is_owned().unwrap());
    let first = Folder::own(folder.path()).unwrap();
    let second = Folder::own(folder.path()).unwrap_err();
    assert_eq!(
        second.to_string(),
        format!(
            "data folder {} is in use by another gramhost; stop it or give another --data",
            folder.path().display()
        )
    );
    assert!(visitor.is_owned().unwrap());
    let other_handle = first.clone();
    drop(first);
    assert!(Folder::own(folder.path()).is_err());
    drop(other_handle);
    assert!(!visitor.is_owned().unwrap());
    Folder::own(folder.path()).unwrap();
}

/// A descriptor of the lock lives on in a child that was being started when the first server was killed.
#[test]
fn a_folder_that_is_about_to_be_free_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let first = Folder::own(folder.path()).unwrap();
    let (waits, told) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let second = scope.spawn(|| {
            waits.send(()).unwrap();
            Folder::own(folder.path())
        });
        told.recv().unwrap();
        drop(first);
        second.join().unwrap().unwrap();
    });
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Folder::own(file.join("data")).unwrap_err();
    assert!(
        error.to_string().starts_with("data folder /"),
        "{error} should name the folder"
    );
}

#[test]
fn an_owner_deletes_in_its_own_folder_alone() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let owner = Folder::own(folder.path()).unwrap();
    let other = elsewhere.path().join("x");
    fs::write(&other, "").unwrap();
    let refused = owner.remove_file(&other).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    let refused = owner.remove_folder(elsewhere.path()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    // An operator may have moved the files to a larger disk.
    symlink(elsewhere.path(), owner.files()).unwrap();
    owner.remove_file(&other).unwrap();
    assert!(!other.exists());
    // Deleting what does not exist is not an error, even if the whole folder is missing.
    owner.remove_file(&other).unwrap();
    let resolved = folder.path().canonicalize().unwrap();
    fs::remove_dir_all(folder.path()).unwrap();
    owner
        .remove_folder(&resolved.join("files/.staging/job"))
        .unwrap();
}

/// A case that a process began to write before it was killed, and files that must survive the next start.
fn left_over() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for path in [
        "captures/post/.half/query.json",
        "captures/post/whole/query.json",
        "fixtures/post/.case.1-2.part/query.json",
        "fixtures/post/case/query.json",
        "fixtures/.git/HEAD",
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    for path in [
        "components/.a.wasm.1-2.part",
        "plugins/.a.wasm.1-2.part",
        "plugins/.link",
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    folder
}

#[test]
fn what_is_not_finished_goes_when_an_owner_starts() {
    let folder = left_over();
    let owner = Folder::own(folder.path()).unwrap();
    assert_eq!(names(&owner.captures().join("post")), ["whole"]);
    assert_eq!(names(&owner.cases().join("post")), ["case"]);
    // The operator's own hidden files stay.
    assert_eq!(names(&owner.cases()), [".git", "post"]);
    assert_eq!(names(&owner.cases().join(".git")), ["HEAD"]);
    assert!(names(&owner.components()).is_empty());
    assert_eq!(names(&owner.plugins()), [".link"]);
}

#[test]
fn what_a_visitor_is_writing_survives_the_start_of_an_owner() {
    let folder = tempfile::tempdir().unwrap();
    let visitor = Folder::visit(folder.path());
    let case = visitor.cases().join("post/new");
    let whole = WholeFolder::create(&case, Access::Umask).unwrap();
    whole.write("query.json", b"{}").unwrap();
    let plugin = visitor.plugins().join("post.wasm");
    make_folder(&visitor.plugins(), Access::Umask).unwrap();
    let mut file = WholeFile::create(&plugin, Access::Umask).unwrap();
    file.write_all(b"component").unwrap();
    let _owner = Folder::own(folder.path()).unwrap();
    whole.finish().unwrap();
    file.finish().unwrap();
    assert_eq!(fs::read(case.join("query.json")).unwrap(), b"{}");
    assert_eq!(fs::read(plugin).unwrap(), b"component");
}

#[test]
fn a_file_is_replaced_whole_or_stays_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    write_atomically(&path, b"old", Access::Private).unwrap();
    assert_eq!(mode(&path), 0o600);
    let mut file = WholeFile::create(&path, Access::Private).unwrap();
    file.write_all(b"ne").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()).len(), 2);
    drop(file);
    assert_eq!(names(folder.path()), ["a"]);
    write_atomically(&path, b"new", Access::Private).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(names(folder.path()), ["a"]);
}

#[test]
fn a_folder_appears_with_all_its_files_and_takes_the_place_of_none() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("b/c");
    let first = WholeFolder::create(&path, Access::Private).unwrap();
    let second = WholeFolder::create(&path, Access::Private).unwrap();
    for whole in [&first, &second] {
        whole.write("x", b"1").unwrap();
    }
    assert!(!path.exists());
    first.finish().unwrap();
    assert_eq!((mode(&path), mode(&path.join("x"))), (0o700, 0o600));
    let late = second.finish().unwrap_err();
    assert_eq!(late.kind(), ErrorKind::AlreadyExists);
    let again = WholeFolder::create(&path, Access::Private).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::AlreadyExists);
    assert_eq!(names(&parent.path().join("b")), ["c"]);
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

type Put<'a> = &'a dyn Fn(&Path);

/// Puts everything that is no regular file at `path`, one after the other, and calls `look` for each.
fn instead_of(path: &Path, look: impl Fn(&str)) {
    let puts: [(&str, Put<'_>); 6] = [
        ("a FIFO", &fifo),
        ("a folder", &|path| fs::create_dir(path).unwrap()),
        ("a socket", &|path| drop(UnixListener::bind(path).unwrap())),
        ("a device", &|path| symlink("/dev/zero", path).unwrap()),
        ("a terminal", &|path| symlink("/dev/tty", path).unwrap()),
        ("a link to itself", &|path| symlink(path, path).unwrap()),
    ];
    for (what, put) in puts {
        put(path);
        look(what);
        let _gone = fs::remove_file(path).or_else(|_| fs::remove_dir(path));
    }
}

#[test]
fn what_is_no_regular_file_is_refused_and_blocks_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    instead_of(&path, |what| {
        let refused = open(&path, Links::Refused).unwrap_err();
        assert!(is_not_regular(&refused), "{what}: {refused}");
        assert_eq!(refused.to_string(), "is not a regular file");
        assert!(read(&path, Links::Followed, 10).is_err(), "{what}");
    });
}

#[test]
fn a_link_is_followed_only_where_the_operator_may_have_made_it() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    fs::write(&file, "1234567890").unwrap();
    symlink(&file, &link).unwrap();
    assert_eq!(read(&link, Links::Followed, 10).unwrap(), b"1234567890");
    assert!(is_not_regular(&open(&link, Links::Refused).unwrap_err()));
    let large = read(&file, Links::Refused, 9).unwrap_err();
    assert_eq!(large.to_string(), "is larger than 9 bytes");
    let missing = open(&folder.path().join("none"), Links::Refused);
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn something_else_in_the_place_of_the_lock_is_named_and_blocks_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("owner.lock");
    instead_of(&lock, |what| {
        assert!(!Folder::visit(folder.path()).is_owned().unwrap(), "{what}");
        let error = Folder::own(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("owner.lock: is not a regular file"),
            "{error}"
        );
    });
}

#[test]
fn a_fifo_that_looks_like_a_remain_does_not_hold_up_the_start() {
    let folder = tempfile::tempdir().unwrap();
    for part in [
        "",
        "compiled",
        "components",
        "plugins",
        "captures/post",
        "fixtures/post",
    ] {
        let part = folder.path().join(part);
        fs::create_dir_all(&part).unwrap();
        fifo(&part.join(".x.1-2.part"));
    }
    Folder::own(folder.path()).unwrap();
    assert!(!folder.path().join("components/.x.1-2.part").exists());
}

#[test]
fn what_a_server_has_left_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let data = Folder::visit(folder.path());
    assert_eq!(data.remains().unwrap(), (0, 0));
    for path in [
        "files/a.jpg",
        "files/b.mp4",
        "files/.staging/x",
        "components/ab.wasm",
        "components/.ab.wasm.1-2.part",
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        File::create(path).unwrap();
    }
    assert_eq!(data.remains().unwrap(), (2, 1));
}
