//! Maps failures of the HTTP library to the names of wasi:http.

use std::{error::Error as StdError, io};

use super::address::Prohibited;
use crate::contract::FetchError;

/// Maps the error of a request that got no response head.
pub(super) fn sending(error: &reqwest::Error) -> FetchError {
    if find::<Prohibited>(error).is_some() {
        return FetchError::DestinationIpProhibited;
    }
    if error.is_dns() {
        return FetchError::DnsError;
    }
    if error.is_connect() {
        return connecting(error);
    }
    if error.is_timeout() {
        return FetchError::HttpResponseTimeout;
    }
    // This module may not use the crate that has the type for this error. A test pins its text.
    let closed = chain(error).any(|cause| cause.to_string().contains("closed before message"));
    if closed || find::<io::Error>(error).is_some() {
        return FetchError::ConnectionTerminated;
    }
    FetchError::HttpProtocolError
}

/// Maps the error of a body that broke off.
pub(super) fn reading(error: &reqwest::Error) -> FetchError {
    if error.is_decode() && kind(error).is_some_and(|kind| !cut(kind)) {
        return FetchError::HttpResponseContentCoding(None);
    }
    FetchError::HttpResponseIncomplete
}

fn connecting(error: &reqwest::Error) -> FetchError {
    if error.is_timeout() {
        return FetchError::ConnectionTimeout;
    }
    if find::<rustls::Error>(error).is_some() {
        return FetchError::TlsProtocolError;
    }
    match kind(error) {
        Some(io::ErrorKind::ConnectionRefused) => FetchError::ConnectionRefused,
        Some(io::ErrorKind::TimedOut) => FetchError::ConnectionTimeout,
        Some(kind) if cut(kind) => FetchError::ConnectionTerminated,
        _ => FetchError::DestinationUnavailable,
    }
}

fn cut(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(
        kind,
        UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe
    )
}

/// Returns the first cause of this type.
fn find<T: StdError + 'static>(error: &reqwest::Error) -> Option<&T> {
    chain(error).find_map(|cause| cause.downcast_ref::<T>())
}

/// Returns what the system says, which other layers may have wrapped as an error of their own.
fn kind(error: &reqwest::Error) -> Option<io::ErrorKind> {
    let kinds = chain(error).filter_map(|cause| Some(cause.downcast_ref::<io::Error>()?.kind()));
    kinds.last()
}

type Cause = dyn StdError + 'static;

fn chain(error: &reqwest::Error) -> impl Iterator<Item = &Cause> {
    std::iter::successors(Some(error as &Cause), |cause| below(*cause))
}

/// Returns the cause of an error. `source` of an `io::Error` skips the error that it wraps, which may be another one.
fn below(error: &Cause) -> Option<&Cause> {
    match error.downcast_ref::<io::Error>().map(io::Error::get_ref) {
        Some(Some(wrapped)) => Some(wrapped),
        _ => error.source(),
    }
}
