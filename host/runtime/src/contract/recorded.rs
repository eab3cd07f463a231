//! Reads answers from a recording, and makes a recording of exchanges. The only file that converts the values of a HAR
//! to those of the contract, and back.

use cases::har::{self, Har};

use super::exchange::{Answer, Exchange, FetchError, Header, Request, Response};

/// Makes a recording of these exchanges, in their order.
#[must_use]
pub fn har<'a>(exchanges: impl IntoIterator<Item = &'a Exchange>) -> Har {
    let entries = exchanges.into_iter().map(entry).collect();
    Har { entries }
}

fn entry(exchange: &Exchange) -> har::Entry {
    let fields = |headers: &[Header]| {
        let fields = headers.iter();
        fields
            .map(|header| (header.name.to_ascii_lowercase(), header.value.clone()))
            .collect()
    };
    let request = &exchange.request;
    har::Entry {
        method: request.method.name().to_owned(),
        url: request.url.clone(),
        request_headers: fields(&request.headers),
        request_body: request.body.as_ref().map(|body| body.to_vec()),
        answer: match &exchange.answer {
            Answer::Failed(error) => har::Answer::Failed(name(error).to_owned()),
            Answer::Response(response) => har::Answer::Response {
                status: response.status,
                url: response.url.clone(),
                headers: fields(&response.headers),
                body: response.body.to_vec(),
            },
        },
    }
}

/// Returns the recorded answer to `request`, or `None` if it is not recorded.
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

/// Converts a name of `fetch-error` in `wit/exchange.wit`. The reader of HAR files accepts no others.
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

/// The inverse of `failure`.
fn name(error: &FetchError) -> &'static str {
    match error {
        FetchError::DnsError => "dns-error",
        FetchError::DestinationIpProhibited => "destination-ip-prohibited",
        FetchError::DestinationUnavailable => "destination-unavailable",
        FetchError::ConnectionRefused => "connection-refused",
        FetchError::ConnectionTerminated => "connection-terminated",
        FetchError::ConnectionTimeout => "connection-timeout",
        FetchError::TlsProtocolError => "tls-protocol-error",
        FetchError::HttpRequestDenied(_) => "http-request-denied",
        FetchError::HttpResponseTimeout => "http-response-timeout",
        FetchError::HttpResponseBodySize(_) => "http-response-body-size",
        FetchError::HttpResponseIncomplete => "http-response-incomplete",
        FetchError::HttpResponseContentCoding(_) => "http-response-content-coding",
        FetchError::HttpProtocolError => "http-protocol-error",
        FetchError::LoopDetected => "loop-detected",
        FetchError::InternalError(_) => "internal-error",
    }
}

#[cfg(test)]
mod tests {
    //! Conversion of names in both directions, and a round trip of exchanges.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use cases::har::FAILURES;

    use super::*;
    use crate::contract::Method;

    #[test]
    fn every_failure_has_one_name() {
        for recordable in FAILURES {
            assert_eq!(name(&failure(recordable)), recordable);
        }
    }

    #[test]
    fn what_was_exchanged_is_answered_again() {
        let request = |url: &str| Request {
            method: Method::Post,
            url: url.to_owned(),
            headers: vec![Header {
                name: "x-ig-app-id".to_owned(),
                value: "1".to_owned(),
            }],
            body: Some("doc_id=1&variables={}".into()),
            session: false,
        };
        let answered = Exchange {
            request: request("https://www.instagram.com/graphql/query"),
            answer: Answer::Response(Response {
                status: 200,
                url: "https://www.instagram.com/elsewhere".to_owned(),
                headers: Vec::new(),
                body: b"\xff{}".as_slice().into(),
            }),
        };
        let failed = Exchange {
            request: request("https://i.instagram.com/api/"),
            answer: Answer::Failed(FetchError::ConnectionTimeout),
        };
        let recorded = har(&[answered.clone(), failed.clone()]);
        let recorded = Har::parse(recorded.to_json().as_bytes()).unwrap();
        for exchange in [answered, failed] {
            assert_eq!(answer(&recorded, &exchange.request), Some(exchange.answer));
        }
    }

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
