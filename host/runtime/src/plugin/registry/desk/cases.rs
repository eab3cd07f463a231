//! The operator's cases: a folder of this machine, which in a fleet contains those that all replicas share.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use tokio::task::spawn_blocking;

use super::Desk;
use crate::{
    contract::Kind,
    data::{self, Access, Links, Owner, WholeFolder},
    database::Note,
    plugin::{admission::error::Error, registry::fleet::Fleet},
};

/// Maximum length of the name of a case, characters.
const NAME_CHARS_MAX: usize = 64;
/// What is larger is no file of a case, bytes.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// The files of a case by their names; none if it is to be removed.
type Files = Vec<(String, Vec<u8>)>;

impl Desk {
    /// Keeps a case on this machine, or on all replicas, in the place of one with the same name.
    pub(in crate::plugin::registry) async fn keep_case(
        &self,
        (kind, name): (&str, &str),
        files: BTreeMap<String, Vec<u8>>,
    ) -> Result<(), Error> {
        check_name(kind, name)?;
        if !files.is_empty() {
            let parsed = cases::Case::parse(kind, name, |file| {
                files.get(file).map(|bytes| bytes.as_slice().into())
            });
            parsed.map_err(|error| Error::Case(error.to_string()))?;
        }
        let files = Vec::from_iter(files);
        match &self.fleet {
            None => self.write_case(kind, name, files).await,
            Some(fleet) => {
                fleet.database.put_case((kind, name), &files).await?;
                fleet.database.tell(Note::Plugins).await;
                self.look().await
            }
        }
    }

    /// Writes the cases of the fleet into this replica's folder, as far as they have changed.
    pub(super) async fn bring_cases(&self, fleet: &Fleet) -> Result<(), Error> {
        for row in fleet.database.cases().await? {
            let key = (row.kind.clone(), row.name.clone());
            if fleet.has_case(&key, &row.change) || check_name(&row.kind, &row.name).is_err() {
                continue;
            }
            let files = fleet.database.case_files(&row.kind, &row.name).await?;
            self.write_case(&row.kind, &row.name, files).await?;
            fleet.brought_case(key, row.change);
        }
        Ok(())
    }

    async fn write_case(&self, kind: &str, name: &str, files: Files) -> Result<(), Error> {
        let (Some(cases), Some(owner)) = (self.config.cases.clone(), self.owner.clone()) else {
            return Ok(());
        };
        let folder = cases.join(kind).join(name);
        let shown = folder.display().to_string();
        let written = spawn_blocking(move || write(&owner, &folder, &files)).await;
        let written = written.map_err(io::Error::other).flatten();
        written.map_err(|error| Error::Folder(format!("{shown}: {error}")))
    }
}

/// Only such names are names of cases; a name is also that of a folder.
fn check_name(kind: &str, name: &str) -> Result<(), Error> {
    let is_kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_kind = Kind::ALL.into_iter().any(|it| it.name() == kind);
    match is_kind && (1..=NAME_CHARS_MAX).contains(&name.len()) && name.chars().all(is_kebab) {
        true => Ok(()),
        false => Err(Error::Case(format!(
            "{kind}/{name} is not the name of a case: it is a kind and lower-case letters, digits and dashes"
        ))),
    }
}

/// Writes the files of a case, whole or not at all, unless it has these. Blocks.
fn write(owner: &Owner, folder: &Path, files: &[(String, Vec<u8>)]) -> io::Result<()> {
    if found(folder)? == files {
        return Ok(());
    }
    owner.remove_folder(folder)?;
    if files.is_empty() {
        return Ok(());
    }
    let whole = WholeFolder::create(folder, Access::Umask)?;
    for (file, contents) in files {
        whole.write(file, contents)?;
    }
    whole.finish()
}

/// The files that are there, sorted. Blocks.
fn found(folder: &Path) -> io::Result<Files> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let paths: io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut files = Vec::new();
    for path in paths? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let contents = data::read(&path, Links::Refused, FILE_BYTES_MAX)?;
        files.push((name.into_owned(), contents));
    }
    files.sort();
    Ok(files)
}
