//! `gramhost demo`: serves the page on the recordings in the binary, without network access, and opens it in a browser.

use std::{
    env, fs,
    io::{Write as _, stdout},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    process::{Command, Stdio},
    sync::Arc,
};

use anyhow::Context as _;
use clap::Args;
use uuid::Uuid;

use super::{Exit, log::Logging};
use crate::{
    config::{Config, Flags},
    data::{Access, make_folder},
    server,
};

/// The address that is taken if it is free; any free port otherwise.
const ADDRESS: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 5000);

/// What the page offers to try: a carousel, a picture, a reel and an account, all invented.
const EXAMPLES: [&str; 4] = [
    "https://www.instagram.com/p/De0N5pLMixd/",
    "https://www.instagram.com/p/DfDjNmTDemo/",
    "https://www.instagram.com/reel/DfF-eHzReel/",
    "@gramhost.demo",
];

/// The programs that open an address in the user's browser.
#[cfg(target_os = "macos")]
const OPENER: &str = "open";
#[cfg(not(target_os = "macos"))]
const OPENER: &str = "xdg-open";

/// Without one of these variables there is no screen on which a browser could open.
#[cfg(not(target_os = "macos"))]
const SCREENS: [&str; 2] = ["DISPLAY", "WAYLAND_DISPLAY"];

/// Arguments of `gramhost demo`.
#[derive(Args, Debug)]
pub(super) struct Demo {
    /// Only print the address
    #[arg(long)]
    no_open: bool,
}

/// The folder of one run, deleted when it is dropped.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn make() -> anyhow::Result<Self> {
        let path = env::temp_dir().join(format!("gramhost-demo-{}", Uuid::new_v4()));
        make_folder(&path, Access::Private)
            .with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What remains is in the folder for temporary files, which the system empties.
        let _gone = fs::remove_dir_all(&self.0);
    }
}

/// The settings of the demo: those of `flags`, and in place of missing ones a folder for this run, no admin listener and no
/// rate limit. Variables and the settings file belong to the user's own server, so they are not read.
pub(super) fn config(flags: Flags, folder: &Folder) -> anyhow::Result<Config> {
    let recordings = folder.0.join("recordings");
    for (path, bytes) in embedded::recordings() {
        let path = recordings.join(path);
        let parent = path.parent().unwrap_or(&recordings);
        let written = fs::create_dir_all(parent).and_then(|()| fs::write(&path, bytes));
        written.with_context(|| format!("cannot write {}", path.display()))?;
    }
    let or = |given: Option<String>, default: String| given.or(Some(default));
    let listen = flags.listen.unwrap_or_else(|| free_address().to_string());
    let flags = Flags {
        listen: Some(listen),
        admin_listen: or(flags.admin_listen, "off".to_owned()),
        data: or(flags.data, folder.0.join("data").display().to_string()),
        replay: or(flags.replay, recordings.display().to_string()),
        rate_limit: or(flags.rate_limit, "0".to_owned()),
        ..flags
    };
    let mut config = Config::of_flags(&flags)?;
    config.api.examples = EXAMPLES.map(str::to_owned).to_vec();
    Ok(config)
}

impl Demo {
    /// Serves until the process is told to stop.
    pub(super) async fn run(self, config: Config, log: Arc<Logging>) -> anyhow::Result<Exit> {
        let opens = !self.no_open && has_screen();
        let ready = Box::new(move |address: SocketAddr| {
            let page = format!("http://{address}/");
            let told = "Answers are recorded ones of invented accounts; nothing is sent to Instagram. Ctrl-C ends the demo.";
            // The parent process may have closed standard output; that must not prevent the demo.
            let _closed = writeln!(stdout(), "Open {page} in a browser. {told}");
            if opens {
                open(&page);
            }
        });
        server::serve(config, None, log, Some(ready)).await?;
        Ok(Exit::Done)
    }
}

/// The usual address, or any other port if another server has it.
fn free_address() -> SocketAddr {
    let usual = SocketAddr::from(ADDRESS);
    match TcpListener::bind(usual) {
        Ok(_free) => usual,
        Err(_) => SocketAddr::from((ADDRESS.0, 0)),
    }
}

#[cfg(target_os = "macos")]
fn has_screen() -> bool {
    true
}

#[cfg(not(target_os = "macos"))]
fn has_screen() -> bool {
    let is_set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    SCREENS.iter().any(is_set)
}

/// Opens the page. If there is no such program, the printed address remains.
fn open(page: &str) {
    let mut opener = Command::new(OPENER);
    opener.arg(page).stdin(Stdio::null());
    opener.stdout(Stdio::null()).stderr(Stdio::null());
    if let Ok(mut child) = opener.spawn() {
        // It ends when the browser has the address, and must not stay behind as a zombie.
        std::thread::spawn(move || child.wait());
    }
}
