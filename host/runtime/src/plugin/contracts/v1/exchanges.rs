//! The types of `wit/exchange.wit`, written by hand, because generated types would copy every body once more on its
//! way in. A [`Bytes`] is lowered directly from the buffer of the network.

#![expect(
    dead_code,
    unreachable_pub,
    reason = "documented in wit/exchange.wit; generated code re-exports it"
)]

use bytes::Bytes;
use wasmtime::{
    Result,
    component::{ComponentType, HasData, Lift, Linker, Lower},
};

#[derive(Clone, Debug, ComponentType, Lift, Lower)]
#[component(record)]
pub struct Header {
    pub name: String,
    pub value: String,
}

#[derive(Clone, Copy, Debug, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
pub enum Method {
    #[component(name = "get")]
    Get,
    #[component(name = "post")]
    Post,
}

#[derive(Clone, Debug, ComponentType, Lift, Lower)]
#[component(record)]
pub struct Request {
    pub method: Method,
    pub url: String,
    pub headers: Vec<Header>,
    pub body: Option<Bytes>,
    pub session: bool,
}

#[derive(Clone, Debug, ComponentType, Lift, Lower)]
#[component(record)]
pub struct Response {
    pub status: u16,
    pub url: String,
    pub headers: Vec<Header>,
    pub body: Bytes,
}

#[derive(Clone, Debug, ComponentType, Lift, Lower)]
#[component(variant)]
pub enum FetchError {
    #[component(name = "dns-error")]
    DnsError,
    #[component(name = "destination-ip-prohibited")]
    DestinationIpProhibited,
    #[component(name = "destination-unavailable")]
    DestinationUnavailable,
    #[component(name = "connection-refused")]
    ConnectionRefused,
    #[component(name = "connection-terminated")]
    ConnectionTerminated,
    #[component(name = "connection-timeout")]
    ConnectionTimeout,
    #[component(name = "tls-protocol-error")]
    TlsProtocolError,
    #[component(name = "http-request-denied")]
    HttpRequestDenied(String),
    #[component(name = "http-response-timeout")]
    HttpResponseTimeout,
    #[component(name = "http-response-body-size")]
    HttpResponseBodySize(Option<u64>),
    #[component(name = "http-response-incomplete")]
    HttpResponseIncomplete,
    #[component(name = "http-response-content-coding")]
    HttpResponseContentCoding(Option<String>),
    #[component(name = "http-protocol-error")]
    HttpProtocolError,
    #[component(name = "loop-detected")]
    LoopDetected,
    #[component(name = "internal-error")]
    InternalError(Option<String>),
}

#[derive(Clone, Debug, ComponentType, Lift, Lower)]
#[component(variant)]
pub enum Answer {
    #[component(name = "response")]
    Response(Response),
    #[component(name = "failed")]
    Failed(FetchError),
}

#[derive(Clone, Debug, ComponentType, Lift, Lower)]
#[component(record)]
pub struct Exchange {
    pub request: Request,
    pub answer: Answer,
}

/// Generated code requires these for every interface; this one has no functions to link.
pub trait Host {}

impl<T: ?Sized> Host for &mut T {}

pub trait HostWithStore<T>: HasData {}

impl<T, D: HasData + ?Sized> HostWithStore<T> for D {}

pub fn add_to_linker<T, D: HasData>(_: &mut Linker<T>, _: fn(&mut T) -> D::Data<'_>) -> Result<()> {
    Ok(())
}
