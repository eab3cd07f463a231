//! A disk that fails once, at each operation of a job in turn: the first write, the second, and so on to the last.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs,
};

use serde_json::{Value, json};

use super::{ended, names};
use crate::harness::{cdn::Cdn, server::Server};

/// The places that can fail; the other places exist only for crashes, and have nobody to report an error to.
const FALLIBLE: [&str; 16] = [
    "fetch.create",
    "fetch.flush",
    "fetch.write",
    "file.keep",
    "job.beat",
    "job.claim",
    "job.commit",
    "job.finish",
    "job.insert",
    "storage.fsync",
    "storage.measure",
    "storage.rename",
    "storage.renamed",
    "zip.create",
    "zip.entry",
    "zip.finish",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_at_any_operation_costs_a_job_at_most() {
    let post = ("post", json!({ "url": "DfDjNmTDemo" }));
    let zip = ("carousel", json!({ "url": "De0N5pLMixd" }));
    tokio::join!(
        fail_each("eio", &post),
        fail_each("enospc", &post),
        fail_each("enospc", &zip),
    );
}

async fn fail_each(error: &str, (kind, body): &(&str, Value)) {
    let cdn = Cdn::start().await;
    let flags = cdn.flags();
    let flags: Vec<_> = flags
        .iter()
        .map(String::as_str)
        // A unique name for the files of each job, so that a name shows which job the file belongs to.
        .chain(["--file-names", "capability"])
        .collect();
    let folder = tempfile::tempdir().unwrap();
    // One worker, so that the order of operations is fixed.
    fs::write(
        folder.path().join("gramhost.toml"),
        "[limits]\ndownloads_max = 1",
    )
    .unwrap();
    let server = Server::start_with_faults(folder, "", &flags);
    let plan = server.folder.path().join("faults");
    let did = server.folder.path().join("faults.did");
    let mut promised = BTreeSet::new();
    let mut ends = BTreeMap::new();
    assert_eq!(end(&server, kind, body, &mut promised).await, "completed");
    let log = fs::read_to_string(server.folder.path().join("faults.log")).unwrap();
    for (place, count) in operations(&log) {
        for operation in 1..=count {
            let _none = fs::remove_file(&did);
            fs::write(&plan, format!("{error} {operation} {place}")).unwrap();
            let end = end(&server, kind, body, &mut promised).await;
            // A file may arrive in fewer pieces this time.
            if did.exists() {
                ends.entry(place.clone())
                    .or_insert_with(BTreeSet::new)
                    .insert(end);
            } else {
                assert_eq!(end, "completed", "{place}: nothing failed");
            }
        }
    }
    println!("{error} in a {kind}: {ends:?}");
    for place in FALLIBLE {
        // A fetched file is measured while it is written.
        let is_of_zip = place.starts_with("zip.") || place == "storage.measure";
        let happens = !is_of_zip || *kind == "carousel";
        // A job may end before its first heartbeat.
        assert!(
            ends.contains_key(place) == happens || place == "job.beat",
            "{place}"
        );
    }
    let documented = [
        "completed",
        "SERVER_ERROR",
        "STORAGE_FULL",
        "500 SERVER_ERROR",
        "503 STORAGE_FULL",
    ];
    for end in ends.values().flatten() {
        assert!(documented.contains(&end.as_str()), "{end}");
    }
    // F19: no file is synced twice, especially not after a failure.
    let log = fs::read_to_string(server.folder.path().join("faults.log")).unwrap();
    let mut synced = HashSet::new();
    for line in log.lines().filter(|line| line.starts_with("storage.fsync")) {
        assert!(synced.insert(line), "{line}");
    }
    // No partial files remain, and no promised file is missing.
    fs::write(&plan, "").unwrap();
    let folder = server.folder.path().join("data/files");
    assert_eq!(fs::read_dir(folder.join(".staging")).unwrap().count(), 0);
    let server = server.crash_and_restart(&flags);
    let folder = server.folder.path().join("data/files");
    let files = fs::read_dir(&folder).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<_> = files.filter(|name| !name.starts_with('.')).collect();
    assert_eq!(files, promised);
    for name in &promised {
        let answer = server
            .get(&format!("/instagram/download/file/{name}"))
            .await;
        assert_eq!(answer.status, 200, "{name}");
    }
}

/// F20: other errors of a disk when files are created, written and renamed.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_disk_says_the_job_ends_in_a_documented_way_and_the_next_one_is_done() {
    let cdn = Cdn::start().await;
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let server = Server::start_with_faults(tempfile::tempdir().unwrap(), "", &flags);
    let plan = server.folder.path().join("faults");
    let (body, mut promised) = (json!({ "url": "DfDjNmTDemo" }), BTreeSet::new());
    for error in ["erofs", "eacces", "edquot", "efbig", "emfile", "enfile"] {
        let mut ends = BTreeSet::new();
        for place in [
            "fetch.create",
            "fetch.write",
            "storage.fsync",
            "storage.rename",
        ] {
            fs::write(&plan, format!("{error} 1 {place}")).unwrap();
            let end = end(&server, "post", &body, &mut promised).await;
            let documented = ["completed", "SERVER_ERROR", "STORAGE_FULL"];
            assert!(documented.contains(&end.as_str()), "{error} {place}: {end}");
            ends.insert(end);
            fs::write(&plan, "").unwrap();
            assert_eq!(
                self::end(&server, "post", &body, &mut promised).await,
                "completed"
            );
        }
        println!("{error}: {ends:?}");
    }
}

/// How a job ends, or why it is not accepted.
async fn end(server: &Server, kind: &str, body: &Value, promised: &mut BTreeSet<String>) -> String {
    let path = format!("/instagram/download/{kind}");
    let answer = server.post(&path, body).await;
    if answer.status != 202 {
        let code = answer.json["error"]["code"].as_str().unwrap_or_default();
        return format!("{} {code}", answer.status);
    }
    let status = ended(server, &answer.json["job_id"]).await;
    if status["status"] == "completed" {
        promised.extend(names(&status).into_iter().map(str::to_owned));
        return "completed".to_owned();
    }
    status["error"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// The operations of a job that can fail, and how often each occurs.
fn operations(log: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in log.lines() {
        let place = line.split(' ').next().unwrap_or_default().to_owned();
        if FALLIBLE.contains(&place.as_str()) {
            *counts.entry(place).or_insert(0) += 1;
        }
    }
    // Idle workers and those that have just finished a job also look for jobs.
    counts.insert("job.claim".to_owned(), 1);
    counts
}
