//! Which items of a post become files, and what comes beside them.
#![expect(clippy::panic, reason = "tests")]

use super::*;
use crate::{contract::record::Audio, download::wanted_item};

fn renditions(name: &str, with_video: bool) -> Renditions {
    let image = Image {
        url: format!("{name}.jpg"),
        width: None,
        height: None,
    };
    let video = Video {
        url: format!("{name}.mp4"),
        width: None,
        height: None,
        bitrate: None,
        codec: None,
        fps: None,
        video_only: false,
    };
    Renditions {
        images: vec![image],
        videos: with_video.then_some(video).into_iter().collect(),
        ..Renditions::default()
    }
}

fn media(media_type: MediaType, children: &[MediaType]) -> Media {
    let of = |name: &str, media_type: &MediaType| renditions(name, *media_type == MediaType::Video);
    let children = (1..).zip(children);
    let children = children
        .map(|(place, one): (u32, _)| child(one.clone(), of(&format!("c{place}"), one)))
        .collect();
    let post = of("post", &media_type);
    match super::media(media_type, post, children) {
        Record::Media(media) => media,
        _ => panic!("a post"),
    }
}

fn carousel() -> Media {
    let children = [MediaType::Image, MediaType::Video, MediaType::Image];
    media(MediaType::Carousel, &children)
}

fn with_song(media: Media) -> Media {
    let audio = Audio {
        id: None,
        title: Some("Tide Tables".to_owned()),
        artist: None,
        url: Some("song.m4a".to_owned()),
        is_original: Some(false),
        clip_duration_ms: None,
        start_ms: None,
    };
    Media {
        audio: Some(audio),
        ..media
    }
}

fn download(part: Part, item: Option<u32>) -> Download {
    Download {
        item,
        ..super::download(part)
    }
}

/// The names and links of the files, or why there are none.
fn planned(download: &Download, media: Media) -> Result<Vec<(String, String)>, Reason> {
    let plan = plan(download, &Record::Media(media), &usual())?;
    let items = plan.items.into_iter();
    Ok(items
        .map(|item| (item.stem, item.ways[0].url.clone()))
        .collect())
}

fn files(files: &[(&str, &str)]) -> Result<Vec<(String, String)>, Reason> {
    let owned = files
        .iter()
        .map(|(stem, url)| ((*stem).to_owned(), (*url).to_owned()));
    Ok(owned.collect())
}

#[test]
fn one_item_of_a_carousel_keeps_its_number() {
    let one = |part, item| planned(&download(part, Some(item)), carousel());
    assert_eq!(one(Part::All, 1), files(&[("Code_image_1", "c1.jpg")]));
    assert_eq!(one(Part::All, 2), files(&[("Code_video_2", "c2.mp4")]));
    assert_eq!(one(Part::Images, 2), files(&[("Code_image_2", "c2.jpg")]));
    assert_eq!(one(Part::Sound, 2), files(&[("Code_audio_2", "c2.mp4")]));
    assert_eq!(one(Part::Videos, 1), Err(Reason::NoVideo));
    for item in [4, u32::MAX] {
        assert_eq!(one(Part::All, item), Err(Reason::NoItem));
    }
    let all = planned(&download(Part::All, None), carousel()).unwrap();
    assert_eq!(all.len(), 3);
    let single = |item| {
        planned(
            &download(Part::All, Some(item)),
            media(MediaType::Image, &[]),
        )
    };
    assert_eq!(single(1), files(&[("Code_image", "post.jpg")]));
    assert_eq!(single(2), Err(Reason::NoItem));
}

#[test]
fn what_the_client_asks_for_wins_over_the_url() {
    assert_eq!(wanted_item(None, None), None);
    assert_eq!(wanted_item(None, Some(2)), Some(2));
    assert_eq!(wanted_item(Some(3), Some(2)), Some(3));
    assert_eq!(wanted_item(Some(0), Some(2)), None);
}

#[test]
fn the_sound_of_a_post_is_that_of_its_videos_else_its_song() {
    let sound = |media| planned(&download(Part::Sound, None), media);
    let song = files(&[("Code_audio", "song.m4a")]);
    assert_eq!(sound(with_song(media(MediaType::Image, &[]))), song);
    let pictures = media(MediaType::Carousel, &[MediaType::Image, MediaType::Image]);
    assert_eq!(sound(with_song(pictures)), song);
    assert_eq!(
        sound(with_song(carousel())),
        files(&[("Code_audio_2", "c2.mp4")])
    );
    assert_eq!(
        sound(media(MediaType::Video, &[])),
        files(&[("Code_audio", "post.mp4")])
    );
    let mut with_track = with_song(media(MediaType::Video, &[]));
    with_track.renditions.dash_sounds = vec![Sound {
        url: "track.m4a".to_owned(),
        bitrate: None,
        codec: None,
    }];
    assert_eq!(sound(with_track), files(&[("Code_audio", "track.m4a")]));
    let mut silent = with_song(media(MediaType::Video, &[]));
    silent.renditions.has_audio = Some(false);
    assert_eq!(sound(silent), Err(Reason::NoSound));
    assert_eq!(sound(media(MediaType::Image, &[])), Err(Reason::NoSound));
}

#[test]
fn the_cover_of_every_video_may_come_beside_it() {
    let with_cover = |part, media| {
        let download = Download {
            cover: true,
            ..download(part, None)
        };
        planned(&download, media)
    };
    let video = || media(MediaType::Video, &[]);
    let both = files(&[("Code_video", "post.mp4"), ("Code_cover", "post.jpg")]);
    assert_eq!(with_cover(Part::All, video()), both);
    let expected = files(&[("Code_video_2", "c2.mp4"), ("Code_cover_2", "c2.jpg")]);
    assert_eq!(with_cover(Part::Videos, carousel()), expected);
    assert_eq!(with_cover(Part::All, carousel()).unwrap().len(), 4);
    assert_eq!(
        with_cover(Part::Images, video()),
        files(&[("Code_image", "post.jpg")])
    );
    let mut without = video();
    without.renditions.images.clear();
    assert_eq!(
        with_cover(Part::All, without),
        files(&[("Code_video", "post.mp4")])
    );
}
