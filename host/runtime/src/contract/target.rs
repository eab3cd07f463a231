//! Parses what a client may write to name a profile, a post or a reel. Has no side effects.

use url::Url;

use super::Target;

/// Maximum length of a text that is parsed, bytes.
const TEXT_BYTES_MAX: usize = 2048;
/// Maximum length of the shortcode of a public post: 64 bits, 6 for each character.
const SHORTCODE_MAX: usize = 11;
/// Length of the part that links bound to their owner append to a shortcode.
const OWNER_MAX: usize = 28;
/// Maximum length of an id in a share link.
const SHARE_MAX: usize = 32;
/// Instagram's base 64, most significant character first.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Instagram's own hosts, and two domains that exist only to replace its name in links that are pasted into chats.
const HOSTS: [&str; 9] = [
    "instagram.com",
    "www.instagram.com",
    "m.instagram.com",
    "instagr.am",
    "www.instagr.am",
    "ddinstagram.com",
    "www.ddinstagram.com",
    "d.ddinstagram.com",
    "g.ddinstagram.com",
];

/// First segments of paths that are not usernames.
const RESERVED: [&str; 25] = [
    "about",
    "accounts",
    "api",
    "archive",
    "ar",
    "challenge",
    "data",
    "developer",
    "direct",
    "directory",
    "emails",
    "explore",
    "graphql",
    "legal",
    "locations",
    "nux",
    "p",
    "popular",
    "reel",
    "reels",
    "share",
    "static",
    "stories",
    "tv",
    "web",
];

/// The text is neither a username nor a profile URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a username is 1 to 30 letters, digits, dots and underscores")]
pub struct InvalidUsername;

/// The text is not a URL, shortcode or id that names a post or reel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither a post or reel URL, nor a shortcode, nor a numeric id")]
pub struct InvalidUrl;

/// Parses a bare name, `@name`, or the URL of a profile or of its stories into a username in lower case.
///
/// As on Instagram, no username begins or ends with a dot or has two in a row.
///
/// # Errors
/// [`InvalidUsername`].
pub fn username(text: &str) -> Result<String, InvalidUsername> {
    let text = text.trim();
    if !text.contains('/') {
        return name(text.strip_prefix('@').unwrap_or(text)).ok_or(InvalidUsername);
    }
    let url = page(text).ok_or(InvalidUsername)?;
    match *segments(&url) {
        ["stories", user, ..] if user != "highlights" => name(user),
        [user] | [user, "reels" | "tagged" | "posts"] if !RESERVED.contains(&user) => name(user),
        _ => None,
    }
    .ok_or(InvalidUsername)
}

/// Parses any form of URL, a bare shortcode or a numeric id into a post or reel.
///
/// Digits alone are an id if there are 12 or more of them (ids have been that long since 2011), or else a shortcode.
/// `<id>_<user id>` is an id too.
///
/// # Errors
/// [`InvalidUrl`].
pub fn media(text: &str) -> Result<Target, InvalidUrl> {
    let text = text.trim();
    if !text.contains('/') {
        return bare(text).ok_or(InvalidUrl);
    }
    if let Some(rest) = text.strip_prefix("instagram://media?id=") {
        let id = rest
            .split(['&', '#'])
            .next()
            .and_then(media_id)
            .ok_or(InvalidUrl)?;
        return Ok(Target::Shortcode(shortcode(id)));
    }
    let url = page(text).ok_or(InvalidUrl)?;
    match *segments(&url) {
        ["share", "p" | "reel" | "reels" | "tv"] => None,
        ["share", id] => share("", id),
        ["share", kind @ ("p" | "reel" | "reels" | "tv"), id] => share(kind, id),
        // The page of a sound.
        ["reels", "audio", ..] => None,
        ["p" | "reel" | "reels" | "tv", code, ..] => code_of(code),
        [user, "p" | "reel" | "reels" | "tv", code, ..] if !RESERVED.contains(&user) => {
            name(user).and_then(|_| code_of(code))
        }
        _ => None,
    }
    .ok_or(InvalidUrl)
}

/// Returns the shortcode of a numeric media id.
#[must_use]
pub fn shortcode(id: u64) -> String {
    let digits = (0..SHORTCODE_MAX)
        .rev()
        .map(|place| (id >> (6 * place)) as usize % 64);
    let code: String = digits
        .skip_while(|digit| *digit == 0)
        .map(|digit| char::from(ALPHABET[digit]))
        .collect();
    if code.is_empty() {
        "A".to_owned()
    } else {
        code
    }
}

/// Returns the part of a shortcode that names the post, without the owner's part of a long one.
pub(crate) fn public_part(code: &str) -> &str {
    match code.len().checked_sub(OWNER_MAX) {
        Some(cut @ 1..) => code
            .split_at_checked(cut)
            .map_or(code, |(public, _)| public),
        _ => code,
    }
}

/// Returns whether this is a shortcode, with or without its owner's part.
pub(crate) fn is_shortcode(code: &str) -> bool {
    (1..=SHORTCODE_MAX).contains(&public_part(code).len())
        && code.bytes().all(|byte| ALPHABET.contains(&byte))
}

/// Parses `[A-Za-z0-9._]{1,30}`, and returns it in lower case.
fn name(text: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._".contains(&byte);
    let dots = text.starts_with('.') || text.ends_with('.') || text.contains("..");
    ((1..=30).contains(&text.len()) && text.bytes().all(plain) && !dots)
        .then(|| text.to_ascii_lowercase())
}

fn bare(text: &str) -> Option<Target> {
    if text.len() > SHORTCODE_MAX
        && let Some(id) = media_id(text)
    {
        return Some(Target::Shortcode(shortcode(id)));
    }
    code_of(text)
}

fn code_of(code: &str) -> Option<Target> {
    is_shortcode(code).then(|| Target::Shortcode(code.to_owned()))
}

fn share(kind: &str, id: &str) -> Option<Target> {
    let plain =
        (1..=SHARE_MAX).contains(&id.len()) && id.bytes().all(|byte| ALPHABET.contains(&byte));
    let slash = if kind.is_empty() { "" } else { "/" };
    plain.then(|| Target::Share(format!("https://www.instagram.com/share/{kind}{slash}{id}")))
}

/// Parses `<id>` or `<id>_<user id>`.
fn media_id(text: &str) -> Option<u64> {
    let (id, user) = text.split_once('_').unwrap_or((text, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |text: &str| text.parse::<u64>().ok().filter(|_| digits(text));
    number(user).and(number(id))
}

/// Parses an Instagram URL, with or without a scheme.
fn page(text: &str) -> Option<Url> {
    let odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    if text.len() > TEXT_BYTES_MAX || text.contains(odd) {
        return None;
    }
    let url = match text.split_once("://") {
        Some((scheme, _)) if !scheme.contains(['/', '?', '#']) => Url::parse(text),
        _ => Url::parse(&format!("https://{text}")),
    }
    .ok()?;
    let plain = url.username().is_empty() && url.password().is_none() && url.port().is_none();
    let known = matches!(url.scheme(), "https" | "http") && HOSTS.contains(&url.host_str()?);
    (plain && known).then_some(url)
}

fn segments(url: &Url) -> Box<[&str]> {
    url.path()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect()
}

#[cfg(test)]
mod tests;
