//! Converts a plugin's request to HTTP, or denies it. No other code does this. Has no side effects.

use bytes::Bytes;
use reqwest::{
    Method, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use url::Url;

use super::{
    allowlist::{Denied, below, https},
    rules::RequestRules,
};
use crate::contract;

/// One request to one host; a redirect leads to the next.
#[derive(Clone, Debug)]
pub(super) struct Hop {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
}

impl Hop {
    /// The first hop of a plugin's request.
    pub(super) fn first(request: &contract::Request, rules: &RequestRules) -> Result<Self, Denied> {
        let limits = rules.limits();
        let url = https(&request.url, limits.url_bytes_max)?;
        if request.headers.len() > limits.request_headers_max {
            return Err(Denied::Headers(limits.request_headers_max));
        }
        let lengths = request.headers.iter();
        let lengths = lengths.map(|it| it.name.len().saturating_add(it.value.len()));
        if lengths.fold(0, usize::saturating_add) > limits.request_header_bytes_max {
            return Err(Denied::HeaderBytes(limits.request_header_bytes_max));
        }
        let headers = request
            .headers
            .iter()
            .map(|it| header(it, rules))
            .collect::<Result<_, _>>()?;
        let (method, bytes_max) = match request.method {
            contract::Method::Get => (Method::GET, 0),
            contract::Method::Post => (Method::POST, limits.request_body_bytes_max),
        };
        if request
            .body
            .as_ref()
            .is_some_and(|body| body.len() > bytes_max)
        {
            return Err(Denied::Body(bytes_max));
        }
        Ok(Self {
            method,
            url,
            headers,
            body: request.body.clone(),
        })
    }

    /// Returns the hop that a redirect asks for, as browsers do: only 307 and 308 keep a POST.
    pub(super) fn next(self, status: StatusCode, url: Url) -> Self {
        let mut next = Self { url, ..self };
        if next.method == Method::POST
            && !matches!(
                status,
                StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
            )
        {
            next.method = Method::GET;
            next.body = None;
            next.headers.remove(CONTENT_TYPE);
        }
        next
    }

    /// Returns whether it may be sent twice, because it only reads. A GraphQL call is a POST that reads.
    pub(super) fn repeatable(&self) -> bool {
        self.method == Method::GET || self.url.path().split('/').any(|part| part == "graphql")
    }
}

/// A request of a plugin that passed the egress rules.
#[derive(Clone, Debug)]
pub struct PermittedRequest {
    request: contract::Request,
    hop: Hop,
}

impl PermittedRequest {
    /// The request as the plugin stated it.
    #[must_use]
    pub fn stated(&self) -> &contract::Request {
        &self.request
    }

    /// The request as the plugin stated it.
    #[must_use]
    pub fn into_stated(self) -> contract::Request {
        self.request
    }

    pub(super) fn hop(&self) -> &Hop {
        &self.hop
    }
}

impl RequestRules {
    /// Permits a request of a plugin that may contact the hosts `allowed`.
    ///
    /// # Errors
    /// [`Denied`] with the first rule that is broken.
    pub fn permit(
        &self,
        request: contract::Request,
        allowed: &[String],
    ) -> Result<PermittedRequest, Denied> {
        let hop = Hop::first(&request, self)?;
        self.check_host(&hop.url, allowed)?;
        Ok(PermittedRequest { request, hop })
    }
}

/// Returns whether a URL belongs to Instagram, the only site that a session is sent to.
pub(super) fn on_instagram(url: &Url) -> bool {
    const HOME: &str = "instagram.com";
    url.scheme() == "https"
        && url
            .host_str()
            .is_some_and(|name| name == HOME || below(name, HOME))
}

fn header(
    header: &contract::Header,
    rules: &RequestRules,
) -> Result<(HeaderName, HeaderValue), Denied> {
    let denied = || Denied::Header(header.name.chars().take(64).collect());
    if !rules.allows_header(&header.name) {
        return Err(denied());
    }
    if matches!(header.name.as_str(), "origin" | "referer")
        && !https(&header.value, header.value.len()).is_ok_and(|url| on_instagram(&url))
    {
        return Err(denied());
    }
    let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|_| denied())?;
    // Rejects line breaks and NUL.
    let value = HeaderValue::from_str(&header.value).map_err(|_| denied())?;
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn get(headers: &[(&str, &str)]) -> contract::Request {
        contract::Request {
            method: contract::Method::Get,
            url: "https://www.instagram.com/x/".into(),
            headers: headers
                .iter()
                .map(|(name, value)| contract::Header {
                    name: (*name).into(),
                    value: (*value).into(),
                })
                .collect(),
            body: None,
            session: false,
        }
    }

    fn denied(request: &contract::Request) -> Denied {
        Hop::first(request, &RequestRules::default()).unwrap_err()
    }

    #[test]
    fn headers_that_are_the_hosts_alone_are_denied() {
        for name in [
            "host",
            "content-length",
            "transfer-encoding",
            "connection",
            "proxy-authorization",
            "cookie",
            "authorization",
            "x-forwarded-for",
            "range",
            "accept-encoding",
            "te",
            "upgrade",
            "",
            "a b",
            "Accept",
        ] {
            assert_eq!(denied(&get(&[(name, "x")])), Denied::Header(name.into()));
        }
    }

    #[test]
    fn headers_have_their_size() {
        let long = |bytes: usize| get(&[("accept", &"x".repeat(bytes - "accept".len()))]);
        assert!(Hop::first(&long(16 << 10), &RequestRules::default()).is_ok());
        assert_eq!(denied(&long((16 << 10) + 1)), Denied::HeaderBytes(16 << 10));
    }

    #[test]
    fn line_breaks_in_a_value_are_denied() {
        for value in ["a\r\nhost: evil", "a\nb", "a\rb", "a\0b"] {
            assert_eq!(
                denied(&get(&[("accept", value)])),
                Denied::Header("accept".into())
            );
        }
    }

    #[test]
    fn origin_and_referer_stay_on_instagram() {
        for value in ["https://www.instagram.com/a/", "https://instagram.com"] {
            assert!(Hop::first(&get(&[("referer", value)]), &RequestRules::default()).is_ok());
        }
        for value in [
            "https://evil.test/",
            "http://www.instagram.com/",
            "https://evilinstagram.com/",
        ] {
            assert_eq!(
                denied(&get(&[("origin", value)])),
                Denied::Header("origin".into())
            );
        }
    }

    #[test]
    fn too_many_headers_and_bodies_out_of_place_are_denied() {
        assert_eq!(denied(&get(&[("accept", "x"); 33])), Denied::Headers(32));
        let mut request = get(&[]);
        request.body = Some(Bytes::from_static(b"x"));
        assert_eq!(denied(&request), Denied::Body(0));
        request.method = contract::Method::Post;
        assert!(Hop::first(&request, &RequestRules::default()).is_ok());
        request.body = Some(vec![0; (64 << 10) + 1].into());
        assert_eq!(denied(&request), Denied::Body(64 << 10));
    }

    #[test]
    fn only_307_and_308_keep_a_post() {
        let mut request = get(&[("content-type", "text/plain"), ("accept", "*/*")]);
        request.method = contract::Method::Post;
        request.body = Some(Bytes::from_static(b"x"));
        let hop = Hop::first(&request, &RequestRules::default()).unwrap();
        let url = Url::parse("https://www.instagram.com/y/").unwrap();
        let kept = hop
            .clone()
            .next(StatusCode::TEMPORARY_REDIRECT, url.clone());
        assert_eq!(
            (kept.method, kept.body.is_some(), kept.headers.len()),
            (Method::POST, true, 2)
        );
        let read = hop.next(StatusCode::FOUND, url);
        assert_eq!(
            (read.method, read.body.is_some(), read.headers.len()),
            (Method::GET, false, 1)
        );
    }
}
