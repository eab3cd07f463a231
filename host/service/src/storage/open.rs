//! Opens files of the folder so that nothing in their place can block or lead elsewhere, and reads what is in memory
//! without a thread for blocking work.

use std::{fs::File, io, os::fd::OwnedFd, path::Path, sync::Arc};

use rustix::fs::{Mode, OFlags, openat};
use tokio::task::spawn_blocking;

use super::Error;

/// A FIFO or a device does not block, and a symbolic link is an error.
const FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::CLOEXEC)
    .union(OFlags::NOCTTY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK);

/// Opens the folder that [`open`] opens files of.
pub(super) fn folder(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::DIRECTORY;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

/// Opens a regular file of `folder`. `name` is a single part of a path.
///
/// # Errors
/// [`Error::NotFound`] if there is none, [`Error::NotAFile`] if something else is in its place.
pub(super) async fn open(folder: &Arc<OwnedFd>, name: &str) -> Result<File, Error> {
    let opened = match open_cached(folder, name) {
        Err(rustix::io::Errno::AGAIN) => {
            let (folder, name) = (Arc::clone(folder), name.to_owned());
            let opening = spawn_blocking(move || openat(&folder, name, FLAGS, Mode::empty()));
            opening
                .await
                .map_err(|error| Error::Failed(error.to_string()))?
        }
        opened => opened,
    };
    match opened {
        Ok(file) => Ok(File::from(file)),
        // A symbolic link, and a socket.
        Err(rustix::io::Errno::LOOP | rustix::io::Errno::NXIO) => Err(Error::NotAFile),
        Err(error) => Err(io::Error::from(error).into()),
    }
}

/// Opens a file if its name can be looked up without waiting for the disk; otherwise, `AGAIN`.
#[cfg(target_os = "linux")]
fn open_cached(folder: &OwnedFd, name: &str) -> rustix::io::Result<OwnedFd> {
    use rustix::{fs::ResolveFlags, io::Errno};

    let resolve = ResolveFlags::CACHED | ResolveFlags::BENEATH;
    rustix::fs::openat2(folder, name, FLAGS, Mode::empty(), resolve).map_err(|error| match error {
        // The kernel is older than 5.12, or a container forbids the call.
        Errno::NOSYS | Errno::INVAL | Errno::PERM => Errno::AGAIN,
        error => error,
    })
}

/// Reads at a position if this is possible without waiting for the disk.
#[cfg(target_os = "linux")]
pub(super) fn read_cached(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    use rustix::io::{ReadWriteFlags, preadv2};

    let buffers = &mut [io::IoSliceMut::new(buffer)];
    Ok(preadv2(file, buffers, at, ReadWriteFlags::NOWAIT)?)
}

#[cfg(not(target_os = "linux"))]
fn open_cached(_: &OwnedFd, _: &str) -> rustix::io::Result<OwnedFd> {
    Err(rustix::io::Errno::AGAIN)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn read_cached(_: &File, _: &mut [u8], _: u64) -> io::Result<usize> {
    Err(io::ErrorKind::WouldBlock.into())
}
