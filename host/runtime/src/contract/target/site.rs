//! Splits an address, and decides by its host whether, and how, its path says something about Instagram.
//!
//! No host that is named here is contacted because of it: only what the path says is used.

use super::{
    Named, Unreadable,
    path::{self, Place},
    text::{decode, parameter},
};

/// Maximum number of addresses inside each other that are unwrapped.
const WRAPPERS_MAX: usize = 5;

/// Instagram's own hosts.
const INSTAGRAM: [&str; 5] = [
    "instagram.com",
    "www.instagram.com",
    "m.instagram.com",
    "instagr.am",
    "www.instagr.am",
];

/// Instagram's short links, of which only some say what they lead to.
const SHORT: [&str; 2] = ["ig.me", "www.ig.me"];

/// Hosts that lead to the address in their parameter `u`: what Meta's apps make of a link.
const REDIRECTORS: [&str; 6] = [
    "l.instagram.com",
    "l.facebook.com",
    "lm.facebook.com",
    "l.messenger.com",
    "l.threads.com",
    "l.threads.net",
];

/// Hosts that people put in place of Instagram's in links for chats, which then show a preview: those that are not named
/// as most are, see [`is_mirror`]. Each also with any subdomain (`d.`, `g.`, `www.`). From the lists of programs that
/// write such links: InstaFix, InstaFixerCF, VxInstagram, and bots that know several.
const MIRRORS: [&str; 3] = ["rxddinstagram.com", "instagram7.com", "instagramez.com"];

/// Sites that show public posts under Instagram's own paths. What else they have is not Instagram's.
const VIEWERS: [&str; 3] = ["bibliogram.art", "imginn.com", "proxigram.lunar.icu"];

/// Schemes of addresses. `intent` is Android's way to write one that opens an app.
const SCHEMES: [&str; 3] = ["https", "http", "intent"];

/// First segments of addresses without a host.
const PATHS: [&str; 6] = ["p", "reel", "reels", "tv", "stories", "share"];

/// Reads one address.
pub(super) fn read(address: &str) -> Result<Named, Unreadable> {
    follow(address, WRAPPERS_MAX)
}

/// Reads an address, or the one inside it, at most `depth` deep.
fn follow(address: &str, depth: usize) -> Result<Named, Unreadable> {
    let odd = |c: char| c.is_control() || c == '\\';
    let depth = depth.checked_sub(1).ok_or(Unreadable::Foreign)?;
    if address.contains(odd) {
        return Err(Unreadable::Foreign);
    }
    let Some((place, rest)) = split(address) else {
        // Encoded as a whole, as in a parameter.
        let decoded = decode(address).filter(|decoded| decoded.len() < address.len());
        return follow(&decoded.ok_or(Unreadable::Foreign)?, depth);
    };
    let (rest, _) = rest.split_once('#').unwrap_or((rest, ""));
    let (segments, query) = rest.split_once('?').unwrap_or((rest, ""));
    if segments.contains("://") {
        return Err(Unreadable::Several);
    }
    let wrapped = |name| parameter(query, name).filter(|inner| !inner.is_empty());
    if place == Place::Redirector {
        let inner = wrapped("u").ok_or(Unreadable::ShortLink)?;
        return follow(&inner, depth);
    }
    path::read(place, segments, query).or_else(|why| {
        // A page such as that of the login says what comes after it.
        match wrapped("next").or_else(|| wrapped("u")) {
            Some(inner) if place == Place::Instagram => follow(&inner, depth),
            _ => Err(why),
        }
    })
}

/// Splits an address into the kind of its host and what follows the host. An address without a host is one of
/// Instagram's.
fn split(address: &str) -> Option<(Place, &str)> {
    let after_scheme = match address.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("instagram") => {
            return Some((Place::App, rest));
        }
        Some((scheme, rest)) if !scheme.contains(['/', '?', '#']) => {
            let known = SCHEMES
                .iter()
                .any(|known| scheme.eq_ignore_ascii_case(known));
            known.then_some(rest)?
        }
        _ => match address.strip_prefix("//") {
            Some(rest) => rest,
            None if address.starts_with('/') => return Some((Place::Instagram, address)),
            None => address,
        },
    };
    let end = after_scheme
        .find(['/', '?', '#'])
        .unwrap_or(after_scheme.len());
    let (authority, rest) = after_scheme.split_at(end);
    let is_bare = after_scheme.len() == address.len() && PATHS.contains(&authority);
    if is_bare {
        return Some((Place::Instagram, address));
    }
    Some((place(authority)?, rest))
}

/// The kind of a host, which may have the port of its scheme; `None`: it has nothing to do with Instagram.
fn place(authority: &str) -> Option<Place> {
    let host = authority.to_ascii_lowercase();
    let host = host
        .strip_suffix(":443")
        .or(host.strip_suffix(":80"))
        .unwrap_or(&host);
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_of = |site: &&str| {
        let before = host.strip_suffix(*site);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    if !host.chars().all(plain) {
        None
    } else if INSTAGRAM.contains(&host) {
        Some(Place::Instagram)
    } else if SHORT.contains(&host) {
        Some(Place::Short)
    } else if REDIRECTORS.contains(&host) {
        Some(Place::Redirector)
    } else if MIRRORS.iter().any(is_of) || is_mirror(host) {
        Some(Place::Mirror)
    } else {
        VIEWERS.iter().any(is_of).then_some(Place::Viewer)
    }
}

/// Whether a host is named as most mirrors are: two letters before `instagram.com` (`dd`, `ee`, `gg`, `kk`, `rx`, `to`,
/// `uu`, `vx`), with any subdomain.
fn is_mirror(host: &str) -> bool {
    let before = host.strip_suffix("instagram.com").unwrap_or_default();
    let letters = before.rsplit('.').next().unwrap_or_default();
    letters.len() == 2 && letters.bytes().all(|letter| letter.is_ascii_alphabetic())
}
