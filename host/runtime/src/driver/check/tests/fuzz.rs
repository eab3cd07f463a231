//! Records as a plugin that was taken over might return them: what passes the check is what was asked for, and harmless.

use super::*;

/// The records of the cases, in the JSON form of the contract.
fn records() -> Vec<Vec<u8>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/instagram");
    let cases = cases::load_all(std::path::Path::new(root)).unwrap();
    let of_posts = cases
        .into_iter()
        .filter(|case| matches!(&*case.kind, "post" | "reel"));
    let records = of_posts.filter_map(|case| match case.expected {
        cases::Expected::Record(record) => Some(record.to_string().into_bytes()),
        _ => None,
    });
    records.collect()
}

#[test]
fn damaged_records() {
    let seeds = records();
    assert!(seeds.len() > 10, "only {} records", seeds.len());
    ::fuzz::target("records", &seeds, |input| {
        let Ok(media) = serde_json::from_slice::<Media>(input) else {
            return;
        };
        let asked = asked(&media.shortcode.clone());
        let mut record = Record::Media(media);
        if check(&asked, &mut record).is_err() {
            return;
        }
        let Record::Media(media) = &record else {
            panic!("{record:?}")
        };
        assert!(is_shortcode(&media.shortcode), "{}", media.shortcode);
        assert!(
            media
                .caption
                .as_ref()
                .is_none_or(|text| text.len() <= TEXT_BYTES_MAX)
        );
        let renditions = std::iter::once(&media.renditions);
        for renditions in renditions.chain(media.children.iter().map(|child| &child.renditions)) {
            let pictures = renditions.images.iter().map(|image| &image.url);
            for url in pictures.chain(renditions.videos.iter().map(|video| &video.url)) {
                let host = url::Url::parse(url).unwrap().host_str().unwrap().to_owned();
                let known = ["instagram.com", "cdninstagram.com", "fbcdn.net"];
                let is_below =
                    |known: &&str| host == **known || host.ends_with(&format!(".{known}"));
                assert!(known.iter().any(is_below), "{url}");
            }
        }
        // What is clean stays as it is.
        let mut again = record.clone();
        assert_eq!(check(&asked, &mut again).unwrap(), Vec::<String>::new());
        assert_eq!(again, record);
    });
}
