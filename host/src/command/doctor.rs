//! `gramhost doctor`: what this machine lacks, and the command that gets it.

use std::{
    fmt,
    fs::File,
    net::SocketAddr,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use tokio::{net::TcpListener, process::Command};

use super::{Exit, print};
use crate::config::Config;

pub(super) const EXAMPLES: &str = "\
Examples:
  gramhost doctor
  gramhost doctor --data /var/lib/gramhost --proxy socks5://127.0.0.1:1080";

/// 1024 connections, what goes out for them, plugins and the database, file descriptors.
const DESCRIPTORS_MIN: u64 = 2_048;

/// Where Linux distributions and macOS keep the certificate authorities they trust.
const AUTHORITIES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/System/Library/Keychains/SystemRootCertificates.keychain",
];

/// How one check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    /// As it should be.
    Good,
    /// Only some people or some features need it.
    Optional,
    /// Serving will not work.
    Bad,
}

/// One line of the report.
struct Finding {
    mark: Mark,
    what: &'static str,
    said: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.mark {
            Mark::Good => "ok",
            Mark::Optional => "note",
            Mark::Bad => "FAIL",
        };
        write!(f, "{mark:<5}{:<18}{}", self.what, self.said)
    }
}

/// Prints every finding; fails if one is bad.
pub(super) async fn run(config: &Config) -> anyhow::Result<Exit> {
    let mut findings = vec![
        data_folder(&config.data),
        plugin_folder(config.plugin.folder.as_deref()),
        cookies(config.upstream.cookies.as_deref()),
        port("port", Some(config.listen)).await,
        port("admin port", config.admin_listen).await,
        authorities(),
        descriptors(),
    ];
    findings.push(ffmpeg().await);
    findings.push(wasm_target().await);
    for finding in &findings {
        print(&finding.to_string());
    }
    let bad = findings.iter().any(|finding| finding.mark == Mark::Bad);
    Ok(if bad { Exit::Failed } else { Exit::Done })
}

fn finding(mark: Mark, what: &'static str, said: impl Into<String>) -> Finding {
    Finding {
        mark,
        what,
        said: said.into(),
    }
}

/// It, or the nearest folder above it that exists, must take a new file.
fn data_folder(folder: &Path) -> Finding {
    const WHAT: &str = "data folder";
    let name = folder.display();
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let existing: PathBuf = absolute
        .ancestors()
        .find(|ancestor| ancestor.exists())
        .map_or_else(|| absolute.clone(), Path::to_owned);
    let probe = existing.join(format!(".gramhost-doctor-{}", std::process::id()));
    match File::create_new(&probe).and_then(|_| std::fs::remove_file(&probe)) {
        Ok(()) if existing == absolute => finding(Mark::Good, WHAT, name.to_string()),
        Ok(()) => finding(Mark::Good, WHAT, format!("{name} (will be made)")),
        Err(error) => finding(
            Mark::Bad,
            WHAT,
            format!("{}: {error}; give another --data", existing.display()),
        ),
    }
}

/// What lies in it runs (sandboxed), so nobody else should be able to write there.
fn plugin_folder(folder: Option<&Path>) -> Finding {
    const WHAT: &str = "plugin folder";
    let Some(folder) = folder else {
        return finding(Mark::Good, WHAT, "none: the built-in plugins serve");
    };
    let name = folder.display();
    match folder.metadata() {
        Ok(meta) if !meta.is_dir() => finding(Mark::Bad, WHAT, format!("{name} is no folder")),
        Ok(meta) if meta.mode() & 0o022 != 0 => finding(
            Mark::Optional,
            WHAT,
            format!("others may put plugins there: chmod go-w {name}"),
        ),
        Ok(_) => finding(Mark::Good, WHAT, name.to_string()),
        Err(_) => finding(
            Mark::Good,
            WHAT,
            format!("{name} (not there: the built-in plugins serve)"),
        ),
    }
}

fn cookies(file: Option<&Path>) -> Finding {
    const WHAT: &str = "cookies";
    let Some(file) = file else {
        return finding(Mark::Good, WHAT, "none: Instagram is asked as a guest");
    };
    let name = file.display();
    match File::open(file).and_then(|file| file.metadata()) {
        Ok(meta) if meta.mode() & 0o077 != 0 => finding(
            Mark::Optional,
            WHAT,
            format!("others may read your session: chmod 600 {name}"),
        ),
        Ok(_) => finding(Mark::Good, WHAT, name.to_string()),
        Err(error) => finding(Mark::Bad, WHAT, format!("{name}: {error}")),
    }
}

async fn port(what: &'static str, address: Option<SocketAddr>) -> Finding {
    let Some(address) = address else {
        return finding(Mark::Good, what, "off");
    };
    match TcpListener::bind(address).await {
        Ok(_) => finding(Mark::Good, what, format!("{address} is free")),
        Err(error) => {
            let hint = if cfg!(target_os = "macos") && address.port() == 5000 {
                " (AirPlay Receiver takes 5000: switch it off or give another --listen)"
            } else {
                " (if gramhost runs already, this is it)"
            };
            finding(Mark::Bad, what, format!("{address}: {error}{hint}"))
        }
    }
}

fn authorities() -> Finding {
    const WHAT: &str = "CA certificates";
    match AUTHORITIES
        .into_iter()
        .find(|path| Path::new(path).exists())
    {
        Some(path) => finding(Mark::Good, WHAT, path),
        None => finding(
            Mark::Bad,
            WHAT,
            "none found, so no https: apt install ca-certificates",
        ),
    }
}

fn descriptors() -> Finding {
    const WHAT: &str = "file descriptors";
    // None: no limit.
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    match limit {
        Some(limit) if limit < DESCRIPTORS_MIN => finding(
            Mark::Optional,
            WHAT,
            format!("{limit}, few for many clients: ulimit -n {DESCRIPTORS_MIN}"),
        ),
        Some(limit) => finding(Mark::Good, WHAT, limit.to_string()),
        None => finding(Mark::Good, WHAT, "no limit"),
    }
}

async fn ffmpeg() -> Finding {
    const WHAT: &str = "ffmpeg";
    match Command::new("ffmpeg").arg("-version").output().await {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout);
            finding(Mark::Good, WHAT, text.lines().next().unwrap_or_default())
        }
        Err(_) => finding(
            Mark::Optional,
            WHAT,
            "not found; only format conversion will need it: apt install ffmpeg, or brew install ffmpeg",
        ),
    }
}

async fn wasm_target() -> Finding {
    const WHAT: &str = "wasm target";
    let folder = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", "wasm32-wasip2"])
        .output()
        .await;
    match folder {
        Ok(output) if Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir() => {
            finding(Mark::Good, WHAT, "wasm32-wasip2")
        }
        _ => finding(
            Mark::Optional,
            WHAT,
            "not installed; only plugin authors need it: rustup target add wasm32-wasip2",
        ),
    }
}
