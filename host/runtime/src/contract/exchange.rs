//! Requests that a plugin wants sent, and what came back. Mirrors `wit/exchange.wit`.

use bytes::Bytes;

/// A header field; names are lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Lower case.
    pub name: String,
    /// Without line breaks.
    pub value: String,
}

/// The methods that a plugin may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Without a body.
    Get,
    /// With a body of at most 64 KiB.
    Post,
}

impl Method {
    /// As HTTP writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// One request that the plugin wants the host to send; carries no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// GET or POST.
    pub method: Method,
    /// Absolute, https.
    pub url: String,
    /// Only names on the host's list are sent.
    pub headers: Vec<Header>,
    /// Only with [`Method::Post`].
    pub body: Option<Bytes>,
    /// Send the operator's session along, where one is configured.
    pub session: bool,
}

/// What answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status of the last hop.
    pub status: u16,
    /// The URL that answered, after redirects.
    pub url: String,
    /// Without `set-cookie`.
    pub headers: Vec<Header>,
    /// Decoded.
    pub body: Bytes,
}

/// Why there is no response; the names are those of wasi:http.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The name does not resolve.
    #[error("the name does not resolve")]
    DnsError,
    /// The name resolves to an address that is not public.
    #[error("the address is not public")]
    DestinationIpProhibited,
    /// No route, or the breaker for this host is open.
    #[error("the destination is unavailable")]
    DestinationUnavailable,
    /// Nobody listens.
    #[error("the connection was refused")]
    ConnectionRefused,
    /// Cut off.
    #[error("the connection was cut off")]
    ConnectionTerminated,
    /// No connection in time.
    #[error("no connection in time")]
    ConnectionTimeout,
    /// TLS could not be agreed.
    #[error("TLS failed")]
    TlsProtocolError,
    /// The host's rules forbid the request.
    #[error("the request is not allowed: {0}")]
    HttpRequestDenied(String),
    /// No answer in time.
    #[error("no answer in time")]
    HttpResponseTimeout,
    /// The answer is larger than the limit, in bytes.
    #[error("the answer is larger than the limit of {0:?} bytes")]
    HttpResponseBodySize(Option<u64>),
    /// The answer ended early.
    #[error("the answer ended early")]
    HttpResponseIncomplete,
    /// More than one content coding, or an unknown one.
    #[error("the content coding {0:?} is not accepted")]
    HttpResponseContentCoding(Option<String>),
    /// Not HTTP.
    #[error("the answer is not HTTP")]
    HttpProtocolError,
    /// Too many redirects.
    #[error("too many redirects")]
    LoopDetected,
    /// Anything else.
    #[error("fetch failed: {0:?}")]
    InternalError(Option<String>),
}

/// How a fetch ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// With a response, of whatever status.
    Response(Response),
    /// Without one.
    Failed(FetchError),
}

/// A request and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What was sent.
    pub request: Request,
    /// What came back.
    pub answer: Answer,
}
