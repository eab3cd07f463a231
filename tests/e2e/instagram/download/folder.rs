//! The data folder is changed while the server does not expect it: files truncated, altered or deleted, or the database
//! deleted.

use std::{
    fs,
    os::unix::fs::{FileExt as _, symlink},
};

use reqwest::Method;
use serde_json::json;

use super::{completed, start};
use crate::harness::{cdn::media, server::gramhost};

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
async fn a_file_of_the_same_length_with_other_bytes_is_not_served_under_the_old_tag() {
    let (_cdn, server) = start(&[]).await;
    let path = server
        .folder
        .path()
        .join("data/files/DfDjNmTDemo_image.jpg");
    completed(&server, "post", json!({ "url": IMAGE })).await;
    let whole = server.bytes(FILE).await;
    let before = fs::metadata(&path).unwrap();
    let elsewhere = server.folder.path().join("elsewhere.jpg");
    fs::write(&elsewhere, vec![b'x'; whole.len()]).unwrap();
    let changes: [(&str, u16, &dyn Fn()); 3] = [
        ("other bytes", 410, &|| {
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.write_all_at(b"y", 7).unwrap();
            // Whoever hides a change sets the time back.
            file.set_modified(before.modified().unwrap()).unwrap();
        }),
        ("another file", 410, &|| {
            fs::remove_file(&path).unwrap();
            fs::copy(&elsewhere, &path).unwrap();
        }),
        ("a link", 404, &|| {
            fs::remove_file(&path).unwrap();
            symlink(&elsewhere, &path).unwrap();
        }),
    ];
    for (what, status, change) in changes {
        change();
        for method in [Method::GET, Method::HEAD] {
            for headers in [
                &[][..],
                &[("range", "bytes=0-9")],
                &[("if-none-match", "*")],
            ] {
                let answer = server.send(method.clone(), FILE, headers).await;
                assert_eq!(answer.status, status, "{what} {method} {headers:?}");
                assert!(answer.headers.get("etag").is_none(), "{what}");
            }
        }
    }
    // Its own bytes again are its own file, whoever has restored them.
    fs::remove_file(&path).unwrap();
    fs::write(&path, &whole).unwrap();
    assert!(server.bytes(FILE).await == whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_has_lost_its_database_says_so_and_deletes_nothing() {
    let (cdn, mut server) = start(&[]).await;
    completed(&server, "post", json!({ "url": IMAGE })).await;
    server.signal(rustix::process::Signal::KILL);
    server.wait();
    let folder = server.folder.path();
    let data = folder.join("data");
    for name in ["gramhost.db", "gramhost.db-wal", "gramhost.db-shm"] {
        let _none = fs::remove_file(data.join(name));
    }
    let start = || {
        let flags = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "off"];
        let output = gramhost(folder).args(flags).args(cdn.flags()).output();
        let output = output.unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert!(
            words.contains("is empty, but the data folder has 1 downloads"),
            "{words}"
        );
    };
    start();
    start();
    assert!(data.join("files/DfDjNmTDemo_image.jpg").exists());
    // As the message says.
    fs::remove_dir_all(data.join("files")).unwrap();
    let _none = fs::remove_dir_all(data.join("components"));
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let server = server.restart(&flags);
    assert_eq!(server.get(FILE).await.status, 404);
    completed(&server, "post", json!({ "url": IMAGE })).await;
}
