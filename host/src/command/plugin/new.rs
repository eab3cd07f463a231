//! `gramhost plugin new`: writes an extractor that builds outside this repository, with the contract and two cases.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use embedded::{Dir, TEMPLATE, WIT};

use crate::{
    command::{Exit, print},
    contract::Kind,
    plugin::CONTRACT,
};

/// The plugin that the new extractor replaces.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(in crate::command) enum Name {
    /// An account and its lists
    Profile,
    /// One post: image, video or carousel
    Post,
    /// One reel
    Reel,
    /// The active stories of an account
    Story,
}

/// The values of the placeholders for one extractor.
struct Differences {
    name: &'static str,
    /// The file below `src` that becomes `src/lib.rs`.
    source: &'static str,
    /// The kind of its cases.
    kind: Kind,
    only_videos: &'static str,
    likes: &'static str,
}

impl Name {
    fn differences(self) -> Differences {
        let (kind, source, only_videos, likes) = match self {
            Self::Profile => (Kind::ProfileInfo, "profile.rs", "", ""),
            Self::Post => (Kind::Post, "media.rs", "false", "1523"),
            Self::Reel => (Kind::Reel, "media.rs", "true", "4100"),
            Self::Story => (Kind::Story, "story.rs", "", ""),
        };
        Differences {
            name: kind.plugin().as_str(),
            source,
            kind,
            only_videos,
            likes,
        }
    }
}

/// Writes the extractor `name` into a new or empty folder.
pub(super) fn run(name: Name, into: Option<PathBuf>) -> anyhow::Result<Exit> {
    let differences = name.differences();
    let folder = into.unwrap_or_else(|| PathBuf::from(differences.name));
    if fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!(
            "{} already exists and is not empty: choose another folder with --into",
            folder.display()
        );
    }
    for (path, text) in files(&differences)? {
        write(&folder.join(path), &text)?;
    }
    let folder = folder.display();
    Ok(print(&format!(
        "{folder} is a {} extractor for contract {CONTRACT}. Next, in {folder}:\n  \
         cargo test               test the mapping natively\n  \
         gramhost plugin build    build the component and show its cost\n  \
         gramhost plugin watch    build, test and install it on every save",
        differences.name
    )))
}

/// Every file, with its path in the folder.
fn files(differences: &Differences) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let mut files = vec![(".gitignore".into(), "/target\n/*.wasm\n".to_owned())];
    let mut take = |from: &Dir, path: &str, to: &str| {
        let file = from.get_file(path).context(path.to_owned())?;
        let text = file.contents_utf8().context(path.to_owned())?;
        files.push((PathBuf::from(to), filled(text, differences)));
        anyhow::Ok(())
    };
    for path in ["Cargo.toml", "README.md", "src/door.rs"] {
        take(&TEMPLATE, path, path)?;
    }
    take(
        &TEMPLATE,
        &format!("src/{}", differences.source),
        "src/lib.rs",
    )?;
    for group in ["cases", "broken"] {
        let cases = format!("{group}/{}", differences.kind.name());
        let cases = TEMPLATE.get_dir(&cases).context(cases)?;
        for file in cases.dirs().flat_map(Dir::files) {
            let path = file.path().to_string_lossy();
            take(&TEMPLATE, &path, &path)?;
        }
    }
    for file in WIT.files() {
        let path = file.path().to_string_lossy();
        take(&WIT, &path, &format!("wit/{path}"))?;
    }
    Ok(files)
}

fn filled(text: &str, differences: &Differences) -> String {
    [
        ("__name__", differences.name),
        ("__kind__", differences.kind.name()),
        ("__contract__", CONTRACT),
        ("__only_videos__", differences.only_videos),
        ("__likes__", differences.likes),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (mark, value)| {
        text.replace(mark, value)
    })
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let shown = || path.display().to_string();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let mut file = fs::File::create_new(path).with_context(shown)?;
    file.write_all(text.as_bytes()).with_context(shown)
}
