//! The client of a bucket: how it is built, and what its errors mean.

use std::time::Duration;

use object_store::{
    BackoffConfig, ClientOptions, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
};

use super::{BucketAddress, BucketConfig, Endpoint};
use crate::storage::Error;

/// The region that a store has if nobody says another.
const REGION: &str = "us-east-1";
/// The pause before a failed request is repeated, and the longest one, milliseconds.
const PAUSE_MS: std::ops::RangeInclusive<u64> = 100..=5_000;
/// More repetitions than the limit of time allows.
const RETRIES_MAX: usize = 100;
/// The maximum length of an error in the log, characters.
const WORDS_MAX: usize = 400;

/// Builds the client.
///
/// # Errors
/// If the settings contradict each other.
pub(super) fn build(address: &BucketAddress, config: &BucketConfig) -> Result<AmazonS3, Error> {
    // Fails if another client was first, which is fine: there is one for the process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let endpoint = endpoint(config)?;
    let path_style = config.path_style.unwrap_or(endpoint.is_some());
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(address.bucket())
        .with_region(region(config))
        .with_virtual_hosted_style_request(!path_style)
        .with_client_options(options(config, endpoint.as_ref()))
        .with_retry(retries(config));
    if let Some(mut endpoint) = endpoint {
        if !path_style {
            let named = endpoint.with_bucket(address.bucket());
            endpoint = named.ok_or_else(|| {
                Error::Failed(format!("{endpoint} has no name: set s3.path_style = on"))
            })?;
        }
        builder = builder.with_endpoint(endpoint.to_string());
    }
    for (key, value) in &config.credentials.keys {
        builder = builder.with_config(*key, value);
    }
    Ok(builder.build()?)
}

/// The options of the HTTP client.
pub(super) fn options(config: &BucketConfig, endpoint: Option<&Endpoint>) -> ClientOptions {
    ClientOptions::new()
        .with_allow_http(endpoint.is_some_and(Endpoint::is_plain))
        .with_connect_timeout(Duration::from_millis(config.connect_ms_max))
        .with_read_timeout(Duration::from_millis(config.idle_ms_max))
        // A large file takes longer than any fixed time.
        .with_timeout_disabled()
}

/// The store: of the setting, or of the variables of other tools.
///
/// # Errors
/// If a variable has none.
pub(super) fn endpoint(config: &BucketConfig) -> Result<Option<Endpoint>, Error> {
    if config.endpoint.is_some() {
        return Ok(config.endpoint.clone());
    }
    let mut names = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"].into_iter();
    let named = names.find_map(|name| Some((name, config.variables.get(name)?)));
    let Some((name, text)) = named else {
        return Ok(None);
    };
    let endpoint = Endpoint::parse(text);
    endpoint.map(Some).ok_or_else(|| {
        Error::Failed(format!(
            "{name} is no origin such as https://s3.example.com"
        ))
    })
}

fn region(config: &BucketConfig) -> &str {
    let variable = || {
        let mut names = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter();
        names.find_map(|name| config.variables.get(name))
    };
    config.region.as_deref().or_else(variable).unwrap_or(REGION)
}

fn retries(config: &BucketConfig) -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(*PAUSE_MS.start()),
            max_backoff: Duration::from_millis(*PAUSE_MS.end()),
            base: 2.0,
        },
        max_retries: RETRIES_MAX,
        retry_timeout: Duration::from_millis(config.retry_ms_max),
    }
}

/// What an error of the first request to a bucket says about its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Nothing: the object that was asked for need not exist, and need not be visible.
    None,
    /// They are wrong.
    Final,
    /// The store does not answer now.
    Passing,
}

impl Refusal {
    pub(super) fn of(error: &object_store::Error) -> Self {
        use object_store::Error;
        let text = error.to_string();
        match (error, code(&text)) {
            (_, Some("NoSuchKey" | "AccessDenied")) => Self::None,
            (Error::NotFound { .. }, None) => Self::None,
            (Error::NotFound { .. }, Some(_)) => Self::Final,
            (Error::PermissionDenied { .. } | Error::Unauthenticated { .. }, _) => Self::Final,
            // Requests for another region, and those that the store finds wrong.
            _ if text.contains("Received redirect") || text.contains("status code: 3") => {
                Self::Final
            }
            _ if text.contains("status code: 400") => Self::Final,
            _ => Self::Passing,
        }
    }
}

/// An error in one line: the code of the store if it states one. The rest of what it states may quote the request.
pub(in crate::storage) fn words(error: &object_store::Error) -> String {
    let text = error.to_string();
    match code(&text) {
        Some(code) => format!("the store answers {code}"),
        None => text
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(WORDS_MAX)
            .collect(),
    }
}

/// Whether the store has no room.
fn is_full(text: &str) -> bool {
    const FULL: [&str; 4] = [
        "QuotaExceeded",
        "InsufficientStorage",
        "StorageFull",
        "XMinioStorageFull",
    ];
    text.contains("status code: 507")
        || code(text).is_some_and(|code| FULL.contains(&code) || code.ends_with("QuotaExceeded"))
}

/// The code in the answer of a store.
pub(super) fn code(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let is_code = code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_code.then_some(code)
}

impl From<object_store::Error> for Error {
    fn from(error: object_store::Error) -> Self {
        let text = error.to_string();
        match error {
            _ if is_full(&text) => Self::Full("the store is full"),
            // That the bucket is missing is said, and not that the file is.
            object_store::Error::NotFound { .. } if code(&text) != Some("NoSuchBucket") => {
                Self::NotFound
            }
            error => Self::Failed(words(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    //! What the answers of stores mean.

    use super::*;

    fn generic(text: &str) -> object_store::Error {
        object_store::Error::Generic {
            store: "S3",
            source: text.to_owned().into(),
        }
    }

    #[test]
    fn a_full_store_is_full_and_others_fail() {
        for full in [
            "Server returned non-2xx status code: 507 Insufficient Storage: ",
            "x <Code>QuotaExceeded</Code>",
            "x <Code>XMinioStorageFull</Code>",
            "x <Code>XMinioAdminBucketQuotaExceeded</Code>",
        ] {
            assert!(matches!(generic(full).into(), Error::Full(_)), "{full}");
        }
        let failed: Error = generic("x <Code>InternalError</Code><Key>secret</Key>").into();
        assert_eq!(
            failed.to_string(),
            "file store: the store answers InternalError"
        );
        let failed: Error = generic("two\nlines").into();
        assert_eq!(
            failed.to_string(),
            "file store: Generic S3 error: two lines"
        );
    }

    #[test]
    fn what_is_wrong_for_good_is_told_from_what_passes() {
        let not_found = |text: &str| object_store::Error::NotFound {
            path: "k".to_owned(),
            source: text.to_owned().into(),
        };
        let denied = |text: &str| object_store::Error::PermissionDenied {
            path: "k".to_owned(),
            source: text.to_owned().into(),
        };
        for (error, refusal) in [
            (not_found("<Code>NoSuchKey</Code>"), Refusal::None),
            (not_found(""), Refusal::None),
            (not_found("<Code>NoSuchBucket</Code>"), Refusal::Final),
            (denied("<Code>AccessDenied</Code>"), Refusal::None),
            (denied("<Code>InvalidAccessKeyId</Code>"), Refusal::Final),
            (denied("<Code>RequestTimeTooSkewed</Code>"), Refusal::Final),
            (
                generic("Server returned non-2xx status code: 503 "),
                Refusal::Passing,
            ),
            (
                generic("Server returned non-2xx status code: 301 "),
                Refusal::Final,
            ),
            (generic("error sending request"), Refusal::Passing),
        ] {
            assert_eq!(Refusal::of(&error), refusal, "{error}");
        }
    }
}
