//! Plans the files of a download from a record: the links, the conversions and the names. Pure.

use super::{
    choice,
    options::{Download, Kind, Part},
    reason::Reason,
};
use crate::{
    contract::{
        Record,
        record::{Media, MediaType, Renditions, Stories},
    },
    media::{AudioFormat, ImageFormat, VideoFormat},
};

/// One file to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// Its name without the extension, composed only of checked parts.
    pub(super) stem: String,
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
    /// Scaled down to a shorter side, pixels; without its sound; written in a format.
    Video {
        side: Option<u32>,
        mute: bool,
        format: Option<VideoFormat>,
    },
    /// The sound alone; `None`: as it was fetched.
    Sound { format: Option<AudioFormat> },
}

impl Item {
    /// Returns whether it can be made without ffmpeg.
    fn is_plain(&self) -> bool {
        let as_it_is = match self.make {
            Treatment::Image { .. } => true,
            Treatment::Video { side, mute, format } => {
                side.is_none() && !mute && matches!(format, None | Some(VideoFormat::Mp4))
            }
            Treatment::Sound { format } => format.is_none(),
        };
        as_it_is && self.sound.is_none()
    }
}

/// Returns the files that `download` creates from `record`; `can_convert`: ffmpeg is available.
///
/// # Errors
/// [`Reason`]: the record lacks what is requested, or it cannot be made here.
pub(super) fn plan(
    download: &Download,
    record: &Record,
    can_convert: bool,
) -> Result<Vec<Item>, Reason> {
    let planner = Planner {
        download,
        can_convert,
    };
    let items = match record {
        Record::Media(media) => planner.media(media)?,
        Record::Stories(stories) => planner.stories(stories)?,
        _ => return Err(Reason::ExtractorFailed),
    };
    if !can_convert && !items.iter().all(Item::is_plain) {
        return Err(Reason::NoConverter);
    }
    Ok(items)
}

struct Planner<'a> {
    download: &'a Download,
    can_convert: bool,
}

impl Planner<'_> {
    fn media(&self, media: &Media) -> Result<Vec<Item>, Reason> {
        let code = &media.shortcode;
        if self.download.kind == Kind::Carousel && media.children.is_empty() {
            return Err(Reason::NotACarousel);
        }
        if self.download.part == Part::Sound {
            return Ok(vec![self.sound(code, &media.renditions)?]);
        }
        let parts: Vec<_> = if media.children.is_empty() {
            vec![(
                is_video(&media.media_type, &media.renditions),
                &media.renditions,
            )]
        } else {
            let children = media.children.iter();
            children
                .map(|child| {
                    (
                        is_video(&child.media_type, &child.renditions),
                        &child.renditions,
                    )
                })
                .collect()
        };
        let several = parts.len() > 1;
        let numbered = (1..).zip(parts);
        let wanted = numbered.filter(|(_, (is_video, renditions))| match self.download.part {
            Part::Videos | Part::Silent => *is_video,
            // For a single video, its picture, because the client requested one.
            Part::Images => !several || !*is_video && !renditions.images.is_empty(),
            Part::All | Part::Sound => true,
        });
        let items: Vec<_> = wanted
            .map(|(place, (is_video, renditions))| {
                let as_video = is_video && self.download.part != Part::Images;
                let number = if several {
                    format!("_{place}")
                } else {
                    String::new()
                };
                let what = if as_video { "video" } else { "image" };
                self.item(format!("{code}_{what}{number}"), as_video, renditions)
            })
            .collect::<Result<_, _>>()?;
        match (items.is_empty(), self.download.part) {
            (true, Part::Images) => Err(Reason::NoImage),
            (true, _) => Err(Reason::NoVideo),
            (false, _) => Ok(items),
        }
    }

    fn stories(&self, stories: &Stories) -> Result<Vec<Item>, Reason> {
        if stories.items.is_empty() {
            return Err(Reason::NoStories);
        }
        let items = stories.items.iter();
        items
            .map(|item| {
                let stem = format!("{}_story_{}", stories.username, item.id);
                let is_video = is_video(&item.media_type, &item.renditions);
                self.item(stem, is_video, &item.renditions)
            })
            .collect()
    }

    fn item(&self, stem: String, as_video: bool, renditions: &Renditions) -> Result<Item, Reason> {
        let Download {
            kind,
            quality,
            part,
            formats,
            ..
        } = self.download;
        if !as_video {
            let chosen = choice::image(&renditions.images, quality.image_width(*kind));
            let chosen = chosen.ok_or(Reason::NoImage)?;
            return Ok(Item {
                stem,
                url: chosen.url,
                sound: None,
                make: Treatment::Image {
                    width: chosen.width,
                    format: formats.image,
                },
            });
        }
        let silent = *part == Part::Silent;
        let side = quality.video_side(*kind);
        let chosen = choice::video(renditions, side, silent, self.can_convert);
        let chosen = chosen.ok_or(Reason::NoVideo)?;
        Ok(Item {
            stem,
            url: chosen.url,
            sound: chosen.sound,
            make: Treatment::Video {
                side: chosen.side,
                mute: silent && chosen.sounding,
                format: formats.video,
            },
        })
    }

    /// The sound, from the sound track if there is one, otherwise extracted from the video.
    fn sound(&self, code: &str, renditions: &Renditions) -> Result<Item, Reason> {
        if renditions.has_audio == Some(false) {
            return Err(Reason::NoSound);
        }
        let asked = self.download.formats.audio;
        let track = renditions
            .dash_sounds
            .first()
            .map(|sound| sound.url.clone());
        let alone = track.is_some();
        let out_of = || choice::video(renditions, Some(0), false, false).map(|video| video.url);
        let url = track.or_else(out_of).ok_or(Reason::NoSound)?;
        // A sound track has the content of an m4a file; without ffmpeg it is delivered in its original container.
        let as_it_is = alone && !self.can_convert && matches!(asked, None | Some(AudioFormat::M4a));
        let format = (!as_it_is).then(|| asked.unwrap_or(AudioFormat::M4a));
        Ok(Item {
            stem: format!("{code}_audio"),
            url,
            sound: None,
            make: Treatment::Sound { format },
        })
    }
}

fn is_video(media_type: &MediaType, renditions: &Renditions) -> bool {
    match media_type {
        MediaType::Video => true,
        MediaType::Image | MediaType::Carousel => false,
        MediaType::Other(_) => !renditions.videos.is_empty() || !renditions.dash_videos.is_empty(),
    }
}
