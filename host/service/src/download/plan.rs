//! Plans the files of a download from a record: the links, the conversions and the names. Pure.

#[cfg(test)]
mod tests;
mod ways;

use self::ways::Ways;
use super::{
    options::{Download, Kind, Part},
    publish::MissingFile,
    reason::Reason,
};
use crate::{
    contract::{
        Record,
        record::{Media, MediaType, Renditions, Stories},
    },
    media::{Abilities, AudioFormat, Film, ImageFormat},
};

/// The files of a download, and those that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Never empty.
    pub(super) items: Vec<Item>,
    pub(super) missing: Vec<MissingFile>,
}

/// One file to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// Its name without the extension, composed only of checked parts.
    pub(super) stem: String,
    /// The ways to create it, the best one first. Never empty.
    pub(super) ways: Vec<Way>,
}

/// One way to create a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Way {
    /// The link to fetch.
    pub(super) url: String,
    /// The link of the sound track to merge with it.
    pub(super) sound: Option<String>,
    /// What is done to the fetched file.
    pub(super) make: Treatment,
}

/// What is done to a fetched file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    /// Scaled down to a width, pixels; written in a format.
    Image {
        width: Option<u32>,
        format: Option<ImageFormat>,
    },
    /// Made into this video.
    Video(Film),
    /// The sound alone; `None`: as it was fetched.
    Sound { format: Option<AudioFormat> },
}

/// Returns the files that `download` creates from `record` on a server with these abilities.
///
/// # Errors
/// [`Reason`]: the record has nothing of what is requested, or none of it can be made here.
pub(super) fn plan(
    download: &Download,
    record: &Record,
    abilities: &Abilities,
) -> Result<Plan, Reason> {
    let planner = Planner {
        download,
        ways: Ways {
            download,
            abilities,
        },
    };
    match record {
        Record::Media(media) => planner.media(media),
        Record::Stories(stories) => planner.stories(stories),
        _ => Err(Reason::ExtractorFailed),
    }
}

struct Planner<'a> {
    download: &'a Download,
    ways: Ways<'a>,
}

impl Planner<'_> {
    fn media(&self, media: &Media) -> Result<Plan, Reason> {
        let code = &media.shortcode;
        if self.download.kind == Kind::Carousel && media.children.is_empty() {
            return Err(Reason::NotACarousel);
        }
        if self.download.part == Part::Sound {
            let ways = self.ways.sound(&media.renditions);
            return collected([(format!("{code}_audio"), ways)]);
        }
        let parts: Vec<_> = if media.children.is_empty() {
            vec![(&media.media_type, &media.renditions)]
        } else {
            let children = media.children.iter();
            children
                .map(|child| (&child.media_type, &child.renditions))
                .collect()
        };
        let several = parts.len() > 1;
        let numbered = (1..).zip(parts).map(|(place, (media_type, renditions))| {
            (place, is_video(media_type, renditions), renditions)
        });
        let wanted = numbered.filter(|(_, is_video, _)| match self.download.part {
            Part::Videos | Part::Silent => *is_video,
            // For a single video, its picture, because the client requested one.
            Part::Images => !several || !*is_video,
            Part::All | Part::Sound => true,
        });
        let mut items = wanted
            .map(|(place, is_video, renditions)| {
                let as_video = is_video && self.download.part != Part::Images;
                let number = if several {
                    format!("_{place}")
                } else {
                    String::new()
                };
                let what = if as_video { "video" } else { "image" };
                let ways = self.ways.of(as_video, renditions);
                let ways = ways.map_err(|reason| if several { of_one(reason) } else { reason });
                (format!("{code}_{what}{number}"), ways)
            })
            .peekable();
        match (items.peek().is_some(), self.download.part) {
            (true, _) => collected(items),
            (false, Part::Images) => Err(Reason::NoImage),
            (false, _) => Err(Reason::NoVideo),
        }
    }

    fn stories(&self, stories: &Stories) -> Result<Plan, Reason> {
        if stories.items.is_empty() {
            return Err(Reason::NoStories);
        }
        collected(stories.items.iter().map(|item| {
            let stem = format!("{}_story_{}", stories.username, item.id);
            let as_video = is_video(&item.media_type, &item.renditions);
            let ways = self.ways.of(as_video, &item.renditions);
            (stem, ways.map_err(of_one))
        }))
    }
}

/// Separates the files that can be made from those that cannot. One file without media does not refuse the others.
fn collected(
    files: impl IntoIterator<Item = (String, Result<Vec<Way>, Reason>)>,
) -> Result<Plan, Reason> {
    let (mut items, mut missing) = (Vec::new(), Vec::new());
    for (stem, ways) in files {
        match ways {
            Ok(ways) => items.push(Item { stem, ways }),
            Err(reason) => missing.push(MissingFile { name: stem, reason }),
        }
    }
    match missing.first() {
        Some(first) if items.is_empty() => Err(first.reason),
        _ => Ok(Plan { items, missing }),
    }
}

/// What is true of a post is not true of one of its items: that has media, which Instagram does not show.
fn of_one(reason: Reason) -> Reason {
    match reason {
        Reason::NoImage | Reason::NoVideo => Reason::Withheld,
        reason => reason,
    }
}

fn is_video(media_type: &MediaType, renditions: &Renditions) -> bool {
    match media_type {
        MediaType::Video => true,
        MediaType::Image | MediaType::Carousel => false,
        MediaType::Other(_) => !renditions.videos.is_empty() || !renditions.dash_videos.is_empty(),
    }
}
