//! What a recording answers to a request. The one place that turns the values of a HAR into the contract's.

use fixtures::har::{self, Har};

use super::exchange::{Answer, FetchError, Header, Request, Response};

/// The recorded answer to `request`, or `None` where it is not recorded.
#[must_use]
pub fn answer(har: &Har, request: &Request) -> Option<Answer> {
    let entry = har.find(request.method.name(), &request.url, request.body.as_deref())?;
    Some(match &entry.answer {
        har::Answer::Failed(name) => Answer::Failed(failure(name)),
        har::Answer::Response {
            status,
            url,
            headers,
            body,
        } => Answer::Response(Response {
            status: *status,
            url: url.clone(),
            headers: headers.iter().map(header).collect(),
            body: body.clone().into(),
        }),
    })
}

fn header((name, value): &(String, String)) -> Header {
    Header {
        name: name.to_ascii_lowercase(),
        value: value.clone(),
    }
}

/// By the names of `fetch-error` in `wit/exchange.wit`; the reader of HAR files takes no others.
fn failure(name: &str) -> FetchError {
    match name {
        "dns-error" => FetchError::DnsError,
        "destination-ip-prohibited" => FetchError::DestinationIpProhibited,
        "destination-unavailable" => FetchError::DestinationUnavailable,
        "connection-refused" => FetchError::ConnectionRefused,
        "connection-terminated" => FetchError::ConnectionTerminated,
        "connection-timeout" => FetchError::ConnectionTimeout,
        "tls-protocol-error" => FetchError::TlsProtocolError,
        "http-request-denied" => FetchError::HttpRequestDenied("as recorded".to_owned()),
        "http-response-timeout" => FetchError::HttpResponseTimeout,
        "http-response-body-size" => FetchError::HttpResponseBodySize(None),
        "http-response-incomplete" => FetchError::HttpResponseIncomplete,
        "http-response-content-coding" => FetchError::HttpResponseContentCoding(None),
        "http-protocol-error" => FetchError::HttpProtocolError,
        "loop-detected" => FetchError::LoopDetected,
        _ => FetchError::InternalError(Some(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    //! Names on both sides.

    use fixtures::har::FAILURES;

    use super::{FetchError, failure};

    #[test]
    fn every_recordable_failure_has_its_own_error() {
        for name in FAILURES.iter().filter(|name| **name != "internal-error") {
            assert!(
                !matches!(failure(name), FetchError::InternalError(_)),
                "{name}"
            );
        }
    }
}
