//! Manifests in every form that the schema allows.

mod forms;
mod fuzz;

use proptest::prelude::*;

use super::{codec::Kind, *};

const MPD: &str = r#"<?xml version="1.0"?>
<MPD mediaPresentationDuration="PT0H1M2.5S" type="static"><Period>
 <AdaptationSet contentType="video" frameRate="15360/512">
  <Representation id="1v" bandwidth="400" codecs="av01.0.04M.08" mimeType="video/mp4" width="540" height="960">
   <BaseURL>https://a.cdninstagram.com/low.mp4?a=1&amp;b=2</BaseURL><SegmentBase/></Representation>
  <Representation id="2v" bandwidth="900" codecs="avc1.64001F" width="1080" height="1920" frameRate="25">
   <BaseURL> https://a.cdninstagram.com/high.mp4 </BaseURL></Representation>
 </AdaptationSet>
 <AdaptationSet contentType="audio"><Representation bandwidth="45" codecs="mp4a.40.42">
   <BaseURL>https://a.cdninstagram.com/sound.mp4</BaseURL></Representation></AdaptationSet>
</Period></MPD>"#;

#[test]
fn videos_come_largest_first_with_all_their_attributes() {
    let manifest = read(MPD);
    assert_eq!(manifest.duration, Some(62.5));
    let video = |url: &str, (width, height), bitrate, codec: &str, fps| Video {
        url: url.into(),
        width: Some(width),
        height: Some(height),
        bitrate: Some(bitrate),
        codec: Some(codec.into()),
        fps: Some(fps),
        video_only: true,
    };
    let low = "https://a.cdninstagram.com/low.mp4?a=1&b=2";
    assert_eq!(
        manifest.videos,
        [
            video(
                "https://a.cdninstagram.com/high.mp4",
                (1080, 1920),
                900,
                "h264",
                25.0
            ),
            video(low, (540, 960), 400, "av1", 30.0),
        ]
    );
}

#[test]
fn sound_is_apart() {
    let sound = Sound {
        url: "https://a.cdninstagram.com/sound.mp4".into(),
        bitrate: Some(45),
        codec: Some("xhe-aac".into()),
    };
    assert_eq!(read(MPD).sounds, [sound]);
}

#[test]
fn what_is_no_manifest_states_nothing() {
    for text in [
        "",
        "<mpd>",
        "https://a.cdninstagram.com/v.mp4",
        "<MPD><BaseURL>https://a</BaseURL>",
    ] {
        let manifest = read(text);
        assert!(
            manifest.videos.is_empty() && manifest.sounds.is_empty() && manifest.duration.is_none()
        );
    }
}

/// A manifest of these sets, each a text of `AdaptationSet` elements.
fn manifest(sets: &str) -> Manifest {
    read(&format!(
        "<MPD xmlns='urn:mpeg:dash:schema:mpd:2011' xmlns:x='urn:x'><Period>{sets}</Period></MPD>"
    ))
}

/// The ends of the addresses of the videos and of the sounds.
fn found(manifest: &Manifest) -> [Vec<&str>; 2] {
    let end = |url: &str| url.len() - url.rsplit('/').next().map_or(0, str::len);
    [
        manifest
            .videos
            .iter()
            .map(|video| &video.url[end(&video.url)..])
            .collect(),
        manifest
            .sounds
            .iter()
            .map(|sound| &sound.url[end(&sound.url)..])
            .collect(),
    ]
}

/// A set with one representation; `more` are elements before it.
fn set(attributes: &str, more: &str, representation: &str, url: &str) -> String {
    format!(
        "<AdaptationSet {attributes}>{more}<Representation {representation}>\
         <BaseURL>https://a.cdninstagram.com/{url}</BaseURL></Representation></AdaptationSet>"
    )
}

fn role(value: &str) -> String {
    format!("<Role schemeIdUri='urn:mpeg:dash:role:2011' value='{value}'/>")
}

#[test]
fn the_original_comes_before_every_other_sound() {
    const SOUND: &str = "contentType='audio'";
    let sound = |attributes: &str, roles: &[&str], bandwidth: u32, url: &str| {
        let roles: String = roles.iter().map(|value| role(value)).collect();
        let representation = format!("bandwidth='{bandwidth}' codecs='mp4a.40.2'");
        set(
            &format!("{SOUND} {attributes}"),
            &roles,
            &representation,
            url,
        )
    };
    let sets = [
        sound("lang='fr'", &["commentary"], 900, "commentary"),
        sound("lang='es'", &["main", "dub"], 800, "main-dub"),
        sound("lang='de'", &["dub"], 700, "dub"),
        sound("lang='en'", &["alternate"], 600, "alternate"),
        sound("lang='pt'", &[], 500, "unstated"),
        sound("lang='en'", &["main"], 64, "main-low"),
        sound("lang='en'", &["main"], 128, "main-high"),
    ];
    let expected = [
        "main-high",
        "main-low",
        "unstated",
        "alternate",
        "main-dub",
        "dub",
        "commentary",
    ];
    assert_eq!(found(&manifest(&sets.concat()))[1], expected);
    let mut reversed = sets.clone();
    reversed.reverse();
    assert_eq!(found(&manifest(&reversed.concat()))[1][..4], expected[..4]);
}

#[test]
fn of_two_languages_without_roles_the_first_is_the_original() {
    let sound = |lang: &str, bandwidth: u32, codecs: &str, url: &str| {
        let representation = format!("bandwidth='{bandwidth}' codecs='{codecs}'");
        set(
            &format!("contentType='audio' {lang}"),
            "",
            &representation,
            url,
        )
    };
    let sets = [
        sound("lang='en'", 50, "mp4a.40.2", "first"),
        sound("lang='ES'", 90, "mp4a.40.2", "second"),
        sound("lang='en'", 70, "mp4a.40.2", "first-high"),
        sound("lang='en'", 99, "mp4a.40.42", "first-rare"),
    ];
    let expected = ["first-high", "first", "first-rare", "second"];
    assert_eq!(found(&manifest(&sets.concat()))[1], expected);
    let chosen = [
        sound("selectionPriority='1'", 50, "mp4a.40.2", "low"),
        sound("selectionPriority='5'", 20, "mp4a.40.2", "high"),
    ];
    assert_eq!(found(&manifest(&chosen.concat()))[1], ["high", "low"]);
}

#[test]
fn another_view_is_not_the_video() {
    let video = |value: &str, width: u32| {
        let representation =
            format!("mimeType='video/mp4' width='{width}' height='100' codecs='avc1.64001F'");
        set("", &role(value), &representation, value)
    };
    let sets = [
        video("sign", 2000),
        video("main", 500),
        video("alternate", 1000),
    ];
    assert_eq!(found(&manifest(&sets.concat()))[0], ["main"]);
}

#[test]
fn tiles_pictures_texts_and_marked_tracks_are_no_media() {
    let property =
        |scheme: &str| format!("<EssentialProperty schemeIdUri='{scheme}' value='5x2'/>");
    let video = "mimeType='video/mp4' codecs='avc1.64001F' width='9000' height='9000'";
    let sets = [
        set(
            "mimeType='image/jpeg'",
            "",
            "width='9000' height='9000'",
            "tiles",
        ),
        set(
            "contentType='image'",
            "",
            "codecs='jpeg' width='9000' height='9000'",
            "pictures",
        ),
        set("contentType='text'", "", "mimeType='text/vtt'", "vtt"),
        set(
            "contentType='text'",
            "",
            "mimeType='application/mp4' codecs='stpp'",
            "ttml",
        ),
        set("", "", "mimeType='application/ttml+xml'", "ttml-plain"),
        set("", "", "codecs='wvtt'", "wvtt"),
        set(
            "",
            "",
            "mimeType='video/mp4' codecs='stpp.ttml.im1t'",
            "text-as-video",
        ),
        set(
            "",
            &property("http://dashif.org/guidelines/thumbnail_tile"),
            video,
            "thumbnails",
        ),
        set(
            "",
            &property("http://dashif.org/guidelines/trickmode"),
            video,
            "fast-forward",
        ),
        set(
            "",
            &property("urn:mpeg:dash:srd:2014"),
            video,
            "part-of-a-picture",
        ),
        set(
            "",
            "<ContentProtection schemeIdUri='urn:x'/>",
            video,
            "encrypted",
        ),
        set("", "", &format!("{video} dependencyId='1'"), "enhancement"),
        set("", "", "", "nothing-stated"),
        set(
            "",
            &property("urn:mpeg:mpegB:cicp:ColourPrimaries"),
            video,
            "video",
        ),
        set("", "", "codecs='mp4a.40.2'", "sound"),
    ];
    assert_eq!(found(&manifest(&sets.concat())), [["video"], ["sound"]]);
}

#[test]
fn what_a_set_states_holds_for_its_representations() {
    let read = manifest(
        "<AdaptationSet mimeType='video/mp4' codecs='vp09.00.31.08' width='720' height='1280' frameRate='24'>\
         <Representation bandwidth='9'><BaseURL>https://a.cdninstagram.com/a</BaseURL></Representation>\
         <Representation bandwidth='8' width='360' height='640' codecs='hvc1.1.6.L93'>\
         <BaseURL>https://a.cdninstagram.com/b</BaseURL></Representation></AdaptationSet>\
         <AdaptationSet><ContentComponent contentType='audio'/><Representation codecs='opus'>\
         <BaseURL>https://a.cdninstagram.com/c</BaseURL></Representation></AdaptationSet>",
    );
    let told = |video: &Video| (video.width, video.height, video.codec.clone(), video.fps);
    let [first, second] = &read.videos[..] else {
        unreachable!("{} videos", read.videos.len());
    };
    assert_eq!(
        told(first),
        (Some(720), Some(1280), Some("vp9".into()), Some(24.0))
    );
    assert_eq!(
        told(second),
        (Some(360), Some(640), Some("hevc".into()), Some(24.0))
    );
    assert_eq!(read.sounds[0].codec.as_deref(), Some("opus"));
}

#[test]
fn a_video_with_its_sound_is_whole() {
    let whole = "mimeType='video/mp4' codecs='mp4a.40.2, avc1.42E01E' width='640' height='360'";
    let read = manifest(&set("", "", whole, "whole"));
    assert!(read.videos.is_empty() && read.sounds.is_empty());
    assert_eq!(
        (read.whole[0].codec.as_deref(), read.whole[0].video_only),
        (Some("h264"), false)
    );
}

#[test]
fn codecs_are_told_as_they_are() {
    for (codecs, kind, name) in [
        ("mp4a.40.2", Kind::Sound, "aac"),
        ("mp4a.40.5", Kind::Sound, "he-aac"),
        ("mp4a.40.29", Kind::Sound, "he-aac-v2"),
        ("mp4a.40.42", Kind::Sound, "xhe-aac"),
        ("mp4a.6B", Kind::Sound, "mp3"),
        ("mp4a", Kind::Sound, "aac"),
        ("avc1.64001F, mp4a.40.42", Kind::Sound, "xhe-aac"),
        ("avc1.64001F, mp4a.40.42", Kind::Video, "h264"),
        ("Opus", Kind::Sound, "opus"),
        ("ec-3", Kind::Sound, "eac3"),
        ("hev1.1.6.L93", Kind::Video, "hevc"),
        ("vp09.00.31.08", Kind::Video, "vp9"),
        ("AV01.0.04M.08", Kind::Video, "av1"),
        ("xyz1.2", Kind::Video, "xyz1"),
    ] {
        assert_eq!(codec::name(codecs, kind).as_deref(), Some(name), "{codecs}");
    }
    assert_eq!(codec::name(" , ", Kind::Video), None);
}

proptest! {
    #[test]
    fn no_cut_panics(from in 0..MPD.len(), to in 0..MPD.len()) {
        let _ = read(&MPD[from.min(to)..from.max(to)]);
    }

    #[test]
    fn no_text_panics(duration in ".*") {
        let _ = (seconds(&duration), frame_rate(&duration), codec::name(&duration, Kind::Video));
    }
}
