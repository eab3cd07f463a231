//! The data folder is changed while the server does not expect it: files truncated, altered or deleted, or the database
//! deleted.

use std::fs;

use serde_json::json;

use super::{completed, start};
use crate::harness::cdn::media;

const IMAGE: &str = "DfDjNmTDemo";
const FILE: &str = "/instagram/download/file/DfDjNmTDemo_image.jpg";

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_cut_lengthened_or_deleted_is_gone_and_can_be_made_anew() {
    let (_cdn, server) = start(&[]).await;
    let path = server
        .folder
        .path()
        .join("data/files/DfDjNmTDemo_image.jpg");
    let whole = media("/x_1080_n.jpg");
    let longer = [whole, b"x"].concat();
    for other in [Some(&whole[..1]), Some(&longer), Some(&[]), None] {
        completed(&server, "post", json!({ "url": IMAGE })).await;
        assert_eq!(server.bytes(FILE).await, whole);
        match other {
            Some(other) => fs::write(&path, other).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let answer = server.get(FILE).await;
        assert_eq!(
            (answer.status, &answer.json["error"]["code"]),
            (410, &json!("FILE_EXPIRED")),
            "{other:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_a_server_starts_clean_and_keeps_no_file() {
    let (cdn, mut server) = start(&[]).await;
    completed(&server, "post", json!({ "url": IMAGE })).await;
    server.signal(rustix::process::Signal::KILL);
    server.wait();
    let data = server.folder.path().join("data");
    for name in ["gramhost.db", "gramhost.db-wal", "gramhost.db-shm"] {
        fs::remove_file(data.join(name)).unwrap();
    }
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let server = server.restart(&flags);
    assert_eq!(server.get(FILE).await.status, 404);
    assert!(!data_has(&server.folder.path().join("data/files")));
    completed(&server, "post", json!({ "url": IMAGE })).await;
}

fn data_has(files: &std::path::Path) -> bool {
    let mut files = fs::read_dir(files).unwrap();
    files.any(|file| !file.unwrap().file_name().to_str().unwrap().starts_with('.'))
}
