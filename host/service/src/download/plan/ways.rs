//! The ways to create one file: the rendition that suits best, then others in its place.

use super::{Treatment, Way};
use crate::{
    contract::record::Renditions,
    download::{
        choice::{self, Wanted},
        options::{Download, Part},
        reason::Reason,
    },
    media::{Abilities, AudioFormat, Film, Type, VideoFormat},
};

/// The maximum number of renditions that are tried for one file.
const WAYS_MAX: usize = 3;

/// Finds the ways for a download on a server with these abilities.
pub(super) struct Ways<'a> {
    pub(super) download: &'a Download,
    pub(super) abilities: &'a Abilities,
}

impl Ways<'_> {
    /// The ways to a video or a picture.
    pub(super) fn of(&self, as_video: bool, renditions: &Renditions) -> Result<Vec<Way>, Reason> {
        let (ways, has_any, none) = if as_video {
            let has_any = !renditions.videos.is_empty() || !renditions.dash_videos.is_empty();
            (self.videos(renditions), has_any, Reason::NoVideo)
        } else {
            let has_any = !renditions.images.is_empty();
            (self.images(renditions), has_any, Reason::NoImage)
        };
        match (ways.is_empty(), has_any) {
            (false, _) => Ok(ways),
            (true, true) => Err(Reason::NoConverter),
            (true, false) => Err(none),
        }
    }

    fn images(&self, renditions: &Renditions) -> Vec<Way> {
        let Download {
            kind,
            quality,
            formats,
            ..
        } = self.download;
        let mut left = renditions.images.clone();
        let choices = std::iter::from_fn(|| {
            let choice = choice::image(&left, quality.image_width(*kind))?;
            left.retain(|image| image.url != choice.url);
            Some(choice)
        });
        let ways = choices.map(|choice| Way {
            url: choice.url,
            sound: None,
            make: Treatment::Image {
                width: choice.width,
                format: formats.image,
            },
        });
        let feasible = ways.filter(|way| formats.image.is_none() || self.reads(&way.url));
        feasible.take(WAYS_MAX).collect()
    }

    /// Returns whether a picture can be converted, if its link states its type.
    fn reads(&self, url: &str) -> bool {
        match stated_type(url) {
            Some(Type::Heic) => self.abilities.decodes("hevc"),
            Some(Type::Avif) => self.abilities.decodes("av1"),
            _ => true,
        }
    }

    fn videos(&self, renditions: &Renditions) -> Vec<Way> {
        let Download {
            kind,
            quality,
            part,
            formats,
            video_codec,
            ..
        } = self.download;
        let film = Film {
            format: formats.video,
            codec: *video_codec,
            side: quality.video_side(*kind),
            mute: *part == Part::Silent,
        };
        let wanted = Wanted {
            film,
            abilities: self.abilities,
        };
        let mut left = renditions.clone();
        let choices = std::iter::from_fn(|| {
            let choice = choice::video(&left, &wanted)?;
            left.videos.retain(|video| video.url != choice.url);
            left.dash_videos.retain(|video| video.url != choice.url);
            Some(choice)
        });
        let ways = choices.map(|choice| {
            let make = Film {
                side: choice.side,
                mute: film.mute && choice.sounding,
                ..film
            };
            Way {
                url: choice.url,
                sound: choice.sound,
                make: Treatment::Video(make),
            }
        });
        let feasible = ways.filter(|way| self.abilities.converts() || is_plain(way));
        feasible.take(WAYS_MAX).collect()
    }

    /// The ways to the sound: the sound track if there is one, otherwise extracted from the video. A sound that cannot be
    /// decoded here comes last, because few programs play it.
    pub(super) fn sound(&self, renditions: &Renditions) -> Result<Vec<Way>, Reason> {
        if renditions.has_audio == Some(false) {
            return Err(Reason::NoSound);
        }
        let track = renditions.dash_sounds.first();
        let track = track.map(|track| (&track.url, track.codec.as_deref(), true));
        // The smallest video is enough.
        let videos = renditions.videos.iter();
        let smallest = videos.min_by_key(|video| {
            video
                .width
                .zip(video.height)
                .map_or(u32::MAX, |(w, h)| w.min(h))
        });
        let film = smallest.map(|video| (&video.url, None, false));
        let mut sources: Vec<_> = track.into_iter().chain(film).collect();
        if sources.is_empty() {
            return Err(Reason::NoSound);
        }
        sources
            .sort_by_key(|(_, codec, _)| codec.is_some_and(|codec| !self.abilities.decodes(codec)));
        let ways = sources.into_iter();
        let ways = ways.filter_map(|(url, codec, is_track)| self.sound_way(url, codec, is_track));
        let ways: Vec<_> = ways.collect();
        (!ways.is_empty())
            .then_some(ways)
            .ok_or(Reason::NoConverter)
    }

    /// The way to a song, which is a sound track by itself.
    pub(super) fn song(&self, url: &str) -> Result<Vec<Way>, Reason> {
        let way = self.sound_way(url, None, true);
        way.map(|way| vec![way]).ok_or(Reason::NoConverter)
    }

    fn sound_way(&self, url: &str, codec: Option<&str>, is_track: bool) -> Option<Way> {
        let format = self.sound_format(codec, is_track)?;
        Some(Way {
            url: url.to_owned(),
            sound: None,
            make: Treatment::Sound { format },
        })
    }

    /// The format that a sound of this codec is written in (`None`: as it is), if that can be done here. A codec that is
    /// not stated is taken for AAC.
    fn sound_format(&self, codec: Option<&str>, is_track: bool) -> Option<Option<AudioFormat>> {
        let asked = self.download.formats.audio.unwrap_or(AudioFormat::M4a);
        if !self.abilities.converts() {
            // A sound track has the content of an m4a file; it is delivered in its original container.
            return (is_track && asked == AudioFormat::M4a).then_some(None);
        }
        let codec = codec.unwrap_or("aac");
        let encodes = asked
            .codec()
            .is_none_or(|codec| self.abilities.encodes(codec));
        let can = asked.holds(codec) || self.abilities.decodes(codec) && encodes;
        can.then_some(Some(asked))
    }
}

/// Returns whether a video can be made without ffmpeg.
fn is_plain(way: &Way) -> bool {
    let Treatment::Video(film) = way.make else {
        return true;
    };
    way.sound.is_none()
        && film.side.is_none()
        && !film.mute
        && matches!(film.format, None | Some(VideoFormat::Mp4))
}

/// The type of a picture that its link states: the one that Instagram converts to, otherwise that of its name.
fn stated_type(url: &str) -> Option<Type> {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let converted = query
        .split(['&', '=', '_'])
        .find_map(|word| word.strip_prefix("dst-"));
    let name = converted.or_else(|| path.rsplit_once('.').map(|(_, ending)| ending))?;
    match name {
        "heic" | "heif" => Some(Type::Heic),
        "avif" => Some(Type::Avif),
        _ => None,
    }
}
