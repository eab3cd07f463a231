//! Which bucket of which store: the values of the settings `files` and `s3.endpoint`.

use std::fmt;

use object_store::{path::Path as Key, signer::Url};

/// The length of the name of a bucket, bytes, as all stores demand it.
const NAME_BYTES: std::ops::RangeInclusive<usize> = 3..=63;
/// What the keys of files begin with, after the prefix of the setting.
pub(super) const FILES: &str = "files";

/// A bucket, and the place in it that is ours: `s3://bucket` or `s3://bucket/prefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketAddress {
    bucket: String,
    /// Without slashes at its ends; may be empty.
    prefix: String,
}

impl BucketAddress {
    /// Reads an address. The prefix has parts of letters, digits, `.`, `_` and `-`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("s3://")?;
        let text = text.strip_suffix('/').unwrap_or(text);
        let (bucket, prefix) = text.split_once('/').unwrap_or((text, ""));
        let is_of_name = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_')
        };
        let is_bucket = NAME_BYTES.contains(&bucket.len())
            && bucket.bytes().all(is_of_name)
            && bucket.starts_with(|first: char| first.is_ascii_alphanumeric());
        let is_prefix = prefix.is_empty() || prefix.split('/').all(is_part);
        (is_bucket && is_prefix).then(|| Self {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }

    /// The name of the bucket.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// What the keys of all files begin with, with a slash at its end: the prefix of a lifecycle rule.
    #[must_use]
    pub fn files_prefix(&self) -> String {
        format!("{}/", self.key([FILES]))
    }

    /// The key with these parts, below the prefix.
    pub(super) fn key<'a>(&'a self, parts: impl IntoIterator<Item = &'a str>) -> Key {
        let prefix = self.prefix.split('/').filter(|part| !part.is_empty());
        prefix.chain(parts).collect()
    }
}

/// Whether a part of a key means the same to every store.
pub(super) fn is_part(part: &str) -> bool {
    let is_of_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !part.is_empty() && !matches!(part, "." | "..") && part.bytes().all(is_of_part)
}

impl fmt::Display for BucketAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.bucket)?;
        match self.prefix.as_str() {
            "" => Ok(()),
            prefix => write!(f, "/{prefix}"),
        }
    }
}

/// Where the store of the bucket is: scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// Reads `http://` or `https://` and a host, without path, query or credentials.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let is_origin = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        is_origin.then_some(Self(url))
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.0.port_or_known_default()
    }

    /// Whether it is asked without TLS.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The same with the bucket in the name of the host; `None` if the host is an address.
    pub(super) fn with_bucket(&self, bucket: &str) -> Option<Self> {
        let mut url = self.0.clone();
        let host = format!("{bucket}.{}", url.domain()?);
        url.set_host(Some(&host)).ok()?;
        Some(Self(url))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    //! What is an address of a bucket or a store, and what is not.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn an_address_is_a_bucket_and_perhaps_a_prefix() {
        for (text, shown, prefix) in [
            ("s3://my-bucket", "s3://my-bucket", "files/"),
            ("s3://my.bucket/", "s3://my.bucket", "files/"),
            ("s3://bucket/a/B_1", "s3://bucket/a/B_1", "a/B_1/files/"),
            ("s3://bucket/a/", "s3://bucket/a", "a/files/"),
        ] {
            let address = BucketAddress::parse(text).unwrap();
            assert_eq!(address.to_string(), shown);
            assert_eq!(address.files_prefix(), prefix);
        }
        for bad in [
            "",
            "bucket",
            "s3://",
            "s3://ab",
            "s3:///bucket",
            "s3://Bucket",
            "s3://-bucket",
            "s3://bücket",
            "s3://bucket//a",
            "s3://bucket/a//b",
            "s3://bucket/..",
            "s3://bucket/a b",
            "s3://bucket/ü",
            "s3://bucket?x",
            "s3://id:secret@bucket",
            "https://bucket",
        ] {
            assert_eq!(BucketAddress::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_endpoint_is_an_origin() {
        let plain = Endpoint::parse("http://127.0.0.1:8333/").unwrap();
        assert!(plain.is_plain());
        assert_eq!(
            (plain.port(), plain.to_string()),
            (Some(8333), "http://127.0.0.1:8333".into())
        );
        assert_eq!(plain.with_bucket("b"), None);
        let named = Endpoint::parse("https://s3.example.com").unwrap();
        assert!(!named.is_plain());
        assert_eq!(named.port(), Some(443));
        let of_bucket = named.with_bucket("my-bucket").unwrap();
        assert_eq!(of_bucket.to_string(), "https://my-bucket.s3.example.com");
        for bad in [
            "",
            "s3.example.com",
            "ftp://x",
            "https://x/y",
            "https://a:b@x",
            "https://x?y",
        ] {
            assert_eq!(Endpoint::parse(bad), None, "{bad}");
        }
    }
}
