//! The program of the browser, its messages, and where its screenshots are kept.

use std::{
    env,
    ffi::OsString,
    io::BufRead,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, channel},
    thread,
};

use serde_json::Value;

/// The names of the program that are tried, in this order, if `CHROMIUM` is not set.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// The folder of screenshots.
pub(super) fn screenshots() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots")
}

/// Sends each message as it arrives.
pub(super) fn messages(mut output: impl BufRead + Send + 'static) -> Receiver<Value> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        while output.read_until(0, &mut bytes).is_ok_and(|read| read > 0) {
            bytes.pop();
            let message = serde_json::from_slice(&bytes).unwrap_or_default();
            bytes.clear();
            if sender.send(message).is_err() {
                break;
            }
        }
    });
    receiver
}

pub(super) fn chromium() -> OsString {
    if let Some(named) = env::var_os("CHROMIUM") {
        return named;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let found = NAMES.iter().find(|name| {
        Path::new(name).is_file() || env::split_paths(&path).any(|dir| dir.join(name).is_file())
    });
    found
        .expect("Chromium, which `make setup` installs; or name one in CHROMIUM")
        .into()
}

pub(super) fn base64(text: &str) -> Vec<u8> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.decode(text).unwrap()
}
