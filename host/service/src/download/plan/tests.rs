//! Which files a record gives, by which ways, and what is missing.
#![expect(clippy::unwrap_used, reason = "tests")]

mod items;

use super::*;
use crate::{
    contract::{
        Query,
        record::{Child, Image, Sound, Video},
        target,
    },
    download::options::{Formats, Quality},
    media::{VideoCodec, VideoFormat},
};

fn image(url: &str, width: u32) -> Image {
    Image {
        url: url.to_owned(),
        width: Some(width),
        height: Some(width * 5 / 4),
    }
}

fn video(url: &str, side: u32, codec: Option<&str>) -> Video {
    Video {
        url: url.to_owned(),
        width: Some(side),
        height: Some(side * 16 / 9),
        bitrate: None,
        codec: codec.map(str::to_owned),
        fps: None,
        video_only: codec.is_some(),
    }
}

fn sound(codec: &str) -> Sound {
    Sound {
        url: "track".to_owned(),
        bitrate: None,
        codec: Some(codec.to_owned()),
    }
}

/// A complete 720p video, a 1080p video of this codec, and a sound track of this codec.
fn reel(video_codec: &str, sound_codec: &str) -> Renditions {
    Renditions {
        videos: vec![video("whole", 720, None)],
        dash_videos: vec![video("large", 1080, Some(video_codec))],
        dash_sounds: vec![sound(sound_codec)],
        ..Renditions::default()
    }
}

fn media(media_type: MediaType, renditions: Renditions, children: Vec<Child>) -> Record {
    let mut media: Media = serde_json::from_value(serde_json::json!({
        "shortcode": "Code", "media_id": "1", "media_type": "Image", "hashtags": [], "mentions": [],
        "renditions": serde_json::to_value(renditions).unwrap(), "coauthors": [], "tagged_users": [],
        "children": [],
    }))
    .unwrap();
    (media.media_type, media.children) = (media_type, children);
    Record::Media(media)
}

fn child(media_type: MediaType, renditions: Renditions) -> Child {
    Child {
        media_id: None,
        media_type,
        renditions,
        tagged_users: Vec::new(),
        more: Default::default(),
    }
}

fn download(part: Part) -> Download {
    Download {
        kind: Kind::Post,
        query: Some(Query::post(target::media("CnU4zIh9x_F").unwrap())),
        url: String::new(),
        quality: Quality::Best,
        part,
        formats: Formats::default(),
        video_codec: VideoCodec::Any,
        zip: false,
        metadata: false,
        item: None,
        items: Vec::new(),
        cover: false,
    }
}

fn urls(plan: &Plan) -> Vec<Vec<&str>> {
    let items = plan.items.iter();
    items
        .map(|item| item.ways.iter().map(|way| &*way.url).collect())
        .collect()
}

/// An ffmpeg of the version 5.1: it does not decode xHE-AAC.
fn usual() -> Abilities {
    let codecs = " DEV.LS h264 H.264 (decoders: h264 ) (encoders: libx264 )\n DEV.L. vp9 VP9\n DEV.L. hevc HEVC\n\
         DEAIL. aac AAC\n DEAIL. mp3 MP3 (decoders: mp3 ) (encoders: libmp3lame )\n";
    Abilities::of(codecs, Some((5, 1)))
}

#[test]
fn one_child_without_media_does_not_refuse_the_others() {
    let shown = |url: &str| Renditions {
        images: vec![image(url, 1080)],
        ..Renditions::default()
    };
    let children = vec![
        child(MediaType::Image, shown("a")),
        child(MediaType::Image, Renditions::default()),
        child(MediaType::Video, shown("poster")),
        child(MediaType::Image, shown("b")),
    ];
    let record = media(MediaType::Carousel, Renditions::default(), children);
    for (part, there, missing) in [
        (
            Part::All,
            vec!["a", "b"],
            vec!["Code_image_2", "Code_video_3"],
        ),
        (Part::Images, vec!["a", "b"], vec!["Code_image_2"]),
    ] {
        let plan = plan(&download(part), &record, &usual()).unwrap();
        assert_eq!(urls(&plan).concat(), there, "{part:?}");
        let names: Vec<_> = plan.missing.iter().map(|file| &file.name[..]).collect();
        assert_eq!(names, missing, "{part:?}");
        assert!(
            plan.missing
                .iter()
                .all(|file| file.reason == Reason::Withheld)
        );
    }
    let refused = plan(&download(Part::Videos), &record, &usual());
    assert_eq!(refused, Err(Reason::Withheld));
}

#[test]
fn a_single_post_without_media_is_refused_for_what_it_lacks() {
    for (media_type, part, reason) in [
        (MediaType::Image, Part::All, Reason::NoImage),
        (MediaType::Video, Part::All, Reason::NoVideo),
        (MediaType::Image, Part::Videos, Reason::NoVideo),
        (MediaType::Video, Part::Images, Reason::NoImage),
    ] {
        let record = media(media_type, Renditions::default(), Vec::new());
        assert_eq!(
            plan(&download(part), &record, &usual()),
            Err(reason),
            "{part:?}"
        );
    }
}

#[test]
fn other_renditions_stand_in_for_the_best_one() {
    let offered = Renditions {
        images: ["a", "b", "c", "d"].map(|url| image(url, 1080)).to_vec(),
        ..reel("h264", "aac")
    };
    let record = media(MediaType::Image, offered.clone(), Vec::new());
    let pictures = plan(&download(Part::All), &record, &usual()).unwrap();
    assert_eq!(urls(&pictures), [["a", "b", "c"]]);
    let record = media(MediaType::Video, offered, Vec::new());
    let videos = plan(&download(Part::All), &record, &usual()).unwrap();
    assert_eq!(urls(&videos), [["large", "whole"]]);
}

#[test]
fn a_sound_that_cannot_be_decoded_here_comes_out_of_the_video() {
    use AudioFormat::{Aac, M4a, Mp3, Wav};
    for codec in ["xhe-aac", "aac"] {
        let record = media(MediaType::Video, reel("h264", codec), Vec::new());
        for audio in [None, Some(M4a), Some(Aac), Some(Mp3), Some(Wav)] {
            let mut download = download(Part::Sound);
            download.formats.audio = audio;
            let first = |abilities: &Abilities| {
                let plan = plan(&download, &record, abilities).unwrap();
                plan.items[0].ways[0].url.clone()
            };
            let expected = if codec == "aac" { "track" } else { "whole" };
            assert_eq!(first(&usual()), expected, "{codec} {audio:?}");
            assert_eq!(first(&Abilities::all()), "track", "{codec} {audio:?}");
        }
    }
    // Without another one it is delivered as it is, and not converted.
    let alone = Renditions {
        dash_sounds: vec![sound("xhe-aac")],
        ..Renditions::default()
    };
    let record = media(MediaType::Video, alone, Vec::new());
    let mut download = download(Part::Sound);
    assert_eq!(
        urls(&plan(&download, &record, &usual()).unwrap()),
        [["track"]]
    );
    download.formats.audio = Some(Mp3);
    assert_eq!(plan(&download, &record, &usual()), Err(Reason::NoConverter));
}

#[test]
fn a_video_that_fits_no_container_is_encoded_or_refused_before_there_is_a_job() {
    let only = Renditions {
        videos: Vec::new(),
        ..reel("vp9", "aac")
    };
    let record = media(MediaType::Video, only, Vec::new());
    let poor = Abilities::of(" DEV.L. vp9 VP9\n DEAIL. aac AAC\n", Some((5, 1)));
    for (format, codec) in [
        (Some(VideoFormat::Mov), VideoCodec::Any),
        (None, VideoCodec::H264),
    ] {
        let mut download = download(Part::All);
        (download.formats.video, download.video_codec) = (format, codec);
        assert_eq!(
            urls(&plan(&download, &record, &usual()).unwrap()),
            [["large"]]
        );
        for abilities in [&poor, &Abilities::default()] {
            assert_eq!(
                plan(&download, &record, abilities),
                Err(Reason::NoConverter)
            );
        }
    }
    let plain = plan(&download(Part::All), &record, &poor).unwrap();
    assert_eq!(urls(&plain), [["large"]]);
}

#[test]
fn a_picture_whose_link_says_heic_needs_its_decoder_to_be_converted() {
    let heic = "https://a.cdninstagram.com/v/t51/a.heic?stp=dst-heic_e35&oe=1";
    let jpeg = "https://a.cdninstagram.com/v/t51/a.heic?stp=dst-jpg_e35&oe=1";
    let avif = "https://a.cdninstagram.com/v/t51/a.avif?oe=1";
    let poor = Abilities::of(" DEAIL. aac AAC\n", Some((5, 1)));
    let mut download = download(Part::All);
    for (url, format, can) in [
        (heic, None, true),
        (heic, Some(ImageFormat::Jpg), false),
        (avif, Some(ImageFormat::Png), false),
        (jpeg, Some(ImageFormat::Png), true),
    ] {
        let offered = Renditions {
            images: vec![image(url, 1080)],
            ..Renditions::default()
        };
        let record = media(MediaType::Image, offered, Vec::new());
        download.formats.image = format;
        assert_eq!(
            plan(&download, &record, &poor).is_ok(),
            can,
            "{url} {format:?}"
        );
        assert!(
            plan(&download, &record, &Abilities::all()).is_ok(),
            "{url} {format:?}"
        );
    }
}
