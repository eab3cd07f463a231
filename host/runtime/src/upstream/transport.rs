//! Sends one hop over the network: connects, sends and reads, within the limits.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::{
    StatusCode,
    header::{CONTENT_ENCODING, HOST, HeaderMap, HeaderValue, LOCATION, SET_COOKIE},
};
use tokio::time::timeout;
use url::{Position, Url};

use super::{Config, Error, Limits, address::Resolver, failure, request::Hop};
use crate::contract::{FetchError, Header, Response};

/// Maximum memory that is allocated for a body before any of it has arrived, bytes: the stated length cannot be
/// trusted.
const AHEAD_BYTES_MAX: u64 = 256 << 10;

/// The connection pools.
#[derive(Debug)]
pub(super) struct Transport {
    client: reqwest::Client,
    /// Does not decode bodies; used for media files.
    plain: reqwest::Client,
    origin: Option<Url>,
    limits: Limits,
}

/// The result of a hop.
#[derive(Debug)]
pub(super) enum HopResult {
    /// A redirect to another URL.
    Redirect(StatusCode, Url),
    /// A response.
    Response(Response),
}

/// Installs ring as the cryptography provider for every TLS connection of this process.
pub fn use_ring() {
    // Fails only if a provider is already installed, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

impl Transport {
    pub(super) fn new(config: &Config) -> Result<Self, Error> {
        use_ring();
        let chosen = [&config.origin_override, &config.proxy];
        let exempt = chosen
            .into_iter()
            .flatten()
            .filter_map(|url| Some(url.host_str()?.to_owned()));
        let exempt: Vec<String> = exempt.collect();
        let made = |builder: reqwest::ClientBuilder| {
            let failed = |error| Error::Config(format!("HTTP client: {error}"));
            builder.build().map_err(failed)
        };
        let plain = builder(config, exempt.clone())?;
        Ok(Self {
            client: made(builder(config, exempt)?)?,
            plain: made(plain.no_gzip().no_brotli().no_deflate())?,
            origin: config.origin_override.clone(),
            limits: config.limits.clone(),
        })
    }

    /// Requests a media file and returns the head of the response. The caller reads the body.
    pub(super) async fn open(&self, hop: &Hop) -> Result<reqwest::Response, FetchError> {
        self.head(&self.plain, hop).await
    }

    async fn head(
        &self,
        client: &reqwest::Client,
        hop: &Hop,
    ) -> Result<reqwest::Response, FetchError> {
        let first_byte = Duration::from_millis(self.limits.first_byte_ms_max);
        timeout(first_byte, client.execute(self.request(hop)?))
            .await
            .map_err(|_| FetchError::HttpResponseTimeout)?
            .map_err(|error| failure::sending(&error))
    }

    pub(super) async fn send(&self, hop: &Hop) -> Result<HopResult, FetchError> {
        let response = self.head(&self.client, hop).await?;
        let status = response.status();
        if let Some(url) = redirect(status, response.headers(), &hop.url) {
            return Ok(HopResult::Redirect(status, url));
        }
        let headers = self.headers(response.headers())?;
        Ok(HopResult::Response(Response {
            status: status.as_u16(),
            url: hop.url.to_string(),
            headers,
            body: self.body(response).await?,
        }))
    }

    fn request(&self, hop: &Hop) -> Result<reqwest::Request, FetchError> {
        let mut url = hop.url.clone();
        let mut headers = hop.headers.clone();
        if let Some(origin) = &self.origin {
            let authority = &hop.url[Position::BeforeHost..Position::AfterPort];
            let internal = |what: &str| FetchError::InternalError(Some(what.to_owned()));
            headers.insert(
                HOST,
                HeaderValue::from_str(authority).map_err(|_| internal("host"))?,
            );
            url = origin
                .join(&hop.url[Position::BeforePath..Position::AfterQuery])
                .map_err(|_| internal("override"))?;
        }
        let mut request = reqwest::Request::new(hop.method.clone(), url);
        *request.headers_mut() = headers;
        *request.body_mut() = hop.body.clone().map(reqwest::Body::from);
        Ok(request)
    }

    /// Returns the headers that a plugin may see. A content coding that is still listed was not decoded: it is
    /// unknown, or one of several.
    fn headers(&self, headers: &HeaderMap) -> Result<Vec<Header>, FetchError> {
        let bytes: usize = headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum();
        if headers.len() > self.limits.response_headers_max
            || bytes > self.limits.response_header_bytes_max as usize
        {
            return Err(FetchError::HttpProtocolError);
        }
        if let Some(coding) = headers
            .get(CONTENT_ENCODING)
            .filter(|coding| *coding != "identity")
        {
            let coding = coding.to_str().ok().map(str::to_owned);
            return Err(FetchError::HttpResponseContentCoding(coding));
        }
        let seen = headers.iter().filter(|(name, _)| *name != SET_COOKIE);
        Ok(seen
            .map(|(name, value)| Header {
                name: name.as_str().to_owned(),
                value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
            })
            .collect())
    }

    /// Reads the body. The size limit applies to the decoded bytes and is checked as they arrive.
    async fn body(&self, mut response: reqwest::Response) -> Result<Bytes, FetchError> {
        let too_large =
            || FetchError::HttpResponseBodySize(Some(self.limits.body_bytes_max as u64));
        let claimed = response.content_length().unwrap_or_default();
        if claimed > self.limits.body_bytes_max as u64 {
            return Err(too_large());
        }
        let idle = Duration::from_millis(self.limits.idle_ms_max);
        let mut body = BytesMut::with_capacity(claimed.min(AHEAD_BYTES_MAX) as usize);
        loop {
            let chunk = timeout(idle, response.chunk())
                .await
                .map_err(|_| FetchError::HttpResponseTimeout)?
                .map_err(|error| failure::reading(&error))?;
            let Some(chunk) = chunk else {
                return Ok(body.freeze());
            };
            if body.len() + chunk.len() > self.limits.body_bytes_max {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
    }
}

/// The settings that both clients have in common.
fn builder(config: &Config, exempt: Vec<String>) -> Result<reqwest::ClientBuilder, Error> {
    let limits = &config.limits;
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(Duration::from_millis(limits.connect_ms_max))
        .http1_max_headers(limits.response_headers_max)
        .http2_max_header_list_size(limits.response_header_bytes_max)
        .dns_resolver(Resolver { exempt });
    if let Some(proxy) = &config.proxy {
        let proxy = reqwest::Proxy::all(proxy.clone())
            .map_err(|_| Error::Config("proxy: not a usable URL".into()))?;
        builder = builder.proxy(proxy);
    }
    if let Some(origin) = &config.origin_override {
        if !matches!(origin.scheme(), "http" | "https") || origin.path() != "/" {
            return Err(Error::Config(format!(
                "upstream override {origin}: not an http origin"
            )));
        }
        // With HTTP/2, the authority would come from the URL.
        builder = builder.http1_only();
    }
    Ok(builder)
}

/// Returns the target of a redirect, as if `from` itself had sent it.
pub(super) fn redirect(status: StatusCode, headers: &HeaderMap, from: &Url) -> Option<Url> {
    let location = headers.get(LOCATION)?.to_str().ok()?;
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
        .then(|| from.join(location).ok())
        .flatten()
}
