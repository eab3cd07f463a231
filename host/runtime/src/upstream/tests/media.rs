//! Media links: opened under the egress rules, read piece by piece, and continued if it is still the same file.

use super::{
    config,
    harness::{Reply, Seen, Upstream, bomb, reply},
};
use crate::upstream::{Client, MediaError, OpenMedia};

const LINK: &str = "https://a.fbcdn.net/v/x.mp4?oh=signed";

async fn open(
    answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    (link, from, tag): (&str, u64, Option<&str>),
) -> (Upstream, Result<OpenMedia, MediaError>) {
    let upstream = Upstream::start(answer).await;
    let client = Client::new(config(&upstream)).unwrap();
    let opened = client.open_media(link, from, tag).await;
    (upstream, opened)
}

async fn refused(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> MediaError {
    open(answer, (LINK, 0, None)).await.1.unwrap_err()
}

#[tokio::test]
async fn a_long_file_comes_in_pieces() {
    let head =
        b"HTTP/1.1 200 X\r\ncontent-length: 50000000\r\netag: \"a\"\r\nconnection: close\r\n\r\n";
    let answer = move |_: &Seen| Reply::Long(head.to_vec(), 50_000_000);
    let (upstream, opened) = open(answer, (LINK, 0, None)).await;
    let mut opened = opened.unwrap();
    assert_eq!(
        (opened.start, opened.total, opened.tag.as_deref()),
        (0, Some(50_000_000), Some("\"a\""))
    );
    let (mut bytes, mut pieces) = (0, 0);
    while let Some(piece) = opened.chunk().await.unwrap() {
        (bytes, pieces) = (bytes + piece.len(), pieces + 1);
    }
    assert_eq!(bytes, 50_000_000);
    assert!(pieces > 10, "{pieces}");
    let seen = &upstream.seen()[0];
    assert_eq!(seen.header("accept-encoding"), Some("identity"));
    assert_eq!((seen.header("range"), seen.header("cookie")), (None, None));
}

#[tokio::test]
async fn only_a_named_version_is_read_on() {
    let part = |_: &Seen| reply(206, &[("content-range", "bytes 5-9/10")], "56789");
    let (upstream, opened) = open(part, (LINK, 5, Some("\"a\""))).await;
    let opened = opened.unwrap();
    assert_eq!((opened.start, opened.total), (5, Some(10)));
    let seen = &upstream.seen()[0];
    assert_eq!(
        (seen.header("range"), seen.header("if-range")),
        (Some("bytes=5-"), Some("\"a\""))
    );
    // Without a tag it starts from the beginning, and a part that was not requested is not a valid response.
    let (upstream, opened) = open(part, (LINK, 0, None)).await;
    assert!(opened.is_err());
    assert_eq!(upstream.seen()[0].header("range"), None);
}

#[tokio::test]
async fn what_is_not_the_file_is_told_apart() {
    assert_eq!(
        refused(|_| reply(403, &[], "")).await,
        MediaError::Expired(403)
    );
    assert_eq!(
        refused(|_| reply(503, &[], "")).await,
        MediaError::Status(503)
    );
    let coded = |_: &Seen| reply(200, &[("content-encoding", "gzip")], bomb(1 << 20));
    assert_eq!(refused(coded).await, MediaError::Coding);
    assert!(MediaError::Status(503).is_transient() && !MediaError::Expired(403).is_transient());
}

#[tokio::test]
async fn links_and_redirects_lead_to_media_hosts_alone() {
    for location in [
        "https://evil.test/x",
        "http://a.fbcdn.net/x",
        "https://127.0.0.1/x",
        "https://fbcdn.net.evil.test/",
    ] {
        let redirect = move |_: &Seen| reply(302, &[("location", location)], "");
        assert!(
            matches!(refused(redirect).await, MediaError::Denied(_)),
            "{location}"
        );
    }
    let around = |_: &Seen| reply(302, &[("location", "/again")], "");
    assert!(matches!(refused(around).await, MediaError::Fetch(_)));
    let (upstream, opened) = open(
        |_| reply(200, &[], ""),
        ("https://evil.test/x.mp4", 0, None),
    )
    .await;
    assert!(matches!(opened, Err(MediaError::Denied(_))));
    assert!(upstream.seen().is_empty());
}
