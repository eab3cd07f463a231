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
        record::{Audio, Media, MediaType, Renditions, Stories},
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
        if self.download.kind == Kind::Carousel && media.children.is_empty() {
            return Err(Reason::NotACarousel);
        }
        let shown = (1..).zip(shown(media));
        let shown = shown.filter(|(place, _)| self.download.wants(*place));
        let shown: Vec<_> = shown.map(|(_, one)| one).collect();
        if shown.is_empty() {
            return Err(Reason::NoItem);
        }
        let code = &media.shortcode;
        if self.download.part == Part::Sound {
            return self.sounds(code, media.audio.as_ref(), &shown);
        }
        let several = shown.len() > 1;
        let wanted = shown.iter().filter(|one| match self.download.part {
            Part::Videos | Part::Silent => one.is_video,
            // For a single video, its picture, because the client requested one.
            Part::Images => !several || !one.is_video,
            Part::All | Part::Sound => true,
        });
        let files: Vec<_> = wanted.flat_map(|one| self.files(code, one)).collect();
        match (files.is_empty(), self.download.part) {
            (false, _) => collected(files),
            (true, Part::Images) => Err(Reason::NoImage),
            (true, _) => Err(Reason::NoVideo),
        }
    }

    /// The file of a picture or video, and beside a video its cover, if that is wanted.
    fn files(&self, code: &str, shown: &Shown<'_>) -> Vec<File> {
        let Shown {
            number, renditions, ..
        } = shown;
        let as_video = shown.is_video && self.download.part != Part::Images;
        let what = if as_video { "video" } else { "image" };
        let ways = self.ways.of(as_video, renditions);
        let ways = ways.map_err(|reason| {
            if number.is_empty() {
                reason
            } else {
                of_one(reason)
            }
        });
        let has_cover =
            self.download.cover && as_video && ways.is_ok() && !renditions.images.is_empty();
        let mut files = vec![(format!("{code}_{what}{number}"), ways)];
        if has_cover {
            let ways = self.ways.of(false, renditions);
            files.push((format!("{code}_cover{number}"), ways));
        }
        files
    }

    /// The sounds of the videos; if there are none, the song that the pictures are shown with.
    fn sounds(
        &self,
        code: &str,
        song: Option<&Audio>,
        shown: &[Shown<'_>],
    ) -> Result<Plan, Reason> {
        let videos = || shown.iter().filter(|one| one.is_video);
        let sounds = videos().map(|video| {
            let ways = self.ways.sound(video.renditions);
            (format!("{code}_audio{}", video.number), ways)
        });
        let song = song.and_then(|song| song.url.as_deref());
        let song = song
            .filter(|_| videos().next().is_none())
            .map(|url| (format!("{code}_audio"), self.ways.song(url)));
        // A video without sound lacks nothing.
        let files = sounds
            .chain(song)
            .filter(|(_, ways)| *ways != Err(Reason::NoSound));
        let files: Vec<_> = files.collect();
        if files.is_empty() {
            return Err(Reason::NoSound);
        }
        collected(files)
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

/// The name of a file without the extension, and the ways to create it.
type File = (String, Result<Vec<Way>, Reason>);

/// A picture or video of a post.
struct Shown<'a> {
    /// The end of the names of its files: empty, or its number in a carousel.
    number: String,
    is_video: bool,
    renditions: &'a Renditions,
}

/// The pictures and videos of a post, in order.
fn shown(media: &Media) -> Vec<Shown<'_>> {
    let shown = |number, media_type, renditions| Shown {
        number,
        is_video: is_video(media_type, renditions),
        renditions,
    };
    if media.children.is_empty() {
        return vec![shown(String::new(), &media.media_type, &media.renditions)];
    }
    let several = media.children.len() > 1;
    let children = (1..).zip(&media.children).map(|(place, child)| {
        let number = if several {
            format!("_{place}")
        } else {
            String::new()
        };
        shown(number, &child.media_type, &child.renditions)
    });
    children.collect()
}

/// Separates the files that can be made from those that cannot. One file without media does not refuse the others.
fn collected(files: impl IntoIterator<Item = File>) -> Result<Plan, Reason> {
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
