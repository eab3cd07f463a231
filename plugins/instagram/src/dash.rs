//! Reads the DASH manifest (MPD) in a response: the renditions that the JSON around it does not list. Reads every form
//! that the schema (ISO/IEC 23009-1, 5.3) allows for a rendition that is one file.

mod codec;
#[cfg(test)]
mod tests;
mod xml;

use std::cmp::Reverse;

use crate::contract::records::{Sound, Video};

use self::xml::Element;

/// The content of a manifest.
#[derive(Default)]
pub(crate) struct Manifest {
    /// Seconds.
    pub(crate) duration: Option<f64>,
    /// Without sound, largest first.
    pub(crate) videos: Vec<Video>,
    /// With their sound, largest first.
    pub(crate) whole: Vec<Video>,
    /// The original first, then those of the same language with the highest bitrate first.
    pub(crate) sounds: Vec<Sound>,
}

/// Reads a manifest. The result is empty for text that is not a manifest (some responses contain a URL instead).
pub(crate) fn read(xml: &str) -> Manifest {
    let Some(root) = xml::read(xml).filter(|root| root.name == "MPD") else {
        return Manifest::default();
    };
    // Without a period, the manifest is taken for one.
    let periods = std::iter::once(&root).chain(root.all("Period"));
    let is_filled = |set: &Element<'_>| set.has("Representation");
    let periods: Vec<_> = periods
        .filter(|period| period.all("AdaptationSet").any(is_filled))
        .collect();
    let mut manifest = Manifest {
        duration: duration(&root),
        ..Manifest::default()
    };
    // Of several periods, each file is only a part.
    if let [period] = periods[..] {
        add(&mut manifest, &root, period);
    }
    manifest
}

/// The length of the whole, or of its only period.
fn duration(root: &Element<'_>) -> Option<f64> {
    let whole = root
        .attribute("mediaPresentationDuration")
        .and_then(seconds);
    let periods = root
        .all("Period")
        .map(|period| seconds(period.attribute("duration")?));
    whole.or_else(|| {
        periods
            .sum::<Option<f64>>()
            .filter(|seconds| *seconds > 0.0)
    })
}

fn add<'x>(manifest: &mut Manifest, root: &Element<'x>, period: &Element<'x>) {
    let (mut videos, mut whole, mut sounds) = (Vec::new(), Vec::new(), Vec::new());
    let mut languages = Vec::new();
    for set in period.all("AdaptationSet") {
        let language = set.attribute("lang").unwrap_or("und").to_ascii_lowercase();
        if !languages.contains(&language) {
            languages.push(language.clone());
        }
        let place = languages.iter().position(|known| *known == language);
        for representation in set.all("Representation") {
            let rendition = Rendition {
                levels: [representation, set, period, root],
            };
            match rendition.read() {
                Some(Found::Video(video)) if video.video_only => videos.push((rank(set), video)),
                Some(Found::Video(video)) => whole.push((rank(set), video)),
                Some(Found::Sound(sound)) => sounds.push((rank(set), place, sound)),
                None => {}
            }
        }
    }
    manifest.videos = originals(videos);
    manifest.whole = originals(whole);
    sounds.sort_by_key(|(rank, place, sound)| {
        // Of the same recording, xHE-AAC comes last: few programs play it.
        let is_rare = sound.codec.as_deref() == Some("xhe-aac");
        (*rank, *place, is_rare, Reverse(sound.bitrate))
    });
    manifest.sounds = sounds.into_iter().map(|(_, _, sound)| sound).collect();
}

/// The videos of the best rank, largest first: another view or a signed version is not the video.
fn originals(videos: Vec<(Rank, Video)>) -> Vec<Video> {
    let best = videos.iter().map(|(rank, _)| *rank).min();
    let originals = videos.into_iter().filter(|(rank, _)| Some(*rank) == best);
    let mut originals: Vec<_> = originals.map(|(_, video)| video).collect();
    originals.sort_by_key(|video| Reverse((area(video), video.bitrate)));
    originals
}

/// How near a set is to what was published; then the choice of its publisher, highest first.
type Rank = (Role, Reverse<u32>);

/// What a set is for (ISO/IEC 23009-1, 5.8.5.5), the nearest to the original first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Main,
    Unstated,
    Alternate,
    Dub,
    /// A commentary, a description, a signed or simplified version.
    Other,
}

fn rank(set: &Element<'_>) -> Rank {
    let components = set
        .all("ContentComponent")
        .flat_map(|component| component.all("Role"));
    let roles = set.all("Role").chain(components);
    let roles = roles.filter_map(|role| match role.attribute("value")? {
        "main" => Some(Role::Main),
        "alternate" | "supplementary" => Some(Role::Alternate),
        "dub" => Some(Role::Dub),
        "commentary"
        | "description"
        | "sign"
        | "easyreader"
        | "karaoke"
        | "emergency"
        | "enhanced-audio-intelligibility" => Some(Role::Other),
        _ => None,
    });
    let accessible = set.has("Accessibility").then_some(Role::Other);
    // A set may have several roles: a dub that is the main sound of its language is still a dub.
    let role = roles.chain(accessible).max().unwrap_or(Role::Unstated);
    let priority = set
        .attribute("selectionPriority")
        .and_then(|text| text.parse().ok());
    (role, Reverse(priority.unwrap_or(1)))
}

/// A rendition with the elements around it, which state what they have in common.
struct Rendition<'a, 'x> {
    /// `Representation`, `AdaptationSet`, `Period`, `MPD`.
    levels: [&'a Element<'x>; 4],
}

enum Found {
    Video(Video),
    Sound(Sound),
}

impl Rendition<'_, '_> {
    /// `None` for what is no video and no sound, is not one file, or cannot be played alone.
    fn read(&self) -> Option<Found> {
        if !self.is_one_file() || !self.is_plain() {
            return None;
        }
        let (url, codecs) = (self.url()?, self.attribute("codecs").unwrap_or_default());
        let bitrate = self.levels[0]
            .attribute("bandwidth")
            .and_then(|text| text.parse().ok());
        match self.kind(codecs)? {
            codec::Kind::Sound => Some(Found::Sound(Sound {
                url,
                bitrate,
                codec: codec::name(codecs, codec::Kind::Sound),
            })),
            codec::Kind::Video => Some(Found::Video(Video {
                url,
                width: self.attribute("width").and_then(|text| text.parse().ok()),
                height: self.attribute("height").and_then(|text| text.parse().ok()),
                bitrate,
                codec: codec::name(codecs, codec::Kind::Video),
                fps: self.attribute("frameRate").and_then(frame_rate),
                video_only: !codec::has(codecs, codec::Kind::Sound),
            })),
        }
    }

    /// An attribute of the representation, which may be on its adaptation set instead.
    fn attribute(&self, name: &str) -> Option<&str> {
        self.levels[..2]
            .iter()
            .find_map(|level| level.attribute(name))
    }

    /// Whether it is a video or a sound: not a text, nor a picture or tiles of pictures.
    fn kind(&self, codecs: &str) -> Option<codec::Kind> {
        let set = self.levels[1];
        let component = set
            .all("ContentComponent")
            .find_map(|component| component.attribute("contentType"));
        let stated = [
            self.attribute("mimeType"),
            self.attribute("contentType"),
            component,
        ];
        let mut stated = stated
            .into_iter()
            .flatten()
            .map(|kind| kind.split('/').next());
        let kinds = [codec::Kind::Video, codec::Kind::Sound];
        let of_codecs = || kinds.into_iter().find(|kind| codec::has(codecs, *kind));
        match stated.next().flatten() {
            Some("video") => {
                Some(codec::Kind::Video).filter(|_| !codec::is_text_or_picture(codecs))
            }
            Some("audio") => Some(codec::Kind::Sound),
            Some(_) => None,
            None => of_codecs().or_else(|| {
                let is_seen =
                    self.attribute("width").is_some() && !codec::is_text_or_picture(codecs);
                is_seen.then_some(codec::Kind::Video)
            }),
        }
    }

    /// Whether the media are in one file: the nearest element that says so decides.
    fn is_one_file(&self) -> bool {
        let told = self.levels.iter().find_map(|level| {
            if level.has("SegmentBase") {
                return Some(true);
            }
            let lists = level.all("SegmentList").next().map(|list| {
                // Segments without a name of their own are parts of the one file.
                list.all("SegmentURL")
                    .all(|segment| segment.attribute("media").is_none())
            });
            lists.or(level.has("SegmentTemplate").then_some(false))
        });
        told.unwrap_or(true)
    }

    /// Whether a player needs neither a key, nor another rendition, nor a scheme that a client must know: tiles,
    /// fast-forward tracks and parts of a larger picture are marked like that.
    fn is_plain(&self) -> bool {
        const COLOURS: &str = "urn:mpeg:mpegB:cicp:";
        let [representation, set, ..] = self.levels;
        representation.attribute("dependencyId").is_none()
            && [representation, set].iter().all(|level| {
                let mut needed = level.all("EssentialProperty");
                let is_colour = |property: &Element<'_>| {
                    property
                        .attribute("schemeIdUri")
                        .is_some_and(|scheme| scheme.starts_with(COLOURS))
                };
                !level.has("ContentProtection") && needed.all(is_colour)
            })
    }

    /// The address from the first `BaseURL` of every level, each relative to that of the level around it.
    fn url(&self) -> Option<String> {
        let bases = self
            .levels
            .iter()
            .rev()
            .filter_map(|level| level.all("BaseURL").next());
        let url = bases.fold(String::new(), |around, base| join(&around, base.text()));
        (url.starts_with("http://") || url.starts_with("https://")).then_some(url)
    }
}

/// A reference relative to an absolute address (RFC 3986, 5.2), as far as media addresses need it.
fn join(base: &str, reference: &str) -> String {
    let is_absolute = ["http://", "https://"]
        .iter()
        .any(|scheme| reference.starts_with(scheme));
    if is_absolute || base.is_empty() {
        return reference.to_owned();
    }
    let path = base.split(['?', '#']).next().unwrap_or(base);
    let host_at = path.find("://").map_or(0, |at| at + 3);
    let root = path[host_at..]
        .find('/')
        .map_or(path.len(), |at| host_at + at);
    match reference.as_bytes() {
        [] => base.to_owned(),
        [b'/', b'/', ..] => format!("{}{reference}", &path[..host_at.saturating_sub(2)]),
        [b'/', ..] => format!("{}{reference}", &path[..root]),
        [b'?', ..] => format!("{path}{reference}"),
        _ => {
            let folder = path[root..].rfind('/').map_or(root, |at| root + at);
            format!("{}/{reference}", &path[..folder])
        }
    }
}

fn area(video: &Video) -> u64 {
    u64::from(video.width.unwrap_or_default()) * u64::from(video.height.unwrap_or_default())
}

/// Parses frames per second from `30` or `15360/512`.
fn frame_rate(text: &str) -> Option<f64> {
    let (frames, span) = text.split_once('/').unwrap_or((text, "1"));
    let rate = frames.trim().parse::<f64>().ok()? / span.trim().parse::<f64>().ok()?;
    (rate.is_finite() && rate > 0.0).then_some(rate)
}

/// Parses seconds from an `xs:duration` such as `PT0H1M28.793S` or `P1DT2H`. Years and months have no fixed length, so
/// they must be zero.
fn seconds(text: &str) -> Option<f64> {
    let (date, time) = text
        .strip_prefix('P')?
        .split_once('T')
        .unwrap_or((&text[1..], ""));
    let mut total = 0.0;
    for (mut rest, units) in [
        (
            date,
            &[('Y', f64::INFINITY), ('M', f64::INFINITY), ('D', 86_400.0)],
        ),
        (time, &[('H', 3_600.0), ('M', 60.0), ('S', 1.0)]),
    ] {
        for (unit, length) in units {
            if let Some((number, after)) = rest.split_once(*unit) {
                let number: f64 = number.parse().ok()?;
                total += if number == 0.0 { 0.0 } else { number * length };
                rest = after;
            }
        }
        if !rest.is_empty() {
            return None;
        }
    }
    (total.is_finite() && total > 0.0).then_some(total)
}
