//! The clock of the machine jumps while the server runs, by hours and by years: nothing that counts time notices.
#![cfg(target_os = "linux")]

use std::{fs, path::PathBuf, time::Duration};

use serde_json::json;
use tokio::time::{interval, timeout};

use crate::{
    harness::{cdn::Cdn, server::Server},
    instagram::download::ended,
};

const INFO: &str = "/instagram/post/info?url_or_code=DfDjNmTDemo";
const FILE: &str = "/instagram/download/file/DfDjNmTDemo_image.jpg";
/// How long the other clock may take to be seen.
const PATIENCE: Duration = Duration::from_secs(30);

/// A library that changes what the C library says about the wall clock.
pub(crate) fn faketime() -> Option<PathBuf> {
    let machine = std::env::consts::ARCH;
    let folders = [
        format!("/usr/lib/{machine}-linux-gnu/faketime"),
        "/usr/lib64/faketime".to_owned(),
        "/usr/lib/faketime".to_owned(),
    ];
    let mut libraries = folders
        .iter()
        .map(|folder| PathBuf::from(folder).join("libfaketimeMT.so.1"));
    libraries.find(|library| library.exists())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_changes_no_limit_no_expiry_and_no_job() {
    let Some(library) = faketime() else {
        println!("skipped: libfaketime is not installed");
        return;
    };
    let cdn = Cdn::start().await;
    let folder = tempfile::tempdir().unwrap();
    let offset = folder.path().join("data/offset");
    fs::create_dir(folder.path().join("data")).unwrap();
    let jump = |by: &str| fs::write(&offset, by).unwrap();
    jump("+0");
    let variables = [
        ("LD_PRELOAD", library.to_str().unwrap()),
        ("FAKETIME_TIMESTAMP_FILE", offset.to_str().unwrap()),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
    ];
    let origin = &cdn.flags()[1];
    let server = Server::start_with(
        folder,
        &variables,
        &["--upstream-override", origin, "--rate-limit", "1000"],
    );
    let body = json!({ "url": "DfDjNmTDemo" });
    let job = async || {
        let answer = server.post("/instagram/download/post", &body).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        answer.json["job_id"].clone()
    };
    let first = job().await;
    let status = ended(&server, &first).await;
    assert_eq!(status["status"], "completed", "{status}");
    let path = format!("/instagram/status/{}", first.as_str().unwrap());
    for (by, year) in [
        ("+2h", "20"),
        ("-3h", "20"),
        ("+3650d", "203"),
        ("-15000d", "198"),
    ] {
        jump(by);
        // The new time is in what the server says about the moment.
        let mut looks = interval(Duration::from_millis(10));
        let seen = async {
            while !server.get("/none").await.json["error"]["timestamp"]
                .as_str()
                .unwrap()
                .starts_with(year)
            {
                looks.tick().await;
            }
        };
        timeout(PATIENCE, seen).await.expect("the clock jumps");
        assert_eq!(server.get(FILE).await.status, 200, "{by}");
        assert_eq!(server.get(&path).await.json, status, "{by}");
        assert_eq!(server.get(INFO).await.status, 200, "{by}");
        let again = ended(&server, &job().await).await;
        assert_eq!(again["status"], "completed", "{by}: {again}");
    }
    // Until the limit: the wait is that of the window, whatever the clock says.
    let limited = async {
        loop {
            let answer = server.get("/instagram/formats").await;
            if answer.status == 429 {
                return answer;
            }
        }
    };
    let limited = timeout(PATIENCE, limited).await.expect("the limit");
    let wait: u64 = limited.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    jump("+0");
    assert_eq!(server.get("/instagram/formats").await.status, 429);
    assert_eq!(server.get(FILE).await.status, 429);
}
