//! The ways to write the same manifest: levels, prefixes, addresses, durations, and what is cut off.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;

#[test]
fn media_in_several_files_are_left_out() {
    let video = "mimeType='video/mp4' codecs='avc1.64001F' width='10' height='10'";
    let inside = |segments: &str| {
        format!(
            "<AdaptationSet><Representation {video}><BaseURL>https://a.cdninstagram.com/v</BaseURL>\
             {segments}</Representation></AdaptationSet>"
        )
    };
    for (sets, count) in [
        (inside("<SegmentTemplate media='$Number$.m4s'/>"), 0),
        (
            inside(
                "<SegmentList><SegmentURL media='1.m4s'/><SegmentURL media='2.m4s'/></SegmentList>",
            ),
            0,
        ),
        (
            inside(
                "<SegmentList><SegmentURL mediaRange='0-9'/><SegmentURL mediaRange='10-19'/></SegmentList>",
            ),
            1,
        ),
        (
            inside("<SegmentBase indexRange='0-9'><Initialization range='0-5'/></SegmentBase>"),
            1,
        ),
        (inside(""), 1),
        (format!("<SegmentTemplate media='x'/>{}", inside("")), 0),
        (
            format!("<SegmentTemplate media='x'/>{}", inside("<SegmentBase/>")),
            1,
        ),
    ] {
        assert_eq!(manifest(&sets).videos.len(), count, "{sets}");
    }
    let period = format!("<Period>{}</Period>", inside(""));
    assert_eq!(read(&format!("<MPD>{period}</MPD>")).videos.len(), 1);
    assert_eq!(
        read(&format!("<MPD>{period}<Period/></MPD>")).videos.len(),
        1
    );
    assert_eq!(
        read(&format!("<MPD>{period}{period}</MPD>")).videos.len(),
        0
    );
}

#[test]
fn an_address_may_be_spread_over_all_levels() {
    for (of_mpd, of_period, of_set, own, whole) in [
        (
            "https://h/a/b/",
            "c/",
            "d/",
            "e.mp4?x=1&amp;y=2",
            "https://h/a/b/c/d/e.mp4?x=1&y=2",
        ),
        ("https://h/a/b/", "", "", "/e.mp4", "https://h/e.mp4"),
        ("https://h/a/b/", "", "", "//i/e.mp4", "https://i/e.mp4"),
        ("https://h/a/b?x=/y", "", "", "e.mp4", "https://h/a/e.mp4"),
        ("https://h", "", "", "e.mp4", "https://h/e.mp4"),
        ("https://h/a", "", "", "?x=1", "https://h/a?x=1"),
        (
            "https://h/a",
            "https://i/b",
            "",
            "<![CDATA[e.mp4?x=1&y=2]]>",
            "https://i/e.mp4?x=1&y=2",
        ),
        (
            "https://h/a",
            "",
            "",
            " \n<!-- here -->https://j/e&#46;mp4\n",
            "https://j/e.mp4",
        ),
    ] {
        let base = |text: &str| {
            if text.is_empty() {
                String::new()
            } else {
                format!("<BaseURL>{text}</BaseURL>")
            }
        };
        let xml = format!(
            "<MPD>{}<Period>{}<AdaptationSet>{}<Representation mimeType='audio/mp4'>{}<BaseURL>https://second/</BaseURL>\
             </Representation></AdaptationSet></Period></MPD>",
            base(of_mpd),
            base(of_period),
            base(of_set),
            base(own)
        );
        let sounds = read(&xml).sounds;
        assert_eq!(
            sounds.first().map(|sound| &*sound.url),
            Some(whole),
            "{xml}"
        );
    }
    let nowhere = "<AdaptationSet><Representation mimeType='audio/mp4'><BaseURL>e.mp4</BaseURL></Representation></AdaptationSet>";
    assert!(manifest(nowhere).sounds.is_empty());
}

#[test]
fn prefixes_quotes_order_and_comments_do_not_matter() {
    let xml = "\u{feff}<?xml version='1.0'?><!DOCTYPE x><!-- <MPD> --><mpd:MPD\n  xmlns:mpd = \"urn:mpeg:dash:schema:mpd:2011\"\
        mediaPresentationDuration = 'PT1M'><mpd:Period><!-- <mpd:AdaptationSet> --><mpd:AdaptationSet>\
        <mpd:Representation height='20' x:y='>' width=\"10\" codecs='avc1.64001F' bandwidth='7' mimeType=\"video/mp4\">\
        <mpd:BaseURL>https://a.cdninstagram.com/v</mpd:BaseURL><mpd:SegmentBase/></mpd:Representation>\
        </mpd:AdaptationSet></mpd:Period></mpd:MPD>";
    let read = read(xml);
    assert_eq!((read.duration, read.videos.len()), (Some(60.0), 1));
    assert_eq!(
        (read.videos[0].width, read.videos[0].bitrate),
        (Some(10), Some(7))
    );
}

#[test]
fn durations_are_those_of_the_schema() {
    for (text, expected) in [
        ("PT0H1M28.793S", Some(88.793)),
        ("P1DT2H", Some(93_600.0)),
        ("P0Y0M0DT0H3M30.000S", Some(210.0)),
        ("P2D", Some(172_800.0)),
        ("PT5.5S", Some(5.5)),
        ("PT90M", Some(5_400.0)),
        ("P1M", None),
        ("P1Y", None),
        ("PT0S", None),
        ("-PT5S", None),
        ("PT", None),
        ("P", None),
        ("5S", None),
        ("PT5X", None),
        ("PT5", None),
    ] {
        assert_eq!(seconds(text), expected, "{text}");
    }
    let periods = "<MPD><Period duration='PT2S'/><Period duration='PT3S'/></MPD>";
    assert_eq!(read(periods).duration, Some(5.0));
}

#[test]
fn a_cut_manifest_gives_what_was_whole() {
    let end = MPD.find("https://a.cdninstagram.com/high").unwrap() + 12;
    let read = read(&MPD[..end]);
    assert_eq!((read.videos.len(), read.sounds.len()), (1, 0));
}

#[test]
fn elements_without_end_are_no_overflow() {
    assert!(read(&"<MPD>".repeat(100_000)).videos.is_empty());
}
