//! The data in the binary: the four plugins, their cases, the template of a plugin and the contract.
//! It is a crate of its own, so that a change of the host never builds plugins, and a change of a plugin does not
//! compile the host.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use cases::Case;
use include_dir::include_dir;
pub use include_dir::{Dir, DirEntry, File};

/// The plugin for profiles and their lists.
pub const PROFILE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/profile.wasm"));

/// The plugin for posts.
pub const POST: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/post.wasm"));

/// The plugin for reels.
pub const REEL: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/reel.wasm"));

/// The plugin for stories.
pub const STORY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/story.wasm"));

/// The files that `gramhost plugin new` writes.
pub static TEMPLATE: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../plugins/template");

/// The WIT files of the contract.
pub static WIT: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../wit");

static CASES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../fixtures/instagram");

/// The media files of the demo, as recordings.
static MEDIA: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../fixtures/media");

/// Every recording in the binary, a HAR file each, by the path that it has in `fixtures`: what the demo answers from.
pub fn recordings() -> impl Iterator<Item = (PathBuf, &'static [u8])> {
    let cases = files(&CASES).map(|file| ("instagram", file));
    let media = files(&MEDIA).map(|file| ("media", file));
    let all = cases.chain(media);
    all.filter(|(_, file)| {
        file.path()
            .extension()
            .is_some_and(|ending| ending == "har")
    })
    .map(|(folder, file)| (Path::new(folder).join(file.path()), file.contents()))
}

/// Every file below a folder.
fn files(folder: &'static Dir<'static>) -> Box<dyn Iterator<Item = &'static File<'static>>> {
    Box::new(folder.files().chain(folder.dirs().flat_map(files)))
}

/// The built-in cases of one kind of record, by the name of its folder; empty for a kind without a folder.
///
/// # Errors
/// If a case cannot be read; the message names it.
pub fn cases(kind: &str) -> Result<Vec<Case>, cases::Error> {
    let folders = CASES.get_dir(kind).into_iter().flat_map(Dir::dirs);
    let read = |folder: &Dir<'static>| {
        Case::parse(kind, &name(folder.path()), |file| {
            let file = folder.get_file(folder.path().join(file))?;
            Some(Cow::Borrowed(file.contents()))
        })
    };
    folders.map(read).collect()
}

fn name(folder: &Path) -> Cow<'_, str> {
    folder.file_name().unwrap_or_default().to_string_lossy()
}
