//! Decides what a text names: a post, a reel, stories or a profile. The only place that does, and without side effects.

mod path;
mod shortcode;
mod site;
mod text;

use super::Target;

pub use shortcode::shortcode;
pub(crate) use shortcode::{is_shortcode, public_part};

/// Maximum length of a text that is read, bytes.
const TEXT_BYTES_MAX: usize = 2048;
/// Shortest shortcode that is taken for one without its address, although it could be a username, characters.
const LIKELY_CODE: usize = 10;

/// One meaning of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A post.
    Post {
        /// Which one.
        target: Target,
        /// The number of the item of a carousel that the address chooses, 1 for the first.
        item: Option<u32>,
    },
    /// A reel.
    Reel {
        /// Which one.
        target: Target,
    },
    /// The stories of an account.
    Stories {
        /// In lower case.
        username: String,
    },
    /// An account.
    Profile {
        /// In lower case.
        username: String,
    },
}

/// Why a text names nothing that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A word.
    #[error("That is neither an address, nor a shortcode, a numeric id or a username")]
    Word,
    /// See [`TEXT_BYTES_MAX`].
    #[error("A text of more than {TEXT_BYTES_MAX} bytes is not read")]
    TooLong,
    /// Several different addresses.
    #[error("That text has several addresses of Instagram")]
    Several,
    /// An address of another site, or of nothing.
    #[error("That is not an address of Instagram")]
    Foreign,
    /// `instagram.com/`.
    #[error("That is Instagram's front page")]
    FrontPage,
    /// `instagram.com/p/`.
    #[error("The address is incomplete")]
    Incomplete,
    /// A login page that does not say what comes after it.
    #[error("That is Instagram's login page")]
    Login,
    /// Needs a login.
    #[error("That is a highlight, which Instagram shows only after a login")]
    Highlight,
    /// A sound.
    #[error("That is the page of a sound")]
    Sound,
    /// An address that does not state what it leads to.
    #[error("That short link does not say what it leads to")]
    ShortLink,
    /// Any other page.
    #[error("That page of Instagram is neither a post, a reel, stories nor a profile")]
    OtherPage,
    /// A profile where a post is needed.
    #[error("That names a profile")]
    Profile,
    /// Stories where a post is needed.
    #[error("That names the stories of an account")]
    Stories,
    /// A post or reel where an account is needed.
    #[error("That names a post or reel")]
    Media,
}

/// The text does not name an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}. A username has 1 to 30 letters, digits, dots and underscores")]
pub struct InvalidUsername(Unreadable);

/// The text does not name a post or reel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}. Give a post or reel URL, a shortcode or a numeric id")]
pub struct InvalidUrl(Unreadable);

/// One thing that a text names, or would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The part of the text.
    pub text: String,
    /// What it may name, the most likely first.
    pub read: Result<Vec<Named>, Unreadable>,
}

/// Returns everything that a text may name, the most likely first. An address names one thing; a word such as
/// `summer_2024` may be a username or a shortcode.
///
/// # Errors
/// [`Unreadable`].
pub fn read(text: &str) -> Result<Vec<Named>, Unreadable> {
    let mentions = read_all(text);
    let mut found = mentions.iter().filter_map(|one| one.read.as_ref().ok());
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one.clone()),
        (Some(_), Some(_)) => Err(Unreadable::Several),
        // The last reason but that an address is foreign, if there is another one.
        (None, _) => {
            let mut reasons = mentions.iter().filter_map(|one| one.read.as_ref().err());
            let own = reasons.clone().rfind(|why| **why != Unreadable::Foreign);
            Err(own.or(reasons.next()).copied().unwrap_or(Unreadable::Word))
        }
    }
}

/// Returns everything that a text names: each of its addresses once, or if it has none, what its word may name.
#[must_use]
pub fn read_all(text: &str) -> Vec<Mention> {
    if text.len() > TEXT_BYTES_MAX {
        return vec![Mention {
            text: String::new(),
            read: Err(Unreadable::TooLong),
        }];
    }
    let text = text::visible(text);
    if !text::has_address(&text) {
        let read = word(&text);
        return vec![Mention { text, read }];
    }
    let mut mentions: Vec<Mention> = Vec::new();
    for part in text.split_whitespace() {
        if !text::has_address(part) {
            continue;
        }
        let read = site::read(&text::address(part)).map(|named| vec![named]);
        let is_new = mentions
            .iter()
            .all(|earlier| earlier.read != read || read.is_err());
        if is_new {
            let text = part.to_owned();
            mentions.push(Mention { text, read });
        }
    }
    mentions
}

/// Reads a username: a bare name, `@name`, or the address of a profile or of its stories.
///
/// # Errors
/// [`InvalidUsername`].
pub fn username(text: &str) -> Result<String, InvalidUsername> {
    let meanings = read(text).map_err(InvalidUsername)?;
    let account = meanings.into_iter().find_map(|named| match named {
        Named::Profile { username } | Named::Stories { username } => Some(username),
        Named::Post { .. } | Named::Reel { .. } => None,
    });
    account.ok_or(InvalidUsername(Unreadable::Media))
}

/// Reads a post or reel: any form of its address, a shortcode or a numeric id.
///
/// # Errors
/// [`InvalidUrl`].
pub fn media(text: &str) -> Result<Target, InvalidUrl> {
    item(text).map(|(target, _)| target)
}

/// Reads a post or reel as [`media`] does, and the number of the item that its address chooses.
///
/// # Errors
/// [`InvalidUrl`].
pub fn item(text: &str) -> Result<(Target, Option<u32>), InvalidUrl> {
    let mut why = Unreadable::Profile;
    for named in read(text).map_err(InvalidUrl)? {
        match named {
            Named::Post { target, item } => return Ok((target, item)),
            Named::Reel { target } => return Ok((target, None)),
            Named::Stories { .. } => why = Unreadable::Stories,
            Named::Profile { .. } => {}
        }
    }
    Err(InvalidUrl(why))
}

impl Unreadable {
    /// Its name in the answer that the page gets, which has sentences in several languages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Word => "word",
            Self::TooLong => "too_long",
            Self::Several => "several",
            Self::Foreign => "foreign",
            Self::FrontPage => "front_page",
            Self::Incomplete => "incomplete",
            Self::Login => "login",
            Self::Highlight => "highlight",
            Self::Sound => "sound",
            Self::ShortLink => "short_link",
            Self::OtherPage => "other_page",
            Self::Profile => "profile",
            Self::Stories => "stories",
            Self::Media => "media",
        }
    }
}

impl Named {
    /// The one form of its address.
    #[must_use]
    pub fn address(&self) -> String {
        let media = |kind: &str, target: &Target, query: &str| match target {
            Target::Shortcode(code) => format!("https://www.instagram.com/{kind}/{code}/{query}"),
            Target::Share(link) => link.clone(),
        };
        match self {
            Self::Post { target, item } => {
                let query = item.map(|item| format!("?img_index={item}"));
                media("p", target, &query.unwrap_or_default())
            }
            Self::Reel { target } => media("reel", target, ""),
            Self::Stories { username } => format!("https://www.instagram.com/stories/{username}/"),
            Self::Profile { username } => format!("https://www.instagram.com/{username}/"),
        }
    }
}

/// What a text without an address may name.
///
/// Digits alone are an id if there are 12 or more of them (ids have been that long since 2011). A word that could be a
/// username is taken for a shortcode if it has ten or more characters and a capital: usernames are lower case, and
/// fewer than one in 500 shortcodes of that length have no capital.
fn word(text: &str) -> Result<Vec<Named>, Unreadable> {
    if let Some(name) = text.strip_prefix('@') {
        let username = path::name(name).ok_or(Unreadable::Word)?;
        return Ok(vec![Named::Profile { username }]);
    }
    let profile = path::name(text).map(|username| Named::Profile { username });
    let id = shortcode::of_id(text);
    let code = id.or_else(|| shortcode::own(text)).map(Target::Shortcode);
    let media = code.into_iter().flat_map(|target| {
        let post = Named::Post {
            target: target.clone(),
            item: None,
        };
        [post, Named::Reel { target }]
    });
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let likely = text.len() >= LIKELY_CODE && text.bytes().any(|byte| byte.is_ascii_uppercase());
    let meanings: Vec<_> = if likely || digits {
        media.chain(profile).collect()
    } else {
        profile.into_iter().chain(media).collect()
    };
    if meanings.is_empty() {
        return Err(Unreadable::Word);
    }
    Ok(meanings)
}

#[cfg(test)]
mod tests;
