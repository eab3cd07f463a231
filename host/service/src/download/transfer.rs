//! Brings the published files of another data folder into a store, byte for byte.

use std::{fs::OpenOptions, io, path::Path};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::task::spawn_blocking;

use super::publish::publication_of;
use crate::{
    data::{self, Folder, Links},
    database::FileRow,
    storage::{Error, Publication, Storage},
};

/// The number of files that are copied at once: one waits for the disk or the store while another one is read.
const AT_ONCE: usize = 8;

/// What became of the files so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// The number of files that are in the store.
    pub files: u64,
    /// Those of them that were there before.
    pub known: u64,
    /// The bytes of all that are in the store.
    pub bytes: u64,
    /// The names of those whose bytes are gone or are not those of their row.
    pub lost: Vec<String>,
}

/// Copies the files of these rows from a data folder into a store, which serves them once their rows are stored; `told`
/// hears of each. What the store has already is not sent again.
///
/// # Errors
/// If the store fails or has no room.
pub async fn carry_files(
    from: &Folder,
    storage: &Storage,
    rows: &[FileRow],
    told: impl Fn(&Carried),
) -> Result<Carried, Error> {
    let each = rows.iter().map(|row| async move {
        let end = carry(from, storage, row).await?;
        Ok::<_, Error>((row, end))
    });
    let mut each = stream::iter(each).buffer_unordered(AT_ONCE);
    let mut carried = Carried::default();
    while let Some((row, end)) = each.try_next().await? {
        match end {
            End::Lost => carried.lost.push(row.name.clone()),
            End::Known | End::Copied => {
                carried.files += 1;
                carried.known += u64::from(end == End::Known);
                carried.bytes += row.bytes;
            }
        }
        told(&carried);
        faults::reached("transfer.file");
    }
    Ok(carried)
}

/// What became of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Copied,
    Known,
    Lost,
}

async fn carry(from: &Folder, storage: &Storage, row: &FileRow) -> Result<End, Error> {
    let Some(publication) = publication_of(row) else {
        return Ok(End::Lost);
    };
    if let Ok(true) = storage.holds(&publication).await {
        return Ok(End::Known);
    }
    storage.has_room(row.bytes)?;
    let staging = storage.stage()?;
    let staged = staging.file(publication.name.as_str());
    let path = from.files().join(publication.name.as_str());
    let target = staged.clone();
    let copied = spawn_blocking(move || copy(&path, &target)).await;
    let copied = copied.map_err(|error| Error::Failed(error.to_string()))?;
    if !copied? || storage.measure(&staged).await? != publication.content {
        return Ok(End::Lost);
    }
    publish(storage, &staged, &publication, &row.content_type).await?;
    Ok(End::Copied)
}

async fn publish(
    storage: &Storage,
    staged: &Path,
    publication: &Publication,
    content_type: &str,
) -> Result<(), Error> {
    storage.bring(staged, publication, content_type).await?;
    storage.publish(staged, publication).await
}

/// Copies a file. Returns whether it is there.
fn copy(from: &Path, to: &Path) -> io::Result<bool> {
    let mut from = match data::open(from, Links::Refused) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound || data::is_not_regular(&error) => {
            return Ok(false);
        }
        Err(error) => return Err(error),
    };
    let mut to = OpenOptions::new().write(true).create_new(true).open(to)?;
    io::copy(&mut from, &mut to)?;
    Ok(true)
}
