//! Between the generated types of `wit/` and the host's own (`crate::contract`), so that a later contract version
//! is one more conversion and no change above. Only names meet here: nothing is checked or changed.

mod record;

use super::bindings::{
    exchanges,
    exports::gramhost::extractor::{post, profile_info, profile_posts, profile_reels, reel, story},
    gramhost::extractor::{steps, targets},
};
use crate::contract::{
    Answer, Change, Context, Diagnostic, Exchange, FetchError, Header, Manifest, Method, Outcome,
    Record, Refusal, Request, Response, Severity, Step, Target,
};

/// One type into its counterpart, through lists and options.
pub(super) trait Convert<To> {
    fn convert(self) -> To;
}

impl<From: Convert<To>, To> Convert<Vec<To>> for Vec<From> {
    fn convert(self) -> Vec<To> {
        self.into_iter().map(Convert::convert).collect()
    }
}

impl<From: Convert<To>, To> Convert<Option<To>> for Option<From> {
    fn convert(self) -> Option<To> {
        self.map(Convert::convert)
    }
}

/// Types that are the same on both sides.
macro_rules! as_they_are {
    ($($type:ty),+) => {
        $(impl Convert<Self> for $type {
            fn convert(self) -> Self {
                self
            }
        })+
    };
}
as_they_are!(bool, u32, u64, f64, String, bytes::Bytes);

/// Records whose fields have the same names on both sides; a field that only one side has does not compile.
macro_rules! same_fields {
    ($($from:path => $to:path { $($field:ident),+ $(,)? })+) => {
        $(impl Convert<$to> for $from {
            fn convert(self) -> $to {
                let Self { $($field),+ } = self;
                $to { $($field: Convert::convert($field)),+ }
            }
        })+
    };
}
use same_fields;

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

impl Convert<targets::Target> for Target {
    fn convert(self) -> targets::Target {
        match self {
            Self::Shortcode(code) => targets::Target::Shortcode(code),
            Self::Share(url) => targets::Target::Share(url),
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

/// The outcomes of the six interfaces differ only in their record.
macro_rules! outcomes {
    ($($interface:ident => $record:ident),+ $(,)?) => {
        $(impl Convert<Outcome> for $interface::Outcome {
            fn convert(self) -> Outcome {
                Outcome {
                    step: match self.step {
                        $interface::Step::Fetch(requests) => Step::Fetch(requests.convert()),
                        $interface::Step::Done(record) => Step::Done(Box::new(Record::$record(record.convert()))),
                        $interface::Step::Refuse(refusal) => Step::Refuse(refusal.convert()),
                    },
                    door: self.door,
                    diagnostics: self.diagnostics.convert(),
                }
            }
        })+
    };
}
outcomes! {
    profile_info => Profile,
    profile_posts => Posts,
    profile_reels => Reels,
    post => Post,
    reel => Reel,
    story => Stories,
}
