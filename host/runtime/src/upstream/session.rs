//! The operator's own session: read from a Netscape cookie file, sent only to Instagram, never shown.

use std::{fmt, path::Path};

use reqwest::header::{COOKIE, HeaderMap, HeaderName, HeaderValue};
use time::OffsetDateTime;
use url::Url;

use super::{Error, allowlist::below, request::on_instagram};
use crate::data::{self, Links};

/// What is larger is no cookie file, bytes.
const FILE_BYTES_MAX: u64 = 4 << 20;

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
        let read = data::read(path, Links::Followed, FILE_BYTES_MAX);
        let bytes = read.map_err(|error| wrong(error.to_string()))?;
        Self::parse(&String::from_utf8_lossy(&bytes)).map_err(wrong)
    }

    /// Reads the lines for instagram.com; those of other sites do not matter, whatever they are.
    fn parse(text: &str) -> Result<Self, String> {
        let mut cookies = Vec::new();
        let text = text.trim_start_matches('\u{feff}');
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim_end_matches('\r');
            let entry = line.strip_prefix("#HttpOnly_").unwrap_or(line);
            if !entry.starts_with('#') && is_instagrams(entry) {
                cookies.push(cookie(entry).map_err(|what| format!("line {number}: {what}"))?);
            }
        }
        let is_session = |cookie: &Cookie| cookie.name == SESSION && !cookie.value.0.is_empty();
        if cookies.iter().any(is_session) {
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

/// Whether a line is about instagram.com, also if it is not a valid one.
fn is_instagrams(line: &str) -> bool {
    let domain = domain(line.split_whitespace().next().unwrap_or_default());
    domain == "instagram.com" || below(&domain, "instagram.com")
}

fn domain(field: &str) -> String {
    field.trim_start_matches('.').to_ascii_lowercase()
}

/// Parses seven fields between tabs: domain, whether names below it are included, path, whether https only, expiry,
/// name, value. A line may end before an empty value.
fn cookie(line: &str) -> Result<Cookie, &'static str> {
    let fields: Vec<&str> = line.split('\t').collect();
    let (place, wide, path, expires, name, value) = match *fields.as_slice() {
        [place, wide, path, _secure, expires, name, value] => {
            (place, wide, path, expires, name, value)
        }
        [place, wide, path, _secure, expires, name] => (place, wide, path, expires, name, ""),
        _ => return Err("not seven fields between tabs"),
    };
    let mut bytes = name.bytes().chain(value.bytes());
    if name.is_empty() || !bytes.all(|byte| byte.is_ascii_graphic() && byte != b';') {
        return Err("a name or value that no cookie can have");
    }
    Ok(Cookie {
        domain: domain(place),
        below: match wide.to_ascii_uppercase().as_str() {
            "TRUE" => true,
            "FALSE" => false,
            _ => return Err("the second field is neither TRUE nor FALSE"),
        },
        path: path.to_owned(),
        expires: expiry(expires).ok_or("the fifth field is not a time in seconds")?,
        name: name.to_owned(),
        value: Secret(value.to_owned()),
    })
}

/// Seconds since 1970; 0 for the end of the browser's session, which programs write as an empty field, 0 or -1. Some
/// browsers write fractions.
fn expiry(field: &str) -> Option<i64> {
    match field.trim() {
        "" => Some(0),
        seconds => seconds
            .parse::<f64>()
            .ok()
            .map(|seconds| seconds.max(0.0) as i64),
    }
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

    /// The lines of other programs, as yt-dlp and instaloader report them.
    #[test]
    fn files_of_every_program_are_read() {
        const LINE: &str = ".instagram.com\tTRUE\t/\tTRUE\t0\tsessionid\ts";
        for text in [
            format!("{LINE}\n"),
            format!("\u{feff}{LINE}\r\n"),
            format!("\u{feff}# Netscape HTTP Cookie File\n\n{LINE}"),
            format!("#HttpOnly_{LINE}"),
            format!(".evil.test\tTRUE\t/\tTRUE\t0\ta\tb c\u{fffd}\n{LINE}"),
            format!(".evil.test TRUE / nonsense\nevil.test\tYES\t\t\tsoon\n\t\n{LINE}"),
            LINE.replace("TRUE", "true"),
            LINE.replace("\t0\t", "\t\t"),
            LINE.replace("\t0\t", "\t-1\t"),
            LINE.replace("\t0\t", "\t4.1e9\t"),
            LINE.replace(".instagram.com", "WWW.Instagram.com"),
            format!("{LINE}\n.instagram.com\tTRUE\t/\tTRUE\t0\tig_cb\t"),
            format!("{LINE}\n.instagram.com\tTRUE\t/\tTRUE\t0\tig_cb"),
        ] {
            let mut headers = HeaderMap::new();
            let url = Url::parse("https://www.instagram.com/").unwrap();
            Session::parse(&text).unwrap().sign(&url, &mut headers);
            let sent = headers.get(COOKIE).unwrap().to_str().unwrap();
            assert!(sent.starts_with("sessionid=s"), "{text:?}: {sent}");
        }
    }

    #[test]
    fn errors_name_the_line() {
        for (text, error) in [
            (
                "# x\n.instagram.com TRUE / TRUE 0 sessionid s",
                "line 2: not seven fields between tabs",
            ),
            (
                "instagram.com\tYES\t/\tTRUE\t0\ta\tb",
                "line 1: the second field is neither TRUE nor FALSE",
            ),
            (
                "instagram.com\tTRUE\t/\tTRUE\tsoon\ta\tb",
                "line 1: the fifth field is not a time in seconds",
            ),
            (
                "instagram.com\tTRUE\t/\tTRUE\t0\ta\tb;c",
                "line 1: a name or value that no cookie can have",
            ),
            ("", "no sessionid cookie for instagram.com"),
            (
                ".instagram.com\tTRUE\t/\tTRUE\t0\tsessionid\t",
                "no sessionid cookie for instagram.com",
            ),
            (
                ".evil.test\tTRUE\t/\tTRUE\t0\tsessionid\tx",
                "no sessionid cookie for instagram.com",
            ),
        ] {
            assert_eq!(Session::parse(text).unwrap_err(), error);
        }
    }
}
