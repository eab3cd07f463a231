//! Content codings of responses: at most one is undone, and its name must be known.

use std::io;

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZlibDecoder};
use bytes::BytesMut;
use futures_util::TryStreamExt as _;
use reqwest::header::{CONTENT_ENCODING, HeaderMap, HeaderValue};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio_util::io::StreamReader;

use super::failure;
use crate::contract::FetchError;

/// The value of `Accept-Encoding`.
pub(super) const ACCEPTED: HeaderValue = HeaderValue::from_static("gzip, deflate, br");

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    /// zlib, whatever its name says (RFC 9110, section 8.4.1.2).
    Deflate,
    Brotli,
}

/// Returns the coding of a response; `None` if it has none. Several lines are one list.
///
/// # Errors
/// [`FetchError::HttpResponseContentCoding`] if it has several or an unknown one.
pub(super) fn of(headers: &HeaderMap) -> Result<Option<Coding>, FetchError> {
    let lines = headers.get_all(CONTENT_ENCODING).iter();
    let lines: Vec<_> = lines.map(|line| line.to_str().unwrap_or("?")).collect();
    let stated = lines.join(", ");
    let names = stated.split(',').map(str::trim);
    let mut names = names.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"));
    let refused = || FetchError::HttpResponseContentCoding(Some(stated.clone()));
    let coding = match names.next().map(str::to_ascii_lowercase).as_deref() {
        None => return Ok(None),
        Some("gzip" | "x-gzip") => Coding::Gzip,
        Some("deflate") => Coding::Deflate,
        Some("br") => Coding::Brotli,
        Some(_) => return Err(refused()),
    };
    match names.next() {
        None => Ok(Some(coding)),
        Some(_) => Err(refused()),
    }
}

/// A body that is decoded as it is read.
pub(super) struct Decoded(Box<dyn AsyncRead + Send + Unpin>);

impl Decoded {
    pub(super) fn new(response: reqwest::Response, coding: Coding) -> Self {
        let coded = StreamReader::new(response.bytes_stream().map_err(io::Error::other));
        Self(match coding {
            Coding::Gzip => {
                let mut decoder = GzipDecoder::new(coded);
                decoder.multiple_members(true);
                Box::new(decoder)
            }
            Coding::Deflate => Box::new(ZlibDecoder::new(coded)),
            Coding::Brotli => Box::new(BrotliDecoder::new(coded)),
        })
    }

    /// Reads a piece to the end of `body`; returns its length, which is 0 at the end.
    pub(super) async fn read(&mut self, body: &mut BytesMut) -> Result<usize, FetchError> {
        self.0.read_buf(body).await.map_err(|error| {
            let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
            match cause {
                Some(cause) => failure::reading(cause),
                None if error.kind() == io::ErrorKind::UnexpectedEof => {
                    FetchError::HttpResponseIncomplete
                }
                None => FetchError::HttpResponseContentCoding(None),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    //! Several codings are never taken for one.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn stated(lines: &[&'static str]) -> Result<Option<Coding>, String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CONTENT_ENCODING, HeaderValue::from_static(line));
        }
        of(&headers).map_err(|error| match error {
            FetchError::HttpResponseContentCoding(Some(stated)) => stated,
            error => format!("{error:?}"),
        })
    }

    #[test]
    fn one_known_coding_may_be_stated_on_any_line() {
        for (lines, coding) in [
            (&[][..], None),
            (&[""], None),
            (&["identity"], None),
            (&["GZip"], Some(Coding::Gzip)),
            (&["identity", "br"], Some(Coding::Brotli)),
            (&["deflate, identity"], Some(Coding::Deflate)),
        ] {
            assert_eq!(stated(lines).unwrap(), coding, "{lines:?}");
        }
    }

    #[test]
    fn two_lines_are_two_codings() {
        for lines in [
            &["gzip", "gzip"][..],
            &["gzip", "br"],
            &["gzip", "identity", "gzip"],
            &["gzip, br"],
            &["gzip", "compress"],
            &["identity", "compress"],
            &["zstd"],
        ] {
            assert_eq!(stated(lines).unwrap_err(), lines.join(", "));
        }
    }
}
