//! Forged files in the folder of compiled code: none is loaded, and each is compiled over.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::os::unix::fs::{chown, symlink};

use super::*;
use crate::plugin::engine;

/// The smallest component, and one with a section more.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
const OTHER: &[u8] = b"\0asm\x0d\0\x01\0\0\x02\x01a";

/// What is done to the file of a component, beside which there is one of another.
type Forgery = (&'static str, fn(&Path, &Path));

const FORGERIES: [Forgery; 12] = [
    ("one bit of the code", |file, _| flip(file, -1)),
    ("one bit of the seal", |file, _| flip(file, 0)),
    ("a part", |file, _| cut(file, 100)),
    ("no seal", |file, _| cut(file, SEAL_BYTES - 1)),
    ("nothing", |file, _| cut(file, 0)),
    ("more", |file, _| {
        let code = fs::read(file).unwrap();
        fs::write(file, [&code[..], b"more"].concat()).unwrap();
    }),
    ("code without a seal", |file, _| {
        let code = fs::read(file).unwrap();
        fs::write(file, &code[SEAL_BYTES..]).unwrap();
    }),
    ("the file of another component", |file, other| {
        fs::copy(other, file).unwrap();
    }),
    ("machine code", |file, _| {
        fs::copy(std::env::current_exe().unwrap(), file).unwrap();
        fs::set_permissions(file, Permissions::from_mode(0o600)).unwrap();
    }),
    ("a link to what it was", |file, _| {
        let elsewhere = file.with_extension("elsewhere");
        fs::rename(file, &elsewhere).unwrap();
        symlink(elsewhere, file).unwrap();
    }),
    ("what its group can write", |file, _| {
        fs::set_permissions(file, Permissions::from_mode(0o660)).unwrap();
    }),
    ("what everybody can write", |file, _| {
        fs::set_permissions(file, Permissions::from_mode(0o602)).unwrap();
    }),
];

fn flip(file: &Path, at: isize) {
    let mut bytes = fs::read(file).unwrap();
    let at = usize::try_from(at).unwrap_or(bytes.len() - 1);
    bytes[at] ^= 1;
    fs::write(file, bytes).unwrap();
}

fn cut(file: &Path, length: usize) {
    let file = File::options().write(true).open(file).unwrap();
    file.set_len(length as u64).unwrap();
}

/// A folder with the code of two components; the code of the first one, and where both are.
fn folder() -> (tempfile::TempDir, Artifacts, Vec<u8>, [PathBuf; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine::compiling().unwrap();
    let artifacts = Artifacts::open(folder.path(), &engine, None).unwrap();
    let codes = [COMPONENT, OTHER].map(|it| engine.precompile_component(it).unwrap());
    for (digest, code) in ["one", "other"].into_iter().zip(&codes) {
        assert!(artifacts.keep(digest, code).is_ok() && artifacts.load(digest).is_some());
    }
    let files = ["one", "other"].map(|digest| folder.path().join(artifacts.name(digest)));
    let [code, _] = codes;
    (folder, artifacts, code, files)
}

#[test]
fn a_forged_file_is_not_loaded_and_is_compiled_over() {
    for (what, forge) in FORGERIES {
        let (_folder, artifacts, code, [file, other]) = folder();
        forge(&file, &other);
        assert!(artifacts.load("one").is_none(), "{what}");
        assert!(artifacts.keep("one", &code).is_ok(), "{what}");
        assert!(artifacts.load("one").is_some(), "{what}");
        assert!(artifacts.load("other").is_some(), "{what}");
    }
}

/// The seal of such a file is right: whoever can write to a folder can compute it.
#[test]
fn the_file_of_another_user_is_not_loaded() {
    let (_folder, artifacts, code, [file, _]) = folder();
    if chown(&file, Some(65_534), None).is_err() {
        println!("skipped: only root can give a file away");
        return;
    }
    assert!(artifacts.load("one").is_none());
    assert!(artifacts.keep("one", &code).is_ok() && artifacts.load("one").is_some());
}

#[test]
fn the_code_of_another_engine_is_not_loaded() {
    let (folder, artifacts, _, [file, _]) = folder();
    let counting = engine::counting().unwrap();
    let others = Artifacts::open(folder.path(), &counting, None).unwrap();
    assert!(others.load("one").is_none());
    let code = counting.precompile_component(COMPONENT).unwrap();
    assert!(artifacts.keep("one", &code).is_err());
    // Not even under the name and the seal of the right one.
    let name = artifacts.name("one");
    fs::write(&file, [&seal(&name, &code)[..], &code].concat()).unwrap();
    assert!(artifacts.load("one").is_none());
}

#[test]
fn a_folder_that_others_could_write_to_is_closed() {
    let (folder, artifacts, ..) = folder();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    drop(Artifacts::open(folder.path(), &artifacts.engine, None).unwrap());
    let mode = fs::metadata(folder.path()).unwrap().mode();
    assert_eq!(mode & 0o777, 0o700);
}
