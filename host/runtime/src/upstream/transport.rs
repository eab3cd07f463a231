//! Sends one hop over the network: connects, sends and reads, within the limits.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use reqwest::{
    StatusCode,
    header::{
        ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HOST, HeaderMap, HeaderValue, LOCATION,
        SET_COOKIE,
    },
};
use tokio::time::timeout;
use url::{Position, Url};

use super::{
    Config, Error, Limits,
    address::Resolver,
    coding::{self, Decoded},
    failure,
    pool::{Lent, Pool},
    request::Hop,
};
use crate::contract::{FetchError, Header, Response};

/// Maximum memory that is allocated for a body before any of it has arrived, bytes: the stated length cannot be
/// trusted.
const AHEAD_BYTES_MAX: u64 = 256 << 10;

/// The memory for the next piece of a body that is decoded, bytes.
const PIECE_BYTES: usize = 16 << 10;

/// Sends over a pool of connections.
#[derive(Debug)]
pub(super) struct Transport {
    pool: Arc<Pool>,
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
        let settings = config.clone();
        let make = move || {
            let built = builder(&settings, exempt.clone())?.build();
            built.map_err(|error| Error::Config(format!("HTTP client: {error}")))
        };
        Ok(Self {
            pool: Pool::new(make)?,
            origin: config.origin_override.clone(),
            limits: config.limits.clone(),
        })
    }

    /// Requests a media file and returns the head of the response, and who lent the connection. The caller reads the
    /// body.
    pub(super) async fn open(&self, hop: &Hop) -> Result<(reqwest::Response, Lent), FetchError> {
        let mut lent = self.pool.lend();
        let head = self.head(&mut lent, self.request(hop)?).await?;
        lent.give_back();
        Ok((head, lent))
    }

    async fn head(
        &self,
        lent: &mut Lent,
        request: reqwest::Request,
    ) -> Result<reqwest::Response, FetchError> {
        let first_byte = Duration::from_millis(self.limits.first_byte_ms_max);
        let head = timeout(first_byte, lent.client().execute(request))
            .await
            .map_err(|_| FetchError::HttpResponseTimeout)?;
        head.map_err(|error| {
            // The connection has ended with it.
            lent.give_back();
            failure::sending(&error)
        })
    }

    pub(super) async fn send(&self, hop: &Hop) -> Result<HopResult, FetchError> {
        let mut request = self.request(hop)?;
        request
            .headers_mut()
            .insert(ACCEPT_ENCODING, coding::ACCEPTED);
        let mut lent = self.pool.lend();
        let response = self.head(&mut lent, request).await?;
        let result = self.result(hop, response).await?;
        lent.give_back();
        Ok(result)
    }

    async fn result(
        &self,
        hop: &Hop,
        response: reqwest::Response,
    ) -> Result<HopResult, FetchError> {
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

    /// Returns the headers that a plugin may see; it gets a decoded body.
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
        let is_coded = headers.contains_key(CONTENT_ENCODING);
        let seen = headers.iter().filter(|(name, _)| match **name {
            SET_COOKIE | CONTENT_ENCODING => false,
            // That of the coded body.
            CONTENT_LENGTH => !is_coded,
            _ => true,
        });
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
        if let Some(coding) = coding::of(response.headers())? {
            return self.decoded(Decoded::new(response, coding)).await;
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

    async fn decoded(&self, mut decoded: Decoded) -> Result<Bytes, FetchError> {
        let idle = Duration::from_millis(self.limits.idle_ms_max);
        let bytes_max = self.limits.body_bytes_max;
        let mut body = BytesMut::new();
        loop {
            body.reserve(PIECE_BYTES);
            let read = timeout(idle, decoded.read(&mut body)).await;
            let read = read.map_err(|_| FetchError::HttpResponseTimeout)??;
            if body.len() > bytes_max {
                return Err(FetchError::HttpResponseBodySize(Some(bytes_max as u64)));
            }
            if read == 0 {
                return Ok(body.freeze());
            }
        }
    }
}

/// The settings of the client.
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
    // Whoever takes nothing from us must not hold a connection that nobody uses any more.
    #[cfg(target_os = "linux")]
    {
        builder = builder.tcp_user_timeout(Duration::from_millis(limits.idle_ms_max));
    }
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
