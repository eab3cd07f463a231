//! The requests that a plugin wants to send, and the answers to them. Mirrors `wit/exchange.wit`.

use bytes::Bytes;

/// A header field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// In lower case.
    pub name: String,
    /// Without line breaks.
    pub value: String,
}

/// The methods that a plugin may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A request without a body.
    Get,
    /// A request with a body of at most 64 KiB.
    Post,
}

impl Method {
    /// Its name in HTTP.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A request that the plugin wants the host to send. It carries no secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// GET or POST.
    pub method: Method,
    /// An absolute https URL.
    pub url: String,
    /// The headers. Only names on the host's list are sent.
    pub headers: Vec<Header>,
    /// The body, only with [`Method::Post`].
    pub body: Option<Bytes>,
    /// Whether to send the operator's session with it, if one is configured.
    pub session: bool,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status of the last hop.
    pub status: u16,
    /// The URL of the response, after redirects.
    pub url: String,
    /// The headers, without `set-cookie`.
    pub headers: Vec<Header>,
    /// The body, decoded.
    pub body: Bytes,
}

/// Why there is no response. The names are those of wasi:http.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The name does not resolve.
    #[error("the name does not resolve")]
    DnsError,
    /// The name resolves to an address that is not public.
    #[error("the address is not public")]
    DestinationIpProhibited,
    /// There is no route, or the breaker for this host is open.
    #[error("the destination is unavailable")]
    DestinationUnavailable,
    /// Nothing listens at the address.
    #[error("the connection was refused")]
    ConnectionRefused,
    /// The connection was cut off.
    #[error("the connection was cut off")]
    ConnectionTerminated,
    /// There was no connection in time.
    #[error("no connection in time")]
    ConnectionTimeout,
    /// The TLS handshake failed.
    #[error("TLS failed")]
    TlsProtocolError,
    /// The host's rules forbid the request.
    #[error("the request is not allowed: {0}")]
    HttpRequestDenied(String),
    /// There was no response in time.
    #[error("no answer in time")]
    HttpResponseTimeout,
    /// The response is larger than the limit, in bytes.
    #[error("the answer is larger than the limit of {0:?} bytes")]
    HttpResponseBodySize(Option<u64>),
    /// The response ended early.
    #[error("the answer ended early")]
    HttpResponseIncomplete,
    /// There is more than one content coding, or an unknown one.
    #[error("the content coding {0:?} is not accepted")]
    HttpResponseContentCoding(Option<String>),
    /// The response is not HTTP.
    #[error("the answer is not HTTP")]
    HttpProtocolError,
    /// There were too many redirects.
    #[error("too many redirects")]
    LoopDetected,
    /// Any other error.
    #[error("fetch failed: {0:?}")]
    InternalError(Option<String>),
}

/// The result of a fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A response, with any status.
    Response(Response),
    /// There is no response.
    Failed(FetchError),
}

/// A request and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The request that was sent.
    pub request: Request,
    /// The answer to it.
    pub answer: Answer,
}
