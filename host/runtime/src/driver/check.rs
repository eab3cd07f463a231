//! Checks a record before it is served. A plugin is sandboxed code that has read untrusted responses, so nothing that
//! it returns is trusted.
//!
//! What identifies a record (its code, ids and owner) decides whether it is served at all. Everything else only costs
//! itself: a field that cannot be true, or media on a host that is not allowed, is dropped and reported.

mod cleaner;
mod more;

pub(super) use self::cleaner::Violation;
use self::cleaner::{Checked, Cleaner};
use super::privacy::is_of_private_account;
use crate::{
    contract::{
        Diagnostic, Query, Record, Subject, Target,
        record::{
            Audio, Child, Location, Media, MediaPage, Profile, Renditions, Sticker, Stories,
            StoryItem, User,
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
/// Maximum duration of a video, seconds.
const DURATION_S_MAX: f64 = 86_400.0;
/// Maximum number of frames per second of a video.
const FPS_MAX: f64 = 1_000.0;
/// The last second of the year 9999. RFC 3339 cannot represent later times.
const TIME_MAX: u64 = 253_402_300_799;

const TOO_LONG: &str = "too long";
const OUT_OF_RANGE: &str = "out of range";
const NO_ID: &str = "not a decimal id";

/// Checks that `record` is the one that `query` asks for.
pub(super) fn answers(query: &Query, record: &Record) -> Checked {
    let same_name = |asked: &str, found: Option<&str>| {
        let same = found.is_some_and(|found| found.eq_ignore_ascii_case(asked));
        ensure("username", same, "another account than was asked for")
    };
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

/// Drops everything from `record` that may not be served, and reports it.
///
/// # Errors
/// If what identifies the record is not valid.
pub(super) fn clean(
    rules: &RequestRules,
    query: &Query,
    record: &mut Record,
) -> Result<Vec<Diagnostic>, Violation> {
    let mut cleaner = Cleaner::new(rules);
    match record {
        Record::Profile(profile) => cleaner.profile(profile),
        Record::Page(page) => cleaner.page(page, query.limit()),
        Record::Media(media) => cleaner.media(media),
        Record::Stories(stories) => cleaner.stories(stories),
    }?;
    Ok(cleaner.report())
}

impl Cleaner<'_> {
    fn profile(&mut self, profile: &mut Profile) -> Checked {
        self.ensure("user_id", is_id(&profile.user_id), NO_ID)?;
        self.text("full_name", &mut profile.full_name);
        self.text("biography", &mut profile.biography);
        self.text("external_url", &mut profile.external_url);
        self.text("category", &mut profile.category);
        self.text("email", &mut profile.email);
        self.text("phone", &mut profile.phone);
        self.list("bio_links", &mut profile.bio_links, |this, link| {
            this.text("title", &mut link.title);
            this.ensure("url", is_short(&link.url), TOO_LONG)
        });
        self.list("pictures", &mut profile.pictures, |this, image| {
            this.media_url(&image.url)
        });
        more::clean(self, profile, |profile| &mut profile.more);
        Ok(())
    }

    /// The plugin was told how many items to return, and only the cursor says where the list goes on.
    fn page(&mut self, page: &mut MediaPage, limit: usize) -> Checked {
        self.inside("owner", |this| this.owner(&mut page.owner))?;
        self.ensure("items", page.items.len() <= limit, "too many")?;
        self.list("items", &mut page.items, |this, item| {
            this.ensure("owner", !is_of_private_account(item), "a private account")
        });
        self.entries("items", &mut page.items, Self::media)?;
        let next = page.has_next_page;
        self.optional(
            "end_cursor",
            &mut page.end_cursor,
            "without a next page",
            |_| next,
        );
        let fits = |cursor: &String| (1..=CURSOR_BYTES_MAX).contains(&cursor.len());
        let has_cursor = page.end_cursor.as_ref().is_some_and(fits);
        self.ensure(
            "end_cursor",
            !next || has_cursor,
            "missing, empty or too long",
        )?;
        more::clean(self, page, |page| &mut page.more);
        Ok(())
    }

    fn media(&mut self, media: &mut Media) -> Checked {
        self.ensure(
            "shortcode",
            is_shortcode(&media.shortcode),
            "not a shortcode",
        )?;
        self.ensure("media_id", is_id(&media.media_id), NO_ID)?;
        if let Some(owner) = &mut media.owner {
            self.inside("owner", |this| this.owner(owner))?;
        }
        self.renditions(&mut media.renditions);
        self.text("product_type", &mut media.product_type);
        self.text("caption", &mut media.caption);
        self.text("media_preview", &mut media.media_preview);
        self.words("hashtags", &mut media.hashtags);
        self.words("mentions", &mut media.mentions);
        self.time("taken_at", &mut media.taken_at);
        self.list("coauthors", &mut media.coauthors, Self::user);
        self.list("tagged_users", &mut media.tagged_users, Self::user);
        self.part("location", &mut media.location, Self::location);
        self.part("audio", &mut media.audio, Self::audio);
        self.list("children", &mut media.children, Self::child);
        more::clean(self, media, |media| &mut media.more);
        Ok(())
    }

    /// A child keeps its place in the carousel, whatever is dropped from it.
    fn child(&mut self, child: &mut Child) -> Checked {
        self.optional("media_id", &mut child.media_id, NO_ID, |id| is_id(id));
        self.renditions(&mut child.renditions);
        self.list("tagged_users", &mut child.tagged_users, Self::user);
        more::clean(self, child, |child| &mut child.more);
        Ok(())
    }

    fn stories(&mut self, stories: &mut Stories) -> Checked {
        self.ensure("user_id", is_id(&stories.user_id), NO_ID)?;
        self.entries("items", &mut stories.items, Self::story)?;
        more::clean(self, stories, |stories| &mut stories.more);
        Ok(())
    }

    fn story(&mut self, item: &mut StoryItem) -> Checked {
        let (media, user) = item.id.split_once('_').unwrap_or((&item.id, "0"));
        self.ensure("id", is_id(media) && is_id(user), "not a story's id")?;
        self.renditions(&mut item.renditions);
        self.time("taken_at", &mut item.taken_at);
        self.time("expiring_at", &mut item.expiring_at);
        self.list("stickers", &mut item.stickers, Self::sticker);
        more::clean(self, item, |item| &mut item.more);
        Ok(())
    }

    fn sticker(&mut self, sticker: &mut Sticker) -> Checked {
        self.text("text", &mut sticker.text);
        self.text("url", &mut sticker.url);
        self.words("options", &mut sticker.options);
        self.ensure("kind", is_short(&sticker.kind), TOO_LONG)
    }

    /// The owner of a record is part of what it is.
    fn owner(&mut self, owner: &mut User) -> Checked {
        let (id, name) = (&owner.user_id, &owner.username);
        self.ensure("user_id", id.as_ref().is_none_or(|id| is_id(id)), NO_ID)?;
        let is_name = name.as_ref().is_none_or(|name| is_short(name));
        self.ensure("username", is_name, TOO_LONG)?;
        self.user(owner)
    }

    fn user(&mut self, user: &mut User) -> Checked {
        let is_known = |user: &User| user.user_id.is_some() || user.username.is_some();
        let was_known = is_known(user);
        self.optional("user_id", &mut user.user_id, NO_ID, |id| is_id(id));
        self.text("username", &mut user.username);
        self.text("full_name", &mut user.full_name);
        self.optional_media_url("picture_url", &mut user.picture_url);
        more::clean(self, user, |user| &mut user.more);
        self.ensure("", is_known(user) || !was_known, "neither a name nor an id")
    }

    /// One coordinate without the other is no place.
    fn location(&mut self, location: &mut Location) -> Checked {
        self.ensure("name", is_short(&location.name), TOO_LONG)?;
        self.text("id", &mut location.id);
        let stated = (location.lat.is_some(), location.lng.is_some());
        self.number("lat", &mut location.lat, -90.0, 90.0);
        self.number("lng", &mut location.lng, -180.0, 180.0);
        if stated != (location.lat.is_some(), location.lng.is_some()) {
            (location.lat, location.lng) = (None, None);
        }
        Ok(())
    }

    fn audio(&mut self, audio: &mut Audio) -> Checked {
        self.text("id", &mut audio.id);
        self.text("title", &mut audio.title);
        self.text("artist", &mut audio.artist);
        self.optional_media_url("url", &mut audio.url);
        Ok(())
    }

    fn renditions(&mut self, renditions: &mut Renditions) {
        self.list("images", &mut renditions.images, |this, image| {
            this.media_url(&image.url)
        });
        for (name, videos) in [
            ("videos", &mut renditions.videos),
            ("dash_videos", &mut renditions.dash_videos),
        ] {
            self.list(name, videos, |this, video| {
                this.number("fps", &mut video.fps, 0.0, FPS_MAX);
                this.text("codec", &mut video.codec);
                this.media_url(&video.url)
            });
        }
        self.list("dash_sounds", &mut renditions.dash_sounds, |this, sound| {
            this.text("codec", &mut sound.codec);
            this.media_url(&sound.url)
        });
        self.text(
            "accessibility_caption",
            &mut renditions.accessibility_caption,
        );
        self.number("duration", &mut renditions.duration, 0.0, DURATION_S_MAX);
    }

    fn words(&mut self, name: &'static str, words: &mut Vec<String>) {
        self.list(name, words, |this, word| {
            this.ensure("", is_short(word), TOO_LONG)
        });
    }

    fn text(&mut self, name: &str, value: &mut Option<String>) {
        self.optional(name, value, TOO_LONG, |text| is_short(text));
    }

    /// NaN is in no range.
    fn number(&mut self, name: &str, value: &mut Option<f64>, least: f64, most: f64) {
        let fits = |number: &f64| (least..=most).contains(number);
        self.optional(name, value, OUT_OF_RANGE, fits);
    }

    fn time(&mut self, name: &str, value: &mut Option<u64>) {
        self.optional(name, value, "after the year 9999", |time| *time <= TIME_MAX);
    }
}

fn is_short(text: &str) -> bool {
    text.len() <= TEXT_BYTES_MAX
}

fn is_id(value: &str) -> bool {
    (1..=ID_DIGITS_MAX).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit())
}

fn ensure(path: &str, holds: bool, what: &'static str) -> Checked {
    if holds {
        Ok(())
    } else {
        Err(Violation::new(path.to_owned(), what))
    }
}

#[cfg(test)]
pub(super) mod tests;
