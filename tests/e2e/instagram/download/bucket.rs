//! Files in a bucket of a real store: published, served, redirected to, expired, and whole after a crash.

mod faults;
mod large;

use std::time::Duration;

use reqwest::{Client, Method, redirect::Policy};
use serde_json::{Value, json};
use tokio::time::{interval, timeout};

use super::{PATIENCE, accepted, completed, ended, large::long, names};
use crate::{
    cli::stdout,
    harness::{
        bucket::Place,
        cdn::{Cdn, media},
        server::{Server, gramhost},
        store::{KEY_ID, SECRET, Store},
    },
};

const IMAGE: &str = "DfDjNmTDemo";
const IMAGE_URL: &str = "/instagram/download/file/DfDjNmTDemo_image.jpg";

/// What the picture of a post is.
fn picture() -> &'static [u8] {
    media("https://x/demo_1080_n.jpg")
}

fn url_of(status: &Value) -> String {
    format!("/instagram/download/file/{}", names(status)[0])
}

/// The bytes behind a redirect to the store, which this client follows.
async fn followed(server: &Server, url: &str, headers: &[(&str, &str)]) -> (u16, Vec<u8>) {
    let mut request = Client::new().get(format!("http://{}{url}", server.address));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.bytes().await.unwrap().to_vec())
}

/// Where a request is sent to, if it is.
async fn location(server: &Server, url: &str, headers: &[(&str, &str)]) -> (u16, Option<String>) {
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let mut request = client.get(format!("http://{}{url}", server.address));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let to = response.headers().get("location");
    let to = to.map(|to| to.to_str().unwrap().to_owned());
    (response.status().as_u16(), to)
}

/// Waits until a place has this number of objects.
async fn objects(place: &Place, count: usize) -> Vec<(String, u64)> {
    let mut looks = interval(Duration::from_millis(50));
    let waiting = async {
        loop {
            looks.tick().await;
            let found = tokio::task::block_in_place(|| place.objects());
            if found.len() == count {
                return found;
            }
        }
    };
    let found = timeout(PATIENCE, waiting).await;
    found.unwrap_or_else(|_| panic!("{:?}", place.objects()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_bucket_is_served_like_one_of_a_folder() {
    let (cdn, place) = (Cdn::start().await, Place::new());
    let server = place.serve(&cdn);
    let status = completed(&server, "post", json!({ "url": IMAGE })).await;
    assert_eq!(url_of(&status), IMAGE_URL);
    let job = status["job_id"].as_str().unwrap();
    let whole = server.bytes(IMAGE_URL).await;
    assert!(whole == picture());
    let head = server.send(Method::HEAD, IMAGE_URL, &[]).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    let length = whole.len().to_string();
    let field = |name: &str| head.headers[name].to_str().unwrap();
    assert_eq!(field("content-length"), length);
    assert_eq!(field("content-type"), "image/jpeg");
    assert_eq!(
        field("content-disposition"),
        "attachment; filename=\"DfDjNmTDemo_image.jpg\""
    );
    let tag = field("etag");
    let sha256 = tag.trim_matches('"');
    let key = format!("files/{sha256}/{job}/DfDjNmTDemo_image.jpg");
    assert_eq!(place.objects(), [(key, whole.len() as u64)]);
    // Nothing stays on the disk of the server.
    assert!(
        !server
            .folder
            .path()
            .join("data/files/DfDjNmTDemo_image.jpg")
            .exists()
    );
    let modified = field("last-modified");
    for (name, value, status) in [
        ("if-none-match", tag, 304),
        ("if-none-match", "\"other\"", 200),
        ("if-match", tag, 200),
        ("if-match", "\"other\"", 412),
        ("if-modified-since", modified, 304),
        ("if-unmodified-since", modified, 200),
        ("range", "bytes=99999999-", 416),
        ("range", "bytes=0-1,3-4", 200),
        ("range", "bytes=5-9", 206),
    ] {
        let answer = server.send(Method::GET, IMAGE_URL, &[(name, value)]).await;
        assert_eq!(answer.status, status, "{name}: {value}");
    }
    for (range, part) in [
        ("bytes=0-0", 0..1),
        ("bytes=5-9", 5..10),
        ("bytes=1000-", 1000..whole.len()),
        ("bytes=-7", whole.len() - 7..whole.len()),
        ("bytes=0-99999999", 0..whole.len()),
    ] {
        let (status, bytes) = followed(&server, IMAGE_URL, &[("range", range)]).await;
        assert_eq!(status, 206, "{range}");
        assert!(bytes == whole[part], "{range}");
    }
    let absent = server.get("/instagram/download/file/other.jpg").await;
    assert_eq!(absent.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_expires_and_its_object_is_deleted() {
    let (cdn, place) = (Cdn::start().await, Place::new());
    let place = place.with("GRAMHOST_LIMITS_FILE_RETENTION_S", 3);
    let server = place.serve(&cdn);
    completed(&server, "post", json!({ "url": IMAGE })).await;
    assert_eq!(server.get(IMAGE_URL).await.status, 200);
    assert_eq!(objects(&place, 1).await.len(), 1);
    objects(&place, 0).await;
    let gone = server.get(IMAGE_URL).await;
    assert_eq!(
        (gone.status, &gone.json["error"]["code"]),
        (410, &json!("FILE_EXPIRED"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_again_leaves_one_object_and_a_restart_serves_it() {
    let (cdn, place) = (Cdn::start().await, Place::new());
    let server = place.serve(&cdn);
    completed(&server, "post", json!({ "url": IMAGE })).await;
    let first = objects(&place, 1).await;
    let second = completed(&server, "post", json!({ "url": IMAGE })).await;
    let now = objects(&place, 1).await;
    assert_ne!(first, now);
    assert!(now[0].0.contains(second["job_id"].as_str().unwrap()));
    assert!(server.bytes(IMAGE_URL).await == picture());
    let server = place.serve_again(server, &cdn);
    assert!(server.bytes(IMAGE_URL).await == picture());
    assert_eq!(place.objects(), now);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_somebody_deletes_is_expired() {
    let (cdn, place) = (Cdn::start().await, Place::new());
    let server = place.serve(&cdn);
    completed(&server, "post", json!({ "url": IMAGE })).await;
    place.delete_objects().await;
    let gone = server.get(IMAGE_URL).await;
    assert_eq!(
        (gone.status, &gone.json["error"]["code"]),
        (410, &json!("FILE_EXPIRED"))
    );
    server.logged("a published file is gone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_sent_to_the_store_where_it_may_answer() {
    let (cdn, place) = (Cdn::start().await, Place::new());
    let place = place.with("GRAMHOST_FILE_DELIVERY", "presigned");
    let server = place.serve(&cdn);
    completed(&server, "post", json!({ "url": IMAGE })).await;
    let (status, link) = location(&server, IMAGE_URL, &[]).await;
    let link = link.unwrap();
    assert_eq!(status, 302);
    assert!(link.starts_with(&Store::shared().endpoint()), "{link}");
    assert!(
        link.contains("X-Amz-Expires=60&") && !link.contains(SECRET),
        "{link}"
    );
    let whole = picture();
    assert!(followed(&server, IMAGE_URL, &[]).await == (200, whole.to_vec()));
    let range = [("range", "bytes=5-9")];
    assert!(followed(&server, IMAGE_URL, &range).await == (206, whole[5..10].to_vec()));
    let sent = Client::new().get(&link).send().await.unwrap();
    assert_eq!(sent.headers()["content-type"], "image/jpeg");
    let name = "attachment; filename=\"DfDjNmTDemo_image.jpg\"";
    assert_eq!(sent.headers()["content-disposition"], name);
    // Without the signature, there is nothing.
    let bare = link.split('?').next().unwrap();
    assert_eq!(Client::new().get(bare).send().await.unwrap().status(), 403);

    // This server answers what the store would answer otherwise.
    let head = server.send(Method::HEAD, IMAGE_URL, &[]).await;
    assert_eq!(head.status, 200);
    let tag = head.headers["etag"].to_str().unwrap();
    let modified = head.headers["last-modified"].to_str().unwrap();
    for (name, value, status) in [
        ("if-none-match", tag, 304),
        ("if-none-match", "\"other\"", 302),
        ("if-match", tag, 200),
        ("if-match", "\"other\"", 412),
        ("if-unmodified-since", modified, 200),
        ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT", 200),
        ("range", "bytes=99999999-", 416),
    ] {
        let (found, _) = location(&server, IMAGE_URL, &[(name, value)]).await;
        assert_eq!(found, status, "{name}: {value}");
    }
    let fields = [("if-range", tag), ("range", "bytes=0-4")];
    assert!(followed(&server, IMAGE_URL, &fields).await == (206, whole[..5].to_vec()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_does_not_outlive_its_file() {
    let (cdn, place) = (Cdn::start().await, Place::new());
    let place = place
        .with("GRAMHOST_FILE_DELIVERY", "presigned")
        .with("GRAMHOST_LIMITS_FILE_RETENTION_S", 20);
    let server = place.serve(&cdn);
    completed(&server, "post", json!({ "url": IMAGE })).await;
    let (_, link) = location(&server, IMAGE_URL, &[]).await;
    let life = link.unwrap();
    let (_, life) = life.split_once("X-Amz-Expires=").unwrap();
    let life: u64 = life.split('&').next().unwrap().parse().unwrap();
    assert!((1..=20).contains(&life), "{life}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_while_it_uploads_loses_nothing() {
    let cdn = Cdn::start().await;
    cdn.misbehave(|_, _, body| Some(long(body, 25 << 20)));
    let folder = tempfile::tempdir().unwrap();
    let plan = folder.path().join("faults");
    std::fs::write(&plan, "crash 1 storage.part").unwrap();
    let place = Place::new()
        .with("FAULTS", plan.display())
        .with("GRAMHOST_HARDENING", "off");
    let mut server = place.serve(&cdn);
    let reel = json!({ "url": "DfF-eHzReel", "quality": "720p" });
    let id = accepted(&server, "reel", reel).await["job_id"].clone();
    server.died().await;
    assert_eq!(place.objects(), []);
    std::fs::write(&plan, "").unwrap();
    let server = place.serve_again(server, &cdn);
    let status = ended(&server, &id).await;
    assert_eq!(status["status"], "completed", "{status} {}", server.log());
    let served = server.bytes(&url_of(&status)).await;
    assert_eq!(served.len(), 25 << 20);
    assert!(served.starts_with(media("https://x/demo_hd_n.mp4")));
    let found = place.objects();
    assert_eq!(
        found.iter().map(|(_, bytes)| *bytes).collect::<Vec<_>>(),
        [25 << 20]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_shown_nowhere() {
    let (cdn, place) = (Cdn::start().await, Place::new());
    let place = place.with("GRAMHOST_LOG", "trace");
    let server = place.serve(&cdn);
    completed(&server, "post", json!({ "url": IMAGE })).await;
    server.bytes(IMAGE_URL).await;
    let limits = server.admin("/limits").await.text;
    assert!(limits.contains(&place.files()), "{limits}");
    let log = server.log();
    for secret in [SECRET, KEY_ID] {
        assert!(!limits.contains(secret));
        assert!(
            !log.contains(secret),
            "{:?}",
            log.lines().find(|line| line.contains(secret))
        );
    }
    #[cfg(target_os = "linux")]
    {
        let arguments = std::fs::read(format!("/proc/{}/cmdline", server.pid())).unwrap();
        assert!(!String::from_utf8_lossy(&arguments).contains(SECRET));
    }
}

/// The last line of a start that fails.
fn refused(place: &Place, files: &str, more: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = gramhost(folder.path())
        .args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "off"])
        .args(["--files", files])
        .envs(place.variables())
        .envs(more.iter().copied())
        .output()
        .unwrap();
    assert!(!output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    said.lines().last().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_bucket_or_credential_prevents_the_start_in_one_line() {
    let place = Place::new();
    let files = place.files();
    for (files, more, said) in [
        (
            "s3://no-such-bucket",
            ("LANG", "C"),
            "s3://no-such-bucket: the store answers NoSuchBucket",
        ),
        (
            &files,
            ("AWS_SECRET_ACCESS_KEY", "wrong-secret-77"),
            "the store answers SignatureDoesNotMatch",
        ),
        (
            &files,
            ("AWS_SECRET_ACCESS_KEY", ""),
            "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not",
        ),
    ] {
        let line = tokio::task::block_in_place(|| refused(&place, files, &[more]));
        assert!(line.contains(said) && !line.contains("77"), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_tries_the_bucket() {
    let place = Place::new();
    let doctor = |files: &str, secret: &str| {
        let folder = tempfile::tempdir().unwrap();
        let output = gramhost(folder.path())
            .args([
                "doctor",
                "--listen",
                "127.0.0.1:0",
                "--admin-listen",
                "off",
                "--replay",
                ".",
            ])
            .args(["--files", files])
            .envs(place.variables())
            .env("AWS_SECRET_ACCESS_KEY", secret)
            .output()
            .unwrap();
        (output.status.code(), stdout(&output).to_owned())
    };
    let (code, said) = tokio::task::block_in_place(|| doctor(&place.files(), SECRET));
    assert_eq!(code, Some(0), "{said}");
    let files = place.files();
    for line in [
        format!("ok   bucket            {files}: an object was written, read in part and deleted"),
        "ok   bucket clock      that of the store is 0 s".to_owned(),
        "note bucket lifecycle  no rule expires e2e/".to_owned(),
    ] {
        assert!(
            said.contains(&line) || line.contains("clock") && said.contains("bucket clock"),
            "{line}: {said}"
        );
    }
    for (files, secret, why) in [
        (files.as_str(), "wrong", "SignatureDoesNotMatch"),
        ("s3://no-such-bucket", SECRET, "NoSuchBucket"),
    ] {
        let (code, said) = tokio::task::block_in_place(|| doctor(files, secret));
        assert_eq!(code, Some(1), "{said}");
        let line = format!(
            "FAIL bucket            {files}: an object cannot be written: the store answers {why}"
        );
        assert!(said.contains(&line), "{said}");
    }
}
