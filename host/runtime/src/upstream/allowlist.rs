//! Decides which URLs may be requested: https on listed names. Has no side effects; the address behind the name is
//! checked later.

use url::{Host, Url};

/// A rule that a request breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Longer than the limit, in bytes.
    #[error("the URL is longer than {0} bytes")]
    Long(usize),
    /// The URL has a space, a control character or a backslash; parsers disagree about these.
    #[error("the URL holds a space, a control character or a backslash")]
    Character,
    /// It is not an absolute URL.
    #[error("the URL cannot be read: {0}")]
    Syntax(url::ParseError),
    /// The scheme is not https.
    #[error("the scheme is {0:?}, not https")]
    Scheme(String),
    /// The port is not 443.
    #[error("port {0} is not 443")]
    Port(u16),
    /// The URL has credentials (`user@host`).
    #[error("the URL holds credentials")]
    Userinfo,
    /// The host is an IP address, in any spelling.
    #[error("the host is not a name")]
    Literal,
    /// The host is on neither list, or only on one of them.
    #[error("the host {0:?} is not on the list")]
    Host(String),
    /// A header that the host does not send for a plugin.
    #[error("the header {0:?} is not allowed")]
    Header(String),
    /// There are more headers than the limit.
    #[error("more than {0} headers")]
    Headers(usize),
    /// The headers together are longer than the limit, in bytes.
    #[error("more than {0} bytes of headers")]
    HeaderBytes(usize),
    /// There is a body with GET, or one that is longer than the limit in bytes.
    #[error("the body is not allowed, or longer than {0} bytes")]
    Body(usize),
}

/// Parses an https URL on port 443 whose host is a name, without credentials, as browsers do. Removes one trailing dot
/// from the name.
///
/// # Errors
/// [`Denied`] with the first rule that is broken.
pub fn https(text: &str, bytes_max: usize) -> Result<Url, Denied> {
    if text.len() > bytes_max {
        return Err(Denied::Long(bytes_max));
    }
    if text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
        return Err(Denied::Character);
    }
    let mut url = Url::parse(text).map_err(Denied::Syntax)?;
    if url.scheme() != "https" {
        return Err(Denied::Scheme(url.scheme().to_owned()));
    }
    if let Some(port) = url.port() {
        return Err(Denied::Port(port));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Denied::Userinfo);
    }
    let Some(Host::Domain(name)) = url.host() else {
        return Err(Denied::Literal);
    };
    if let Some(name) = name.strip_suffix('.').map(str::to_owned) {
        url.set_host(Some(&name)).map_err(Denied::Syntax)?;
        // Without its trailing dot, `127.0.0.1.` is an address.
        if !matches!(url.host(), Some(Host::Domain(_))) {
            return Err(Denied::Literal);
        }
    }
    Ok(url)
}

/// Returns the host of a URL that [`https`] certainly accepts and that all parsers read in the same way: a name in
/// plain lower-case letters, and after it only printable ASCII. A record has hundreds of addresses, and nearly all of
/// them are of this form, so that few must be parsed. `None` says nothing about the URL.
pub(super) fn plain_host(text: &str, bytes_max: usize) -> Option<&str> {
    let rest = text.strip_prefix("https://")?;
    let (host, path) = rest.split_once('/')?;
    let is_label = |label: &str| {
        !label.is_empty()
            // Not an encoded name, whose rules are many.
            && !label.starts_with("xn--")
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    // A name whose last part is a number is an address.
    let is_name = host
        .rsplit('.')
        .next()?
        .bytes()
        .all(|byte| byte.is_ascii_lowercase());
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    // Without an early end, so that many bytes are compared at once.
    let is_path = path.bytes().fold(true, |is, byte| is & plain(byte));
    (text.len() <= bytes_max && is_name && host.split('.').all(is_label) && is_path).then_some(host)
}

/// Returns whether the name of `url` is on the list. `*.example.com` stands for every name below example.com.
#[must_use]
pub fn listed(url: &Url, hosts: &[impl AsRef<str>]) -> bool {
    url.host_str().is_some_and(|name| has_name(name, hosts))
}

/// Returns whether a name is on the list.
pub(super) fn has_name(name: &str, hosts: &[impl AsRef<str>]) -> bool {
    hosts
        .iter()
        .any(|host| match host.as_ref().strip_prefix("*.") {
            Some(parent) => below(name, parent),
            None => name.eq_ignore_ascii_case(host.as_ref()),
        })
}

/// Returns whether `name` is a name below `parent`.
pub(super) fn below(name: &str, parent: &str) -> bool {
    name.len()
        .checked_sub(parent.len() + 1)
        .filter(|_| !parent.is_empty())
        .and_then(|cut| name.split_at_checked(cut))
        .is_some_and(|(start, end)| {
            !start.is_empty()
                && end
                    .strip_prefix('.')
                    .is_some_and(|end| end.eq_ignore_ascii_case(parent))
        })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::{Denied, https, listed, plain_host};

    const MAX: usize = 8 << 10;
    const HOSTS: [&str; 2] = ["www.instagram.com", "*.fbcdn.net"];

    fn allowed(text: &str) -> bool {
        https(text, MAX).is_ok_and(|url| listed(&url, &HOSTS))
    }

    #[test]
    fn names_on_the_list_pass() {
        for url in [
            "https://www.instagram.com/",
            "https://www.instagram.com:443/p/x/",
            "HTTPS://WWW.Instagram.COM./p/x/?a=b#c",
            "https://scontent.fbcdn.net/x.jpg",
            "https://a.b.fbcdn.net",
            "https://a.fbcdn。net/",
        ] {
            assert!(allowed(url), "{url}");
        }
    }

    #[test]
    fn the_usual_address_of_a_picture_is_plain() {
        let url = "https://scontent-fra3-1.cdninstagram.com/v/t51.2885-15/1_n.jpg?stp=dst-jpg_e35&_nc_ht=a%2Fb&oe=1#x";
        assert_eq!(
            plain_host(url, MAX),
            Some("scontent-fra3-1.cdninstagram.com")
        );
        assert_eq!(plain_host(url, url.len() - 1), None);
    }

    #[test]
    fn other_names_do_not() {
        for url in [
            "https://instagram.com/",
            "https://evilwww.instagram.com/",
            "https://www.instagram.com.evil.test/",
            "https://fbcdn.net/",
            "https://.fbcdn.net/",
            "https://evilfbcdn.net/",
            "https://fbcdn.net.evil.test/",
            "https://evil.test/#.fbcdn.net",
            "https://evil.test#.fbcdn.net",
            "https://evil.test/.fbcdn.net",
            "https://www.instagram.com../",
            "https://xn--fbcdn-9za.net/",
        ] {
            assert!(!allowed(url), "{url}");
        }
    }

    #[test]
    fn forms_that_parsers_disagree_about_are_denied() {
        let denied = |text: &str| https(text, MAX).unwrap_err();
        assert_eq!(denied("https://a.fbcdn.net@evil.test/"), Denied::Userinfo);
        assert_eq!(denied("https://:x@a.fbcdn.net/"), Denied::Userinfo);
        assert_eq!(
            denied("https://evil.test\\@a.fbcdn.net/"),
            Denied::Character
        );
        assert_eq!(denied("https://a.fb\tcdn.net/"), Denied::Character);
        assert_eq!(denied("https://a.fbcdn.net/\r\nx: y"), Denied::Character);
        assert_eq!(denied(" https://a.fbcdn.net/"), Denied::Character);
        assert_eq!(denied("https://a.fbcdn.net:80/"), Denied::Port(80));
        assert_eq!(denied("http://a.fbcdn.net/"), Denied::Scheme("http".into()));
        for scheme in ["file", "ftp", "data", "blob", "javascript", "gopher"] {
            assert_eq!(
                denied(&format!("{scheme}:x")),
                Denied::Scheme(scheme.into())
            );
        }
        assert_eq!(
            denied("//a.fbcdn.net/"),
            Denied::Syntax(url::ParseError::RelativeUrlWithoutBase)
        );
        assert_eq!(
            denied(&format!("https://a.fbcdn.net/{}", "a".repeat(MAX))),
            Denied::Long(MAX)
        );
    }

    #[test]
    fn addresses_are_denied_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "127.0.0.1.",
            "127.1",
            "0",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "①②⑦.0.0.1",
            "１２７.0.0.1",
            "169.254.169.254",
            "%31%32%37.1",
        ] {
            assert_eq!(
                https(&format!("https://{host}/"), MAX),
                Err(Denied::Literal),
                "{host}"
            );
        }
    }

    proptest! {
        #[test]
        fn whatever_passes_is_https_on_a_listed_name(text in r"(https?:)?[/\\]{0,3}[a-z.@:#?/\[\]0-9%。\\]{0,40}(fbcdn\.net|www\.instagram\.com)[.@:/#a-z0-9]{0,20}") {
            if let Ok(url) = https(&text, MAX) && listed(&url, &HOSTS) {
                let host = url.host_str().unwrap();
                prop_assert!(host == "www.instagram.com" || host.ends_with(".fbcdn.net"));
                prop_assert_eq!((url.scheme(), url.port(), url.username()), ("https", None, ""));
                // The URL that is sent is the URL that was checked.
                prop_assert_eq!(https(url.as_str(), MAX), Ok(url));
            }
        }

        #[test]
        fn a_plain_host_is_the_host_of_an_accepted_url(text in r"https://[a-z0-9.@:%X-]{0,20}(fbcdn\.net|\.1|xn--a\.net)?[/\\?#][ -~é]{0,20}") {
            if let Some(host) = plain_host(&text, MAX) {
                let url = https(&text, MAX).unwrap();
                prop_assert_eq!(url.host_str(), Some(host));
            }
        }

        #[test]
        fn any_ipv4_number_is_denied(number: u32) {
            for url in [format!("https://{number}/"), format!("https://{number:#x}/"), format!("https://{number:#o}/").replace("0o", "0")] {
                prop_assert_eq!(https(&url, MAX), Err(Denied::Literal));
            }
        }
    }
}
