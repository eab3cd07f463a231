//! What only a bucket has: links, small objects, what the first request says, and uploads that are given up.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../../../../../tests/harness/store.rs"]
mod store;

use std::ffi::OsString;

use bytes::Bytes;

use super::*;
use crate::storage::{FileDigest, Name};
use store::{BUCKET, KEY_ID, SECRET, Store, ask};

/// The bucket of the tests, at a prefix of this test alone.
pub(in crate::storage) fn at_prefix(test: &str) -> BucketAddress {
    // So that a test may run twice.
    let unique = uuid::Uuid::new_v4();
    BucketAddress::parse(&format!("s3://{BUCKET}/{test}/{unique}")).unwrap()
}

/// How the store of the tests is reached.
pub(in crate::storage) fn config_of() -> BucketConfig {
    config_with(&[
        ("AWS_ACCESS_KEY_ID", KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
    ])
}

fn config_with(variables: &[(&str, &str)]) -> BucketConfig {
    let pairs: Vec<(OsString, OsString)> = variables
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect();
    let variables = Variables::of(pairs.iter().map(|(name, value)| (name, value)));
    BucketConfig {
        endpoint: Endpoint::parse(&Store::shared().endpoint()),
        credentials: Credentials::find(&variables).unwrap(),
        variables,
        ..BucketConfig::default()
    }
}

fn publication(bytes: u64) -> Publication {
    Publication {
        name: Name::parse("a_image.jpg").unwrap(),
        content: FileDigest {
            bytes,
            sha256: "ab".repeat(32),
        },
        by: uuid::Uuid::new_v4().to_string(),
    }
}

/// What the first request to a bucket says against it.
async fn checked(address: &str, config: &BucketConfig) -> Result<(), String> {
    let bucket = Bucket::new(&BucketAddress::parse(address).unwrap(), config).unwrap();
    bucket.check().await.map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_request_says_what_is_wrong() {
    let config = config_of();
    checked(&format!("s3://{BUCKET}/anywhere"), &config)
        .await
        .unwrap();
    let error = checked("s3://no-such-bucket", &config).await.unwrap_err();
    assert!(
        error.contains("s3://no-such-bucket: the store answers NoSuchBucket"),
        "{error}"
    );
    for (id, secret, code) in [
        ("nobody", SECRET, "InvalidAccessKeyId"),
        (KEY_ID, "wrong-secret-77", "SignatureDoesNotMatch"),
    ] {
        let config = config_with(&[("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret)]);
        let error = checked(&format!("s3://{BUCKET}"), &config)
            .await
            .unwrap_err();
        let said = format!("the store answers {code}; the credentials are from the variables");
        assert!(error.contains(&said), "{error}");
        assert!(
            !error.contains("wrong-secret-77") && error.lines().count() == 1,
            "{error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_does_not_prevent_a_start() {
    let config = BucketConfig {
        endpoint: Endpoint::parse("http://127.0.0.1:1"),
        first_byte_ms_max: 300,
        ..config_of()
    };
    checked("s3://bucket", &config).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_signed_for_a_short_time() {
    let bucket = Bucket::new(&at_prefix("links"), &config_of()).unwrap();
    let (hour, at) = (Duration::from_secs(3600), publication(5));
    let link = bucket.link(&at, hour).await.unwrap().unwrap();
    assert!(link.contains("X-Amz-Expires=60&"), "{link}");
    let shorter = bucket
        .link(&at, Duration::from_millis(7_900))
        .await
        .unwrap();
    assert!(shorter.unwrap().contains("X-Amz-Expires=7&"));
    assert_eq!(
        bucket.link(&at, Duration::from_millis(900)).await.unwrap(),
        None
    );
    assert!(!link.contains(SECRET));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_dropped_is_given_up() {
    const OWN: &str = "gramhost-dropped";
    let store = Store::shared();
    store.create_bucket(OWN);
    let address = BucketAddress::parse(&format!("s3://{OWN}")).unwrap();
    let bucket = Bucket::new(&address, &config_of()).unwrap();
    let staged = tempfile::NamedTempFile::new().unwrap();
    staged.as_file().set_len(64 << 20).unwrap();
    let at = publication(64 << 20);
    let uploading = tokio::spawn({
        let (bucket, at, path) = (bucket.clone(), at.clone(), staged.path().to_owned());
        async move { bucket.upload(&path, &at, "video/mp4").await }
    });
    until(|| unfinished_uploads(store, OWN) > 0).await;
    uploading.abort();
    assert!(uploading.await.unwrap_err().is_cancelled());
    until(|| unfinished_uploads(store, OWN) == 0).await;
    assert_eq!(store.objects(OWN), []);
    bucket
        .upload(staged.path(), &at, "video/mp4")
        .await
        .unwrap();
    let lengths: Vec<_> = store
        .objects(OWN)
        .into_iter()
        .map(|(_, bytes)| bytes)
        .collect();
    assert_eq!(lengths, [64 << 20]);
}

/// The number of uploads in parts to a bucket that were begun and neither completed nor given up.
fn unfinished_uploads(store: &Store, bucket: &str) -> usize {
    let path = format!("/buckets/{bucket}/.uploads/?limit=10000");
    let text = ask(store.filer, "GET", &path).map(|(_, text)| text);
    let listed: serde_json::Value =
        serde_json::from_str(&text.unwrap_or_default()).unwrap_or_default();
    listed["Entries"].as_array().map_or(0, Vec::len)
}

/// Waits for a condition.
async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        let mut looks = tokio::time::interval(Duration::from_millis(5));
        while !tokio::task::block_in_place(&is_so) {
            looks.tick().await;
        }
    };
    timeout(Duration::from_secs(60), waiting).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn small_objects_are_stored_once_and_read_within_a_bound() {
    let objects = Objects::open(&at_prefix("objects"), &config_of()).unwrap();
    let key = ObjectKey::parse("components/ab12.wasm").unwrap();
    assert_eq!(objects.get(&key, 100).await.unwrap(), None);
    let (one, other) = (Bytes::from_static(b"first"), Bytes::from_static(b"second"));
    assert!(objects.put_if_absent(&key, one.clone()).await.unwrap());
    assert!(!objects.put_if_absent(&key, other).await.unwrap());
    assert_eq!(objects.get(&key, 5).await.unwrap(), Some(one));
    let error = objects.get(&key, 4).await.unwrap_err().to_string();
    assert!(
        error.contains("components/ab12.wasm has more than 4 bytes"),
        "{error}"
    );
    for _ in 0..2 {
        objects.delete(&key).await.unwrap();
        assert_eq!(objects.get(&key, 100).await.unwrap(), None);
    }
    let empty = ObjectKey::parse("captures/post/7/empty").unwrap();
    assert!(objects.put_if_absent(&empty, Bytes::new()).await.unwrap());
    assert_eq!(objects.get(&empty, 0).await.unwrap(), Some(Bytes::new()));
    let large = Bytes::from(vec![7; 20 << 20]);
    let key = ObjectKey::parse("large").unwrap();
    assert!(objects.put_if_absent(&key, large.clone()).await.unwrap());
    assert!(objects.get(&key, u64::MAX).await.unwrap() == Some(large));
    let beyond = Bytes::from(vec![0; OBJECT_BYTES_MAX as usize + 1]);
    assert!(objects.put_if_absent(&empty, beyond).await.is_err());
}

#[test]
fn keys_of_small_objects_are_plain_and_not_those_of_files() {
    for good in [
        "a",
        "components/0a.wasm",
        "captures/post-info/x_1/exchange.har",
        "filesystem",
    ] {
        assert_eq!(ObjectKey::parse(good).unwrap().to_string(), good);
    }
    for bad in [
        "", "/", "a/", "/a", "a//b", "..", "a/../b", "a b", "ü", "files/x", "a?b",
    ] {
        assert_eq!(ObjectKey::parse(bad), None, "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_examined() {
    let address = at_prefix("examined");
    let found = examine(&address, &config_of()).await;
    assert_eq!(found.access, Ok(()));
    assert!(found.ahead_s.unwrap().abs() < 60);
    let no_rule = Lifecycle::Rule {
        files_days: None,
        uploads_days: None,
    };
    assert_eq!(found.lifecycle, no_rule);
    // Nothing of the examination stays.
    let prefix = address.files_prefix();
    assert_eq!(Store::shared().objects(&format!("{BUCKET}/{prefix}")), []);
    let wrong = config_with(&[("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "y")]);
    let found = examine(&address, &wrong).await;
    let why = found.access.unwrap_err();
    assert_eq!(
        why,
        "an object cannot be written: the store answers InvalidAccessKeyId"
    );
}

/// A store of its own rules: what it was told is what `doctor` reads.
#[tokio::test(flavor = "multi_thread")]
async fn the_rule_of_a_bucket_is_read() {
    use object_store::{
        client::{HttpConnector as _, ReqwestConnector},
        signer::SignedUrlOptions,
    };

    const OWN: &str = "gramhost-rules";
    Store::shared().create_bucket(OWN);
    let address = BucketAddress::parse(&format!("s3://{OWN}/a")).unwrap();
    let config = config_of();
    let bucket = Bucket::new(&address, &config).unwrap();
    let options = SignedUrlOptions::new().with_query([("lifecycle", "")]);
    let link = bucket
        .store
        .signed_url_opts(
            Method::PUT,
            &Key::default(),
            Duration::from_secs(60),
            &options,
        )
        .await
        .unwrap();
    let rules = "<LifecycleConfiguration><Rule><ID>files</ID><Status>Enabled</Status>\
        <Filter><Prefix>a/files/</Prefix></Filter><Expiration><Days>1</Days></Expiration>\
        <AbortIncompleteMultipartUpload><DaysAfterInitiation>2</DaysAfterInitiation>\
        </AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>";
    let request = http::Request::put(link.as_str()).body(rules.to_owned().into());
    let options = client::options(&config, config.endpoint.as_ref());
    let client = ReqwestConnector::default().connect(&options).unwrap();
    let answer = client.execute(request.unwrap()).await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    let found = examine(&address, &config).await.lifecycle;
    let rule = Lifecycle::Rule {
        files_days: Some(1),
        uploads_days: Some(2),
    };
    assert_eq!(found, rule);
    let other = BucketAddress::parse(&format!("s3://{OWN}/b")).unwrap();
    let found = examine(&other, &config).await.lifecycle;
    assert!(
        matches!(
            found,
            Lifecycle::Rule {
                files_days: None,
                ..
            }
        ),
        "{found:?}"
    );
}
