//! Examines a bucket for `gramhost doctor`: each right that a server needs is tried, not looked up.

use std::time::{Duration, SystemTime};

use http::{Request, header};
use object_store::{
    GetOptions, GetRange, ObjectStore as _, ObjectStoreExt as _,
    aws::AmazonS3,
    client::{HttpClient, HttpConnector as _, HttpRequestBody, ReqwestConnector},
    path::Path as Key,
    signer::{Method, SignedUrlOptions, Signer as _},
};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use tokio::time::timeout;
use uuid::Uuid;

use super::{Bucket, BucketAddress, BucketConfig, address::FILES, client, words};

/// How long the store may take for all of it.
const PATIENCE: Duration = Duration::from_secs(15);
/// The life of the link that asks for the rules of the bucket.
const LINK: Duration = Duration::from_secs(60);
/// What is written and read again.
const PROBE: &[u8] = b"written by gramhost doctor";
/// The part of it that is read.
const PART: std::ops::Range<u64> = 8..16;

/// What was found out about a bucket.
#[derive(Debug)]
pub struct Examined {
    /// Where the credentials come from.
    pub credentials: String,
    /// An object was written, read in part and deleted; or what the store says against it.
    pub access: Result<(), String>,
    /// How far the clock of the store is before that of this machine, seconds, if it states it.
    pub ahead_s: Option<i64>,
    /// The rule for what a crash leaves.
    pub lifecycle: Lifecycle,
}

/// What is known of the lifecycle rule for files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    /// Files are deleted after this many days, and so are uploads that were never completed, if the second is set.
    Rule {
        /// Days after which files are deleted; `None`: never.
        files_days: Option<u64>,
        /// Days after which uploads that were not completed are given up; `None`: never.
        uploads_days: Option<u64>,
    },
    /// It cannot be asked for; why.
    Unknown(String),
}

/// Examines a bucket.
pub async fn examine(address: &BucketAddress, config: &BucketConfig) -> Examined {
    let credentials = config.credentials.source().to_owned();
    let late = || "the store does not answer in time".to_owned();
    let bucket = match Bucket::new(address, config) {
        Ok(bucket) => bucket,
        Err(error) => {
            return Examined {
                credentials,
                access: Err(error.to_string()),
                ahead_s: None,
                lifecycle: Lifecycle::Unknown("there is no client".to_owned()),
            };
        }
    };
    let access = timeout(PATIENCE, try_all(&bucket)).await;
    let rules = timeout(PATIENCE, ask_rules(&bucket)).await;
    let (ahead_s, lifecycle) = rules.unwrap_or_else(|_| (None, Lifecycle::Unknown(late())));
    Examined {
        credentials,
        access: access.unwrap_or_else(|_| Err(late())),
        ahead_s,
        lifecycle,
    }
}

/// Writes, reads and deletes an object where files are.
async fn try_all(bucket: &Bucket) -> Result<(), String> {
    let Bucket { store, address, .. } = bucket;
    let name = format!("doctor-{}", Uuid::new_v4());
    let key = address.key([FILES, name.as_str()]);
    let says = |what: &str| {
        let what = what.to_owned();
        move |error: object_store::Error| format!("{what}: {}", words(&error))
    };
    store
        .put(&key, PROBE.into())
        .await
        .map_err(says("an object cannot be written"))?;
    let read = read_part(store, &key).await;
    // Also if it could not be read.
    let deleted = store.delete(&key).await;
    let read = read.map_err(says("an object cannot be read"))?;
    if read != PROBE[8..16] {
        return Err("a part of an object is read wrongly".to_owned());
    }
    deleted.map_err(says("an object cannot be deleted"))
}

async fn read_part(store: &AmazonS3, key: &Key) -> object_store::Result<bytes::Bytes> {
    let options = GetOptions {
        range: Some(GetRange::Bounded(PART)),
        ..GetOptions::default()
    };
    store.get_opts(key, options).await?.bytes().await
}

/// Asks for the lifecycle rules, and compares the clocks by the way: every answer states the time.
async fn ask_rules(bucket: &Bucket) -> (Option<i64>, Lifecycle) {
    let answer = match asked(bucket).await {
        Ok(answer) => answer,
        Err(why) => return (None, Lifecycle::Unknown(why)),
    };
    let date = answer.headers().get(header::DATE);
    let ahead_s = date.and_then(|date| ahead_s(date.to_str().ok()?));
    let status = answer.status();
    let body = answer.into_body().bytes().await.unwrap_or_default();
    let text = String::from_utf8_lossy(&body);
    let prefix = bucket.address.files_prefix();
    let lifecycle = match client::code(&text) {
        Some("NoSuchLifecycleConfiguration") => rule("", &prefix),
        Some(code) => Lifecycle::Unknown(format!("the store answers {code}")),
        None if status.is_success() => rule(&text, &prefix),
        None => Lifecycle::Unknown(format!("the store answers {status}")),
    };
    (ahead_s, lifecycle)
}

async fn asked(bucket: &Bucket) -> Result<object_store::client::HttpResponse, String> {
    let says = |error: object_store::Error| words(&error);
    let options = SignedUrlOptions::new().with_query([("lifecycle", "")]);
    let root = Key::default();
    let link = bucket
        .store
        .signed_url_opts(Method::GET, &root, LINK, &options);
    let link = link.await.map_err(says)?;
    let endpoint = client::endpoint(&bucket.config).map_err(|error| error.to_string())?;
    let options = client::options(&bucket.config, endpoint.as_ref());
    let http: HttpClient = ReqwestConnector::default()
        .connect(&options)
        .map_err(says)?;
    let request = Request::get(link.as_str()).body(HttpRequestBody::empty());
    let request = request.map_err(|error| error.to_string())?;
    http.execute(request)
        .await
        .map_err(|error| error.to_string())
}

/// How far a date is before now, seconds.
fn ahead_s(date: &str) -> Option<i64> {
    let theirs = OffsetDateTime::parse(date, &Rfc2822).ok()?;
    let ours = OffsetDateTime::from(SystemTime::now());
    Some((theirs - ours).whole_seconds())
}

/// What the rules of a bucket mean for the keys with this prefix.
fn rule(rules: &str, prefix: &str) -> Lifecycle {
    let (mut files_days, mut uploads_days) = (None, None);
    for rule in rules.split("<Rule>").skip(1) {
        let of = inside(rule, "Prefix").unwrap_or_default();
        if inside(rule, "Status") != Some("Enabled") || !prefix.starts_with(of) {
            continue;
        }
        let days = |within: &str, tag: &str| inside(inside(rule, within)?, tag)?.parse().ok();
        files_days = sooner(files_days, days("Expiration", "Days"));
        let uploads = days("AbortIncompleteMultipartUpload", "DaysAfterInitiation");
        uploads_days = sooner(uploads_days, uploads);
    }
    Lifecycle::Rule {
        files_days,
        uploads_days,
    }
}

fn sooner(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}

/// The text of the first element of this name.
fn inside<'a>(text: &'a str, tag: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{tag}>"))?;
    let (inside, _) = rest.split_once(&format!("</{tag}>"))?;
    Some(inside.trim())
}

#[cfg(test)]
mod tests {
    //! What lifecycle rules mean for files, and clocks.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn of(prefix: &str, status: &str, more: &str) -> String {
        format!(
            "<Rule><ID>x</ID><Filter><Prefix>{prefix}</Prefix></Filter><Status>{status}</Status>{more}</Rule>"
        )
    }

    const DAY: &str = "<Expiration><Days>1</Days></Expiration><AbortIncompleteMultipartUpload>\
        <DaysAfterInitiation>2</DaysAfterInitiation></AbortIncompleteMultipartUpload>";

    #[test]
    fn a_rule_counts_for_files_if_it_is_on_and_has_their_prefix() {
        let both = |files_days, uploads_days| Lifecycle::Rule {
            files_days,
            uploads_days,
        };
        for (rules, found) in [
            (String::new(), both(None, None)),
            (of("a/files/", "Enabled", DAY), both(Some(1), Some(2))),
            (of("", "Enabled", DAY), both(Some(1), Some(2))),
            (of("a/files/", "Disabled", DAY), both(None, None)),
            (of("b/files/", "Enabled", DAY), both(None, None)),
            (of("a/files/x", "Enabled", DAY), both(None, None)),
            (
                of("a/", "Enabled", "<Expiration><Days>7</Days></Expiration>")
                    + &of(
                        "a/files/",
                        "Enabled",
                        "<Expiration><Days>3</Days></Expiration>",
                    ),
                both(Some(3), None),
            ),
        ] {
            assert_eq!(rule(&rules, "a/files/"), found, "{rules}");
        }
    }

    #[test]
    fn clocks_are_compared() {
        let in_an_hour = OffsetDateTime::now_utc() + time::Duration::HOUR;
        let date = in_an_hour.format(&Rfc2822).unwrap();
        assert!((3590..=3600).contains(&ahead_s(&date).unwrap()));
        assert!(ahead_s("Mon, 30 Nov 2026 15:14:29 GMT").is_some());
        assert_eq!(ahead_s("now"), None);
    }
}
