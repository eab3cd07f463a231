//! Checks of the machine: folders, disk, file descriptors, certificates, clock.

use std::{
    fs::File,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::Finding;
use crate::{
    config::Config,
    data::{self, Folder, Links},
};

/// File descriptors for 1,024 connections, their upstream requests, the plugins and the database.
const DESCRIPTORS_MIN: u64 = 2_048;
/// The commands that set the clock, on Debian and on macOS.
pub(super) const SET_CLOCK: (&str, &str) =
    ("timedatectl set-ntp true", "sudo sntp -sS time.apple.com");
/// 2026-01-01, seconds since 1970. This program is newer, so an earlier time means a wrong clock.
const BEGAN_S: u64 = 1_767_225_600;

/// Where Linux distributions and macOS keep their trusted certificate authorities.
const AUTHORITIES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/System/Library/Keychains/SystemRootCertificates.keychain",
];

pub(super) fn look(config: &Config) -> Vec<Finding> {
    vec![
        data_folder(&config.data),
        owner(&config.data),
        disk(&config.data, config.storage.free_bytes_min),
        plugin_folder(config.plugin.folder.as_deref()),
        cookies(config.upstream.cookies.as_deref()),
        clock(),
        authorities(),
        descriptors(),
    ]
}

/// The folder itself or its nearest existing parent, and whether it is the folder itself.
fn nearest(folder: &Path) -> (PathBuf, bool) {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let existing = absolute
        .ancestors()
        .find(|ancestor| ancestor.exists())
        .map_or_else(|| absolute.clone(), Path::to_owned);
    let is_it = existing == absolute;
    (existing, is_it)
}

/// The data folder, or its nearest existing parent, must be writable.
fn data_folder(folder: &Path) -> Finding {
    const WHAT: &str = "data folder";
    let name = folder.display();
    let (existing, is_it) = nearest(folder);
    let probe = existing.join(format!(".gramhost-doctor-{}", std::process::id()));
    match File::create_new(&probe).and_then(|_| std::fs::remove_file(&probe)) {
        Ok(()) if is_it => Finding::good(WHAT, name.to_string()),
        Ok(()) => Finding::good(WHAT, format!("{name} (will be created)")),
        Err(error) => Finding::bad(
            WHAT,
            format!("{}: {error}; choose another --data", existing.display()),
        ),
    }
}

/// The files in it are run (in the sandbox), so no other user should be able to write there.
fn plugin_folder(folder: Option<&Path>) -> Finding {
    const WHAT: &str = "plugin folder";
    let Some(folder) = folder else {
        return Finding::good(WHAT, "none: the built-in plugins are used");
    };
    let name = folder.display();
    match folder.metadata() {
        Ok(meta) if !meta.is_dir() => Finding::bad(WHAT, format!("{name} is not a folder")),
        Ok(meta) if meta.mode() & 0o022 != 0 => Finding::note(
            WHAT,
            format!("other users can install plugins there: chmod go-w {name}"),
        ),
        Ok(_) => Finding::good(WHAT, name.to_string()),
        Err(_) => Finding::good(
            WHAT,
            format!("{name} (not there: the built-in plugins serve)"),
        ),
    }
}

fn cookies(file: Option<&Path>) -> Finding {
    const WHAT: &str = "cookies";
    let Some(file) = file else {
        return Finding::good(WHAT, "none: requests are sent without a session");
    };
    let name = file.display();
    match data::open(file, Links::Followed).and_then(|file| file.metadata()) {
        Ok(meta) if meta.mode() & 0o077 != 0 => Finding::note(
            WHAT,
            format!("other users can read your session: chmod 600 {name}"),
        ),
        Ok(_) => Finding::good(WHAT, name.to_string()),
        Err(error) => Finding::bad(WHAT, format!("{name}: {error}")),
    }
}

/// Checks whether a server holds the lock of the data folder, and releases the lock at once.
fn owner(data: &Path) -> Finding {
    const WHAT: &str = "other server";
    match Folder::visit(data).is_owned() {
        Ok(true) => Finding::note(
            WHAT,
            format!(
                "one is using {}: a second server needs another --data",
                data.display()
            ),
        ),
        Ok(false) => Finding::good(WHAT, "none uses the data folder"),
        Err(error) => Finding::note(WHAT, error.to_string()),
    }
}

fn disk(data: &Path, free_min: u64) -> Finding {
    const WHAT: &str = "free disk";
    let disk = match rustix::fs::statvfs(&nearest(data).0) {
        Ok(disk) => disk,
        Err(error) => return Finding::note(WHAT, error.to_string()),
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let said = format!("{} MiB", free >> 20);
    if free < free_min {
        let wanted = free_min >> 20;
        let said = format!(
            "{said}: downloads are refused below {wanted} MiB (limits.disk_free_bytes_min)"
        );
        return Finding::note(WHAT, said);
    }
    Finding::good(WHAT, said)
}

/// The validity of certificates and links depends on the clock.
fn clock() -> Finding {
    const WHAT: &str = "clock";
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since.unwrap_or_default().as_secs();
    let now = i64::try_from(seconds).ok();
    let now = now.and_then(|now| time::OffsetDateTime::from_unix_timestamp(now).ok());
    let said = now.map_or_else(String::new, |now| format!("{now}"));
    if seconds < BEGAN_S {
        return Finding::bad(WHAT, format!("{said} is in the past")).get(SET_CLOCK.0, SET_CLOCK.1);
    }
    Finding::good(WHAT, said)
}

fn authorities() -> Finding {
    const WHAT: &str = "CA certificates";
    match AUTHORITIES
        .into_iter()
        .find(|path| Path::new(path).exists())
    {
        Some(path) => Finding::good(WHAT, path),
        None => Finding::bad(WHAT, "none found, so HTTPS will not work").get(
            "apt install ca-certificates",
            "brew install ca-certificates",
        ),
    }
}

fn descriptors() -> Finding {
    const WHAT: &str = "file descriptors";
    // `None` means no limit.
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    match limit {
        Some(limit) if limit < DESCRIPTORS_MIN => Finding::note(
            WHAT,
            format!("{limit} is low for many clients: ulimit -n {DESCRIPTORS_MIN}"),
        ),
        Some(limit) => Finding::good(WHAT, limit.to_string()),
        None => Finding::good(WHAT, "no limit"),
    }
}
