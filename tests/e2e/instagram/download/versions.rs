//! Conditional requests for a file: a client that has it does not get it again.

use reqwest::Method;
use serde_json::json;

use super::{completed, start};
use crate::harness::cdn::media;

const FILE: &str = "/instagram/download/file/DfDjNmTDemo_image.jpg";
const OTHER: &str = "\"33e79a3a81e79a2b\"";
const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_sent_once_for_each_version() {
    let (_cdn, server) = start(&[]).await;
    completed(&server, "post", json!({ "url": "DfDjNmTDemo" })).await;
    let whole = media("/x_1080_n.jpg").len().to_string();
    let head = server.send(Method::HEAD, FILE, &[]).await;
    let tag = head.headers["etag"].to_str().unwrap().to_owned();
    let weak = format!("{OTHER}, W/{tag}");
    let written = head.headers["last-modified"].to_str().unwrap().to_owned();
    let range = ("range", "bytes=5-9");
    for (fields, status) in [
        (vec![("if-none-match", tag.as_str())], 304),
        (vec![("if-none-match", &weak)], 304),
        (vec![("if-none-match", "*")], 304),
        (vec![("if-none-match", &tag), range], 304),
        (vec![("if-none-match", OTHER)], 200),
        (
            vec![("if-none-match", OTHER), ("if-modified-since", DATE)],
            200,
        ),
        (vec![("if-modified-since", DATE)], 200),
        (vec![("if-modified-since", written.as_str())], 304),
        (vec![("if-unmodified-since", &written)], 200),
        (vec![("if-unmodified-since", DATE)], 412),
        (vec![("if-unmodified-since", DATE), ("if-match", "*")], 200),
        (vec![("if-match", tag.as_str())], 200),
        (vec![("if-match", "*"), range], 206),
        (vec![("if-match", OTHER)], 412),
        (vec![("if-match", &weak)], 412),
        (vec![("if-match", OTHER), ("if-none-match", "*")], 412),
        (vec![("if-match", &tag), ("if-none-match", &tag)], 304),
        (vec![("if-range", tag.as_str()), range], 206),
        (vec![("if-range", OTHER), range], 200),
        (vec![("if-range", DATE), range], 200),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let answer = server.send(method.clone(), FILE, &fields).await;
            assert_eq!(answer.status, status, "{method} {fields:?}");
            match status {
                304 => {
                    assert_eq!(answer.headers["etag"], tag.as_str());
                    assert!(answer.text.is_empty());
                }
                200 => assert_eq!(answer.headers["content-length"], whole.as_str()),
                412 if method == Method::GET => {
                    assert_eq!(answer.json["error"]["code"], "PRECONDITION_FAILED");
                }
                _ => {}
            }
        }
    }
}
