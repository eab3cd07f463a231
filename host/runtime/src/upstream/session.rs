//! The operator's own session: read from a Netscape cookie file, sent only to Instagram, never shown.

use std::{fmt, path::Path};

use reqwest::header::{COOKIE, HeaderMap, HeaderName, HeaderValue};
use time::OffsetDateTime;
use url::Url;

use super::{Error, allowlist::below, request::on_instagram};

/// The cookie that every session has.
const SESSION: &str = "sessionid";
/// The cookie whose value Instagram expects again in [`CSRF_HEADER`].
const CSRF: &str = "csrftoken";
const CSRF_HEADER: HeaderName = HeaderName::from_static("x-csrftoken");

/// A value that is never printed.
#[derive(Clone, PartialEq, Eq)]
struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Cookie {
    domain: String,
    /// Whether it is also sent to names below the domain.
    below: bool,
    path: String,
    /// Seconds since 1970. 0 is the end of the browser's session, which does not apply to a file.
    expires: i64,
    name: String,
    value: Secret,
}

/// The cookies for instagram.com in the operator's file.
#[derive(Clone, Debug)]
pub(super) struct Session(Vec<Cookie>);

impl Session {
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |what: String| Error::Config(format!("cookies {}: {what}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        Self::parse(&text).map_err(wrong)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut cookies = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim_end_matches('\r');
            let entry = line.strip_prefix("#HttpOnly_").unwrap_or(line);
            if entry.starts_with('#') || entry.trim().is_empty() {
                continue;
            }
            let cookie = cookie(entry).map_err(|what| format!("line {number}: {what}"))?;
            if cookie.domain == "instagram.com" || below(&cookie.domain, "instagram.com") {
                cookies.push(cookie);
            }
        }
        if cookies.iter().any(|cookie| cookie.name == SESSION) {
            Ok(Self(cookies))
        } else {
            Err(format!("no {SESSION} cookie for instagram.com"))
        }
    }

    /// Adds the cookies that belong to `url`; none for another site.
    pub(super) fn sign(&self, url: &Url, headers: &mut HeaderMap) {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let sent: Vec<&Cookie> = self
            .0
            .iter()
            .filter(|cookie| cookie.belongs(url, now))
            .collect();
        let pairs: Vec<String> = sent
            .iter()
            .map(|cookie| format!("{}={}", cookie.name, cookie.value.0))
            .collect();
        // Values were checked when they were read, so both conversions succeed.
        if let Some(value) = secret(&pairs.join("; ")).filter(|_| !pairs.is_empty()) {
            headers.insert(COOKIE, value);
        }
        if let Some(value) = sent
            .iter()
            .find(|cookie| cookie.name == CSRF)
            .and_then(|cookie| secret(&cookie.value.0))
        {
            headers.insert(CSRF_HEADER, value);
        }
    }
}

impl Cookie {
    fn belongs(&self, url: &Url, now: i64) -> bool {
        let host = url.host_str().unwrap_or_default();
        let path = url.path();
        on_instagram(url)
            && (host == self.domain || self.below && below(host, &self.domain))
            && (self.expires == 0 || self.expires > now)
            && path.strip_prefix(&self.path).is_some_and(|rest| {
                self.path.ends_with('/') || rest.is_empty() || rest.starts_with('/')
            })
    }
}

/// Parses seven fields between tabs: domain, whether names below it are included, path, whether https only, expiry,
/// name, value.
fn cookie(line: &str) -> Result<Cookie, &'static str> {
    let fields: Vec<&str> = line.split('\t').collect();
    let &[domain, wide, path, _secure, expires, name, value] = fields.as_slice() else {
        return Err("not seven fields between tabs");
    };
    if !name
        .bytes()
        .chain(value.bytes())
        .all(|byte| byte.is_ascii_graphic() && byte != b';')
        || name.is_empty()
    {
        return Err("a name or value that no cookie can have");
    }
    Ok(Cookie {
        domain: domain.trim_start_matches('.').to_ascii_lowercase(),
        below: match wide {
            "TRUE" => true,
            "FALSE" => false,
            _ => return Err("the second field is neither TRUE nor FALSE"),
        },
        path: path.to_owned(),
        // Some browsers write fractions.
        expires: expires
            .split('.')
            .next()
            .and_then(|seconds| seconds.parse().ok())
            .ok_or("the fifth field is not a time in seconds")?,
        name: name.to_owned(),
        value: Secret(value.to_owned()),
    })
}

fn secret(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const FILE: &str = "# Netscape HTTP Cookie File\r\n\
        .instagram.com\tTRUE\t/\tTRUE\t0\tcsrftoken\ttok\r\n\
        \n\
        #HttpOnly_.instagram.com\tTRUE\t/\tTRUE\t32503680000.5\tsessionid\ts%3Aecret\n\
        .instagram.com\tTRUE\t/\tTRUE\t1000\told\tx\n\
        www.instagram.com\tFALSE\t/api\tTRUE\t0\tapi\ty\n\
        .evil.test\tTRUE\t/\tTRUE\t0\tsessionid\tother\n\
        .evilinstagram.com\tTRUE\t/\tTRUE\t0\tsessionid\tother\n";

    fn sent(url: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CSRF_HEADER, HeaderValue::from_static("guest"));
        Session::parse(FILE)
            .unwrap()
            .sign(&Url::parse(url).unwrap(), &mut headers);
        headers
    }

    #[test]
    fn cookies_go_where_the_file_says() {
        for (url, cookies) in [
            (
                "https://www.instagram.com/",
                "csrftoken=tok; sessionid=s%3Aecret",
            ),
            (
                "https://instagram.com/apiary",
                "csrftoken=tok; sessionid=s%3Aecret",
            ),
            (
                "https://www.instagram.com/api/v1",
                "csrftoken=tok; sessionid=s%3Aecret; api=y",
            ),
            (
                "https://i.instagram.com/api",
                "csrftoken=tok; sessionid=s%3Aecret",
            ),
        ] {
            let headers = sent(url);
            assert_eq!(headers.get(COOKIE).unwrap(), cookies, "{url}");
            assert_eq!(headers.get("x-csrftoken").unwrap(), "tok");
        }
    }

    #[test]
    fn nothing_goes_to_other_sites_or_over_http() {
        for url in [
            "https://evil.test/",
            "https://evilinstagram.com/",
            "http://www.instagram.com/",
        ] {
            let headers = sent(url);
            assert_eq!(headers.get(COOKIE), None);
            assert_eq!(headers.get("x-csrftoken").unwrap(), "guest");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let printed = format!(
            "{:?} {:?}",
            Session::parse(FILE).unwrap(),
            sent("https://www.instagram.com/")
        );
        assert!(!printed.contains("ecret"), "{printed}");
        assert!(!printed.contains("tok\""), "{printed}");
    }

    #[test]
    fn errors_name_the_line() {
        for (text, error) in [
            ("# x\na b c", "line 2: not seven fields between tabs"),
            (
                "i\tYES\t/\tTRUE\t0\ta\tb",
                "line 1: the second field is neither TRUE nor FALSE",
            ),
            (
                "i\tTRUE\t/\tTRUE\tsoon\ta\tb",
                "line 1: the fifth field is not a time in seconds",
            ),
            (
                "i\tTRUE\t/\tTRUE\t0\ta\tb;c",
                "line 1: a name or value that no cookie can have",
            ),
            ("", "no sessionid cookie for instagram.com"),
            (
                ".evil.test\tTRUE\t/\tTRUE\t0\tsessionid\tx",
                "no sessionid cookie for instagram.com",
            ),
        ] {
            assert_eq!(Session::parse(text).unwrap_err(), error);
        }
    }
}
