//! Reads the paths of Instagram, and what its app calls its screens.

use super::{
    Named, Target, Unreadable, shortcode,
    text::{decode, parameter, visible},
};

/// Maximum length of an id in a share link.
const SHARE_MAX: usize = 32;

/// Segments that come before the shortcode of a post or reel.
const MEDIA: [&str; 4] = ["p", "reel", "reels", "tv"];

/// Segments that may follow a username in the address of its profile.
const TABS: [&str; 13] = [
    "channel",
    "feed",
    "followers",
    "following",
    "guides",
    "highlights",
    "info",
    "photos",
    "posts",
    "profilecard",
    "reels",
    "saved",
    "tagged",
];

/// First segments of paths that are not usernames.
const RESERVED: [&str; 32] = [
    "_n",
    "_u",
    "about",
    "accounts",
    "api",
    "ar",
    "archive",
    "auth_platform",
    "challenge",
    "consent",
    "data",
    "developer",
    "direct",
    "directory",
    "emails",
    "explore",
    "graphql",
    "legal",
    "linkshim",
    "locations",
    "nux",
    "oauth",
    "p",
    "popular",
    "reel",
    "reels",
    "share",
    "static",
    "stories",
    "topics",
    "tv",
    "web",
];

/// Pages that come before another one.
const GATES: [&str; 4] = ["accounts", "auth_platform", "challenge", "consent"];

/// Where a path is from, which decides how much of it is Instagram's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Instagram's website.
    Instagram,
    /// Instagram's app.
    App,
    /// Instagram's short links.
    Short,
    /// A redirection to the address in a parameter.
    Redirector,
    /// A copy of Instagram's paths.
    Mirror,
    /// A site that has posts under Instagram's paths.
    Viewer,
}

/// Reads a path and the query after it.
pub(super) fn read(place: Place, path: &str, query: &str) -> Result<Named, Unreadable> {
    let segments: Vec<_> = path.split('/').filter_map(segment).collect();
    let segments: Vec<_> = segments.iter().map(String::as_str).collect();
    let segments = match &*segments {
        // How websites open the app at a page.
        ["_u", page @ ..] if !page.is_empty() => page,
        segments => segments,
    };
    let named = match (place, segments) {
        (Place::App, [screen, ..]) => return app(screen, query),
        (_, [kind, ..]) if MEDIA.contains(kind) => media(segments)?,
        (_, [user, kind, ..]) if MEDIA.contains(kind) && is_name(user) && segments.len() > 2 => {
            media(segments.get(1..).unwrap_or_default())?
        }
        (Place::Short, ["m", user, ..]) => profile(user)?,
        (Place::Short, _) => return Err(Unreadable::ShortLink),
        (Place::Viewer, [kind, ..]) if *kind != "stories" => return Err(Unreadable::Foreign),
        (_, segments) => other(segments, query)?,
    };
    Ok(match named {
        Named::Post { target, .. } => Named::Post {
            target,
            item: chosen_item(place, segments, query),
        },
        named => named,
    })
}

/// Returns a segment of a path, decoded, if it has more than marks: `)` behind a slash ends a sentence.
fn segment(raw: &str) -> Option<String> {
    let segment = visible(&decode(raw)?);
    let says = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    segment.contains(says).then_some(segment)
}

/// Reads `p/CODE`, `reel/CODE` and the like.
fn media(segments: &[&str]) -> Result<Named, Unreadable> {
    match *segments {
        ["reels", "audio", ..] => Err(Unreadable::Sound),
        [kind, code, ..] => {
            let target = Target::Shortcode(code_in(code).ok_or(Unreadable::OtherPage)?);
            Ok(match kind {
                "reel" | "reels" => Named::Reel { target },
                _ => Named::Post { target, item: None },
            })
        }
        _ => Err(Unreadable::Incomplete),
    }
}

/// Reads a path that does not name a post or reel by its shortcode.
fn other(segments: &[&str], query: &str) -> Result<Named, Unreadable> {
    match *segments {
        [] => Err(Unreadable::FrontPage),
        ["stories" | "share"] | ["share", "p" | "reel" | "reels" | "tv"] => {
            Err(Unreadable::Incomplete)
        }
        ["share", id] => share("", id),
        ["share", kind @ ("p" | "reel" | "reels" | "tv"), id] => share(kind, id),
        ["stories", "highlights", ..] | ["s", _, ..] => Err(Unreadable::Highlight),
        ["stories", user, ..] => Ok(Named::Stories {
            username: name_in(user).ok_or(Unreadable::OtherPage)?,
        }),
        ["_n", screen, ..] => app(screen, query),
        [gate, ..] if GATES.contains(&gate) => Err(Unreadable::Login),
        [user] => profile(user),
        [user, tab, ..] if TABS.contains(&tab) => profile(user),
        _ => Err(Unreadable::OtherPage),
    }
}

/// Reads a screen of the app: `instagram://media?id=…`, `instagram://user?username=…`, and `/_n/…` in an address.
fn app(screen: &str, query: &str) -> Result<Named, Unreadable> {
    let wanted = match screen {
        "media" => parameter(query, "id").and_then(|id| shortcode::media_id(&id)),
        "user" => {
            let name = parameter(query, "username").ok_or(Unreadable::OtherPage)?;
            return profile(&name);
        }
        _ => None,
    };
    let id = wanted.ok_or(Unreadable::OtherPage)?;
    Ok(Named::Post {
        target: Target::Shortcode(shortcode(id)),
        item: None,
    })
}

fn share(kind: &str, id: &str) -> Result<Named, Unreadable> {
    let id = code_characters(id).ok_or(Unreadable::OtherPage)?;
    if id.len() > SHARE_MAX {
        return Err(Unreadable::OtherPage);
    }
    let slash = if kind.is_empty() { "" } else { "/" };
    let target = Target::Share(format!("https://www.instagram.com/share/{kind}{slash}{id}"));
    Ok(match kind {
        "reel" | "reels" => Named::Reel { target },
        _ => Named::Post { target, item: None },
    })
}

fn profile(segment: &str) -> Result<Named, Unreadable> {
    let username = name_in(segment).filter(|name| !RESERVED.contains(&&**name));
    Ok(Named::Profile {
        username: username.ok_or(Unreadable::OtherPage)?,
    })
}

/// The item of a carousel that an address chooses: `img_index`; on mirrors also what follows the shortcode.
fn chosen_item(place: Place, segments: &[&str], query: &str) -> Option<u32> {
    let number = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_digit());
        let (digits, rest) = text.split_at(end.unwrap_or(text.len()));
        let number = digits.parse().ok().filter(|number| *number > 0);
        number.filter(|_| ends_word(rest))
    };
    let in_path = || {
        let kind = segments
            .iter()
            .position(|segment| MEDIA.contains(segment))?;
        let after_code = segments.get(kind + 2)?;
        (place == Place::Mirror).then(|| number(after_code))?
    };
    let in_query = parameter(query, "img_index");
    in_query.as_deref().and_then(number).or_else(in_path)
}

/// Parses `[A-Za-z0-9._]{1,30}`, and returns it in lower case. As on Instagram, no username begins or ends with a dot
/// or has two in a row.
pub(super) fn name(text: &str) -> Option<String> {
    let dots = text.starts_with('.') || text.ends_with('.') || text.contains("..");
    ((1..=30).contains(&text.len()) && text.chars().all(is_name_character) && !dots)
        .then(|| text.to_ascii_lowercase())
}

fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '.' || c == '_'
}

fn is_name(segment: &str) -> bool {
    name_in(segment).is_some_and(|name| !RESERVED.contains(&&*name))
}

/// The username with which a segment begins. What a sentence adds to it is left out.
fn name_in(segment: &str) -> Option<String> {
    let text = segment.strip_prefix('@').unwrap_or(segment);
    let end = text.find(|c| !is_name_character(c)).unwrap_or(text.len());
    let (found, rest) = text.split_at(end);
    name(found.trim_end_matches('.')).filter(|_| ends_word(rest))
}

/// The shortcode with which a segment begins.
fn code_in(segment: &str) -> Option<String> {
    code_characters(segment).and_then(shortcode::own)
}

/// What a segment begins with, as far as it is written like a shortcode.
fn code_characters(segment: &str) -> Option<&str> {
    let is_part = |c: char| u8::try_from(c).is_ok_and(shortcode::is_digit);
    let end = segment.find(|c| !is_part(c)).unwrap_or(segment.len());
    let (found, rest) = segment.split_at(end);
    // Languages without capitals may continue without a space.
    let uncased = |c: char| c.is_alphabetic() && !c.is_lowercase() && !c.is_uppercase();
    (!found.is_empty() && (ends_word(rest) || rest.starts_with(uncased))).then_some(found)
}

/// Whether what follows cannot belong to the word before it.
fn ends_word(rest: &str) -> bool {
    !rest.starts_with(|c: char| c.is_alphanumeric() || "-+@$%".contains(c))
}
