//! Conversion between the generated types of `wit/` and the host's own (`crate::contract`). It only maps names:
//! nothing is checked or changed.

mod record;

use super::{
    bindings::gramhost::extractor::{queries, steps},
    exchanges,
};
use crate::contract::{
    Answer, Change, Context, Diagnostic, Exchange, Fetch, FetchError, Header, Manifest, Method,
    Refusal, Request, Response, Severity, Target,
};
use crate::plugin::contracts::convert::{Convert, same_fields};

same_fields! {
    exchanges::Header => Header { name, value }
    exchanges::Request => Request { method, url, headers, body, session }
    Header => exchanges::Header { name, value }
    Request => exchanges::Request { method, url, headers, body, session }
    Exchange => exchanges::Exchange { request, answer }
    Context => steps::Context { now, session, settings }
    steps::Change => Change { path, expected, found }
    steps::Diagnostic => Diagnostic { severity, door, message }
    steps::Manifest => Manifest { name, version, hosts, rounds, requests, uses_session, settings }
}

impl Convert<exchanges::Answer> for Answer {
    fn convert(self) -> exchanges::Answer {
        match self {
            Self::Response(Response {
                status,
                url,
                headers,
                body,
            }) => exchanges::Answer::Response(exchanges::Response {
                status,
                url,
                headers: headers.convert(),
                body,
            }),
            Self::Failed(error) => exchanges::Answer::Failed(error.convert()),
        }
    }
}

impl Convert<exchanges::FetchError> for FetchError {
    fn convert(self) -> exchanges::FetchError {
        use exchanges::FetchError as To;
        match self {
            Self::DnsError => To::DnsError,
            Self::DestinationIpProhibited => To::DestinationIpProhibited,
            Self::DestinationUnavailable => To::DestinationUnavailable,
            Self::ConnectionRefused => To::ConnectionRefused,
            Self::ConnectionTerminated => To::ConnectionTerminated,
            Self::ConnectionTimeout => To::ConnectionTimeout,
            Self::TlsProtocolError => To::TlsProtocolError,
            Self::HttpRequestDenied(rule) => To::HttpRequestDenied(rule),
            Self::HttpResponseTimeout => To::HttpResponseTimeout,
            Self::HttpResponseBodySize(bytes) => To::HttpResponseBodySize(bytes),
            Self::HttpResponseIncomplete => To::HttpResponseIncomplete,
            Self::HttpResponseContentCoding(coding) => To::HttpResponseContentCoding(coding),
            Self::HttpProtocolError => To::HttpProtocolError,
            Self::LoopDetected => To::LoopDetected,
            Self::InternalError(text) => To::InternalError(text),
        }
    }
}

impl Convert<exchanges::Method> for Method {
    fn convert(self) -> exchanges::Method {
        match self {
            Self::Get => exchanges::Method::Get,
            Self::Post => exchanges::Method::Post,
        }
    }
}

impl Convert<Method> for exchanges::Method {
    fn convert(self) -> Method {
        match self {
            Self::Get => Method::Get,
            Self::Post => Method::Post,
        }
    }
}

impl Convert<queries::Target> for Target {
    fn convert(self) -> queries::Target {
        match self {
            Self::Shortcode(code) => queries::Target::Shortcode(code),
            Self::Share(url) => queries::Target::Share(url),
        }
    }
}

impl Convert<Severity> for steps::Severity {
    fn convert(self) -> Severity {
        match self {
            Self::Debug => Severity::Debug,
            Self::Info => Severity::Info,
            Self::Warning => Severity::Warning,
        }
    }
}

impl Convert<Refusal> for steps::Refusal {
    fn convert(self) -> Refusal {
        match self {
            Self::NotFound => Refusal::NotFound,
            Self::Private => Refusal::Private,
            Self::Deleted => Refusal::Deleted,
            Self::AgeRestricted => Refusal::AgeRestricted,
            Self::RegionBlocked => Refusal::RegionBlocked,
            Self::LoginRequired => Refusal::LoginRequired,
            Self::RateLimited(seconds) => Refusal::RateLimited(seconds),
            Self::StoriesUnavailable => Refusal::StoriesUnavailable,
            Self::InvalidCursor => Refusal::InvalidCursor,
            Self::Unavailable(text) => Refusal::Unavailable(text),
            Self::Changed(change) => Refusal::Changed(change.convert()),
        }
    }
}

impl Convert<Fetch> for steps::Fetch {
    fn convert(self) -> Fetch {
        Fetch {
            requests: self.requests.convert(),
            memo: self.memo.into(),
        }
    }
}
