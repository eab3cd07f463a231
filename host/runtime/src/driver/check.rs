//! Validates a record before it is served: it must answer the query, its media must be on allowed hosts, and its
//! numbers and sizes must be plausible. A plugin is sandboxed code that has read untrusted responses, so nothing that
//! it returns is trusted.

mod more;

use std::fmt::Display;

use crate::{
    contract::{
        Query, Record, Subject, Target,
        record::{
            Child, Location, Media, MediaPage, Profile, Renditions, Stories, StoryItem, User,
        },
        target::{is_shortcode, public_part},
    },
    upstream::RequestRules,
};

/// Maximum length of a text, bytes. Instagram's own limit for captions is 2,200 characters.
const TEXT_BYTES_MAX: usize = 16 << 10;
/// Maximum length of a cursor, bytes. Clients send it back in a query string.
const CURSOR_BYTES_MAX: usize = 2 << 10;
/// Maximum length of a numeric id: the digits of 64 bits.
const ID_DIGITS_MAX: usize = 20;
/// Maximum number of children of a carousel.
const CHILDREN_MAX: usize = 20;
/// Maximum number of items of a story. Instagram shows 100 of the last day.
const STORY_ITEMS_MAX: usize = 200;
/// Maximum number of entries of any other list.
const LIST_MAX: usize = 1_000;
/// Maximum duration of a video, seconds.
const DURATION_S_MAX: f64 = 86_400.0;
/// The last second of the year 9999. RFC 3339 cannot represent later times.
const TIME_MAX: u64 = 253_402_300_799;

/// A field and its error.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {what}")]
pub(super) struct Violation {
    path: String,
    what: &'static str,
}

type Checked = Result<(), Violation>;

/// Checks records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Check<'a> {
    /// The rules that say which hosts media may be on.
    pub(super) rules: &'a RequestRules,
}

impl Check<'_> {
    /// Checks that `record` is the one that `query` asks for.
    pub(super) fn answers(&self, query: &Query, record: &Record) -> Checked {
        match (query.subject(), record) {
            (Subject::Account { username }, Record::Profile(found)) => {
                same_name(username, Some(&found.username))
            }
            (Subject::Account { username }, Record::Stories(found)) => {
                same_name(username, Some(&found.username))
            }
            (Subject::List { username, .. }, Record::Page(found)) => {
                same_name(username, found.owner.username.as_deref())
            }
            (Subject::Media { target }, Record::Media(found)) => {
                let same = match target {
                    Target::Shortcode(code) => public_part(code) == public_part(&found.shortcode),
                    Target::Share(_) => true,
                };
                ensure("shortcode", same, "another post than was asked for")
            }
            _ => ensure("record", false, "another kind than was asked for"),
        }
    }

    /// Checks that everything in `record` may be served.
    pub(super) fn contents(&self, query: &Query, record: &Record) -> Checked {
        match record {
            Record::Profile(profile) => self.profile(profile),
            Record::Page(page) => self.page(page, query.limit()),
            Record::Media(media) => self.media(media),
            Record::Stories(stories) => self.stories(stories),
        }
    }

    fn profile(&self, profile: &Profile) -> Checked {
        id("user_id", Some(&profile.user_id))?;
        texts(&[
            ("full_name", &profile.full_name),
            ("biography", &profile.biography),
            ("external_url", &profile.external_url),
            ("category", &profile.category),
            ("email", &profile.email),
            ("phone", &profile.phone),
        ])?;
        each("bio_links", &profile.bio_links, LIST_MAX, |link| {
            text("url", &link.url)?;
            texts(&[("title", &link.title)])
        })?;
        each("pictures", &profile.pictures, LIST_MAX, |image| {
            self.media_url("url", Some(&image.url))
        })?;
        more::check(profile, &profile.more)
    }

    fn page(&self, page: &MediaPage, limit: usize) -> Checked {
        self.user(&page.owner).within("owner")?;
        each("items", &page.items, limit, |item| self.media(item))?;
        let cursor = page.end_cursor.as_deref();
        ensure(
            "end_cursor",
            cursor.is_some() == page.has_next_page,
            "there exactly when there is a next page",
        )?;
        let fits = cursor.is_none_or(|cursor| (1..=CURSOR_BYTES_MAX).contains(&cursor.len()));
        ensure("end_cursor", fits, "empty or too long")?;
        more::check(page, &page.more)
    }

    fn media(&self, media: &Media) -> Checked {
        ensure(
            "shortcode",
            is_shortcode(&media.shortcode),
            "not a shortcode",
        )?;
        id("media_id", Some(&media.media_id))?;
        self.renditions(&media.renditions)?;
        texts(&[
            ("product_type", &media.product_type),
            ("caption", &media.caption),
            ("media_preview", &media.media_preview),
        ])?;
        each("hashtags", &media.hashtags, LIST_MAX, |tag| text("", tag))?;
        each("mentions", &media.mentions, LIST_MAX, |name| text("", name))?;
        time("taken_at", media.taken_at)?;
        media
            .owner
            .as_ref()
            .map_or(Ok(()), |user| self.user(user))
            .within("owner")?;
        each("coauthors", &media.coauthors, LIST_MAX, |user| {
            self.user(user)
        })?;
        each("tagged_users", &media.tagged_users, LIST_MAX, |user| {
            self.user(user)
        })?;
        media
            .location
            .as_ref()
            .map_or(Ok(()), location)
            .within("location")?;
        if let Some(audio) = &media.audio {
            texts(&[
                ("id", &audio.id),
                ("title", &audio.title),
                ("artist", &audio.artist),
            ])
            .within("audio")?;
            self.media_url("url", audio.url.as_ref()).within("audio")?;
        }
        each("children", &media.children, CHILDREN_MAX, |child| {
            self.child(child)
        })?;
        more::check(media, &media.more)
    }

    fn child(&self, child: &Child) -> Checked {
        id("media_id", child.media_id.as_ref())?;
        self.renditions(&child.renditions)?;
        each("tagged_users", &child.tagged_users, LIST_MAX, |user| {
            self.user(user)
        })?;
        more::check(child, &child.more)
    }

    fn stories(&self, stories: &Stories) -> Checked {
        id("user_id", Some(&stories.user_id))?;
        each("items", &stories.items, STORY_ITEMS_MAX, |item| {
            self.story(item)
        })?;
        more::check(stories, &stories.more)
    }

    fn story(&self, item: &StoryItem) -> Checked {
        let (media, user) = item.id.split_once('_').unwrap_or((&item.id, "0"));
        ensure("id", is_id(media) && is_id(user), "not a story's id")?;
        self.renditions(&item.renditions)?;
        time("taken_at", item.taken_at)?;
        time("expiring_at", item.expiring_at)?;
        each("stickers", &item.stickers, LIST_MAX, |sticker| {
            text("kind", &sticker.kind)?;
            texts(&[("text", &sticker.text), ("url", &sticker.url)])?;
            each("options", &sticker.options, LIST_MAX, |option| {
                text("", option)
            })
        })?;
        more::check(item, &item.more)
    }

    fn user(&self, user: &User) -> Checked {
        id("user_id", user.user_id.as_ref())?;
        texts(&[("username", &user.username), ("full_name", &user.full_name)])?;
        self.media_url("picture_url", user.picture_url.as_ref())?;
        more::check(user, &user.more)
    }

    fn renditions(&self, renditions: &Renditions) -> Checked {
        let Renditions {
            images,
            videos,
            dash_videos,
            dash_sounds,
            ..
        } = renditions;
        each("images", images, LIST_MAX, |image| {
            self.media_url("url", Some(&image.url))
        })?;
        for (name, videos) in [("videos", videos), ("dash_videos", dash_videos)] {
            each(name, videos, LIST_MAX, |video| {
                number("fps", video.fps, 0.0, 1_000.0)?;
                texts(&[("codec", &video.codec)])?;
                self.media_url("url", Some(&video.url))
            })?;
        }
        each("dash_sounds", dash_sounds, LIST_MAX, |sound| {
            texts(&[("codec", &sound.codec)])?;
            self.media_url("url", Some(&sound.url))
        })?;
        texts(&[("accessibility_caption", &renditions.accessibility_caption)])?;
        number("duration", renditions.duration, 0.0, DURATION_S_MAX)
    }

    fn media_url(&self, name: &str, url: Option<&String>) -> Checked {
        let allowed = url.is_none_or(|url| self.rules.allows_media(url));
        ensure(name, allowed, "not an https URL on a media host")
    }
}

fn same_name(asked: &str, found: Option<&str>) -> Checked {
    let same = found.is_some_and(|found| found.eq_ignore_ascii_case(asked));
    ensure("username", same, "another account than was asked for")
}

fn location(location: &Location) -> Checked {
    text("name", &location.name)?;
    texts(&[("id", &location.id)])?;
    number("lat", location.lat, -90.0, 90.0)?;
    number("lng", location.lng, -180.0, 180.0)
}

fn id(name: &str, value: Option<&String>) -> Checked {
    ensure(
        name,
        value.is_none_or(|value| is_id(value)),
        "not a decimal id",
    )
}

fn is_id(value: &str) -> bool {
    (1..=ID_DIGITS_MAX).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit())
}

fn texts(fields: &[(&str, &Option<String>)]) -> Checked {
    fields
        .iter()
        .try_for_each(|(name, value)| value.as_ref().map_or(Ok(()), |value| text(name, value)))
}

fn text(name: &str, value: &str) -> Checked {
    ensure(name, value.len() <= TEXT_BYTES_MAX, "too long")
}

/// NaN is in no range.
fn number(name: &str, value: Option<f64>, least: f64, most: f64) -> Checked {
    ensure(
        name,
        value.is_none_or(|value| (least..=most).contains(&value)),
        "out of range",
    )
}

fn time(name: &str, value: Option<u64>) -> Checked {
    ensure(
        name,
        value.is_none_or(|value| value <= TIME_MAX),
        "after the year 9999",
    )
}

fn each<T>(name: &str, list: &[T], max: usize, check: impl Fn(&T) -> Checked) -> Checked {
    ensure(name, list.len() <= max, "too many")?;
    list.iter()
        .enumerate()
        .try_for_each(|(index, item)| check(item).within(format_args!("{name}[{index}]")))
}

fn ensure(path: &str, holds: bool, what: &'static str) -> Checked {
    if holds {
        Ok(())
    } else {
        Err(Violation {
            path: path.to_owned(),
            what,
        })
    }
}

trait Within {
    /// Puts `place` in front of the path of a violation.
    fn within(self, place: impl Display) -> Self;
}

impl Within for Checked {
    fn within(self, place: impl Display) -> Self {
        self.map_err(|Violation { path, what }| {
            let dot = if path.is_empty() { "" } else { "." };
            Violation {
                path: format!("{place}{dot}{path}"),
                what,
            }
        })
    }
}

#[cfg(test)]
pub(super) mod tests;
