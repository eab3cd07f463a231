//! A folder with 10,000 files and 100,000 observations is moved, also if the move is interrupted.

use std::{
    fs,
    os::unix::process::ExitStatusExt as _,
    path::Path,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use engines::Postgres;
use gramhost::{
    contract::{Query, target},
    data::Folder,
    database::{Database, FileRow, JobRow, Observation},
    download::{Download, Formats, Kind, Part, Quality},
    media::VideoCodec,
    storage::Storage,
};
use uuid::Uuid;

use super::{migrate, moved, refused, replica, told};
use crate::harness::cdn::Cdn;

const FILES: usize = 10_000;
const OBSERVATIONS: usize = 100_000;

fn content(number: usize) -> String {
    format!("the bytes of file {number}")
}

fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

fn download() -> Download {
    Download {
        kind: Kind::Post,
        query: Some(Query::post(target::media("DfDjNmTDemo").unwrap())),
        url: "DfDjNmTDemo".to_owned(),
        quality: Quality::Best,
        part: Part::All,
        formats: Formats::default(),
        video_codec: VideoCodec::Any,
        zip: false,
        metadata: false,
        item: None,
        cover: false,
    }
}

/// Fills a data folder as a busy server would, and returns the ids of its jobs in their order.
async fn fill(data: &Path) -> Vec<String> {
    let owner = Folder::own(data).unwrap();
    let database = Database::open(&owner).await.unwrap();
    let storage = Storage::open(Default::default(), &owner).await.unwrap();
    let rows: Vec<_> = (0..OBSERVATIONS)
        .map(|number| {
            let observation = Observation {
                observed_at: now_s() - 60 * (number % 100) as u64,
                likes: Some(number as u64),
                ..Observation::default()
            };
            ((number / 100).to_string(), observation)
        })
        .collect();
    database.observations().add(&rows).await.unwrap();
    let ids: Vec<_> = (0..FILES).map(|_| Uuid::new_v4().to_string()).collect();
    let payload = serde_json::to_string(&download()).unwrap();
    let jobs: Vec<_> = ids
        .iter()
        .map(|id| JobRow {
            id: id.clone(),
            payload: Some(payload.clone()),
            client: "somebody".to_owned(),
            state: "pending".to_owned(),
            ..JobRow::default()
        })
        .collect();
    database.insert_jobs(&jobs).await.unwrap();
    let owner = database.process().to_string();
    let far = u64::from(u32::MAX) * 1_000;
    let job = database
        .claim_job(&owner, (1, far), None)
        .await
        .unwrap()
        .unwrap();
    for number in 0..FILES {
        let name = format!("file{number}_image.jpg");
        let path = data.join("files").join(&name);
        fs::write(&path, content(number)).unwrap();
        let digest = storage.measure(&path).await.unwrap();
        let row = FileRow {
            name,
            job_id: job.id.clone(),
            sha256: digest.sha256,
            bytes: digest.bytes,
            content_type: "image/jpeg".to_owned(),
            dimensions: None,
            expires_at_ms: (now_s() + 1_700) * 1_000,
        };
        database.keep_file(&row, 1, 1).await.unwrap();
    }
    database.close().await;
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_files_are_moved_and_an_interrupted_move_is_repeated() {
    let source = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let ids = fill(source.path()).await;
    println!("the folder was filled in {:?}", began.elapsed());
    let folder = tempfile::tempdir().unwrap();
    let url = Postgres::shared().database();
    let to = ["--to", url.as_str()];
    let count =
        |table: &str| Postgres::shared().run(&url, &format!("SELECT COUNT(*) FROM {table}"));
    for plan in [
        "crash 4000 transfer.file",
        "crash 150 transfer.rows",
        "crash 1 transfer.commit",
    ] {
        let faults = folder.path().join("faults");
        fs::write(&faults, plan).unwrap();
        let variables = [("FAULTS", faults.to_str().unwrap())];
        let output = migrate(folder.path(), source.path(), &to, &variables);
        assert_eq!(output.status.signal(), Some(9), "{plan}: {output:?}");
        for table in ["jobs", "files", "observations"] {
            assert_eq!(count(table), "0", "{plan}: all or nothing");
        }
    }
    // What was copied before is not copied again: this measures another folder.
    let fresh = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let summary = moved(fresh.path(), source.path(), &to, &[]);
    println!(
        "{FILES} files and {OBSERVATIONS} observations were moved in {:?}",
        began.elapsed()
    );
    print!("{summary}");
    for (what, expected) in [
        ("jobs", FILES),
        ("observations", OBSERVATIONS),
        ("live files", FILES),
    ] {
        assert_eq!(told(&summary, what), expected as u64);
    }
    assert_eq!(count("observations"), OBSERVATIONS.to_string());
    let order = Postgres::shared().run(&url, "SELECT id FROM jobs ORDER BY seq");
    assert!(
        order.lines().eq(ids.iter().map(String::as_str)),
        "the order of jobs"
    );
    for number in 0..FILES {
        let path = fresh
            .path()
            .join(format!("data/files/file{number}_image.jpg"));
        assert_eq!(fs::read_to_string(path).unwrap(), content(number));
    }
    let sum = "SELECT SUM(likes) FROM observations";
    let expected = OBSERVATIONS * (OBSERVATIONS - 1) / 2;
    assert_eq!(Postgres::shared().run(&url, sum), expected.to_string());
    let again = refused(folder.path(), source.path(), &to);
    assert!(
        again.contains("it has 10000 jobs and 10000 files"),
        "{again}"
    );

    let cdn = Cdn::start().await;
    // Nobody waits for ten thousand downloads.
    Postgres::shared().run(
        &url,
        "UPDATE jobs SET state = 'cancelled', expires_at = 9999999999999",
    );
    let server = replica(&cdn, fresh, &url, &[], &[]);
    let served = server
        .bytes("/instagram/download/file/file77_image.jpg")
        .await;
    assert_eq!(served, content(77).as_bytes());
    let status = server.get(&format!("/instagram/status/{}", ids[7])).await;
    assert_eq!(status.status, 200, "{}", status.text);
}
