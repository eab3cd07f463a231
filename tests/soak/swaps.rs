//! A plugin folder that changes all the time: honest versions, a hostile one, damaged files.

use std::{fs, path::PathBuf, time::Duration};

use embedded::POST;
use guests::{MISBEHAVING, variant};
use tokio::{task::JoinHandle, time::interval};

use crate::harness::server::Server;

const EVERY: Duration = Duration::from_secs(5);

/// Swaps until it is ended.
pub(crate) struct Swaps(JoinHandle<()>);

impl Swaps {
    pub(crate) fn start(server: &Server) -> Self {
        let folder = server.folder.path().join("data/plugins");
        Self(tokio::spawn(swap(folder)))
    }

    pub(crate) async fn end(self) {
        self.0.abort();
        let _ended = self.0.await;
    }
}

async fn swap(folder: PathBuf) {
    fs::create_dir_all(&folder).unwrap();
    let mut ticks = interval(EVERY);
    for turn in 0_usize.. {
        ticks.tick().await;
        // Few versions, so that their number is no growth.
        let mark = (turn % 8) as u8;
        let contents = match turn % 4 {
            0 => variant(MISBEHAVING, mark),
            1 => variant(POST, mark),
            2 => b"garbage".to_vec(),
            _ => POST[..POST.len() / 2].to_vec(),
        };
        let part = folder.join(".post.wasm.part");
        fs::write(&part, contents).unwrap();
        fs::rename(part, folder.join("post.wasm")).unwrap();
    }
}
